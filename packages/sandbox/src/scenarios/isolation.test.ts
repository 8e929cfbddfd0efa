import { describe, expect, it } from "vitest";
import type { State } from "../state.ts";
import { runSandbox, type TestSandbox } from "../testing/harness.ts";
import { scenarios } from "./scenarios.ts";

const provided = scenarios.filter(({ needsApp }) => !needsApp).map(({ name }) => name);

const play = async ({ send }: TestSandbox, name: string, body: object = {}) =>
	(await (await send("POST", `/__sandbox/scenarios/${name}`, body)).json()) as { customerId: string; text: string };

/** All records of a customer, from every list. */
function recordsOf(state: State, customerId: string): object {
	const plans = state.subscriptions.filter((one) => one.customerId === customerId).map(({ id }) => id);
	const ofPlan = <T extends { subscriptionId: string }>(all: readonly T[]) =>
		all.filter(({ subscriptionId }) => plans.includes(subscriptionId));
	const own = <T extends { customerId?: string | null }>(all: readonly T[]) => all.filter((one) => one.customerId === customerId);
	return structuredClone({
		customers: state.customers.filter(({ id }) => id === customerId),
		subscriptions: own(state.subscriptions),
		methods: own(state.paymentMethods),
		payments: own(state.payments),
		purchases: own(state.purchases),
		invoices: state.invoices.filter(({ invoice }) => invoice.customerId === customerId),
		periods: ofPlan(state.billingPeriods),
		items: ofPlan(state.subscriptionItems),
		ledger: ofPlan(state.ledger),
		usage: own(state.usageEvents),
	});
}

describe.each(provided)("%s", (name) => {
	it("changes only its customer: other customers' records, the clock, the faults and the settings stay", async () => {
		const sandbox = await runSandbox({ now: () => Date.UTC(2028, 1, 29) });
		const bystanders: string[] = [];
		for (const other of ["past-due", "cancelling", "trial"]) bystanders.push((await play(sandbox, other)).customerId);
		const { state } = sandbox.world;
		const before = bystanders.map((id) => recordsOf(state, id));
		const rest = structuredClone([state.faults, state.settings, state.clockOffsetMs, state.frozenAtMs, state.stripe.subscriptions]);
		const { customerId, text } = await play(sandbox, name);
		expect(bystanders).not.toContain(customerId);
		expect(bystanders.map((id) => recordsOf(state, id))).toEqual(before);
		expect([state.faults, state.settings, state.clockOffsetMs, state.frozenAtMs, state.stripe.subscriptions]).toEqual(rest);
		expect(text).toContain("Ada 4");
	});
});

it("a scenario for an unknown customer, or with an unknown name, is refused and creates no customer", async () => {
	const sandbox = await runSandbox();
	for (const [path, body] of [
		["pro-999-of-1000", { customerId: "cust_x" }],
		["nowhere", {}],
	] as const)
		expect((await sandbox.send("POST", `/__sandbox/scenarios/${path}`, body)).status).toBe(404);
	expect(sandbox.world.state.customers).toEqual([]);
});
