import { expect, it } from "vitest";
import { errorOf, runStripe, utc, withPlan } from "./testing/harness.ts";

async function withPortal() {
	const plan = await withPlan();
	const { stripe, sandbox, customer } = plan;
	const session = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: "http://localhost:3000/account" });
	const press = async (fields: Record<string, string>, url = session.url) => {
		const response = await sandbox.submit(url, fields);
		return [response.status, response.headers.get("location")];
	};
	return { ...plan, session, press, here: `/stripe/portal/${session.id}` };
}

it("cancels at the end of the period, reverts the cancellation, and returns to the app", async () => {
	const { session, press, here, id, subscription } = await withPortal();
	const text = await (await fetch(session.url)).text();
	expect(text).toContain("Cancel when the period ends");
	expect(text).toContain("Visa ending in 4242, used for payments");
	expect(await press({ action: "cancel", subscription: id })).toEqual([303, here]);
	expect(await subscription()).toMatchObject({ cancel_at_period_end: false, cancel_at: utc(2026, 2, 15, 9) });
	expect(await (await fetch(session.url)).text()).toContain("Keep Pro");
	await press({ action: "keep", subscription: id });
	expect(await subscription()).toMatchObject({ cancel_at_period_end: false, cancel_at: null });
	expect(await press({ action: "back" })).toEqual([303, "http://localhost:3000/account"]);
	expect((await fetch(session.url.replace(session.id, "bps_nope"))).status).toBe(404);
});

it("adds a card and pays an open invoice with it", async () => {
	const { sandbox, stripe, press, here, customer, id, subscription, session, adoptDefault } = await withPortal();
	await press({ action: "card", card: "0341" });
	await adoptDefault();
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	expect((await subscription()).status).toBe("past_due");
	const [open] = (await stripe.invoices.list({ subscription: id, status: "open" })).data;
	expect(await press({ action: "pay", invoice: open?.id ?? "" })).toEqual([303, `${here}?refused=The+card+was+declined.`]);
	expect((await press({ action: "card", card: "0002" }))[1]).toContain("refused");
	const update = await stripe.billingPortal.sessions.create({
		customer: customer.id,
		flow_data: {
			type: "payment_method_update",
			after_completion: { type: "redirect", redirect: { return_url: "http://localhost:3000/done" } },
		},
	});
	expect(await press({ action: "card", card: "4242" }, update.url)).toEqual([303, "http://localhost:3000/done"]);
	await adoptDefault();
	await press({ action: "pay", invoice: open?.id ?? "" }, session.url);
	expect((await subscription()).status).toBe("active");
	const { data } = await stripe.customers.listPaymentMethods(customer.id);
	expect(data.map(({ card }) => card?.last4)).toEqual(["0341", "4242"]);
	const paid = await stripe.invoices.retrieve(open?.id ?? "");
	for (const url of [paid.hosted_invoice_url, paid.invoice_pdf])
		expect(await (await fetch(url ?? "")).text()).toContain(`Invoice ${paid.number}`);
	const [charge] = (await stripe.charges.list({ customer: customer.id })).data;
	expect(await (await fetch(charge?.receipt_url ?? "")).text()).toContain("$7.99");
});

it("refuses to pay an invoice while a bank payment for it is pending", async () => {
	const { sandbox, stripe, press, customer } = await withPortal();
	const session = await sandbox.buy(customer.id, "pro_monthly", { card: "6789" });
	expect((await press({ action: "pay", invoice: String(session.invoice) }))[1]).toContain("on+its+way");
	expect((await stripe.charges.list({ customer: customer.id })).data.map(({ status }) => status)).toEqual(["pending", "succeeded"]);
});

it("cancels by setting only the date, which clearing the flag keeps, as in flexible billing mode", async () => {
	const { stripe, press, id, subscription } = await withPortal();
	await press({ action: "cancel", subscription: id });
	expect(await stripe.subscriptions.update(id, { cancel_at_period_end: false })).toMatchObject({ cancel_at: utc(2026, 2, 15, 9) });
	const both = stripe.subscriptions.update(id, { cancel_at_period_end: false, cancel_at: "" });
	expect((await errorOf(both)).message).toContain("only specify one");
	expect(await stripe.subscriptions.update(id, { cancel_at: "" })).toMatchObject({ cancel_at: null, canceled_at: null });
	await stripe.subscriptions.update(id, { cancel_at_period_end: true });
	expect(await subscription()).toMatchObject({ cancel_at_period_end: true, cancel_at: utc(2026, 2, 15, 9) });
	expect(await stripe.subscriptions.update(id, { cancel_at_period_end: false })).toMatchObject({ cancel_at: null });
});

it("makes a new card only the customer's default: a plan keeps the card of its checkout", async () => {
	const { sandbox, press, customer, stripe, subscription } = await withPortal();
	const before = (await subscription()).default_payment_method;
	await press({ action: "card", card: "0341" });
	const account = await stripe.customers.update(customer.id, {});
	expect(account.invoice_settings.default_payment_method).not.toBe(before);
	expect((await subscription()).default_payment_method).toBe(before);
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	expect((await subscription()).status).toBe("active");
});

it("opens with the named configuration, and refuses to open without one until a default was saved", async () => {
	const { stripe } = await runStripe({ settings: { stripeCatalogue: false } });
	const { id: customer } = await stripe.customers.create();
	const refused = await errorOf(stripe.billingPortal.sessions.create({ customer }));
	expect(refused.message).toContain("No configuration provided");
	const made = await stripe.billingPortal.configurations.create({
		features: { invoice_history: { enabled: true }, subscription_cancel: { enabled: true, mode: "at_period_end" } },
		metadata: { app: "x" },
	});
	expect(made).toMatchObject({ active: true, is_default: false, features: { payment_method_update: { enabled: false } } });
	expect((await errorOf(stripe.billingPortal.sessions.create({ customer }))).message).toContain("No configuration provided");
	expect(await stripe.billingPortal.sessions.create({ customer, configuration: made.id })).toMatchObject({ configuration: made.id });
	await stripe.billingPortal.configurations.update(made.id, { active: false, features: { payment_method_update: { enabled: true } } });
	expect((await stripe.billingPortal.configurations.list({ active: true })).data).toEqual([]);
	expect((await stripe.billingPortal.configurations.list()).data).toMatchObject([
		{ features: { payment_method_update: { enabled: true }, invoice_history: { enabled: true } } },
	]);
	expect((await errorOf(stripe.billingPortal.sessions.create({ customer, configuration: "bpc_x" }))).code).toBe("resource_missing");
});
