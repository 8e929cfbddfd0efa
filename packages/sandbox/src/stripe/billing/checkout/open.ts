import type { State } from "../../../state.ts";
import { emit } from "../../events/emit.ts";
import { find } from "../../find.ts";
import { newId } from "../../ids.ts";
import type { CheckoutSession, LineItem, Price } from "../../records.ts";
import { InvalidParameters, refuse } from "../../refusal.ts";
import type { CheckoutOrder } from "../../state.ts";
import { productOf } from "../invoices/lines.ts";
import { type CheckoutRequest, newSession } from "./session.ts";

/**
 * Opens a session, which expires after 24 hours.
 * @throws StripeRefusal
 */
export function createCheckoutSession(state: State, request: CheckoutRequest, atSeconds: number): CheckoutSession {
	const { stripe } = state;
	const lineItems = lineItemsOf(state, request);
	const customer = request.customer === undefined ? null : find(stripe.customers, request.customer, "customer", "customer");
	const id = newId("cs_test");
	const order = orderOf(id, request, lineItems, atSeconds);
	const totalCents = order.trialDays > 0 ? 0 : lineItems.reduce((sum, { amount_total }) => sum + amount_total, 0);
	const session = newSession(request, {
		id,
		customerId: customer?.id ?? null,
		totalCents,
		currency: lineItems[0]?.currency ?? "usd",
		origin: stripe.origin,
		atSeconds,
	});
	stripe.checkoutSessions.push(session);
	stripe.checkoutOrders.push(order);
	return session;
}

const daySeconds = 24 * 60 * 60;

function orderOf(sessionId: string, request: CheckoutRequest, lineItems: LineItem[], atSeconds: number): CheckoutOrder {
	const { subscription_data, payment_intent_data, mode } = request;
	if (subscription_data !== undefined && mode !== "subscription")
		throw refuse("You can not pass `subscription_data` in `payment` mode.", { param: "subscription_data" });
	if (payment_intent_data !== undefined && mode !== "payment")
		throw refuse("You can not pass `payment_intent_data` in `subscription` mode.", { param: "payment_intent_data" });
	if (request.invoice_creation !== undefined && mode !== "payment")
		throw refuse("You can only enable invoice creation when `mode` is set to `payment`.", { param: "invoice_creation" });
	const trialEnd = subscription_data?.trial_end;
	return {
		sessionId,
		lineItems,
		trialDays: subscription_data?.trial_period_days ?? (trialEnd === undefined ? 0 : Math.ceil((trialEnd - atSeconds) / daySeconds)),
		subscriptionMetadata: { ...subscription_data?.metadata },
		subscriptionDescription: subscription_data?.description ?? null,
		paymentMetadata: { ...payment_intent_data?.metadata },
		paymentDescription: payment_intent_data?.description ?? null,
		setupFutureUsage: payment_intent_data?.setup_future_usage ?? null,
		isAwaited: false,
	};
}

function lineItemsOf(state: State, { mode, line_items: wanted }: CheckoutRequest): LineItem[] {
	if (mode === "setup") {
		if (wanted !== undefined) throw refuse("You can not pass `line_items` in `setup` mode.", { param: "line_items" });
		return [];
	}
	if (wanted === undefined || wanted.length === 0)
		throw new InvalidParameters("Missing required param: line_items.", { code: "parameter_missing", param: "line_items" });
	const prices = wanted.map(({ price }, index) => find(state.stripe.prices, price, "price", `line_items[${index}][price]`));
	for (const [index, price] of prices.entries()) {
		if (!price.active)
			throw refuse("The price specified is inactive. This field only accepts active prices.", { param: `line_items[${index}][price]` });
	}
	if (mode === "payment" && prices.some(({ recurring }) => recurring !== null))
		throw refuse(
			"You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.",
			{ param: "mode" },
		);
	if (mode === "subscription" && prices.every(({ recurring }) => recurring === null))
		throw refuse("You must provide at least one recurring price in `subscription` mode when using prices.", { param: "mode" });
	return prices.map((price, index) => lineItem(state, price, wanted[index]?.quantity ?? 1));
}

function lineItem(state: State, price: Price, quantity: number): LineItem {
	const amount = (price.unit_amount ?? 0) * quantity;
	return {
		id: newId("li"),
		object: "item",
		adjustable_quantity: null,
		amount_discount: 0,
		amount_subtotal: amount,
		amount_tax: 0,
		amount_total: amount,
		currency: price.currency,
		description: productOf(state.stripe, price).name,
		metadata: {},
		price: structuredClone(price),
		quantity,
	};
}

/** Expires the session: it can no longer be paid. */
export function expireCheckoutSession(state: State, session: CheckoutSession, atSeconds: number): void {
	session.status = "expired";
	session.url = null;
	emit(state, "checkout.session.expired", session, atSeconds);
}
