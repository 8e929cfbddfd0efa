import { expect, it } from "vitest";
import { daySeconds, errorOf, runStripe, utc, withPlan } from "./testing/harness.ts";

const start = utc(2026, 1, 15, 9);

async function withTopUp(card = "4242") {
	const sandbox = await runStripe({ now: () => start * 1000 });
	const { id: customer } = await sandbox.stripe.customers.create({ email: "ada@example.com" });
	const session = await sandbox.buy(customer, "top_up_1000", { card, payment_intent_data: { metadata: { top_up: "t_1" } } });
	const intent = String(session.payment_intent);
	const charge = async () => {
		const [one] = (await sandbox.stripe.charges.list({ payment_intent: intent })).data;
		if (one === undefined) throw new Error("There is no charge");
		return one;
	};
	return { sandbox, stripe: sandbox.stripe, customer, session, intent, charge };
}

it("settles a bank payment after three days: the session is complete and unpaid, then paid", async () => {
	const { sandbox, stripe, session, intent, charge } = await withTopUp("6789");
	expect(session).toMatchObject({ status: "complete", payment_status: "unpaid" });
	expect((await stripe.paymentIntents.retrieve(intent)).status).toBe("processing");
	expect(await charge()).toMatchObject({ status: "pending", paid: false, payment_method_details: { type: "us_bank_account" } });
	await sandbox.advance(3 * daySeconds);
	expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe("paid");
	expect(await charge()).toMatchObject({ status: "succeeded", paid: true, metadata: { top_up: "t_1" } });
	expect((await sandbox.eventTypes()).slice(1)).toEqual([
		"charge.pending",
		"payment_intent.processing",
		"checkout.session.completed",
		"charge.succeeded",
		"payment_intent.succeeded",
		"checkout.session.async_payment_succeeded",
	]);
});

it("reports a bank payment that fails after three days", async () => {
	const { sandbox, stripe, session, intent } = await withTopUp("6789");
	await sandbox.faults({ failPayments: true });
	await sandbox.advance(3 * daySeconds);
	expect((await stripe.paymentIntents.retrieve(intent)).status).toBe("requires_payment_method");
	expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe("unpaid");
	expect((await sandbox.eventTypes()).slice(-3)).toEqual([
		"charge.failed",
		"payment_intent.payment_failed",
		"checkout.session.async_payment_failed",
	]);
});

it("starts a plan paid by bank at once, and keeps its first invoice open until the payment settles", async () => {
	const { sandbox, stripe, customer } = await withPlan("pro_monthly", start);
	const session = await sandbox.buy(customer.id, "pro_monthly", { card: "6789" });
	const id = String(session.subscription);
	const plan = () => stripe.subscriptions.retrieve(id, { expand: ["latest_invoice"] });
	expect(session.payment_status).toBe("unpaid");
	expect(await plan()).toMatchObject({ status: "active", latest_invoice: { status: "open", amount_paid: 0 } });
	await sandbox.advance(3 * daySeconds);
	expect(await plan()).toMatchObject({ status: "active", latest_invoice: { status: "paid", amount_paid: 799 } });
	expect(await sandbox.eventTypes()).toContain("checkout.session.async_payment_succeeded");

	await sandbox.faults({ paymentDelayMs: 10_000 });
	const second = await sandbox.buy(customer.id, "pro_monthly");
	await sandbox.faults({ failPayments: true });
	await sandbox.advance(10);
	const failed = await stripe.subscriptions.retrieve(String(second.subscription), { expand: ["latest_invoice"] });
	expect(failed).toMatchObject({ status: "past_due", latest_invoice: { status: "open", attempt_count: 1 } });
	await sandbox.faults({ paymentDelayMs: 10_000 });
	await sandbox.advance(4 * daySeconds);
	expect((await stripe.subscriptions.retrieve(failed.id)).status).toBe("active");
	const told = (await sandbox.eventTypes()).filter((type) => type.startsWith("checkout.session.async"));
	expect(told).toEqual(["checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"]);
});

it("completes the session at once and starts the subscription after activationDelayMs", async () => {
	const sandbox = await runStripe({ now: () => start * 1000 });
	const { id: customer } = await sandbox.stripe.customers.create();
	await sandbox.faults({ activationDelayMs: 3000 });
	const session = await sandbox.buy(customer, "pro_monthly");
	expect(session).toMatchObject({ status: "complete", payment_status: "unpaid", subscription: null });
	expect(await sandbox.eventTypes()).not.toContain("checkout.session.completed");
	await sandbox.advance(3);
	expect(await sandbox.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
		payment_status: "paid",
		subscription: expect.any(String),
	});
	expect((await sandbox.eventTypes()).at(-1)).toBe("checkout.session.completed");
});

