/** Pays checkout sessions and delivers what they are for. */
import type { State } from "../../state.ts";
import { emit } from "../../webhooks/messages.ts";
import { findById } from "../find-by-id.ts";
import { addPaymentMethod, cardNumbered } from "../payments/cards.ts";
import { charge } from "../payments/charges.ts";
import { invoicePurchase } from "../payments/invoices.ts";
import { recordPurchase } from "../payments/purchases.ts";
import { priceById, productOf } from "../pricing/pricing.ts";
import type { CheckoutSession, Customer, PendingActivation, SinglePaymentPrice, SubscriptionPrice } from "../records.ts";
import { Refusal } from "../refusal.ts";
import { currentSubscriptions, findSubscription, hasPaidPlan } from "../subscriptions/find.ts";
import { activateReplacingFreePlan, requireRoomFor, startSubscription } from "../subscriptions/start.ts";

type ProductSession = Extract<CheckoutSession, { type: "product" }>;

/**
 * Pays the session. With the fault `activationDelayMs` the purchase takes effect that much later, as with a slow webhook, and the
 * session is `pending` until then. Idempotent.
 * @throws Refusal when another paid plan is in the way
 */
export function payCheckoutSession(state: State, session: CheckoutSession, cardNumber: string, atMs: number): void {
	if (session.status !== "open") return;
	const delayMs = state.faults.activationDelayMs ?? 0;
	if (delayMs === 0) {
		completeCheckoutSession(state, session, cardNumber, atMs);
		return;
	}
	session.status = "pending";
	session.updatedAt = atMs;
	state.pendingActivations.push({ checkoutSessionId: session.id, cardNumber, dueAtMs: atMs + delayMs });
}

/** Completes a session whose activation was delayed. The session fails if another plan was paid for in the meantime. */
export function activatePending(state: State, pending: PendingActivation, atMs: number): void {
	state.pendingActivations = state.pendingActivations.filter((one) => one !== pending);
	const session = findById(state.checkoutSessions, pending.checkoutSessionId, "Checkout session");
	try {
		completeCheckoutSession(state, session, pending.cardNumber, atMs);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		// Two sessions for a plan were paid while both were pending: the later one fails.
		session.status = "failed";
		session.updatedAt = atMs;
	}
}

/** Delivers what the session is for. Throws a Refusal before any change when another paid plan is in the way. */
function completeCheckoutSession(state: State, session: CheckoutSession, cardNumber: string, atMs: number): void {
	const customer = findById(state.customers, session.customerId ?? "", "Customer");
	switch (session.type) {
		case "product":
			completePurchase(state, session, customer, cardNumber, atMs);
			break;
		case "add_payment_method":
			attachCard(state, session, customer, cardNumber, atMs);
			break;
		case "activate_subscription": {
			const target = findSubscription(state, session.targetSubscriptionId);
			target.defaultPaymentMethodId = cardNumbered(state, customer, cardNumber, atMs).id;
			if (target.status === "incomplete") activateReplacingFreePlan(state, target, atMs);
			session.status = "succeeded";
			break;
		}
	}
	session.paymentMethodType = "card";
	session.updatedAt = atMs;
}

function completePurchase(state: State, session: ProductSession, customer: Customer, cardNumber: string, atMs: number): void {
	const price = priceById(state, session.priceId);
	switch (price.type) {
		case "subscription":
			buySubscription(state, { session, customer, price, cardNumber, atMs });
			break;
		case "single_payment":
			buyTopUp(state, { session, customer, price, cardNumber, atMs });
			break;
		default:
			throw new Error(`Checkout session ${session.id} is for a usage price`);
	}
}

interface Sale<Price> {
	session: ProductSession;
	customer: Customer;
	price: Price;
	cardNumber: string;
	atMs: number;
}

/** Starts the plan at once. Its credits come with the first payment (payments/settlement.ts). */
function buySubscription(state: State, { session, customer, price, cardNumber, atMs }: Sale<SubscriptionPrice>): void {
	// The real page turns away a customer with a paid plan. A past due free plan shows only once the card is stored.
	if (hasPaidPlan(state, customer.id)) requireRoomFor(state, customer, false);
	const card = cardNumbered(state, customer, cardNumber, atMs);
	requireRoomFor(state, customer, false);
	const { quantity } = session;
	const name = session.outputName ?? productOf(state, price).name;
	const metadata = session.outputMetadata ?? undefined;
	const subscription = startSubscription(state, { customer, price, quantity, name, card, metadata, atMs });
	const trialDays = typeof subscription.trialEnd === "number" ? (price.trialPeriodDays ?? 0) : 0;
	const purchase = recordPurchase(state, { customer, price, name, quantity, trialDays, atMs });
	emit(state, "purchase.completed", purchase.id, customer, atMs);
	session.purchaseId = purchase.id;
	session.status = "succeeded";
}

/** The session stays `pending` until the payment settles. */
function buyTopUp(state: State, { session, customer, price, cardNumber, atMs }: Sale<SinglePaymentPrice>): void {
	const card = cardNumbered(state, customer, cardNumber, atMs);
	const { quantity } = session;
	const name = session.outputName ?? productOf(state, price).name;
	const purchase = recordPurchase(state, { customer, price, name, quantity, atMs });
	const invoice = invoicePurchase(state, { customer, purchase, price, quantity, atMs });
	session.purchaseId = purchase.id;
	session.status = "pending";
	charge(state, { invoice, card, purpose: { type: "top_up", checkoutSessionId: session.id }, atMs });
}

/** The new card pays from the next period on. Retries of an overdue payment keep the old card, as in the real service. */
function attachCard(
	state: State,
	session: Extract<CheckoutSession, { type: "add_payment_method" }>,
	customer: Customer,
	cardNumber: string,
	atMs: number,
): void {
	const card = addPaymentMethod(state, customer, cardNumber, atMs);
	for (const subscription of currentSubscriptions(state, customer.id)) {
		if (session.automaticallyUpdateSubscriptions || subscription.id === session.targetSubscriptionId) {
			subscription.defaultPaymentMethodId = card.id;
			subscription.updatedAt = atMs;
		}
	}
	session.status = "succeeded";
}
