import { expect, it } from "vitest";
import { errorOf, itemOf, runStripe, utc, withPlan } from "./testing/harness.ts";

it("sells a plan: completes the session, activates the subscription, and pays the invoice to the cent", async () => {
	const { sandbox, stripe, customer, session, id, subscription } = await withPlan("pro_monthly", utc(2026, 1, 31, 9));
	expect(session).toMatchObject({
		status: "complete",
		payment_status: "paid",
		mode: "subscription",
		customer: customer.id,
		amount_total: 799,
		currency: "usd",
		url: null,
		customer_details: { email: "ada@example.com" },
	});
	const plan = await subscription();
	expect(plan).toMatchObject({ status: "active", customer: customer.id, cancel_at_period_end: false, schedule: null });
	expect(itemOf(plan)).toMatchObject({
		current_period_start: utc(2026, 1, 31, 9),
		current_period_end: utc(2026, 2, 28, 9),
		price: { lookup_key: "pro_monthly", metadata: { app: "parley", ai_requests: "1000" } },
	});
	const { data: invoices } = await stripe.invoices.list({ subscription: id, expand: ["data.payments"] });
	expect(invoices).toHaveLength(1);
	expect(invoices[0]).toMatchObject({
		status: "paid",
		billing_reason: "subscription_create",
		total: 799,
		amount_paid: 799,
		amount_remaining: 0,
		parent: { type: "subscription_details", subscription_details: { subscription: id } },
		lines: { data: [{ amount: 799, description: "1 × Pro (at $7.99 / month)", period: { end: utc(2026, 2, 28, 9) } }] },
		payments: { data: [{ status: "paid", amount_paid: 799 }] },
	});
	const { data: charges } = await stripe.charges.list({ customer: customer.id });
	expect(charges).toMatchObject([{ amount: 799, paid: true, status: "succeeded", amount_refunded: 0, disputed: false, refunded: false }]);
	// A charge does not name its invoice, so look it up by the payment intent.
	const { data: links } = await stripe.invoicePayments.list({
		payment: { type: "payment_intent", payment_intent: String(charges[0]?.payment_intent) },
		expand: ["data.invoice"],
	});
	expect(links).toMatchObject([{ status: "paid", amount_paid: 799, invoice: { id: invoices[0]?.id } }]);
	expect(await sandbox.eventTypes()).toEqual([
		"customer.created",
		"payment_method.attached",
		"customer.subscription.created",
		"invoice.created",
		"invoice.finalized",
		"charge.succeeded",
		"payment_intent.succeeded",
		"invoice.paid",
		"invoice.payment_succeeded",
		"checkout.session.completed",
	]);
});

it("sells a top-up: copies the payment intent's metadata to the charge, and creates an invoice on request", async () => {
	const sandbox = await runStripe();
	const { id: customer } = await sandbox.stripe.customers.create({ email: "ada@example.com" });
	const bought = await sandbox.buy(customer, "top_up_1000", {
		metadata: { user: "user_1" },
		client_reference_id: "user_1",
		payment_intent_data: { metadata: { top_up: "t_1" } },
	});
	expect(bought).toMatchObject({ payment_status: "paid", invoice: null, metadata: { user: "user_1" }, client_reference_id: "user_1" });
	const intent = await sandbox.stripe.paymentIntents.retrieve(String(bought.payment_intent), { expand: ["latest_charge"] });
	expect(intent).toMatchObject({
		amount: 800,
		amount_received: 800,
		status: "succeeded",
		metadata: { top_up: "t_1" },
		latest_charge: { amount: 800, paid: true, metadata: { top_up: "t_1" }, payment_intent: bought.payment_intent },
	});
	const invoiced = await sandbox.buy(customer, "top_up_1000", { invoice_creation: { enabled: true } });
	const invoice = await sandbox.stripe.invoices.retrieve(String(invoiced.invoice), { expand: ["payments"] });
	expect(invoice).toMatchObject({
		status: "paid",
		total: 800,
		parent: null,
		lines: { data: [{ description: "Top-up", amount: 800 }] },
		payments: { data: [{ payment: { payment_intent: invoiced.payment_intent } }] },
	});
	const { data: methods } = await sandbox.stripe.customers.listPaymentMethods(customer);
	expect(methods).toEqual([]);
});

