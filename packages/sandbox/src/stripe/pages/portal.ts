import { Hono } from "hono";
import { html } from "hono/html";
import { type Html, money, notFoundPage, page, table, words } from "../../pages/layout.ts";
import type { Env, World } from "../../world.ts";
import { nowSeconds } from "../api/now.ts";
import { collect, intentOf } from "../billing/invoices/collect.ts";
import { productOf } from "../billing/invoices/lines.ts";
import { instrumentNumbered, instruments, methodFor, methodName, methodNumbered, prefer, refusedCard } from "../billing/payment-methods.ts";
import { releaseSchedule } from "../billing/schedules/schedules.ts";
import { cancelInPortal } from "../billing/subscriptions/cancel.ts";
import { isLive, itemOf } from "../billing/subscriptions/find.ts";
import { find, known } from "../find.ts";
import type { Customer, Invoice, PortalSession, Subscription } from "../records.ts";
import { refuse, StripeRefusal } from "../refusal.ts";
import { date } from "./dates.ts";

type Form = Record<string, unknown>;

/** The page at a portal session's `url`, where customers manage plan, cards and invoices. Each button answers with a redirect. */
export function portalPages(world: World) {
	const sessionOf = (id: string) => world.state.stripe.portalSessions.find((one) => one.id === id);
	return new Hono<Env>()
		.get("/:id", (c) => {
			const session = sessionOf(c.req.param("id"));
			const customer = session && world.state.stripe.customers.find(({ id }) => id === session.customer);
			if (session === undefined || customer === undefined) return c.html(notFoundPage("This portal"), 404);
			return c.html(portalPage(world, session, customer, c.req.query("refused") ?? null));
		})
		.post("/:id", async (c) => {
			const session = sessionOf(c.req.param("id"));
			if (session === undefined) return c.html(notFoundPage("This portal"), 404);
			const here = `/stripe/portal/${session.id}`;
			const form: Form = await c.req.parseBody();
			if (form.action === "back") return c.redirect(session.return_url ?? world.appUrl, 303);
			try {
				perform(world, session, form);
			} catch (error) {
				if (!(error instanceof StripeRefusal)) throw error;
				return c.redirect(`${here}?${new URLSearchParams({ refused: error.message })}`, 303);
			}
			return c.redirect(afterwards(session, form) ?? here, 303);
		});
}

/** Where to redirect when the requested flow is complete; null to stay on the page. */
function afterwards({ flow, return_url }: PortalSession, { action }: Form): string | null {
	const isDone =
		(flow?.type === "payment_method_update" && action === "card") || (flow?.type === "subscription_cancel" && action === "cancel");
	if (!isDone) return null;
	return flow?.after_completion.type === "redirect" ? (flow.after_completion.redirect?.return_url ?? return_url) : null;
}

function perform(world: World, session: PortalSession, form: Form): void {
	const { state } = world;
	const { stripe } = state;
	const atSeconds = nowSeconds(world);
	const customer = find(stripe.customers, session.customer, "customer");
	switch (form.action) {
		case "card": {
			const instrument = instrumentNumbered(form.card);
			if (instrument.number === refusedCard) throw refuse("The card was declined.");
			const method = methodNumbered(state, customer, instrument, true, atSeconds);
			prefer(state, customer, method, atSeconds);
			break;
		}
		case "pay": {
			const invoice = find(ownInvoices(world, customer), String(form.invoice), "invoice");
			if (invoice.status !== "open") throw refuse("This invoice is not open.");
			if (intentOf(state, invoice)?.status === "processing") throw refuse("A payment of this invoice is on its way.");
			const id = invoice.parent?.subscription_details?.subscription;
			const method = methodFor(
				state,
				id === undefined ? { customer: customer.id, default_payment_method: null } : known(stripe.subscriptions, id),
			);
			if (collect(state, invoice, method, "call", atSeconds) === "declined") throw refuse("The card was declined.");
			break;
		}
		case "cancel":
		case "keep": {
			const subscription = find(
				stripe.subscriptions.filter((one) => one.customer === customer.id && isLive(one)),
				String(form.subscription),
				"subscription",
			);
			const schedule = stripe.schedules.find(({ id }) => id === subscription.schedule);
			if (schedule !== undefined) releaseSchedule(state, schedule, atSeconds);
			cancelInPortal(state, subscription, form.action === "cancel", atSeconds);
			break;
		}
		default:
			throw refuse("action must be card, pay, cancel, keep or back");
	}
}

