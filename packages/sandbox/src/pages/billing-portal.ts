import { Hono } from "hono";
import { html } from "hono/html";
import { createCheckoutSession } from "../billing/checkout/open.ts";
import { usageMeterBalances } from "../billing/credits.ts";
import { lastDigits } from "../billing/payments/cards.ts";
import type { Customer, Subscription } from "../billing/records.ts";
import { Refusal } from "../billing/refusal.ts";
import { cancelAtPeriodEnd, uncancel } from "../billing/subscriptions/cancel.ts";
import { currentSubscriptions, findSubscription } from "../billing/subscriptions/find.ts";
import type { Env, World } from "../world.ts";
import { day, type Html, money, notFoundPage, page, table, words } from "./layout.ts";

/** The page at `billingPortalUrl`, where customers manage plan, cards and invoices. */
export function billingPortalPages(world: World) {
	const find = (id: string) => world.state.customers.find((one) => one.id === id);
	return new Hono<Env>()
		.get("/:customerId", (c) => {
			const customer = find(c.req.param("customerId"));
			if (customer === undefined) return c.html(notFoundPage("This customer"), 404);
			return c.html(portalPage(world, customer, c.req.query("refused") ?? null));
		})
		.post("/:customerId", async (c) => {
			const customer = find(c.req.param("customerId"));
			if (customer === undefined) return c.html(notFoundPage("This customer"), 404);
			const { action, subscriptionId } = await c.req.parseBody();
			const portal = `${new URL(c.req.url).origin}/billing-portal/${customer.id}`;
			try {
				if (action === "add-card") return c.redirect(`/checkout/${openCardCheckout(world, customer, portal)}`, 303);
				const subscription = findSubscription(world.state, String(subscriptionId));
				if (subscription.customerId !== customer.id) return c.html(notFoundPage("This plan"), 404);
				if (action === "cancel") cancelAtPeriodEnd(world.state, subscription, world.nowMs());
				else if (action === "keep") uncancel(world.state, subscription, world.nowMs());
				else return c.text("action must be add-card, cancel or keep", 400);
			} catch (error) {
				if (!(error instanceof Refusal)) throw error;
				return c.redirect(`${portal}?${new URLSearchParams({ refused: error.message })}`, 303);
			}
			return c.redirect(portal, 303);
		});
}

function openCardCheckout(world: World, customer: Customer, portal: string): string {
	const input = {
		type: "add_payment_method",
		customerExternalId: customer.externalId,
		automaticallyUpdateSubscriptions: true,
		successUrl: portal,
		cancelUrl: portal,
	} as const;
	return createCheckoutSession(world.state, input, world.nowMs()).id;
}

function portalPage({ state, appUrl }: World, customer: Customer, refused: string | null): Html {
	const invoices = state.invoices.filter(({ invoice }) => invoice.customerId === customer.id);
	const cards = state.paymentMethods.filter(({ customerId }) => customerId === customer.id);
	const current = currentSubscriptions(state, customer.id);
	return page({
		title: "Billing",
		body: html`
<p class="soft">Simulated billing portal. <a href="${appUrl}">Back to the app</a></p>
<h1>Billing</h1>
<p>${customer.name} (${customer.email})</p>
${refused === null ? "" : html`<p class="alert" role="alert">${refused}</p>`}
<h2>Your plan</h2>
${current.length === 0 ? html`<p>You have no plan.</p>` : current.map((one) => plan(one, usageMeterBalances(state, one.id)[0]?.availableBalance))}
<h2>Your cards</h2>
${cards.length === 0 ? html`<p class="soft">None yet.</p>` : cards.map((card) => html`<p>Visa ending in ${lastDigits(card)}${card.default ? ", used for payments" : ""}</p>`)}
<form method="post" class="actions"><button name="action" value="add-card">Add a card</button></form>
<h2>Your invoices</h2>
${table(
	"Invoices",
	["Number", "Date", "Status", { number: "Amount" }],
	invoices
		.toReversed()
		.map(
			({ invoice }) =>
				html`<tr><td class="tight"><a href="/invoices/${invoice.id}">${invoice.invoiceNumber}</a>${invoice.status === "paid" ? html`<br><a class="soft" href="/invoices/${invoice.id}/receipt">Receipt</a>` : ""}</td><td>${day(invoice.invoiceDate)}</td><td>${words(invoice.status)}</td><td class="number">${money(invoice.subtotal ?? 0)}</td></tr>`,
		),
	html`<p class="soft">There are no invoices yet.</p>`,
)}`,
	});
}

function plan(subscription: Subscription, left: number | undefined): Html {
	const isEnding = subscription.status === "cancellation_scheduled";
	return html`<dl>
<dt>Plan</dt><dd>${subscription.name}</dd>
<dt>Status</dt><dd>${words(subscription.status)}</dd>
<dt>${isEnding ? "Ends" : "Renews"}</dt><dd>${day(subscription.currentBillingPeriodEnd)}</dd>
${left === undefined ? "" : html`<dt>Requests left</dt><dd>${left}</dd>`}
</dl>
${
	subscription.isFreePlan
		? ""
		: html`<form method="post" class="actions"><input type="hidden" name="subscriptionId" value="${subscription.id}">${
				isEnding
					? html`<button class="next" name="action" value="keep">Keep ${subscription.name}</button>`
					: html`<button name="action" value="cancel">Cancel when the period ends</button>`
			}</form>`
}`;
}
