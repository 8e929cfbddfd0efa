import { expect, it } from "vitest";
import { errorOf, itemOf, utc, withPlan } from "./testing/harness.ts";

/** A Pro plan with a card whose bank requires confirmation of each charge by API call. */
async function withConfirmedCard() {
	const plan = await withPlan("top_up_1000", utc(2026, 1, 15, 9), { settings: { maxPlan: true } });
	const { sandbox, stripe, customer } = plan;
	const id = String((await sandbox.buy(customer.id, "pro_monthly", { card: "3184" })).subscription);
	const subscription = () => stripe.subscriptions.retrieve(id, { expand: ["latest_invoice"] });
	const upgrade = async (payment_behavior: "error_if_incomplete" | "pending_if_incomplete") =>
		stripe.subscriptions.update(id, {
			items: [{ id: itemOf(await subscription()).id, price: "price_max_monthly" }],
			proration_behavior: "always_invoice",
			metadata: { share: "7" },
			payment_behavior,
			expand: ["latest_invoice"],
		});
	const priceOf = async () => itemOf(await subscription()).price.id;
	return { ...plan, id, subscription, upgrade, priceOf };
}

const invoiceOf = ({ latest_invoice: invoice }: { latest_invoice: unknown }) =>
	invoice as { id: string; status: string; hosted_invoice_url: string; total: number };

it("answers an upgrade that needs the bank's confirmation with a specific 402 code, and changes nothing", async () => {
	const { upgrade, subscription, priceOf } = await withConfirmedCard();
	const refused = await errorOf(upgrade("error_if_incomplete"));
	expect([refused.statusCode, refused.code]).toEqual([402, "subscription_payment_intent_requires_action"]);
	expect(await priceOf()).toBe("price_pro_monthly");
	expect(await subscription()).toMatchObject({ status: "active", pending_update: null, latest_invoice: { status: "paid" } });
});

it("holds a pending update with its metadata until the invoice is confirmed on its page", async () => {
	const { upgrade, subscription, priceOf, sandbox, stripe } = await withConfirmedCard();
	const held = await upgrade("pending_if_incomplete");
	expect(held).toMatchObject({ status: "active", metadata: {}, pending_update: { metadata: { share: "7" } } });
	const invoice = invoiceOf(held);
	expect(invoice).toMatchObject({ status: "open", total: 1200 });
	expect(await priceOf()).toBe("price_pro_monthly");
	const confirmFirst = await errorOf(stripe.invoices.pay(invoice.id));
	expect([confirmFirst.statusCode, confirmFirst.code]).toEqual([402, "invoice_payment_intent_requires_action"]);
	expect(await (await fetch(invoice.hosted_invoice_url)).text()).toContain("Confirm and pay");
	await sandbox.submit(invoice.hosted_invoice_url, { action: "pay" });
	expect(await priceOf()).toBe("price_max_monthly");
	expect(await subscription()).toMatchObject({ metadata: { share: "7" }, pending_update: null, latest_invoice: { status: "paid" } });
	expect(await sandbox.eventTypes()).toContain("invoice.payment_action_required");
});

it("discards a pending update with its invoice: voided, replaced, or after 23 hours", async () => {
	const { upgrade, subscription, priceOf, sandbox, stripe } = await withConfirmedCard();
	const first = invoiceOf(await upgrade("pending_if_incomplete"));
	const second = invoiceOf(await upgrade("pending_if_incomplete"));
	expect((await stripe.invoices.retrieve(first.id)).status).toBe("void");
	expect(await stripe.invoices.voidInvoice(second.id)).toMatchObject({ status: "void", amount_paid: 0 });
	expect((await subscription()).pending_update).toBeNull();
	expect((await errorOf(stripe.invoices.voidInvoice(second.id))).statusCode).toBe(400);
	const third = invoiceOf(await upgrade("pending_if_incomplete"));
	await sandbox.advance(23 * 60 * 60);
	expect((await stripe.invoices.retrieve(third.id)).status).toBe("void");
	await sandbox.submit(third.hosted_invoice_url, { action: "pay" });
	expect([await priceOf(), (await subscription()).status]).toEqual(["price_pro_monthly", "active"]);
});
