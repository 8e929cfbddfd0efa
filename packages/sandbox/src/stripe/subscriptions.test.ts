import { expect, it } from "vitest";
import { daySeconds, errorOf, itemOf, utc, withPlan } from "./testing/harness.ts";

const hourSeconds = 60 * 60;
const start = utc(2026, 1, 15, 9);

/** A Pro subscription halfway through its first period (15.5 of 31 days), with Max on offer. */
async function halfWay(startSeconds = start) {
	const plan = await withPlan("pro_monthly", startSeconds, { settings: { maxPlan: true } });
	await plan.sandbox.moveTo(startSeconds + 15.5 * daySeconds);
	const item = itemOf(await plan.subscription());
	const max = await plan.sandbox.priceOf("max_monthly");
	return { ...plan, item, max, to: (price: string) => ({ items: [{ id: item.id, price }] }) };
}

it("drafts a renewal invoice at the end of the period and charges it an hour later", async () => {
	const { sandbox, stripe, id, subscription } = await withPlan();
	await sandbox.moveTo(utc(2026, 2, 15, 9));
	const drafted = await stripe.subscriptions.retrieve(id, { expand: ["latest_invoice"] });
	expect(drafted).toMatchObject({
		status: "active",
		latest_invoice: {
			status: "draft",
			billing_reason: "subscription_cycle",
			total: 799,
			number: null,
			period_start: start,
			period_end: utc(2026, 2, 15, 9),
		},
	});
	expect(itemOf(drafted)).toMatchObject({ current_period_start: utc(2026, 2, 15, 9), current_period_end: utc(2026, 3, 15, 9) });
	await sandbox.advance(hourSeconds - 1);
	expect(await stripe.invoices.list({ subscription: id, status: "draft" })).toMatchObject({ data: [{}] });
	await sandbox.advance(1);
	const { data } = await stripe.invoices.list({ subscription: id });
	expect(data).toMatchObject([
		{ status: "paid", amount_paid: 799, status_transitions: { paid_at: utc(2026, 2, 15, 10) }, number: expect.stringMatching(/-0002$/) },
		{ status: "paid", number: expect.stringMatching(/-0001$/) },
	]);
	expect((await subscription()).status).toBe("active");
});

it("counts months from the anchor: periods from January 31 end on February 28 and March 31", async () => {
	const { sandbox, subscription } = await withPlan("pro_monthly", utc(2026, 1, 31, 9));
	const ends = [];
	for (const [month, day] of [
		[2, 28],
		[3, 31],
		[4, 30],
	] as const) {
		await sandbox.moveTo(utc(2026, month, day, 9));
		ends.push(itemOf(await subscription()).current_period_end);
	}
	expect(ends).toEqual([utc(2026, 3, 31, 9), utc(2026, 4, 30, 9), utc(2026, 5, 31, 9)]);
});

it.each(["keep_as_draft", "mark_uncollectible", "void"] as const)(
	"renews without a payment while collection is paused: %s",
	async (behavior) => {
		const { sandbox, stripe, id, subscription } = await withPlan();
		await stripe.subscriptions.update(id, { pause_collection: { behavior } });
		await sandbox.moveTo(utc(2026, 2, 15, 11));
		const status = { keep_as_draft: "draft", mark_uncollectible: "uncollectible", void: "void" }[behavior];
		const paused = await stripe.subscriptions.retrieve(id, { expand: ["latest_invoice"] });
		expect(paused).toMatchObject({
			status: "active",
			pause_collection: { behavior, resumes_at: null },
			latest_invoice: { status, amount_paid: 0 },
		});
		await stripe.subscriptions.update(id, { pause_collection: "" });
		await sandbox.moveTo(utc(2026, 3, 15, 11));
		expect(await subscription()).toMatchObject({ status: "active", pause_collection: null });
		expect((await stripe.invoices.list({ subscription: id, limit: 1 })).data).toMatchObject([{ status: "paid" }]);
	},
);

