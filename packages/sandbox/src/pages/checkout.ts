import { Hono } from "hono";
import { html } from "hono/html";
import { payCheckoutSession } from "../billing/checkout/pay.ts";
import { cards, refusedCard } from "../billing/payments/cards.ts";
import { priceById, productOf } from "../billing/pricing/pricing.ts";
import type { CheckoutSession } from "../billing/records.ts";
import { Refusal } from "../billing/refusal.ts";
import { applyDue } from "../clock/apply-due.ts";
import type { State } from "../state.ts";
import type { Env, World } from "../world.ts";
import { type Html, money, notFoundPage, page } from "./layout.ts";

/** The page at a session's `url`: one form with Pay, Decline and Back. Each button answers with a redirect. */
export function checkoutPages(world: World) {
	const find = (id: string) => world.state.checkoutSessions.find((session) => session.id === id);
	return new Hono<Env>()
		.get("/:id", (c) => {
			const session = find(c.req.param("id"));
			if (session === undefined) return c.html(notFoundPage("This checkout"), 404);
			return c.html(checkoutPage(world, session, c.req.query("declined") === undefined ? null : "The card was declined."));
		})
		.post("/:id", async (c) => {
			const session = find(c.req.param("id"));
			if (session === undefined) return c.html(notFoundPage("This checkout"), 404);
			const { action, card } = await c.req.parseBody();
			const number = cards.find((one) => one.number === card)?.number ?? cards[0].number;
			switch (action === "pay" && number === refusedCard ? "decline" : action) {
				case "decline":
					return c.redirect(`/checkout/${session.id}?declined`, 303);
				case "back":
					return c.redirect(session.cancelUrl ?? world.appUrl, 303);
				case "pay":
					try {
						payCheckoutSession(world.state, session, number, world.nowMs());
						applyDue(world.state, world.nowMs());
					} catch (error) {
						if (!(error instanceof Refusal)) throw error;
						return c.html(checkoutPage(world, session, error.message), 409);
					}
					if (session.status === "expired" || session.status === "failed") return c.redirect(`/checkout/${session.id}`, 303);
					return c.redirect(session.successUrl ?? world.appUrl, 303);
				default:
					return c.text("action must be pay, decline or back", 400);
			}
		});
}

function checkoutPage(world: World, session: CheckoutSession, alert: string | null): Html {
	const bought = whatIsBought(world.state, session);
	return page({
		title: `Checkout: ${bought.name}`,
		body: html`
<p class="soft">Simulated checkout. No card is asked for and no money moves.</p>
<h1>${bought.name}</h1>
${bought.description === null ? "" : html`<p>${bought.description}</p>`}
<dl>
<dt>Price</dt><dd>${bought.price}</dd>
<dt>Customer</dt><dd>${session.customerName} (${session.customerEmail})</dd>
</dl>
${alert === null ? "" : html`<p class="alert" role="alert">${alert}</p>`}
${session.status === "open" ? actions : outcome(world, session)}`,
	});
}

const actions = html`<form method="post">
<p><label>Card<br><select name="card">${cards.map(({ number, label }) => html`<option value="${number}">${label}</option>`)}</select></label></p>
<div class="actions">
<button class="next" name="action" value="pay">Pay</button>
<button name="action" value="decline">Decline</button>
<button name="action" value="back">Back</button>
</div>
</form>`;

function outcome(world: World, session: CheckoutSession): Html {
	const onward = (url: string | null | undefined) => html`<p><a href="${url ?? world.appUrl}">Continue to the app</a></p>`;
	switch (session.status) {
		case "succeeded":
			return html`<p>This checkout is already paid.</p>${onward(session.successUrl)}`;
		case "pending":
			return html`<p>This checkout is already paid. What was bought will appear shortly.</p>${onward(session.successUrl)}`;
		case "expired":
			return html`<p>This checkout has expired: it was open for 24 hours.</p>${onward(session.cancelUrl)}`;
		default:
			return html`<p>This payment failed.</p>${onward(session.cancelUrl)}`;
	}
}

function whatIsBought(state: State, session: CheckoutSession): { name: string; description: string | null; price: string } {
	if (session.priceId === null) return { name: "Add a card", description: "Keeps a card for later payments.", price: money(0) };
	const price = priceById(state, session.priceId);
	const total = money(price.unitPrice * session.quantity);
	if (price.type === "usage") return { name: price.name ?? price.id, description: null, price: total };
	const { name, description } = productOf(state, price);
	const count = session.quantity > 1 ? ` (${session.quantity} × ${money(price.unitPrice)})` : "";
	const trial = price.type === "subscription" && price.trialPeriodDays ? `, after ${price.trialPeriodDays} days of trial` : "";
	return {
		name: session.outputName ?? name,
		description,
		price: price.type === "subscription" ? `${total} a ${price.intervalUnit}${count}${trial}` : `${total} once${count}`,
	};
}
