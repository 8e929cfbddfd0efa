/** Surprising behavior of the real service (flowglad.md e). Each oddity has a setting that turns it off. */
import { expect, it } from "vitest";
import { balanceOf, currentSubscriptionId, runSandbox, withPro } from "../testing/harness.ts";

const dayMs = 24 * 60 * 60 * 1000;
const monthMs = 31 * dayMs;
const now = () => Date.UTC(2026, 0, 1);

it.each([
	[true, "past_due"],
	[false, "active"],
])("freePlanPastDue %s: a renewed free plan without a card is %s", async (freePlanPastDue, status) => {
	const sandbox = await runSandbox({ now, settings: { freePlanPastDue } });
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.advance(monthMs);
	expect((await sandbox.flowglad("user_1").getBilling()).currentSubscription).toMatchObject({ isFreePlan: true, status });
});

it.each([
	[true, undefined],
	[false, true],
])(
	"noPlanAfterScheduledCancel %s: isFreePlan after a scheduled cancellation takes effect is %s",
	async (noPlanAfterScheduledCancel, isFree) => {
		const { sandbox, flowglad, id } = await withPro({ now, settings: { noPlanAfterScheduledCancel } });
		await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
		await sandbox.advance(monthMs);
		const { currentSubscription } = await flowglad.getBilling();
		expect(currentSubscription?.isFreePlan).toBe(isFree);
	},
);

it.each([
	[true, null],
	[false, 0],
])("meterAbsentBeforeFirstEntry %s: the balance of a plan without credits is %s", async (meterAbsentBeforeFirstEntry, expected) => {
	const sandbox = await runSandbox({ settings: { meterAbsentBeforeFirstEntry } });
	expect(await balanceOf(sandbox, "user_1")).toBe(expected);
	const { usageMeterBalances } = await sandbox.flowglad("user_1").getUsageMeterBalances({});
	expect(usageMeterBalances).toHaveLength(expected === null ? 0 : 1);
});

it.each([
	[true, -503],
	[false, 0],
])("negativeBalances %s: using 1503 of 1000 credits leaves a balance of %i", async (negativeBalances, expected) => {
	const { use, balance } = await withPro({ settings: { negativeBalances } });
	await use("req_1", 1503);
	expect(await balance()).toBe(expected);
});

it.each([
	[true, 1000],
	[false, 2000],
])("creditsStrandedOnUpgrade %s: upgrading to Pro after a top-up of 1000 leaves %i", async (creditsStrandedOnUpgrade, expected) => {
	const sandbox = await runSandbox({ settings: { creditsStrandedOnUpgrade } });
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	const free = await currentSubscriptionId(sandbox, "user_1");
	await sandbox.buy("user_1", "top_up_1000");
	await sandbox.buy("user_1", "pro_monthly");
	expect(await balanceOf(sandbox, "user_1")).toBe(expected);
	const { usageMeterBalances } = await sandbox.flowglad("user_1").getUsageMeterBalances({ subscriptionId: free });
	expect(usageMeterBalances).toMatchObject([{ availableBalance: 2000 - expected }]);
});

it.each([
	[true, 200],
	[false, 400],
])("topUpWithoutSubscription %s: opening a top-up checkout without a plan returns %i", async (topUpWithoutSubscription, status) => {
	const { sandbox, flowglad, id } = await withPro({ now, settings: { topUpWithoutSubscription } });
	await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
	await sandbox.advance(monthMs);
	const urls = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
	const response = await sandbox.send("POST", "/api/v1/checkout-sessions", {
		checkoutSession: { type: "product", priceSlug: "top_up_1000", customerExternalId: "user_1", ...urls },
	});
	expect(response.status).toBe(status);
	if (status !== 200) return;
	const { url } = (await response.json()) as { url: string };
	const grants = async () => (await sandbox.state()).ledger.length;
	const before = await grants();
	await sandbox.submit(url, "pay");
	expect(await grants()).toBe(before);
	expect((await sandbox.state()).payments.at(-1)).toMatchObject({ amount: 800, status: "succeeded" });
});

it.each([
	[true, 2000],
	[false, 4000],
])("topUpIgnoresQuantity %s: buying a quantity of three top-ups leaves %i", async (topUpIgnoresQuantity, expected) => {
	const { sandbox, balance } = await withPro({ settings: { topUpIgnoresQuantity } });
	await sandbox.buy("user_1", "top_up_1000", { quantity: 3 });
	expect(await balance()).toBe(expected);
});

it.each([
	[true, 200],
	[false, 400],
])("usageOnCanceled %s: reporting usage on a canceled subscription returns %i", async (usageOnCanceled, status) => {
	const { sandbox, flowglad, id } = await withPro({ settings: { usageOnCanceled } });
	await flowglad.cancelSubscription({ id, cancellation: { timing: "immediately" } });
	const usageEvent = { subscriptionId: id, usageMeterSlug: "ai_requests", transactionId: "late", amount: 1 };
	expect((await sandbox.send("POST", "/api/v1/usage-events", { usageEvent })).status).toBe(status);
});