function ownInvoices({ state }: World, { id }: Customer): Invoice[] {
	return state.stripe.invoices.filter(({ customer, status }) => customer === id && status !== "draft");
}

function portalPage(world: World, session: PortalSession, customer: Customer, refused: string | null): Html {
	const { stripe } = world.state;
	const cards = stripe.paymentMethods.filter((one) => one.customer === customer.id);
	const live = stripe.subscriptions.filter((one) => one.customer === customer.id && isLive(one));
	const paying = new Set([customer.invoice_settings.default_payment_method, ...live.map((one) => one.default_payment_method)]);
	return page({
		title: "Billing",
		body: html`
<p class="soft">Simulated billing portal.</p>
<h1>Billing</h1>
<p>${customer.name ?? ""} (${customer.email ?? "no address"})</p>
${refused === null ? "" : html`<p class="alert" role="alert">${refused}</p>`}
${session.flow?.type === "payment_method_update" ? "" : html`<h2>Your plan</h2>${live.length === 0 ? html`<p>You have no plan.</p>` : live.map((one) => plan(world, one))}`}
<h2>Your cards</h2>
${cards.length === 0 ? html`<p class="soft">None yet.</p>` : cards.map((card) => html`<p>${methodName(card)}${paying.has(card.id) ? ", used for payments" : ""}</p>`)}
<form method="post">
<p><label>Card<br><select name="card">${instruments.map(({ number, label }) => html`<option value="${number}">${label}</option>`)}</select></label></p>
<div class="actions"><button class="${session.flow?.type === "payment_method_update" ? "next" : ""}" name="action" value="card">Use this card</button></div>
</form>
${session.flow === null ? invoices(world, customer) : ""}
<form method="post" class="actions"><button name="action" value="back">Back</button></form>`,
	});
}

function invoices(world: World, customer: Customer): Html {
	return html`<h2>Your invoices</h2>
${table(
	"Invoices",
	["Number", "Date", "Status", { number: "Amount" }],
	ownInvoices(world, customer)
		.toReversed()
		.map(
			(invoice) =>
				html`<tr><td class="tight"><a href="/stripe/invoices/${invoice.id}">${invoice.number}</a></td><td>${date(invoice.effective_at)}</td><td>${words(invoice.status ?? "")}${invoice.status === "open" ? html`<form method="post"><input type="hidden" name="invoice" value="${invoice.id}"><button class="small" name="action" value="pay">Pay this invoice</button></form>` : ""}</td><td class="number">${money(invoice.amount_due)}</td></tr>`,
		),
	html`<p class="soft">There are no invoices yet.</p>`,
)}`;
}

function plan({ state }: World, subscription: Subscription): Html {
	const item = itemOf(subscription);
	const { name } = productOf(state.stripe, item.price);
	const isEnding = subscription.cancel_at !== null;
	return html`<dl>
<dt>Plan</dt><dd>${name}</dd>
<dt>Status</dt><dd>${words(subscription.status)}</dd>
<dt>${isEnding ? "Ends" : "Renews"}</dt><dd>${date(subscription.cancel_at ?? item.current_period_end)}</dd>
</dl>
<form method="post" class="actions"><input type="hidden" name="subscription" value="${subscription.id}">${
		isEnding
			? html`<button class="next" name="action" value="keep">Keep ${name}</button>`
			: html`<button name="action" value="cancel">Cancel when the period ends</button>`
	}</form>`;
}