it("becomes past due when a renewal is declined, retries after 3, 5 and 5 days, and cancels", async () => {
	const { sandbox, stripe, id, subscription } = await withPlan("pro_monthly", start);
	await sandbox.faults({ declineRenewals: true });
	const due = utc(2026, 2, 15, 10);
	await sandbox.moveTo(due);
	const invoice = async () => (await stripe.invoices.list({ subscription: id })).data[0];
	expect((await subscription()).status).toBe("past_due");
	expect(await invoice()).toMatchObject({
		status: "open",
		attempt_count: 1,
		attempted: true,
		next_payment_attempt: due + 3 * daySeconds,
		amount_remaining: 799,
	});
	await sandbox.moveTo(due + 3 * daySeconds);
	expect(await invoice()).toMatchObject({ attempt_count: 2, next_payment_attempt: due + 8 * daySeconds });
	await sandbox.moveTo(due + 8 * daySeconds);
	expect(await invoice()).toMatchObject({ attempt_count: 3, next_payment_attempt: due + 13 * daySeconds });
	expect((await subscription()).status).toBe("past_due");
	await sandbox.moveTo(due + 13 * daySeconds);
	expect(await subscription()).toMatchObject({
		status: "canceled",
		ended_at: due + 13 * daySeconds,
		cancellation_details: { reason: "payment_failed" },
	});
	expect(await invoice()).toMatchObject({ status: "open", attempt_count: 4, next_payment_attempt: null, auto_advance: false });
	const types = await sandbox.eventTypes();
	expect(types.filter((type) => type === "invoice.payment_failed")).toHaveLength(4);
	expect(types.at(-1)).toBe("customer.subscription.deleted");
});

it("becomes active when a retry succeeds, or when the open invoice is paid with another card", async () => {
	const { sandbox, stripe, customer, id, subscription, adoptDefault } = await withPlan();
	await sandbox.faults({ declineRenewals: true });
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	await sandbox.faults({});
	await sandbox.advance(3 * daySeconds);
	expect((await subscription()).status).toBe("active");

	const portal = await stripe.billingPortal.sessions.create({ customer: customer.id });
	await sandbox.submit(portal.url, { action: "card", card: "0341" });
	await adoptDefault();
	await sandbox.moveTo(utc(2026, 3, 15, 10));
	expect((await subscription()).status).toBe("past_due");
	const [open] = (await stripe.invoices.list({ subscription: id, status: "open" })).data;
	const declined = await errorOf(stripe.invoices.pay(open?.id ?? ""));
	expect([declined.statusCode, declined.code, declined.decline_code, declined.type]).toEqual([
		402,
		"card_declined",
		"generic_decline",
		"StripeCardError",
	]);
	expect(await stripe.invoices.retrieve(open?.id ?? "")).toMatchObject({ attempt_count: 1, next_payment_attempt: utc(2026, 3, 18, 10) });
	const good = (await stripe.customers.listPaymentMethods(customer.id)).data.find(({ card }) => card?.last4 === "4242");
	expect(await stripe.invoices.pay(open?.id ?? "", { payment_method: good?.id ?? "" })).toMatchObject({ status: "paid", amount_paid: 799 });
	expect((await subscription()).status).toBe("active");
	await sandbox.advance(14 * daySeconds);
	expect((await subscription()).status).toBe("active");
});

it("charges card 0341 at the checkout and declines its renewals", async () => {
	const { sandbox, stripe, customer } = await withPlan();
	const session = await sandbox.buy(customer.id, "pro_monthly", { card: "0341" });
	expect(session).toMatchObject({ status: "complete", payment_status: "paid" });
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	expect((await stripe.subscriptions.retrieve(String(session.subscription))).status).toBe("past_due");
});

