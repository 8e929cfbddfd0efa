import { Hono } from "hono";
import { html } from "hono/html";
import { applyDue } from "../../clock/apply-due.ts";
import { type Html, money, notFoundPage, page } from "../../pages/layout.ts";
import type { State } from "../../state.ts";
import type { Env, World } from "../../world.ts";
import { orderOf, payCheckoutSession } from "../billing/checkout/pay.ts";
import { instrumentNumbered, instruments } from "../billing/payment-methods.ts";
import { known } from "../find.ts";
import type { CheckoutSession } from "../records.ts";

/** The page at a session's `url`: one form with Pay, Decline and Back. Each button answers with a redirect. */
export function checkoutPages(world: World) {
	const find = (id: string) => world.state.stripe.checkoutSessions.find((session) => session.id === id);
	return new Hono<Env>()
		.get("/:id", (c) => {
			const session = find(c.req.param("id"));
			if (session === undefined) return c.html(notFoundPage("This checkout"), 404);
			return c.html(checkoutPage(world, session, c.req.query("declined") === undefined ? null : "The card was declined."));
		})
		.post("/:id", async (c) => {
			const session = find(c.req.param("id"));
			if (session === undefined) return c.html(notFoundPage("This checkout"), 404);
			const here = `/stripe/checkout/${session.id}`;
			const { action, card } = await c.req.parseBody();
			switch (action) {
				case "decline":
				case "pay": {
					if (session.status === "expired") return c.redirect(here, 303);
					const instrument = instrumentNumbered(action === "decline" ? "0002" : card);
					const isPaid = payCheckoutSession(world.state, session, instrument, world.nowMs());
					applyDue(world.state, world.nowMs());
					return c.redirect(isPaid ? successUrl(world, session) : `${here}?declined`, 303);
				}
				case "back":
					return c.redirect(session.cancel_url ?? world.appUrl, 303);
				default:
					return c.text("action must be pay, decline or back", 400);
			}
		});
}

function successUrl({ appUrl }: World, { id, success_url }: CheckoutSession): string {
	return (success_url ?? appUrl).replaceAll("{CHECKOUT_SESSION_ID}", id);
}

function checkoutPage(world: World, session: CheckoutSession, alert: string | null): Html {
	const { name, description, price } = whatIsBought(world.state, session);
	const customer = world.state.stripe.customers.find(({ id }) => id === session.customer);
	return page({
		title: `Checkout: ${name}`,
		body: html`
<p class="soft">Simulated checkout. No card is asked for and no money moves.</p>
<h1>${name}</h1>
${description === null ? "" : html`<p>${description}</p>`}
<dl>
<dt>Price</dt><dd>${price}</dd>
<dt>Customer</dt><dd>${customer === undefined ? (session.customer_email ?? "new") : `${customer.name ?? ""} (${customer.email ?? "no address"})`}</dd>
</dl>
${alert === null ? "" : html`<p class="alert" role="alert">${alert}</p>`}
${session.status === "open" ? actions(session) : outcome(world, session)}`,
	});
}

function actions({ payment_method_types: types }: CheckoutSession): Html {
	const offered = instruments.filter(({ type }) => types.includes(type));
	return html`<form method="post">
<p><label>Card<br><select name="card">${offered.map(({ number, label }) => html`<option value="${number}">${label}</option>`)}</select></label></p>
<div class="actions">
<button class="next" name="action" value="pay">Pay</button>
<button name="action" value="decline">Decline</button>
<button name="action" value="back">Back</button>
</div>
</form>`;
}

function outcome(world: World, session: CheckoutSession): Html {
	if (session.status === "expired")
		return html`<p>This checkout has expired: it was open for 24 hours.</p><p><a href="${session.cancel_url ?? world.appUrl}">Continue to the app</a></p>`;
	const later = session.payment_status === "unpaid" ? " What was bought will appear when the payment has arrived." : "";
	return html`<p>This checkout is already paid.${later}</p><p><a href="${successUrl(world, session)}">Continue to the app</a></p>`;
}

function whatIsBought(state: State, session: CheckoutSession): { name: string; description: string | null; price: string } {
	if (session.mode === "setup") return { name: "Add a card", description: "Keeps a card for later payments.", price: money(0) };
	const { lineItems, trialDays } = orderOf(state, session);
	const totalCents = lineItems.reduce((sum, { amount_total }) => sum + amount_total, 0);
	const recurring = lineItems.find(({ price }) => price?.recurring)?.price?.recurring;
	const [first] = lineItems;
	const product = first?.price === null || first === undefined ? undefined : known(state.stripe.products, first.price.product);
	const count =
		lineItems.length === 1 && (first?.quantity ?? 1) > 1 ? ` (${first?.quantity} × ${money(first?.price?.unit_amount ?? 0)})` : "";
	const trial = trialDays > 0 ? `, after ${trialDays} days of trial` : "";
	return {
		name: lineItems.map(({ description }) => description).join(" and "),
		description: product?.description ?? null,
		price: recurring ? `${money(totalCents)} a ${recurring.interval}${count}${trial}` : `${money(totalCents)} once${count}`,
	};
}
