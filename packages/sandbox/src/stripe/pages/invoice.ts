import { type Handler, Hono } from "hono";
import { html } from "hono/html";
import { type Html, money, notFoundPage, page, table, words } from "../../pages/layout.ts";
import type { Env, World } from "../../world.ts";
import { unitPrice } from "../billing/invoices/lines.ts";
import type { Invoice } from "../records.ts";
import { date } from "./dates.ts";

/** The pages at an invoice's `hosted_invoice_url` and `invoice_pdf`. */
export function invoicePages(world: World) {
	const answer: Handler<Env> = (c) => {
		const found = world.state.stripe.invoices.find(({ id }) => id === c.req.param("id"));
		return found === undefined ? c.html(notFoundPage("This invoice"), 404) : c.html(invoicePage(found));
	};
	return new Hono<Env>().get("/:id", answer).get("/:id/pdf", answer);
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
${invoice.status === "paid" ? html`<p>Paid ${date(invoice.status_transitions.paid_at)}.</p>` : ""}`,
	});
}
