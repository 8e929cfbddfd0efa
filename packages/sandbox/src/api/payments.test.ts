import { expect, it } from "vitest";
import { balanceOf, runSandbox, withPro } from "../testing/harness.ts";

const dayMs = 24 * 60 * 60 * 1000;
const monthMs = 31 * dayMs;
const now = () => Date.UTC(2026, 0, 1);

it("records a payment with a readable receipt", async () => {
	const { sandbox, id } = await withPro({ now });
	const { data, total } = await sandbox.node.payments.list();
	expect(total).toBe(1);
	expect(data).toMatchObject([{ amount: 799, status: "succeeded", subscriptionId: id, refunded: false, receiptNumber: "R-SBX1-00001" }]);
	const { payment } = await sandbox.node.payments.retrieve(data[0]?.id ?? "");
	const receipt = await fetch(payment.receiptURL ?? "");
	expect(receipt.status).toBe(200);
	expect(await receipt.text()).toContain("Receipt SBX1-00001");
});

it("refunds part of a payment and then the rest, and keeps the plan and its credits", async () => {
	const { sandbox, flowglad, balance } = await withPro({ now });
	const [payment] = (await sandbox.node.payments.list()).data;
	const id = payment?.id ?? "";
	expect((await sandbox.node.payments.refund(id, { partialAmount: 300 })).payment).toMatchObject({
		status: "succeeded",
		refunded: false,
		refundedAmount: 300,
	});
	expect((await sandbox.node.payments.refund(id, {})).payment).toMatchObject({ status: "refunded", refunded: true, refundedAmount: 799 });
	expect(await balance()).toBe(1000);
	const { currentSubscription, invoices } = await flowglad.getBilling();
	expect(currentSubscription).toMatchObject({ isFreePlan: false, status: "active" });
	expect(invoices[0]?.invoice.status).toBe("paid");
});

it("refuses a refund of an invalid amount, a refunded payment or an unknown payment", async () => {
	const { sandbox } = await withPro({ now });
	const [payment] = (await sandbox.node.payments.list()).data;
	const refund = async (id: string, body: object = {}) => (await sandbox.send("POST", `/api/v1/payments/${id}/refund`, body)).status;
	const id = payment?.id ?? "";
	expect(await refund(id, { partialAmount: 800 })).toBe(400);
	expect(await refund(id, { partialAmount: 0 })).toBe(400);
	expect(await refund(id, { partialAmount: 1.5 })).toBe(400);
	expect(await refund(id)).toBe(200);
	expect(await refund(id)).toBe(400);
	expect(await refund("pym_x")).toBe(404);
});

it("keeps the billing response unchanged when a payment is disputed", async () => {
	const { sandbox } = await withPro({ now });
	const billing = async () => (await sandbox.send("GET", "/api/v1/customers/user_1/billing")).json();
	const before = await billing();
	const { webhooks, payments } = await sandbox.state();
	expect((await sandbox.send("POST", `/__sandbox/payments/${payments[0]?.id}/dispute`)).status).toBe(200);
	expect(await billing()).toEqual(before);
	const after = await sandbox.state();
	expect(after.disputedPaymentIds).toEqual([payments[0]?.id]);
	// The purchase's events are delivered meanwhile.
	expect(after.webhooks.map(({ id }) => id)).toEqual(webhooks.map(({ id }) => id));
});

it("activates a plan at once, and grants its credits when the payment settles", async () => {
	const sandbox = await runSandbox({ now });
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	await sandbox.faults({ paymentDelayMs: 10_000 });
	await sandbox.buy("user_1", "pro_monthly");
	const under = await flowglad.getBilling();
	expect(under.currentSubscription).toMatchObject({ isFreePlan: false, status: "active" });
	expect(under.checkUsageBalance("ai_requests")).toBeNull();
	expect(under.invoices).toMatchObject([{ invoice: { status: "awaiting_payment_confirmation" } }]);
	await sandbox.advance(9999);
	expect(await balanceOf(sandbox, "user_1")).toBeNull();
	await sandbox.advance(1);
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
});

