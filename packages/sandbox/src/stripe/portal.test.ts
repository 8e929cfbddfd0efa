import { expect, it } from "vitest";
import { utc, withPlan } from "./testing/harness.ts";

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
	expect(await subscription()).toMatchObject({ cancel_at_period_end: true });
	expect(await (await fetch(session.url)).text()).toContain("Keep Pro");
	await press({ action: "keep", subscription: id });
	expect(await subscription()).toMatchObject({ cancel_at_period_end: false });
	expect(await press({ action: "back" })).toEqual([303, "http://localhost:3000/account"]);
	expect((await fetch(session.url.replace(session.id, "bps_nope"))).status).toBe(404);
});

it("adds a card and pays an open invoice with it", async () => {
	const { sandbox, stripe, press, here, customer, id, subscription, session } = await withPortal();
	await press({ action: "card", card: "0341" });
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
