import { Hono } from "hono";
import { html } from "hono/html";
import type { Customer } from "../billing/records.ts";
import type { Env, World } from "../world.ts";
import { type Html, money, notFoundPage, page, time } from "./layout.ts";

/** The page at a billing object's `billingPortalUrl`: to look at, nothing to change. */
export function billingPortalPages(world: World) {
	return new Hono<Env>().get("/:customerId", (c) => {
		const id = c.req.param("customerId");
		const customer = world.state.customers.find((one) => one.id === id);
		if (customer === undefined) return c.html(notFoundPage("This customer"), 404);
		return c.html(portalPage(world, customer));
	});
}

function portalPage({ state, appUrl }: World, customer: Customer): Html {
	const subscriptions = state.subscriptions.filter(({ customerId }) => customerId === customer.id);
	const invoices = state.invoices.filter(({ invoice }) => invoice.customerId === customer.id);
	return page({
		title: "Billing",
		body: html`
<p class="soft">Simulated billing portal. <a href="${appUrl}">Back to the app</a></p>
<h1>Billing</h1>
<p>${customer.name} (${customer.email})</p>
<h2>Subscriptions</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Plan</th><th scope="col">Status</th><th scope="col">Period ends</th></tr></thead>
<tbody>${subscriptions
			.toReversed()
			.map(
				(one) =>
					html`<tr><td>${one.name}</td><td>${one.status.replaceAll("_", " ")}</td><td>${time(one.currentBillingPeriodEnd)}</td></tr>`,
			)}</tbody>
</table></div>
<h2>Invoices</h2>
${
	invoices.length === 0
		? html`<p class="soft">There are no invoices yet.</p>`
		: html`<div class="scroll"><table>
<thead><tr><th scope="col">Number</th><th scope="col">Date</th><th scope="col">Status</th><th scope="col" class="number">Amount</th></tr></thead>
<tbody>${invoices
				.toReversed()
				.map(
					({ invoice }) =>
						html`<tr><td>${invoice.invoiceNumber}</td><td>${time(invoice.invoiceDate)}</td><td>${invoice.status}</td><td class="number">${money(invoice.subtotal ?? 0)}</td></tr>`,
				)}</tbody>
</table></div>`
}`,
	});
}
