import { Hono } from "hono";
import { html } from "hono/html";
import { lastDigits } from "../billing/payments/cards.ts";
import type { InvoiceWithLines } from "../billing/records.ts";
import type { State } from "../state.ts";
import type { Env, World } from "../world.ts";
import { day, type Html, money, notFoundPage, page, table, words } from "./layout.ts";

/** The pages at an invoice's `pdfURL` and `receiptPdfURL`. */
export function invoicePages(world: World) {
	const find = (id: string) => world.state.invoices.find(({ invoice }) => invoice.id === id);
	return new Hono<Env>()
		.get("/:id", (c) => {
			const found = find(c.req.param("id"));
			return found === undefined ? c.html(notFoundPage("This invoice"), 404) : c.html(invoicePage(world.state, found, "Invoice"));
		})
		.get("/:id/receipt", (c) => {
			const found = find(c.req.param("id"));
			if (found?.invoice.status !== "paid") return c.html(notFoundPage("This receipt"), 404);
			return c.html(invoicePage(world.state, found, "Receipt"));
		});
}

function invoicePage(state: State, { invoice, invoiceLineItems }: InvoiceWithLines, kind: "Invoice" | "Receipt"): Html {
	const customer = state.customers.find(({ id }) => id === invoice.customerId);
	const payments = state.payments.filter(
		({ invoiceId, status }) => invoiceId === invoice.id && (status === "succeeded" || status === "refunded"),
	);
	return page({
		title: `${kind} ${invoice.invoiceNumber}`,
		body: html`
<p class="soft no-print">Simulated ${kind.toLowerCase()}. <a href="/billing-portal/${invoice.customerId}">Back to billing</a></p>
<h1>${kind} ${invoice.invoiceNumber}</h1>
<dl>
<dt>For</dt><dd>${customer?.name} (${customer?.email})</dd>
<dt>Date</dt><dd>${day(invoice.invoiceDate)}</dd>
${typeof invoice.billingPeriodStartDate === "number" ? html`<dt>Period</dt><dd>${day(invoice.billingPeriodStartDate)} to ${day(invoice.billingPeriodEndDate)}</dd>` : ""}
<dt>Status</dt><dd>${words(invoice.status)}</dd>
</dl>
${table(
	"What was invoiced",
	["What", { number: "Quantity" }, { number: "Price" }, { number: "Amount" }],
	[
		...invoiceLineItems.map(
			(line) =>
				html`<tr><td>${line.description}</td><td class="number">${line.quantity}</td><td class="number">${money(line.price)}</td><td class="number">${money(line.price * line.quantity)}</td></tr>`,
		),
		html`<tr><td><strong>Total</strong></td><td></td><td></td><td class="number"><strong>${money(invoice.subtotal ?? 0)}</strong></td></tr>`,
	],
	html``,
)}
${payments.map((payment) => {
	const card = state.paymentMethods.find(({ id }) => id === payment.paymentMethodId);
	return html`<p>Paid ${day(payment.settlementDate)}${card === undefined ? "" : ` by Visa ending in ${lastDigits(card)}`}.${payment.refundedAmount ? ` ${money(payment.refundedAmount)} refunded.` : ""}</p>`;
})}`,
	});
}
