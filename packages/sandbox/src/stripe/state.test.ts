import { expect, it } from "vitest";
import { runStripe, withPlan } from "./testing/harness.ts";

it("resets Stripe's side to the catalogue it is started with", async () => {
	const { sandbox } = await withPlan();
	await sandbox.control("POST", "/reset");
	await sandbox.stripe.customers.list();
	const { origin: _, offered: __, products, prices, meters, ...emptied } = await sandbox.state();
	expect([products, prices, meters].map((records) => records.length)).toEqual([2, 2, 1]);
	for (const [name, value] of Object.entries(emptied)) expect({ [name]: value }).toEqual({ [name]: [] });
});

it("sells what the settings say: Max and a trial when they are switched on, nothing without a catalogue", async () => {
	const sandbox = await runStripe({ settings: { proTrialDays: 14 } });
	expect((await sandbox.priceOf("pro_monthly")).metadata).toEqual({ app: "parley", ai_requests: "1000", trial_days: "14" });
	await sandbox.settings({ maxPlan: true, proTrialDays: 0 });
	expect(await sandbox.priceOf("max_monthly")).toMatchObject({
		unit_amount: 1999,
		metadata: { app: "parley", ai_requests: "3000", features: "First in line" },
		recurring: { interval: "month", interval_count: 1 },
	});
	expect((await sandbox.priceOf("pro_monthly")).metadata).toEqual({ app: "parley", ai_requests: "1000" });
	await sandbox.settings({ maxPlan: false });
	const active = await sandbox.stripe.prices.list({ active: true });
	expect(active.data.map(({ lookup_key }) => lookup_key)).toEqual(["top_up_1000", "pro_monthly"]);
	const empty = await runStripe({ settings: { stripeCatalogue: false } });
	expect((await empty.stripe.products.list()).data).toEqual([]);
	expect((await empty.stripe.billing.meters.list()).data).toEqual([]);
});