it("upgrades at once and prorates both prices for the rest of the month to the cent", async () => {
	const { stripe, id, max, to, sandbox } = await halfWay();
	const updated = await stripe.subscriptions.update(id, {
		...to(max.id),
		proration_behavior: "always_invoice",
		payment_behavior: "error_if_incomplete",
		metadata: { plan: "max" },
	});
	expect(itemOf(updated)).toMatchObject({ price: { id: max.id }, current_period_end: utc(2026, 2, 15, 9) });
	expect(updated.metadata).toEqual({ plan: "max" });
	const [invoice] = (await stripe.invoices.list({ subscription: id })).data;
	// Credits half of $7.99 and charges half of $19.99, both rounded.
	expect(invoice).toMatchObject({
		billing_reason: "subscription_update",
		status: "paid",
		total: 600,
		lines: { data: [{ amount: -400 }, { amount: 1000 }] },
	});
	expect(invoice?.lines.data.map(({ description }) => description)).toEqual([
		"Unused time on Pro after 30 Jan 2026",
		"Remaining time on Max after 30 Jan 2026",
	]);
	expect(invoice?.lines.data.map(({ parent }) => parent?.subscription_item_details?.proration)).toEqual([true, true]);
	const charges = await stripe.charges.list();
	expect(charges.data.map(({ amount }) => amount)).toEqual([600, 799]);
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	expect((await stripe.invoices.list({ subscription: id })).data[0]).toMatchObject({
		total: 1999,
		status: "paid",
		lines: { data: [{ amount: 1999 }] },
	});
});

it("error_if_incomplete changes nothing on a declined upgrade, and allow_incomplete leaves an open invoice", async () => {
	const { sandbox, stripe, id, max, to, item, subscription } = await halfWay();
	const before = await subscription();
	await sandbox.faults({ failPayments: true });
	const params = { ...to(max.id), proration_behavior: "always_invoice" } as const;
	const refused = await errorOf(stripe.subscriptions.update(id, { ...params, payment_behavior: "error_if_incomplete" }));
	expect([refused.statusCode, refused.code]).toEqual([402, "card_declined"]);
	expect({ ...(await subscription()), lastResponse: null }).toEqual({ ...before, lastResponse: null });
	expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
	const updated = await stripe.subscriptions.update(id, { ...params, payment_behavior: "allow_incomplete" });
	expect(updated).toMatchObject({ status: "past_due" });
	expect(itemOf(updated)).toMatchObject({ id: item.id, price: { id: max.id } });
	expect((await stripe.invoices.list({ subscription: id, status: "open" })).data).toMatchObject([{ total: 600, attempt_count: 1 }]);
});

it("adds prorations to the next invoice by default, and none with proration_behavior none", async () => {
	const { sandbox, stripe, id, max, to } = await halfWay();
	await stripe.subscriptions.update(id, to(max.id));
	expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	expect((await stripe.invoices.list({ subscription: id })).data[0]).toMatchObject({ total: 1999 + 1000 - 400, status: "paid" });
	await sandbox.advance(10 * daySeconds);
	await stripe.subscriptions.update(id, { ...to("price_pro_monthly"), proration_behavior: "none" });
	await sandbox.moveTo(utc(2026, 3, 15, 10));
	expect((await stripe.invoices.list({ subscription: id })).data[0]).toMatchObject({ total: 799 });
});

it("credits a downgrade to the customer balance, and applies it to the next invoice", async () => {
	const { sandbox, stripe, customer, id } = await withPlan("max_monthly", start, { settings: { maxPlan: true } });
	const item = itemOf(await stripe.subscriptions.retrieve(id));
	await sandbox.moveTo(start + 15.5 * daySeconds);
	await stripe.subscriptions.update(id, { items: [{ id: item.id, price: "price_pro_monthly" }], proration_behavior: "always_invoice" });
	const [invoice] = (await stripe.invoices.list({ subscription: id })).data;
	expect(invoice).toMatchObject({ total: 400 - 1000, amount_due: 0, status: "paid", starting_balance: 0, ending_balance: -600 });
	expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ balance: -600 });
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	const next = (await stripe.invoices.list({ subscription: id })).data[0];
	expect(next).toMatchObject({
		total: 799,
		amount_due: 199,
		amount_paid: 199,
		ending_balance: 0,
	});
});

