import { expect, it } from "vitest";
import { balanceOf, currentSubscriptionId, runSandbox, withPro } from "../testing/harness.ts";

const dayMs = 24 * 60 * 60 * 1000;
const monthMs = 31 * dayMs;

/** 2026-01-01, so that a month has 31 days. Only `advance` moves the clock. */
const now = () => Date.UTC(2026, 0, 1);

it("replaces the free plan with the paid one and records a paid invoice, a purchase and a card", async () => {
	const { flowglad, id } = await withPro({ now });
	const billing = await flowglad.getBilling();
	expect(billing.currentSubscription).toMatchObject({ id, name: "Pro", isFreePlan: false, status: "active" });
	expect(billing.currentSubscriptions).toHaveLength(1);
	expect(billing.subscriptions.find(({ isFreePlan }) => isFreePlan)).toMatchObject({
		status: "canceled",
		current: false,
		cancellationReason: "upgraded_to_paid",
		replacedBySubscriptionId: id,
	});
	expect(billing.invoices).toMatchObject([{ invoice: { status: "paid", subtotal: 799, subscriptionId: id } }]);
	expect(billing.purchases).toMatchObject([{ status: "paid", priceId: "price_pro_monthly" }]);
	expect(billing.paymentMethods).toMatchObject([{ type: "card", default: true }]);
});

it("loses the free plan's credits on an upgrade", async () => {
	const sandbox = await runSandbox({ now });
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.buy("user_1", "top_up_1000");
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
	await sandbox.buy("user_1", "pro_monthly");
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
});

it("grants a top-up once regardless of the quantity, and keeps it across a renewal", async () => {
	const { sandbox } = await withPro({ now });
	await sandbox.buy("user_1", "top_up_1000", { quantity: 3 });
	expect(await balanceOf(sandbox, "user_1")).toBe(2000);
	await sandbox.advance(monthMs);
	expect(await balanceOf(sandbox, "user_1")).toBe(2000);
});

it("expires unused credits at a renewal, grants new ones and records a paid invoice", async () => {
	const { sandbox, flowglad, id } = await withPro({ now });
	await sandbox.admin.createUsageEvent({
		usageEvent: { subscriptionId: id, usageMeterSlug: "ai_requests", transactionId: "req_1", amount: 400 },
	});
	await sandbox.advance(monthMs - 1);
	expect(await balanceOf(sandbox, "user_1")).toBe(600);
	await sandbox.advance(1);
	const billing = await flowglad.getBilling();
	expect(billing.checkUsageBalance("ai_requests")).toMatchObject({ availableBalance: 1000 });
	expect(billing.currentSubscription).toMatchObject({
		id,
		status: "active",
		currentBillingPeriodStart: Date.UTC(2026, 1, 1),
		currentBillingPeriodEnd: Date.UTC(2026, 2, 1),
	});
	expect(billing.invoices.map(({ invoice }) => invoice.status)).toEqual(["paid", "paid"]);
});

it("settles debt with the renewal invoice, and carries it over when the renewal is declined", async () => {
	const { sandbox, flowglad, id } = await withPro({ now });
	const overdraw = (transactionId: string) =>
		sandbox.admin.createUsageEvent({ usageEvent: { subscriptionId: id, usageMeterSlug: "ai_requests", transactionId, amount: 1503 } });
	await overdraw("req_1");
	expect(await balanceOf(sandbox, "user_1")).toBe(-503);
	await sandbox.advance(monthMs);
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
	await overdraw("req_2");
	await sandbox.faults({ declineRenewals: true });
	await sandbox.advance(28 * dayMs);
	expect(await balanceOf(sandbox, "user_1")).toBe(497);
	const { currentSubscription } = await flowglad.getBilling();
	expect(currentSubscription).toMatchObject({ id, status: "past_due", current: true });
});

it("sets a free plan without a card to past_due at its rollover", async () => {
	const sandbox = await runSandbox({ now });
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.advance(monthMs);
	const { currentSubscription } = await sandbox.flowglad("user_1").getBilling();
	expect(currentSubscription).toMatchObject({ isFreePlan: true, status: "past_due", current: true });
});

it("applies twelve renewals when the clock jumps a year ahead", async () => {
	const { sandbox, flowglad } = await withPro({ now });
	await sandbox.advance(365 * dayMs);
	const { invoices, currentSubscription } = await flowglad.getBilling();
	expect(invoices).toHaveLength(13);
	expect(currentSubscription?.currentBillingPeriodStart).toBe(Date.UTC(2027, 0, 1));
});

it("falls back to the default plan when canceled immediately", async () => {
	const { flowglad, id } = await withPro({ now });
	const { subscription } = await flowglad.cancelSubscription({ id, cancellation: { timing: "immediately" } });
	expect(subscription).toMatchObject({ id, status: "canceled", current: false, canceledAt: now() });
	const billing = await flowglad.getBilling();
	expect(billing.currentSubscription).toMatchObject({ isFreePlan: true, status: "active" });
	expect(billing.subscriptions.find((one) => one.id === id)).toMatchObject({ subscriptionItems: [] });
});

it("stays current until a scheduled cancellation takes effect, then leaves no subscription", async () => {
	const { sandbox, flowglad, id } = await withPro({ now });
	const { subscription } = await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
	expect(subscription).toMatchObject({ status: "cancellation_scheduled", current: true, cancelScheduledAt: now() + monthMs });
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
	await sandbox.advance(monthMs);
	const billing = await flowglad.getBilling();
	expect(billing).not.toHaveProperty("currentSubscription");
	expect(billing.currentSubscriptions).toEqual([]);
	expect(billing.checkUsageBalance("ai_requests")).toBeNull();
});

it("reverts a scheduled cancellation", async () => {
	const { sandbox, flowglad, id } = await withPro({ now });
	await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
	const { subscription } = await flowglad.uncancelSubscription({ id });
	expect(subscription).toMatchObject({ status: "active", cancelScheduledAt: null });
	await sandbox.advance(monthMs);
	expect(await currentSubscriptionId(sandbox, "user_1")).toBe(id);
});

it("refuses to cancel the free plan, and cancels a subscription once", async () => {
	const { sandbox, id } = await withPro({ now });
	const cancel = (subscriptionId: string) =>
		sandbox.send("POST", `/api/v1/subscriptions/${subscriptionId}/cancel`, { cancellation: { timing: "immediately" } });
	expect((await cancel(id)).status).toBe(200);
	expect((await cancel(id)).status).toBe(200);
	expect((await sandbox.state()).subscriptions).toHaveLength(3);
	expect((await cancel(await currentSubscriptionId(sandbox, "user_1"))).status).toBe(400);
	expect((await cancel("sub_x")).status).toBe(404);
});

it("keeps a paid subscription without a card incomplete until a checkout activates it", async () => {
	const sandbox = await runSandbox({ now });
	const flowglad = sandbox.flowglad("user_1");
	const { subscription } = await flowglad.createSubscription({ priceSlug: "pro_monthly" });
	expect(subscription).toMatchObject({ status: "incomplete", current: false });
	const { url } = await flowglad.createActivateSubscriptionCheckoutSession({
		targetSubscriptionId: subscription.id,
		successUrl: "http://localhost:3000/",
		cancelUrl: "http://localhost:3000/",
	});
	await sandbox.submit(url, "pay");
	const billing = await flowglad.getBilling();
	expect(billing.currentSubscription).toMatchObject({ id: subscription.id, status: "active" });
	expect(billing.currentSubscriptions).toHaveLength(1);
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
});
