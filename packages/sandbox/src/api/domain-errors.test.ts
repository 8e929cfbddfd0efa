/** Flowglad's refusals as the real service sends them (flowglad.md l): 500, except where a route sets its own code. */
import { expect, it } from "vitest";
import { runSandbox, withPro } from "../testing/harness.ts";

const settings = { domainErrorsAre500: true };
const urls = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
const now = () => Date.UTC(2026, 0, 1);

it.each([
	["GET", "/api/v1/checkout-sessions/x", undefined],
	["GET", "/api/v1/subscriptions/x", undefined],
	["GET", "/api/v1/webhooks/x", undefined],
	["POST", "/api/v1/subscriptions/x/cancel", { cancellation: { timing: "immediately" } }],
	["POST", "/api/v1/subscriptions/x/adjust", { adjustment: { timing: "auto", newSubscriptionItems: [{ priceSlug: "pro_monthly" }] } }],
	["POST", "/api/v1/subscriptions/x/cancel-scheduled-adjustment", {}],
	["POST", "/api/v1/usage-events", { usageEvent: { subscriptionId: "x", usageMeterSlug: "ai_requests", transactionId: "t", amount: 1 } }],
	["POST", "/api/v1/checkout-sessions", { checkoutSession: { type: "product", priceSlug: "x", customerExternalId: "x", ...urls } }],
])("answers %s %s with 500", async (method, path, body) => {
	const sandbox = await runSandbox({ settings });
	const response = await sandbox.send(method, path, body);
	expect(response.status).toBe(500);
	expect(await response.json()).toMatchObject({ code: "INTERNAL_SERVER_ERROR", error: expect.any(String) });
});

it.each([
	["an unknown customer", "GET", "/api/v1/customers/x", undefined, 404],
	["a customer that exists", "POST", "/api/v1/customers", { customer: { externalId: "user_1", name: "Ada", email: "a@example.com" } }, 409],
	["a plan for an unknown customer", "POST", "/api/v1/subscriptions", { customerExternalId: "x", priceSlug: "pro_monthly" }, 404],
	["an unknown product", "GET", "/api/v1/products/x", undefined, 404],
	["a body without its fields", "POST", "/api/v1/usage-events", {}, 400],
	["an unknown path", "GET", "/api/v1/x", undefined, 404],
])("keeps the code for %s", async (_, method, path, body, status) => {
	const sandbox = await runSandbox({ settings });
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	expect((await sandbox.send(method, path, body)).status).toBe(status);
});

it("gives a new account a free plan with a one-time price, which is never past due and which an upgrade replaces", async () => {
	const sandbox = await runSandbox({ now, settings: { ...settings, freePlanRenews: false } });
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	await sandbox.advance(40 * 86_400_000);
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({
		isFreePlan: true,
		status: "active",
		renews: false,
		interval: null,
	});
	await sandbox.buy("user_1", "pro_monthly");
	const { subscriptions, currentSubscription } = await flowglad.getBilling();
	expect(currentSubscription).toMatchObject({ isFreePlan: false, status: "active" });
	expect(subscriptions.find(({ isFreePlan }) => isFreePlan)).toMatchObject({ status: "canceled", cancellationReason: "upgraded_to_paid" });
});

it("stores the card but starts no plan for a customer whose renewing free plan is past due", async () => {
	const sandbox = await runSandbox({ now });
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	await sandbox.advance(40 * 86_400_000);
	await sandbox.buy("user_1", "pro_monthly");
	const { paymentMethods, currentSubscription, invoices } = await flowglad.getBilling();
	expect(currentSubscription).toMatchObject({ isFreePlan: true, status: "past_due" });
	expect([paymentMethods.length, invoices.length]).toEqual([1, 0]);
});

it("refuses to cancel or change a plan while a scheduled change is pending", async () => {
	const { sandbox, flowglad, id } = await withPro({ now, settings: { maxPlan: true } });
	await flowglad.adjustSubscription({ priceSlug: "max_monthly" });
	await flowglad.adjustSubscription({ priceSlug: "pro_monthly" });
	const waiting = (await flowglad.getBilling()).currentSubscription;
	expect(waiting).toMatchObject({ scheduledAdjustmentAt: waiting?.currentBillingPeriodEnd });
	const cancel = () => sandbox.send("POST", `/api/v1/subscriptions/${id}/cancel`, { cancellation: { timing: "immediately" } });
	const adjustment = { timing: "auto", newSubscriptionItems: [{ priceSlug: "max_monthly" }] };
	expect((await cancel()).status).toBe(400);
	expect((await sandbox.send("POST", `/api/v1/subscriptions/${id}/adjust`, { adjustment })).status).toBe(400);
	const canceled = await sandbox.send("POST", `/api/v1/subscriptions/${id}/cancel-scheduled-adjustment`, {});
	expect(await canceled.json()).toMatchObject({ canceledItemCount: 1, subscription: { id } });
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ scheduledAdjustmentAt: null });
	expect((await cancel()).status).toBe(200);
});