it("cancels at the end of the period, reverts a scheduled cancellation, and merges metadata", async () => {
	const { sandbox, stripe, id, subscription } = await withPlan();
	const end = utc(2026, 2, 15, 9);
	expect(await stripe.subscriptions.update(id, { cancel_at_period_end: true, metadata: { a: "1", b: "2" } })).toMatchObject({
		status: "active",
		cancel_at_period_end: true,
		cancel_at: end,
		canceled_at: start,
		cancellation_details: { reason: "cancellation_requested" },
	});
	expect(await stripe.subscriptions.update(id, { cancel_at_period_end: false, metadata: { a: "", c: "3" } })).toMatchObject({
		cancel_at_period_end: false,
		cancel_at: null,
		canceled_at: null,
		metadata: { b: "2", c: "3" },
	});
	expect((await stripe.subscriptions.update(id, { metadata: "" })).metadata).toEqual({});
	await stripe.subscriptions.update(id, { cancel_at_period_end: true });
	await sandbox.moveTo(end);
	expect(await subscription()).toMatchObject({ status: "canceled", ended_at: end, canceled_at: start });
	expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
	expect((await stripe.subscriptions.list()).data).toEqual([]);
	expect((await stripe.subscriptions.list({ status: "canceled" })).data).toHaveLength(1);
	expect(await errorOf(stripe.subscriptions.cancel(id))).toMatchObject({ statusCode: 404, code: "resource_missing" });
	const [updated] = (await stripe.events.list({ type: "customer.subscription.updated" })).data.toReversed();
	expect(updated?.data.previous_attributes).toMatchObject({ cancel_at_period_end: false, cancel_at: null, metadata: { a: null } });
});

it("ends a trial early, and starts and charges a period", async () => {
	const { sandbox, stripe, customer } = await withPlan();
	const session = await sandbox.buy(customer.id, "pro_monthly", { subscription_data: { trial_period_days: 14 } });
	await sandbox.advance(daySeconds);
	const updated = await stripe.subscriptions.update(String(session.subscription), { trial_end: "now", expand: ["latest_invoice"] });
	expect(updated).toMatchObject({ status: "active", trial_end: start + daySeconds, latest_invoice: { status: "paid", total: 799 } });
	expect(itemOf(updated).current_period_end).toBe(utc(2026, 2, 16, 9));
});

it("starts a new period at once for a price with another interval, and credits the unused time", async () => {
	const { stripe, id, item, sandbox } = await halfWay();
	const yearly = await stripe.prices.create({ product: "prod_pro", currency: "usd", unit_amount: 7999, recurring: { interval: "year" } });
	const now = start + 15.5 * daySeconds;
	const updated = await stripe.subscriptions.update(id, {
		items: [{ id: item.id, price: yearly.id }],
		proration_behavior: "always_invoice",
	});
	expect(updated.billing_cycle_anchor).toBe(now);
	expect(itemOf(updated)).toMatchObject({ current_period_start: now, current_period_end: utc(2027, 1, 30, 21) });
	const [invoice] = (await stripe.invoices.list({ subscription: id })).data;
	expect(invoice).toMatchObject({ total: 7999 - 400, status: "paid", lines: { data: [{ amount: -400 }, { amount: 7999 }] } });
	await sandbox.moveTo(utc(2026, 3, 1));
	expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(2);
});

it("stays past due until its latest invoice is paid", async () => {
	const { sandbox, stripe, id, item, subscription } = await halfWay();
	await sandbox.faults({ declineRenewals: true });
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	await sandbox.faults({ failPayments: true });
	await stripe.subscriptions.update(id, { items: [{ id: item.id, price: "price_max_monthly" }], proration_behavior: "always_invoice" });
	await sandbox.faults({});
	const open = (await stripe.invoices.list({ subscription: id, status: "open" })).data.toReversed();
	expect(open).toHaveLength(2);
	await stripe.invoices.pay(open[0]?.id ?? "");
	expect((await subscription()).status).toBe("past_due");
	await stripe.invoices.pay(open[1]?.id ?? "");
	expect((await subscription()).status).toBe("active");
});

it("charges a manually finalized draft at once and only once", async () => {
	const { sandbox, stripe, id } = await withPlan();
	await sandbox.moveTo(utc(2026, 2, 15, 9));
	const [draft] = (await stripe.invoices.list({ subscription: id, status: "draft" })).data;
	expect(await stripe.invoices.finalizeInvoice(draft?.id ?? "")).toMatchObject({ status: "open" });
	expect(await stripe.invoices.retrieve(draft?.id ?? "")).toMatchObject({ status: "paid", attempt_count: 1 });
	await sandbox.advance(2 * hourSeconds);
	expect((await stripe.charges.list()).data).toHaveLength(2);
	expect((await errorOf(stripe.invoices.pay(draft?.id ?? ""))).message).toContain("already paid");
});
