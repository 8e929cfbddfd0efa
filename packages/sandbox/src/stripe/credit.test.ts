import { expect, it } from "vitest";
import { utc, withPlan } from "./testing/harness.ts";

/** A Pro plan whose renewal of $7.99 used credit of $5 and left $2.99 open, because the card was declined. */
async function withOpenRenewal() {
	const plan = await withPlan();
	const { sandbox, stripe, customer, id } = plan;
	await stripe.customers.update(customer.id, { balance: -500 });
	await sandbox.faults({ declineRenewals: true });
	await sandbox.moveTo(utc(2026, 2, 15, 10));
	const [open] = (await stripe.invoices.list({ subscription: id, status: "open" })).data;
	if (open === undefined) throw new Error("there is no open invoice");
	return { ...plan, open };
}

it("takes credit from the balance at finalization, not at the payment, and charges the rest", async () => {
	const { stripe, customer, open, sandbox } = await withOpenRenewal();
	expect(open).toMatchObject({ total: 799, starting_balance: -500, ending_balance: 0, amount_due: 299, amount_remaining: 299 });
	expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ balance: 0 });
	await sandbox.faults({});
	await stripe.invoices.pay(open.id ?? "");
	expect((await stripe.charges.list({ limit: 1 })).data).toMatchObject([{ amount: 299, paid: true }]);
	expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ balance: 0 });
});

it("returns the credit of an invoice that is voided, and reports the new balance", async () => {
	const { stripe, customer, open } = await withOpenRenewal();
	await stripe.invoices.voidInvoice(open.id ?? "");
	expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ balance: -500 });
	const [updated] = (await stripe.events.list({ type: "customer.updated", limit: 1 })).data;
	expect(updated?.data).toMatchObject({ object: { balance: -500 }, previous_attributes: { balance: 0 } });
});

it("voids the open invoice of a deleted customer", async () => {
	const { stripe, customer, open } = await withOpenRenewal();
	await stripe.customers.del(customer.id);
	expect(await stripe.invoices.voidInvoice(open.id ?? "")).toMatchObject({ status: "void" });
});
