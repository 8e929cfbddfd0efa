/** Surprising Stripe behavior from the README that no other test covers. */
import { expect, it } from "vitest";
import { daySeconds, errorOf, itemOf, runStripe, utc, withPlan } from "./testing/harness.ts";

it("saves a card in setup mode without charging it", async () => {
	const sandbox = await runStripe();
	const { stripe } = sandbox;
	const { id: customer } = await stripe.customers.create({ email: "ada@example.com" });
	const opened = await stripe.checkout.sessions.create({ mode: "setup", customer, success_url: "http://localhost:3000/" });
	expect(opened).toMatchObject({ payment_status: "no_payment_required", amount_total: null });
	expect(await (await fetch(opened.url ?? "")).text()).toContain("Add a card");
	await sandbox.submit(opened.url ?? "", { action: "pay", card: "4242" });
	const session = await stripe.checkout.sessions.retrieve(opened.id);
	const intent = await stripe.setupIntents.retrieve(String(session.setup_intent));
	const { data: methods } = await stripe.customers.listPaymentMethods(customer);
	expect(methods).toMatchObject([{ card: { last4: "4242" } }]);
	expect(intent).toMatchObject({ status: "succeeded", payment_method: methods[0]?.id });
	expect((await stripe.charges.list({ customer })).data).toEqual([]);
});

it("keeps the card of a one-time payment only with setup_future_usage", async () => {
	const sandbox = await runStripe();
	const { id: customer } = await sandbox.stripe.customers.create({ email: "ada@example.com" });
	const methods = async () => (await sandbox.stripe.customers.listPaymentMethods(customer)).data.length;
	await sandbox.buy(customer, "top_up_1000");
	expect(await methods()).toBe(0);
	await sandbox.buy(customer, "top_up_1000", { payment_intent_data: { setup_future_usage: "off_session" } });
	expect(await methods()).toBe(1);
});

it("creates a customer for a session without one", async () => {
	const { stripe, submit } = await runStripe();
	const opened = await stripe.checkout.sessions.create({
		mode: "payment",
		customer_email: "new@example.com",
		line_items: [{ price: "price_top_up_1000", quantity: 2 }],
		success_url: "http://localhost:3000/",
	});
	expect(await (await fetch(opened.url ?? "")).text()).toContain("$16.00 once (2 × $8.00)");
	await submit(opened.url ?? "", { action: "pay", card: "4242" });
	const session = await stripe.checkout.sessions.retrieve(opened.id);
	expect(session).toMatchObject({ amount_total: 1600, payment_status: "paid" });
	expect(await stripe.customers.retrieve(String(session.customer))).toMatchObject({ email: "new@example.com" });
});

it("refuses a session whose parameters do not fit its mode", async () => {
	const { stripe } = await runStripe();
	const { id: customer } = await stripe.customers.create();
	const common = { customer, success_url: "http://localhost:3000/" };
	const item = [{ price: "price_top_up_1000", quantity: 1 }];
	const refusedFor = async (params: object) => (await errorOf(stripe.checkout.sessions.create({ ...common, ...params } as never))).param;
	expect(await refusedFor({ mode: "payment", line_items: item, subscription_data: { description: "x" } })).toBe("subscription_data");
	expect(await refusedFor({ mode: "subscription", line_items: item })).toBe("mode");
	expect(await refusedFor({ mode: "setup", line_items: item })).toBe("line_items");
	const plan = [{ price: "price_pro_monthly", quantity: 1 }];
	expect(await refusedFor({ mode: "subscription", line_items: plan, payment_intent_data: { description: "x" } })).toBe(
		"payment_intent_data",
	);
	expect(await refusedFor({ mode: "subscription", line_items: plan, invoice_creation: { enabled: true } })).toBe("invoice_creation");
	expect(await refusedFor({ mode: "subscription", line_items: plan, success_url: "javascript:alert(1)" })).toBe("success_url");
});

it("omits ended subscriptions from lists without a status filter", async () => {
	const { stripe, id } = await withPlan();
	await stripe.subscriptions.cancel(id);
	const listed = async (status?: "all" | "ended" | "active") =>
		(await stripe.subscriptions.list(status === undefined ? {} : { status })).data.map((one) => one.id);
	expect(await listed()).toEqual([]);
	expect(await listed("active")).toEqual([]);
	expect(await listed("all")).toEqual([id]);
	expect(await listed("ended")).toEqual([id]);
});

it("ends a subscription at the instant of cancel_at, even in mid-period", async () => {
	const { sandbox, stripe, id, subscription } = await withPlan();
	const endsAt = utc(2026, 1, 25, 9);
	expect(await stripe.subscriptions.update(id, { cancel_at: endsAt })).toMatchObject({ cancel_at: endsAt, cancel_at_period_end: false });
	const both = stripe.subscriptions.update(id, { cancel_at: endsAt, cancel_at_period_end: true });
	expect((await errorOf(both)).message).toContain("only specify one");
	await sandbox.moveTo(endsAt - 1);
	expect((await subscription()).status).toBe("active");
	await sandbox.moveTo(endsAt);
	expect(await subscription()).toMatchObject({ status: "canceled", ended_at: endsAt });
	expect((await errorOf(stripe.subscriptions.update(id, { description: "x" }))).statusCode).toBe(400);
});