it("attaches the card to the customer who buys a plan, and expands requested fields", async () => {
	const { stripe, customer, session, id } = await withPlan();
	const { data: methods } = await stripe.customers.listPaymentMethods(customer.id);
	expect(methods).toMatchObject([{ type: "card", card: { last4: "4242", brand: "visa" }, customer: customer.id }]);
	expect((await stripe.paymentMethods.list({ customer: customer.id })).data).toHaveLength(1);
	const full = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription.latest_invoice", "line_items", "customer"] });
	expect(full).toMatchObject({
		subscription: { id, latest_invoice: { object: "invoice", status: "paid" } },
		line_items: { data: [{ amount_total: 799, description: "Pro", price: { lookup_key: "pro_monthly" } }] },
		customer: { email: "ada@example.com" },
	});
	const { data } = await stripe.subscriptions.list({
		customer: customer.id,
		status: "all",
		expand: ["data.latest_invoice", "data.default_payment_method", "data.schedule"],
	});
	expect(data).toMatchObject([{ latest_invoice: { total: 799 }, default_payment_method: { card: { last4: "4242" } }, schedule: null }]);
	expect((await errorOf(stripe.subscriptions.retrieve(id, { expand: ["status"] }))).message).toContain("cannot be expanded");
	const tooDeep = stripe.subscriptions.retrieve(id, { expand: ["latest_invoice.customer.a.b.c"] });
	expect((await errorOf(tooDeep)).message).toContain("more than 4 levels");
	const { data: prices } = await stripe.prices.list({ expand: ["data.product"] });
	expect(prices.map(({ product }) => (product as { name: string }).name)).toEqual(["Top-up", "Pro"]);
});

it("serves a checkout page with price and buttons, redirects with the session id, and reports a paid session", async () => {
	const sandbox = await runStripe();
	const { id: customer } = await sandbox.stripe.customers.create({ email: "ada@example.com" });
	const session = await sandbox.open(customer, "pro_monthly");
	const url = session.url ?? "";
	const text = await (await fetch(url)).text();
	expect(text).toContain("$7.99 a month");
	expect(text.match(/<button[^>]*>([^<]*)<\/button>/g)?.map((button) => button.replace(/<[^>]*>/g, ""))).toEqual([
		"Pay",
		"Decline",
		"Back",
	]);
	const at = async (fields: Record<string, string>) => {
		const response = await sandbox.submit(url, fields);
		return [response.status, response.headers.get("location")];
	};
	expect(await at({ action: "back" })).toEqual([303, "http://localhost:3000/pricing"]);
	expect(await at({ action: "decline" })).toEqual([303, `/stripe/checkout/${session.id}?declined`]);
	expect(await at({ action: "pay", card: "0002" })).toEqual([303, `/stripe/checkout/${session.id}?declined`]);
	expect((await sandbox.stripe.subscriptions.list({ customer })).data).toEqual([]);
	const success = `http://localhost:3000/welcome?session=${session.id}`;
	expect(await at({ action: "pay", card: "4242" })).toEqual([303, success]);
	expect(await at({ action: "pay", card: "4242" })).toEqual([303, success]);
	expect((await sandbox.stripe.subscriptions.list({ customer })).data).toHaveLength(1);
	expect(await (await fetch(url)).text()).toContain("already paid");
	expect((await sandbox.stripe.checkout.sessions.list({ customer, status: "complete" })).data.map(({ id }) => id)).toEqual([session.id]);
});

it("records a declined top-up charge, and accepts another card", async () => {
	const sandbox = await runStripe();
	const { id: customer } = await sandbox.stripe.customers.create({ email: "ada@example.com" });
	const session = await sandbox.open(customer, "top_up_1000");
	await sandbox.submit(session.url ?? "", { action: "pay", card: "0002" });
	const { data: failed } = await sandbox.stripe.charges.list({ customer });
	expect(failed).toMatchObject([{ status: "failed", paid: false, failure_code: "card_declined" }]);
	await sandbox.submit(session.url ?? "", { action: "pay", card: "4242" });
	const paid = await sandbox.stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent"] });
	expect(paid.payment_intent).toMatchObject({ status: "succeeded", last_payment_error: null, id: failed[0]?.payment_intent });
	expect(await sandbox.eventTypes()).toContain("payment_intent.payment_failed");
});

