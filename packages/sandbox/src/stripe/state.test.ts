import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runStripe, withPlan } from "./testing/harness.ts";

it("resets Stripe's records to the initial catalogue", async () => {
	const { sandbox } = await withPlan();
	await sandbox.control("POST", "/reset");
	await sandbox.stripe.customers.list();
	const { origin: _, offered: __, products, prices, meters, portalConfigurations, ...emptied } = await sandbox.state();
	expect([products, prices, meters, portalConfigurations].map((records) => records.length)).toEqual([2, 2, 1, 1]);
	for (const [name, value] of Object.entries(emptied)) expect({ [name]: value }).toEqual({ [name]: [] });
});

it("follows the settings: offers Max and a trial when enabled, and nothing without a catalogue", async () => {
	const sandbox = await runStripe({ settings: { proTrialDays: 14 } });
	expect((await sandbox.priceOf("pro_monthly")).metadata).toEqual({ app: "parley", ai_requests: "1000", trial_days: "14" });
	expect((await sandbox.priceOf("top_up_1000")).metadata).toEqual({ app: "parley", ai_requests: "1000" });
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

it("stores Stripe's records in the state file and resumes from it", async () => {
	const folder = mkdtempSync(join(tmpdir(), "sandbox-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const statePath = join(folder, "state.json");
	const { sandbox, id } = await withPlan("pro_monthly", undefined, { statePath });
	await sandbox.close();
	const second = await runStripe({ statePath, now: sandbox.world.machineNowMs });
	expect(await second.stripe.subscriptions.retrieve(id)).toMatchObject({ status: "active" });
	await second.advance(32 * 24 * 60 * 60);
	expect((await second.stripe.invoices.list({ subscription: id })).data).toMatchObject([{ status: "paid" }, { status: "paid" }]);
});