it("refuses an item of another subscription and a payment method of another customer", async () => {
	const { sandbox, stripe, id, subscription } = await withPlan();
	const item = itemOf(await subscription());
	const paramOf = async (params: object) => (await errorOf(stripe.subscriptions.update(id, params))).param;
	expect(await paramOf({ items: [{ price: "price_pro_monthly" }] })).toBe("items[0][id]");
	expect(await paramOf({ items: [{ id: "si_other", quantity: 2 }] })).toBe("items[0][id]");
	expect(await paramOf({ items: [{ id: item.id, price: "price_top_up_1000" }] })).toBe("items[0][price]");
	const other = await stripe.customers.create({ email: "bob@example.com" });
	await sandbox.buy(other.id, "pro_monthly");
	const [method] = (await stripe.customers.listPaymentMethods(other.id)).data;
	expect(await paramOf({ default_payment_method: method?.id })).toBe("default_payment_method");
	const invoice_settings = { default_payment_method: method?.id ?? "" };
	const own = stripe.customers.update(String((await subscription()).customer), { invoice_settings });
	expect((await errorOf(own)).param).toBe("invoice_settings[default_payment_method]");
});

it("extends a trial and warns again before its new end", async () => {
	const { sandbox, stripe, customer } = await withPlan();
	const session = await sandbox.buy(customer.id, "pro_monthly", { subscription_data: { trial_period_days: 14 } });
	const id = String(session.subscription);
	const trialEnd = utc(2026, 2, 10, 9);
	const updated = await stripe.subscriptions.update(id, { trial_end: trialEnd, proration_behavior: "none" });
	expect(updated).toMatchObject({ status: "trialing", trial_end: trialEnd, billing_cycle_anchor: trialEnd });
	const warnings = async () => (await sandbox.eventTypes()).filter((type) => type === "customer.subscription.trial_will_end").length;
	await sandbox.moveTo(trialEnd - 3 * daySeconds - 1);
	expect(await warnings()).toBe(0);
	await sandbox.moveTo(trialEnd - 3 * daySeconds);
	expect(await warnings()).toBe(1);
	expect((await errorOf(stripe.subscriptions.update(id, { trial_end: utc(2026, 1, 1) }))).param).toBe("trial_end");
});

it("has one meter per event name, and a deactivated meter stops counting", async () => {
	const { stripe } = await runStripe();
	const { id: customer } = await stripe.customers.create();
	const terms = { display_name: "Calls", event_name: "calls", default_aggregation: { formula: "count" } } as const;
	const meter = await stripe.billing.meters.create(terms);
	expect((await errorOf(stripe.billing.meters.create(terms))).param).toBe("event_name");
	expect(await stripe.billing.meters.update(meter.id, { display_name: "API calls" })).toMatchObject({ display_name: "API calls" });
	const use = () => stripe.billing.meterEvents.create({ event_name: "calls", payload: { stripe_customer_id: customer } });
	await use();
	await stripe.billing.meters.deactivate(meter.id);
	expect((await errorOf(use())).code).toBe("no_meter");
	expect((await stripe.billing.meters.list({ status: "inactive" })).data.map(({ id }) => id)).toEqual([meter.id]);
	expect(await stripe.billing.meters.reactivate(meter.id)).toMatchObject({ status: "active" });
	await use();
	const now = Math.ceil(Date.now() / 1000 / 60) * 60;
	const { data } = await stripe.billing.meters.listEventSummaries(meter.id, { customer, start_time: now - 3600, end_time: now + 60 });
	expect(data).toMatchObject([{ aggregated_value: 2 }]);
});

it("returns to the app after the portal flow that the app requested", async () => {
	const { sandbox, stripe, customer, id, subscription } = await withPlan();
	const flow = await stripe.billingPortal.sessions.create({
		customer: customer.id,
		flow_data: {
			type: "subscription_cancel",
			subscription_cancel: { subscription: id },
			after_completion: { type: "redirect", redirect: { return_url: "http://localhost:3000/gone" } },
		},
	});
	const response = await sandbox.submit(flow.url, { action: "cancel", subscription: id });
	expect(response.headers.get("location")).toBe("http://localhost:3000/gone");
	expect(await subscription()).toMatchObject({ cancel_at_period_end: false, cancel_at: expect.any(Number) });
	const unknown = await sandbox.submit(flow.url, { action: "explode" });
	expect(unknown.headers.get("location")).toContain("refused");
});

it("shows a receipt with its refund, and returns 404 for unknown ids", async () => {
	const { sandbox, stripe, customer } = await withPlan();
	const [charge] = (await stripe.charges.list({ customer: customer.id })).data;
	await stripe.refunds.create({ charge: charge?.id ?? "", amount: 100 });
	const text = await (await fetch(charge?.receipt_url ?? "")).text();
	for (const part of ["$7.99", "Refunded", "$1.00", "ending in 4242"]) expect(text).toContain(part);
	for (const path of ["receipts/ch_x", "invoices/in_x", "checkout/cs_x", "portal/bps_x"])
		expect((await fetch(`${sandbox.url}/stripe/${path}`)).status).toBe(404);
});

it("accepts the key as the Basic authentication user name, like curl -u sends it", async () => {
	const { url, fetch } = await runStripe();
	const statusWith = async (user: string) => {
		const authorization = `Basic ${Buffer.from(`${user}:`).toString("base64")}`;
		return (await fetch(`${url}/v1/prices`, { headers: { authorization } })).status;
	};
	expect([await statusWith("sk_test_sandbox"), await statusWith("sk_test_other")]).toEqual([200, 401]);
	expect((await fetch(`${url}/v1/prices`)).status).toBe(401);
});