it("expires a session after 24 hours or on request, and refuses to charge it", async () => {
	const sandbox = await runStripe();
	const { id: customer } = await sandbox.stripe.customers.create({ email: "ada@example.com" });
	const first = await sandbox.open(customer, "pro_monthly");
	const second = await sandbox.open(customer, "pro_monthly");
	expect(await sandbox.stripe.checkout.sessions.expire(second.id)).toMatchObject({ status: "expired", url: null });
	expect((await errorOf(sandbox.stripe.checkout.sessions.expire(second.id))).statusCode).toBe(400);
	await sandbox.advance(24 * 60 * 60 - 60);
	expect((await sandbox.stripe.checkout.sessions.retrieve(first.id)).status).toBe("open");
	await sandbox.advance(60);
	expect((await sandbox.stripe.checkout.sessions.retrieve(first.id)).status).toBe("expired");
	const response = await sandbox.submit(first.url ?? "", { action: "pay" });
	expect(response.headers.get("location")).toBe(`/stripe/checkout/${first.id}`);
	expect((await sandbox.stripe.subscriptions.list({ customer })).data).toEqual([]);
	expect((await sandbox.eventTypes()).filter((type) => type === "checkout.session.expired")).toHaveLength(2);
});

it("refuses the same requests as Stripe, with status, code and parameter", async () => {
	const { stripe, url, open, fetch } = await runStripe();
	const { id: customer } = await stripe.customers.create();
	const base = { success_url: "http://localhost:3000/", customer };
	const refused = async (params: object) => {
		const { statusCode, code, param } = await errorOf(stripe.checkout.sessions.create({ ...base, ...params } as never));
		return [statusCode, code, param];
	};
	const pro = { price: "price_pro_monthly", quantity: 1 };
	expect(await refused({ mode: "subscription", line_items: [{ price: "price_nope" }] })).toEqual([
		400,
		"resource_missing",
		"line_items[0][price]",
	]);
	expect(await refused({ mode: "payment", line_items: [pro] })).toEqual([400, undefined, "mode"]);
	expect(await refused({ mode: "subscription", line_items: [pro], colour: "red" })).toEqual([400, "parameter_unknown", "colour"]);
	expect(await refused({ mode: "subscription", line_items: [{ ...pro, size: 1 }] })).toEqual([
		400,
		"parameter_unknown",
		"line_items[0][size]",
	]);
	expect(await refused({ mode: "subscription", line_items: [pro], payment_method_types: ["card"] })).toEqual([
		400,
		"parameter_unknown",
		"payment_method_types",
	]);
	expect(await refused({ mode: "subscription" })).toEqual([400, "parameter_missing", "line_items"]);
	expect(await refused({ mode: "subscription", line_items: [{ ...pro, quantity: "many" }] })).toEqual([
		400,
		"parameter_invalid_integer",
		"line_items[0][quantity]",
	]);
	expect(await errorOf(stripe.customers.retrieve("cus_nobody"))).toMatchObject({ statusCode: 404, code: "resource_missing", param: "id" });
	expect(await errorOf(open("cus_nobody", "pro_monthly"))).toMatchObject({ statusCode: 400, code: "resource_missing", param: "customer" });
	const unauthorized = await fetch(`${url}/v1/customers`, { headers: { authorization: "Bearer sk_test_wrong" } });
	expect(unauthorized.status).toBe(401);
	const unknown = await fetch(`${url}/v1/nothing`, { headers: { authorization: "Bearer sk_test_sandbox" } });
	expect(unknown.status).toBe(404);
	expect(await unknown.json()).toMatchObject({ error: { type: "invalid_request_error" } });
	expect(unknown.headers.get("request-id")).toMatch(/^req_/);
	expect(unknown.headers.get("stripe-version")).toBe("2026-10-28.endive");
});

it("starts a trial without a charge, and sends a warning three days before its end", async () => {
	const { sandbox, stripe, customer } = await withPlan();
	const session = await sandbox.buy(customer.id, "pro_monthly", {
		subscription_data: { trial_period_days: 14, metadata: { app: "parley" } },
	});
	expect(session).toMatchObject({ payment_status: "no_payment_required", amount_total: 0 });
	const plan = await stripe.subscriptions.retrieve(String(session.subscription), { expand: ["latest_invoice"] });
	const trialEnd = utc(2026, 1, 29, 9);
	expect(plan).toMatchObject({
		status: "trialing",
		trial_end: trialEnd,
		metadata: { app: "parley" },
		latest_invoice: { total: 0, status: "paid" },
	});
	expect(itemOf(plan).current_period_end).toBe(trialEnd);
	await sandbox.moveTo(utc(2026, 1, 26, 9));
	expect(await sandbox.eventTypes()).toContain("customer.subscription.trial_will_end");
	await sandbox.moveTo(trialEnd);
	const after = await stripe.subscriptions.retrieve(plan.id, { expand: ["latest_invoice"] });
	expect(after).toMatchObject({ status: "active", latest_invoice: { status: "draft", total: 799, billing_reason: "subscription_cycle" } });
	expect(itemOf(after).current_period_end).toBe(utc(2026, 2, 28, 9));
});
