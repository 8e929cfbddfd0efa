import { type Handler, Hono } from "hono";
import { html } from "hono/html";
import { type Html, money, notFoundPage, page, table, words } from "../../pages/layout.ts";
import type { Env, World } from "../../world.ts";
import { collect, subscriptionOf } from "../billing/invoices/collect.ts";
import { unitPrice } from "../billing/invoices/lines.ts";
import { methodFor, needsConfirmation } from "../billing/payment-methods.ts";
import type { Invoice } from "../records.ts";
import { date } from "./dates.ts";

/** The pages at an invoice's `hosted_invoice_url` and `invoice_pdf`. */
export function invoicePages(world: World) {
	const answer: Handler<Env> = (c) => {
		const found = world.state.stripe.invoices.find(({ id }) => id === c.req.param("id"));
		return found === undefined ? c.html(notFoundPage("This invoice"), 404) : c.html(invoicePage(found));
	};
	return new Hono<Env>()
		.get("/:id", answer)
		.get("/:id/pdf", answer)
		.post("/:id", (c) => {
			const found = world.state.stripe.invoices.find(({ id }) => id === c.req.param("id"));
			if (found === undefined) return c.html(notFoundPage("This invoice"), 404);
			pay(world, found);
			return c.redirect(`/stripe/invoices/${found.id}`, 303);
		});
}

/** Pays with the plan's card. Paying on this page also confirms the payment with the bank. */
function pay({ state, nowMs }: World, invoice: Invoice): void {
	const subscription = subscriptionOf(state, invoice);
	if (invoice.status !== "open" || subscription === undefined) return;
	const method = methodFor(state, subscription);
	const isConfirmed = method !== undefined && needsConfirmation(method, "call");
	collect(state, invoice, method, isConfirmed ? "checkout" : "call", Math.floor(nowMs() / 1000));
}

function invoicePage(invoice: Invoice): Html {
	const balance = invoice.amount_due - invoice.total;
	return page({
		title: `Invoice ${invoice.number ?? "(draft)"}`,
		body: html`
<p class="soft no-print">Simulated invoice.</p>
<h1>Invoice ${invoice.number ?? "(draft)"}</h1>
<dl>
<dt>For</dt><dd>${invoice.customer_name ?? ""} (${invoice.customer_email ?? "no address"})</dd>
<dt>Date</dt><dd>${date(invoice.effective_at ?? invoice.created)}</dd>
<dt>Status</dt><dd>${words(invoice.status ?? "draft")}</dd>
</dl>
${table(
	"What was invoiced",
	["What", { number: "Quantity" }, { number: "Price" }, { number: "Amount" }],
	[
		...invoice.lines.data.map(
			(line) =>
				html`<tr><td>${line.description}<br><span class="soft">${date(line.period.start)} to ${date(line.period.end)}</span></td><td class="number">${line.quantity}</td><td class="number">${money(unitPrice(line))}</td><td class="number">${money(line.amount)}</td></tr>`,
		),
		...(balance === 0 ? [] : [html`<tr><td>Credit, used or kept</td><td></td><td></td><td class="number">${money(balance)}</td></tr>`]),
		html`<tr><td><strong>Due</strong></td><td></td><td></td><td class="number"><strong>${money(invoice.amount_due)}</strong></td></tr>`,
	],
	html``,
)}
${invoice.status === "paid" ? html`<p>Paid ${date(invoice.status_transitions.paid_at)}.</p>` : ""}
${invoice.status === "open" ? html`<form method="post" class="actions no-print"><button class="next" name="action" value="pay">Confirm and pay</button></form>` : ""}`,
	});
}