it("twoSubscriptions: lists a customer's subscriptions oldest first, although the newest is current", async () => {
	const { sandbox, flowglad, id, use } = await withPro({ settings: { twoSubscriptions: true } });
	await sandbox.advance(1000);
	await sandbox.buy("user_1", "pro_monthly");
	await use("req_1", 400);
	const billing = await flowglad.getBilling();
	expect(billing.currentSubscriptions).toHaveLength(2);
	expect(billing.currentSubscriptions?.[0]?.id).toBe(id);
	expect(billing.currentSubscription?.id).not.toBe(id);
	// The SDK reads the balance of the first subscription in the list, which is not currentSubscription.
	expect(billing.checkUsageBalance("ai_requests")).toMatchObject({ availableBalance: 600, subscriptionId: id });
});

it.each([
	[true, 409],
	[false, 303],
])("pastDueFreePlanBlocksUpgrade %s: buying Pro on a past-due free plan returns %i", async (pastDueFreePlanBlocksUpgrade, status) => {
	const sandbox = await runSandbox({ now, settings: { pastDueFreePlanBlocksUpgrade } });
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.advance(monthMs);
	expect((await sandbox.buy("user_1", "pro_monthly")).status).toBe(status);
});

it("firstVisitRace creates the customer but returns 409, and the next read finds the customer", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ firstVisitRace: true });
	const customer = { externalId: "user_1", name: "Ada", email: "ada@example.com" };
	const response = await sandbox.send("POST", "/api/v1/customers", { customer });
	expect(response.status).toBe(409);
	expect(await response.json()).toMatchObject({ code: "CONFLICT" });
	await expect(sandbox.flowglad("user_1").getBilling()).resolves.toMatchObject({ customer: { externalId: "user_1" } });
});

it("reports a rate-limited key as a plain-text 401", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ keyRateLimited: true });
	const response = await sandbox.send("GET", "/api/v1/pricing-models/default");
	expect([response.status, await response.text()]).toEqual([401, "Unauthorized"]);
	await expect(sandbox.flowglad("user_1").getBilling()).rejects.toMatchObject({ status: 401 });
});

it("grants credits during a trial, charges when it ends, and allows one trial per customer", async () => {
	const sandbox = await runSandbox({ now, settings: { proTrialDays: 14 } });
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	await sandbox.buy("user_1", "pro_monthly");
	const trial = await flowglad.getBilling();
	expect(trial.currentSubscription).toMatchObject({ status: "trialing", trialEnd: now() + 14 * dayMs });
	expect(trial.invoices).toEqual([]);
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
	await sandbox.advance(14 * dayMs);
	const after = await flowglad.getBilling();
	expect(after.currentSubscription).toMatchObject({ status: "active", currentBillingPeriodEnd: Date.UTC(2026, 1, 15) });
	expect(after.invoices).toMatchObject([{ invoice: { status: "paid" } }]);
	await flowglad.cancelSubscription({ id: after.currentSubscription?.id ?? "", cancellation: { timing: "immediately" } });
	await sandbox.buy("user_1", "pro_monthly");
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ status: "active", trialEnd: null });
});

it("falls back to the free plan when the charge at the end of a trial is declined", async () => {
	const sandbox = await runSandbox({ now, settings: { proTrialDays: 14 } });
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	await sandbox.buy("user_1", "pro_monthly", { card: "0341" });
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ status: "trialing" });
	await sandbox.advance(14 * dayMs);
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ isFreePlan: true });
});

it("becomes past due when a trial without a card ends", async () => {
	const sandbox = await runSandbox({ now });
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	const trialEnd = now() + 7 * dayMs;
	await sandbox.send("POST", "/api/v1/subscriptions", { customerExternalId: "user_1", priceSlug: "pro_monthly", trialEnd });
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ status: "trialing", trialEnd });
	await sandbox.advance(7 * dayMs);
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ status: "past_due", isFreePlan: false });
});

it("vector 5 over HTTP: using 25 of 20 free credits leaves −5, and 15 after the renewal", async () => {
	const sandbox = await runSandbox({ now, settings: { freeCredits: 20 } });
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	expect(await balanceOf(sandbox, "user_1")).toBe(20);
	const subscriptionId = await currentSubscriptionId(sandbox, "user_1");
	await sandbox.admin.createUsageEvent({ usageEvent: { subscriptionId, usageMeterSlug: "ai_requests", transactionId: "t", amount: 25 } });
	expect(await balanceOf(sandbox, "user_1")).toBe(-5);
	await sandbox.advance(monthMs);
	expect(await balanceOf(sandbox, "user_1")).toBe(15);
});
