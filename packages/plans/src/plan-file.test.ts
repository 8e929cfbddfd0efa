import { expect, it } from "vitest";
import { offersOf, parsePlans, readPlans } from "./plan-file.ts";

const file = () =>
	structuredClone(readPlans()) as unknown as Record<string, unknown> & {
		plans: Record<string, unknown>[];
		topUps: Record<string, unknown>[];
	};

const said = (change: (plans: ReturnType<typeof file>) => void) => {
	const json = file();
	change(json);
	try {
		parsePlans(json);
		return null;
	} catch (error) {
		return error instanceof Error ? error.message : error;
	}
};

it("reads the repository's file, with plans and top-ups in its order", () => {
	expect(offersOf(readPlans()).map(({ label }) => label)).toEqual(["plan pro_monthly", "top-up top_up_1000"]);
});

it.each<[string, (plans: ReturnType<typeof file>) => void]>([
	["plans[0].amountCents: ", ({ plans }) => Object.assign(plans[0] ?? {}, { amountCents: 7.99 })],
	["plans[0].amountCents: ", ({ plans }) => Object.assign(plans[0] ?? {}, { amountCents: 0 })],
	["plans[0].requests: ", ({ plans }) => Object.assign(plans[0] ?? {}, { requests: -1 })],
	["plans[0].interval: ", ({ plans }) => Object.assign(plans[0] ?? {}, { interval: "fortnight" })],
	["plans[0].trialDays: ", ({ plans }) => Object.assign(plans[0] ?? {}, { trialDays: 1.5 })],
	["plans[0].features[0]: has a comma", ({ plans }) => Object.assign(plans[0] ?? {}, { features: ["Fast, first"] })],
	["plans[0].features: names a feature twice", ({ plans }) => Object.assign(plans[0] ?? {}, { features: ["First", "first"] })],
	["plans[0].features: is longer", ({ plans }) => Object.assign(plans[0] ?? {}, { features: ["x".repeat(501)] })],
	["plans[0].slug: is not lower case", ({ plans }) => Object.assign(plans[0] ?? {}, { slug: "Pro Monthly" })],
	["plans[0].slug: ends in _no_charge", ({ plans }) => Object.assign(plans[0] ?? {}, { slug: "pro_no_charge" })],
	['plans[0].slug: "free" is taken', ({ plans }) => Object.assign(plans[0] ?? {}, { slug: "free" })],
	['topUps[0].slug: "pro_monthly" is taken', ({ topUps }) => Object.assign(topUps[0] ?? {}, { slug: "pro_monthly" })],
	["topUps[0]: ", ({ topUps }) => Object.assign(topUps[0] ?? {}, { interval: "month" })],
	["currency: is not three capital letters", (plans) => Object.assign(plans, { currency: "usd" })],
	["plans.json: the file: ", (plans) => Object.assign(plans, { tiers: [] })],
	["plans.json: meter: ", (plans) => Object.assign(plans, { meter: undefined })],
])("refuses a fault and names where it is: %s", (line, change) => {
	expect(said(change)).toContain(line);
});

it("reports every fault on a line of its own", () => {
	const lines = said(({ plans, topUps }) => {
		Object.assign(plans[0] ?? {}, { amountCents: 0 });
		Object.assign(topUps[0] ?? {}, { requests: 0 });
	});
	expect(String(lines).split("\n")).toHaveLength(2);
});