it("cancels a plan whose first payment fails, and restores the free plan", async () => {
	const sandbox = await runSandbox({ now });
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	await sandbox.faults({ paymentDelayMs: 1000 });
	await sandbox.buy("user_1", "pro_monthly", { card: "0341" });
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ isFreePlan: false });
	await sandbox.advance(1000);
	const billing = await flowglad.getBilling();
	expect(billing.currentSubscription).toMatchObject({ isFreePlan: true, status: "active" });
	expect(billing.subscriptions.map(({ isFreePlan, status }) => [isFreePlan, status])).toEqual([
		[true, "canceled"],
		[false, "canceled"],
		[true, "active"],
	]);
	expect((await sandbox.state()).payments).toMatchObject([{ status: "failed", failureCode: "card_declined" }]);
	expect(billing.hasPurchased("pro")).toBe(true);
});

it("grants no credits for a top-up whose payment fails after the redirect", async () => {
	const { sandbox, balance } = await withPro({ now });
	await sandbox.faults({ paymentDelayMs: 1000, failPayments: true });
	await sandbox.buy("user_1", "top_up_1000");
	expect((await sandbox.state()).checkoutSessions.at(-1)).toMatchObject({ status: "pending" });
	await sandbox.advance(1000);
	const { checkoutSessions, purchases } = await sandbox.state();
	expect(checkoutSessions.at(-1)).toMatchObject({ status: "failed" });
	expect(purchases.at(-1)).toMatchObject({ status: "pending" });
	expect(await balance()).toBe(1000);
});

it("retries a declined renewal after 3, 5 and 5 days, then leaves the subscription past due", async () => {
	const { sandbox, flowglad } = await withPro({ now });
	await sandbox.faults({ declineRenewals: true });
	await sandbox.advance(monthMs);
	const attempts = async () => (await sandbox.state()).payments.filter(({ status }) => status === "failed").length;
	expect(await attempts()).toBe(1);
	for (const [days, expected] of [
		[3, 2],
		[5, 3],
		[5, 4],
		[10, 4],
	] as const) {
		await sandbox.advance(days * dayMs);
		expect(await attempts()).toBe(expected);
	}
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ status: "past_due" });
});

it("reactivates the subscription and settles its debt when a retry succeeds", async () => {
	const { sandbox, flowglad, use, balance } = await withPro({ now });
	await use("req_1", 1503);
	await sandbox.faults({ declineRenewals: true });
	await sandbox.advance(monthMs);
	expect(await balance()).toBe(497);
	await sandbox.faults({});
	await sandbox.advance(3 * dayMs);
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ status: "active" });
	expect(await balance()).toBe(1000);
});

it("charges a retry to the old card, and the next period to the new one", async () => {
	const { sandbox, flowglad, id } = await withPro({ now });
	await sandbox.faults({ declineRenewals: true });
	await sandbox.advance(monthMs);
	const urls = { successUrl: "http://localhost:3000/", cancelUrl: "http://localhost:3000/" };
	const { url } = await flowglad.createAddPaymentMethodCheckoutSession({ ...urls, targetSubscriptionId: id });
	await sandbox.submit(url, "pay");
	const { paymentMethods } = await flowglad.getBilling();
	expect(paymentMethods).toHaveLength(2);
	await sandbox.faults({});
	const cards = async () =>
		(await sandbox.state()).payments.map(({ paymentMethodId }) => paymentMethods.findIndex((one) => one.id === paymentMethodId));
	await sandbox.advance(3 * dayMs);
	expect(await cards()).toEqual([0, 0, 0]);
	await sandbox.advance(25 * dayMs);
	expect(await cards()).toEqual([0, 0, 0, 1]);
});

it("stops retries when a cancellation is scheduled, and reactivates the subscription when it is reverted", async () => {
	const { sandbox, flowglad, id } = await withPro({ now });
	await sandbox.faults({ declineRenewals: true });
	await sandbox.advance(monthMs);
	await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
	await sandbox.advance(13 * dayMs);
	expect((await sandbox.state()).payments).toHaveLength(2);
	const { subscription } = await flowglad.uncancelSubscription({ id });
	expect(subscription).toMatchObject({ status: "active" });
});