it("declines at the checkout with the fault failPayments", async () => {
	const sandbox = await runStripe();
	const { id: customer } = await sandbox.stripe.customers.create();
	await sandbox.faults({ failPayments: true });
	expect(await sandbox.buy(customer, "pro_monthly")).toMatchObject({ status: "open", subscription: null });
	expect(await sandbox.buy(customer, "top_up_1000")).toMatchObject({ status: "open", payment_status: "unpaid" });
	expect((await sandbox.stripe.charges.list({ customer })).data).toMatchObject([{ status: "failed" }]);
});

it("refunds a charge in two parts, and refuses to exceed its amount", async () => {
	const { sandbox, stripe, intent, charge } = await withTopUp();
	const first = await stripe.refunds.create({
		payment_intent: intent,
		amount: 300,
		reason: "requested_by_customer",
		metadata: { why: "test" },
	});
	expect(first).toMatchObject({ amount: 300, status: "succeeded", payment_intent: intent, metadata: { why: "test" } });
	expect(await charge()).toMatchObject({ amount_refunded: 300, refunded: false });
	expect((await errorOf(stripe.refunds.create({ payment_intent: intent, amount: 501 }))).param).toBe("amount");
	await stripe.refunds.create({ charge: (await charge()).id });
	expect(await charge()).toMatchObject({ amount_refunded: 800, refunded: true, paid: true });
	expect(await errorOf(stripe.refunds.create({ payment_intent: intent }))).toMatchObject({
		code: "charge_already_refunded",
		statusCode: 400,
	});
	expect((await stripe.refunds.list({ payment_intent: intent })).data.map(({ amount }) => amount)).toEqual([500, 300]);
	const full = await stripe.charges.retrieve((await charge()).id, { expand: ["refunds"] });
	expect(full.refunds?.data.map(({ amount }) => amount)).toEqual([500, 300]);
	expect((await sandbox.eventTypes()).slice(-4)).toEqual(["refund.created", "charge.refunded", "refund.created", "charge.refunded"]);
});

it("opens and closes a dispute through the control API", async () => {
	const { sandbox, stripe, intent, charge } = await withTopUp();
	const dispute = (await sandbox.control("POST", "/stripe/disputes", { paymentIntent: intent })) as { id: string };
	expect(await charge()).toMatchObject({ disputed: true });
	expect((await stripe.disputes.list({ payment_intent: intent })).data).toMatchObject([
		{ id: dispute.id, status: "needs_response", amount: 800 },
	]);
	expect((await errorOf(stripe.refunds.create({ payment_intent: intent }))).code).toBe("charge_disputed");
	await sandbox.control("POST", `/stripe/disputes/${dispute.id}/close`, { outcome: "lost" });
	expect(await stripe.disputes.retrieve(dispute.id)).toMatchObject({ status: "lost" });
	expect((await sandbox.eventTypes()).slice(-3)).toEqual([
		"charge.dispute.created",
		"charge.dispute.funds_withdrawn",
		"charge.dispute.closed",
	]);
	await expect(sandbox.control("POST", `/stripe/disputes/${dispute.id}/close`, { outcome: "won" })).rejects.toThrow("400");
	await expect(sandbox.control("POST", "/stripe/disputes", { charge: "ch_nope" })).rejects.toThrow("404");
	await expect(sandbox.control("POST", "/stripe/events/evt_nope/resend")).rejects.toThrow("404");
});

it("refunds a charge and sends any event type through the control API", async () => {
	const { sandbox, stripe, charge } = await withTopUp();
	await sandbox.control("POST", "/stripe/refunds", { charge: (await charge()).id, amount: 100 });
	expect(await charge()).toMatchObject({ amount_refunded: 100 });
	const sent = (await sandbox.control("POST", "/stripe/events", { type: "customer.tax_id.created", object: { id: "txi_1" } })) as {
		id: string;
	};
	expect(await stripe.events.retrieve(sent.id)).toMatchObject({ type: "customer.tax_id.created", data: { object: { id: "txi_1" } } });
});
