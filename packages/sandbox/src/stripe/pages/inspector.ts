import { Hono } from "hono";
import { html } from "hono/html";
import { status } from "../../pages/inspector/balance.ts";
import { answerForm, formRoutes, inspectorPage } from "../../pages/inspector/shell.ts";
import { type Html, money, table, time } from "../../pages/layout.ts";
import type { State } from "../../state.ts";
import { resend } from "../../webhooks/delivery.ts";
import type { Env, World } from "../../world.ts";
import { productOf } from "../billing/invoices/lines.ts";
import { isLive, itemOf } from "../billing/subscriptions/find.ts";
import { deliveriesOf } from "../events/channel.ts";
import type { Customer, Invoice, StripeEvent } from "../records.ts";
import { date } from "./dates.ts";

const shown = 50;

/** The page at /stripe: customers, invoices and events. */
export function stripeInspectorPage(world: World) {
	return new Hono<Env>().get("/", (c) => c.html(inspectorPage(world, c, { title: "Stripe", body: body(world) })));
}

/** The forms of the page at /stripe. */
export function stripeInspectorForms(world: World) {
	return formRoutes().post("/stripe/events/:id/resend", async (c) => {
		const deliveries = world.state.stripe.deliveries.filter(({ eventId }) => eventId === c.req.param("id"));
		for (const delivery of deliveries) resend(delivery, world.nowMs());
		return answerForm(c, "/stripe", deliveries.length === 0 ? "That event no longer exists." : "Sent again with the same id.");
	});
}

function body(world: World): Html {
	const { state, stripe } = world;
	const { customers, invoices, events } = state.stripe;
	return html`
<h1>Stripe</h1>
<p>The other provider’s API, at <code>/v1</code>. ${
		stripe.webhook === null
			? html`Events are recorded but not sent: <code>STRIPE_WEBHOOK_SECRET</code> is not set.`
			: html`Events are sent to <code>${stripe.webhook.url}</code>.`
	}</p>
${table(
	"Customers of Stripe",
	["Customer", "Plan", "Status", "Period ends", { number: "Credit" }],
	customers
		.slice(-shown)
		.toReversed()
		.map((customer) => customerRow(state, customer)),
	html`<p class="soft">No customers yet.</p>`,
)}
<h2>Latest invoices</h2>
${table(
	"Invoices of Stripe",
	["Number", "Date", "For", "Status", { number: "Due" }],
	invoices.slice(-shown).toReversed().map(invoiceRow),
	html`<p class="soft">No invoices yet.</p>`,
)}
<h2>Latest events</h2>
${table(
	"Events of Stripe",
	["Time", "Event", "Outcome", "Actions"],
	events
		.slice(-shown)
		.toReversed()
		.map((event) => eventRow(state, event)),
	html`<p class="soft">No events yet.</p>`,
)}`;
}

function customerRow({ stripe }: State, { id, name, email, balance }: Customer): Html {
	const subscription = stripe.subscriptions.findLast((one) => one.customer === id && isLive(one));
	const item = subscription && itemOf(subscription);
	return html`<tr><td>${name || email || id}<br><code>${id}</code></td>
<td>${item === undefined ? html`<span class="soft">no plan</span>` : productOf(stripe, item.price).name}</td>
<td>${subscription === undefined ? "" : status(subscription.cancel_at === null ? subscription.status : "ends with its period")}</td>
<td>${date(item?.current_period_end)}</td><td class="number">${balance === 0 ? "–" : money(-balance)}</td></tr>`;
}

function invoiceRow(invoice: Invoice): Html {
	return html`<tr><td class="tight"><a href="/stripe/invoices/${invoice.id}">${invoice.number ?? "draft"}</a></td><td>${date(invoice.created)}</td>
<td>${invoice.customer_name || invoice.customer_email}</td><td>${status(invoice.status ?? "draft")}</td><td class="number">${money(invoice.amount_due)}</td></tr>`;
}

function eventRow(state: State, event: StripeEvent): Html {
	const outcomes = deliveriesOf(state, event.id).map(
		({ outcome, attempts }) => html`${status(outcome)} ${attempts.map((one) => one.status ?? one.error).join(", ")} `,
	);
	return html`<tr><td>${time(event.created * 1000)}</td>
<td>${event.type}<details><summary class="soft">Id and body</summary><pre>${JSON.stringify(event, null, 2)}</pre></details></td>
<td>${outcomes}</td><td><form method="post" action="/stripe/events/${event.id}/resend"><button class="small">Resend</button></form></td></tr>`;
}
