import Stripe from "stripe";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BillingView } from "../../src/view/billing.ts";
import { record } from "../prove/result.ts";
import { at, eventually, type Usage, Year } from "./year.ts";

// The same year with Stripe, which handles plans and payments while the ledger counts. After each step the app is compared with the payments, and
// Stripe's meter with the ledger.

let year: Year;
let stripe: Stripe;

beforeAll(async () => {
	year = await Year.begin("stripe");
	stripe = new Stripe("sk_test_sandbox", { host: "localhost", port: new URL(year.sandbox).port, protocol: "http", maxNetworkRetries: 0 });
});

afterAll(() => year?.end());

test("agrees with Stripe after each step of a year: free days, Pro, top-ups, renewals, a failed card, another plan, a cancellation, a return", async (context) => {
	await year.control("settings", { maxPlan: true });
	await year.faults({});
	await year.until(at(1, 15));
	const ada = await year.signUp("ada@example.com");
	const tier = async (expected: Partial<Usage>) => expect(await ada.usage()).toMatchObject(expected);
	const customer = async () => (await stripe.customers.list({ email: "ada@example.com" })).data[0]?.id ?? "";
	const current = async () => (await stripe.subscriptions.list({ customer: await customer() })).data[0];
	/** The plan's status at Stripe, and what the app shows. */
	const stands = async (status: string, remaining: number, shown: Partial<Usage>) => {
		expect((await current())?.status).toBe(status);
		await tier({ tier: "paid", limit: 1000, held: 0, remaining, ...shown });
	};
	/** The units of the whole year in Stripe's meter. */
	const metered = async () => {
		const [meter] = (await stripe.billing.meters.list()).data;
		const range = { customer: await customer(), start_time: at(1, 1, 0) / 1000, end_time: at(13, 15, 0) / 1000 };
		const { data } = await stripe.billing.meters.listEventSummaries(meter?.id ?? "", range);
		return data.reduce((units, { aggregated_value }) => units + aggregated_value, 0);
	};
	let counted = 0;
	const used = async (units: number) => {
		counted += units;
		await eventually(async () => expect(await metered()).toBe(counted));
	};
	const change = async (action: string, body: object = {}) => {
		const [plan] = (await ada.get<BillingView>("/api/billing")).plans;
		const response = await ada.post(`/api/billing/${action}`, { planId: plan?.id, ...body });
		await response.text();
		return response.status;
	};
	const near = (units: number) => expect.closeTo(units, -1);

	// Free days: 20 units, then none; 20 tomorrow. Stripe has no customer yet.
	await tier({ tier: "free", limit: 20, used: 0, remaining: 20, resetAt: "2027-01-16T00:00:00.000Z" });
	expect(await ada.chat(20)).toEqual(Array(20).fill(200));
	expect(await ada.chat(1)).toEqual([429]);
	await year.until(at(1, 16, 0));
	await tier({ used: 0, remaining: 20, resetAt: "2027-01-17T00:00:00.000Z" });
	expect(await customer()).toBe("");

	// Pro, three requests, a top-up. Both show because of webhooks.
	await year.until(at(2, 20, 9));
	await ada.buy("pro_monthly");
	await eventually(() => stands("active", 1000, { used: 0, topUps: 0, resetAt: expect.stringMatching(/^2027-03-20T09:0/) }));
	expect(await ada.chat(3)).toEqual([200, 200, 200]);
	await used(3);
	await ada.buy("top_up_1000");
	await eventually(() => stands("active", 1997, { used: 3, topUps: 1000 }));

	// The plan's thousand requests, then the top-up, then none. An amount that does not fit whole is refused whole.
	expect(await ada.use(997)).toBe(201);
	await stands("active", 1000, { used: 1000, topUps: 1000 });
	expect([await ada.use(500), await ada.use(501)]).toEqual([201, 429]);
	expect(await ada.use(500)).toBe(201);
	await used(1997);
	// The day's free requests come next, and are not reported to the provider.
	expect(await ada.chat(20)).toEqual(Array(20).fill(200));
	expect(await ada.chat(1)).toEqual([429]);

	// A period's requests end with it; a top-up's do not.
	await year.until(at(3, 20));
	await stands("active", 1000, { used: 0, topUps: 0, resetAt: expect.stringMatching(/^2027-04-20T09:0/) });
	expect(await ada.use(400)).toBe(201);
	await stands("active", 600, { used: 400 });
	await year.until(at(4, 20));
	await stands("active", 1000, { used: 0 });
	await ada.buy("top_up_1000");
	await eventually(() => stands("active", 2000, { topUps: 1000 }));
	expect([await ada.use(1000), await ada.use(300)]).toEqual([201, 201]);
	await used(1700);
	await stands("active", 700, { used: 1300, topUps: 700 });
	await year.until(at(5, 20));
	await stands("active", 1700, { used: 0, topUps: 700 });
	expect([await ada.use(1000), await ada.use(700)]).toEqual([201, 201]);
	await used(1700);

	// The card fails: a week of grace, then the free tier, until the retry succeeds and the period continues.
	await year.faults({ declineRenewals: true });
	await year.until(at(6, 20, 12));
	await stands("past_due", 1000, { used: 0, topUps: 0 });
	expect(await ada.chat(2)).toEqual([200, 200]);
	expect(await ada.use(95)).toBe(201);
	await used(97);
	await year.until(at(6, 23, 12));
	await stands("past_due", 903, { used: 97 });
	await year.faults({});
	await year.until(at(6, 27, 12));
	await tier({ tier: "free", remaining: 20 });
	await year.until(at(6, 29));
	await stands("active", 903, { used: 97 });
	await year.until(at(7, 20, 12));
	await stands("active", 1000, { used: 0 });

	// Upgrade to Max in mid-period for a share of its requests, and downgrade at the end of the next one.
	await year.until(at(8, 4, 21));
	expect(await change("change", { priceSlug: "max_monthly" })).toBe(200);
	await stands("active", near(2000) as number, { limit: near(2000) as number });
	await year.until(at(8, 20, 12));
	await stands("active", 3000, { limit: 3000 });
	expect(await change("change", { priceSlug: "pro_monthly" })).toBe(200);
	await stands("active", 3000, { limit: 3000 });
	expect((await ada.get<BillingView>("/api/billing")).plans).toMatchObject([{ name: "Max", next: "Pro" }]);
	await year.until(at(9, 20, 12));
	await stands("active", 1000, { limit: 1000 });

	// Cancel, keep, cancel again; no top-up while the plan is ending. After its end the free days are back.
	await year.until(at(9, 25));
	expect(await change("cancel", { when: "period-end" })).toBe(200);
	expect((await ada.post("/api/billing/checkout", { priceSlug: "top_up_1000" })).status).toBe(409);
	expect(await change("uncancel")).toBe(200);
	await stands("active", 1000, { used: 0 });
	await ada.buy("top_up_1000");
	await eventually(() => stands("active", 2000, { topUps: 1000 }));
	expect(await change("cancel", { when: "period-end" })).toBe(200);
	expect([await ada.use(1000), await ada.use(250)]).toEqual([201, 201]);
	await used(1250);
	await stands("active", 750, { used: 1250, topUps: 750 });
	await year.until(at(10, 20));
	expect(await current()).toBeUndefined();
	await tier({ tier: "free", limit: 20, used: 0, remaining: 20, topUps: 0, resetAt: "2027-10-21T00:00:00.000Z" });
	expect(await ada.use(1)).toBe(409);
	expect(await ada.chat(2)).toEqual([200, 200]);
	await tier({ used: 2, remaining: 18 });

	// A new plan finds the rest of the top-up. A refund removes its credits; the spent ones are a
	// debt that the next top-up pays, never the plan.
	await year.until(at(11, 1, 9));
	await ada.buy("pro_monthly");
	await eventually(() => stands("active", 1750, { used: 0, topUps: 750, resetAt: expect.stringMatching(/^2027-12-01T09:0/) }));
	const charges = (await stripe.charges.list({ customer: await customer(), limit: 100 })).data;
	const topUp = charges.find(({ metadata }) => metadata.ai_requests);
	await year.control("stripe/refunds", { charge: topUp?.id });
	await eventually(() => stands("active", 1000, { used: 0, topUps: 0 }));
	expect(await ada.chat(1)).toEqual([200]);
	await used(1);
	await year.until(at(12, 1, 12));
	await stands("active", 1000, { used: 0 });
	await ada.buy("top_up_1000");
	await eventually(() => stands("active", 1750, { topUps: 750 }));

	const { events, deliveries } = (await year.control<{ stripe: { events: object[]; deliveries: { outcome: string }[] } }>("state")).stripe;
	await eventually(async () => {
		const { stripe: now } = await year.control<{ stripe: { deliveries: { outcome: string }[] } }>("state");
		expect(new Set(now.deliveries.map(({ outcome }) => outcome))).toEqual(new Set(["delivered"]));
	});
	record(context, `${counted} units, ${events.length} events of Stripe's, ${deliveries.length} deliveries`);
});
