import type { State } from "../../../state.ts";
import { changing } from "../../events/emit.ts";
import { find } from "../../find.ts";
import type { InvoiceItem, PaymentMethod, Subscription, SubscriptionItem } from "../../records.ts";
import { refuse } from "../../refusal.ts";
import { collect } from "../invoices/collect.ts";
import { draftInvoice } from "../invoices/draft.ts";
import { finalizeInvoice } from "../invoices/finalize.ts";
import { periodLine } from "../invoices/lines.ts";
import { mergedMetadata } from "../metadata.ts";
import { methodFor } from "../payment-methods.ts";
import { followSubscription } from "../schedules/phases.ts";
import { endWithPeriod } from "./cancel.ts";
import { refusalOf, type SubscriptionChange } from "./change.ts";
import { itemOf } from "./find.ts";
import { dropPending, holdPending } from "./pending.ts";
import { periodEnd } from "./periods.ts";
import { replacePrice } from "./price.ts";
import { prorationItems } from "./prorate.ts";
import { warnOfTrialEnd } from "./start.ts";

/**
 * Applies a change atomically. `ifUnpaid` decides what happens if its charge fails.
 * @throws StripeRefusal
 */
export function updateSubscription(state: State, subscription: Subscription, change: SubscriptionChange, atSeconds: number): void {
	requireUpdatable(subscription, change, atSeconds);
	const item = itemOf(subscription);
	const method = preferredMethod(state, subscription, change);
	const startsAnew = isNewPeriod(item, change);
	const items = prorations(state, subscription, item, change, startsAnew, atSeconds);
	const refusal =
		change.ifUnpaid === "allow_incomplete" ? null : refusalOf(state, subscription, item, { change, method, items, startsAnew });
	// Without a payment method no charge is attempted, so no change is held back.
	if (refusal !== null && (change.ifUnpaid === "error_if_incomplete" || refusal.status !== 402)) throw refusal;
	if (refusal !== null && startsAnew) throw refuse("The sandbox holds no change that starts a new period.", { param: "payment_behavior" });
	if (change.price !== undefined) dropPending(state, subscription, atSeconds);
	if (refusal !== null) {
		holdPending(state, subscription, { change, items, method, atSeconds });
		return;
	}
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		if (change.defaultPaymentMethod !== undefined) subscription.default_payment_method = change.defaultPaymentMethod;
		if (change.pauseCollection !== undefined) subscription.pause_collection = change.pauseCollection;
		if (change.discounts !== undefined) subscription.discounts = change.discounts;
		if (change.description !== undefined) subscription.description = change.description;
		subscription.metadata = mergedMetadata(subscription.metadata, change.metadata);
		item.metadata = mergedMetadata(item.metadata, change.itemMetadata);
		replacePrice(item, change.price ?? item.price, change.quantity ?? item.quantity ?? 1);
		followSubscription(state, subscription.schedule, item.price.id, item.quantity ?? 1, atSeconds);
		state.stripe.invoiceItems.push(...items);
		moveTrialEnd(state, subscription, item, change.trialEnd, atSeconds);
		if (startsAnew) startPeriod(subscription, item, atSeconds);
		if (change.cancelAtPeriodEnd !== undefined) endWithPeriod(subscription, change.cancelAtPeriodEnd, atSeconds);
		if (change.cancelAt !== undefined) endAt(subscription, change.cancelAt, atSeconds);
	});
	// After the change's event, because the invoice may change the subscription again.
	if (startsAnew || (change.prorationBehavior === "always_invoice" && items.length > 0)) {
		invoiceChange(state, subscription, { method, withPeriod: startsAnew, atSeconds });
	}
}

function requireUpdatable(subscription: Subscription, change: SubscriptionChange, atSeconds: number): void {
	if (subscription.status === "canceled") throw refuse("A canceled subscription can only update its cancellation_details and metadata.");
	if (subscription.schedule !== null && (change.cancelAtPeriodEnd !== undefined || change.cancelAt !== undefined))
		throw refuse(
			`The subscription is managed by the subscription schedule \`${subscription.schedule}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
		);
	if (change.cancelAtPeriodEnd !== undefined && change.cancelAt !== undefined)
		throw refuse("You may only specify one of these parameters: cancel_at, cancel_at_period_end.");
	if (typeof change.trialEnd === "number" && change.trialEnd <= atSeconds)
		throw refuse("Invalid timestamp: must be an integer Unix timestamp in the future.", { param: "trial_end" });
}

function preferredMethod(state: State, subscription: Subscription, change: SubscriptionChange): PaymentMethod | undefined {
	if (change.defaultPaymentMethod === undefined) return methodFor(state, subscription);
	const method = find(state.stripe.paymentMethods, change.defaultPaymentMethod, "PaymentMethod", "default_payment_method");
	if (method.customer !== subscription.customer)
		throw refuse(`The payment method ${method.id} must be attached to the customer.`, { param: "default_payment_method" });
	return method;
}

/** Whether the change starts a new period: another interval, the end of a trial, or a reset anchor. */
function isNewPeriod({ price: old }: SubscriptionItem, { price, trialEnd, anchorNow }: SubscriptionChange): boolean {
	const isOtherInterval =
		price !== undefined &&
		(price.recurring?.interval !== old.recurring?.interval || price.recurring?.interval_count !== old.recurring?.interval_count);
	return isOtherInterval || trialEnd === null || anchorNow === true;
}

function prorations(
	state: State,
	subscription: Subscription,
	item: SubscriptionItem,
	change: SubscriptionChange,
	startsAnew: boolean,
	nowSeconds: number,
): InvoiceItem[] {
	const price = change.price ?? item.price;
	const quantity = change.quantity ?? item.quantity ?? 1;
	const isSame = price.id === item.price.id && quantity === (item.quantity ?? 1);
	if (change.prorationBehavior === "none" || (isSame && !startsAnew)) return [];
	const items = prorationItems(state, subscription, item, { price, quantity, atSeconds: change.prorationSeconds ?? nowSeconds });
	// The invoice contains the whole new period, so only the old period's unused time is prorated.
	return startsAnew ? items.slice(0, 1) : items;
}

function moveTrialEnd(
	state: State,
	subscription: Subscription,
	item: SubscriptionItem,
	trialEnd: number | null | undefined,
	atSeconds: number,
): void {
	if (trialEnd === undefined) return;
	if (trialEnd === null) {
		if (subscription.status === "trialing") subscription.status = "active";
		subscription.trial_end = atSeconds;
		return;
	}
	subscription.status = "trialing";
	subscription.trial_start ??= atSeconds;
	subscription.trial_end = trialEnd;
	subscription.billing_cycle_anchor = trialEnd;
	item.current_period_end = trialEnd;
	warnOfTrialEnd(state, subscription, trialEnd, atSeconds);
}

function startPeriod(subscription: Subscription, item: SubscriptionItem, atSeconds: number): void {
	subscription.billing_cycle_anchor = atSeconds;
	item.current_period_start = atSeconds;
	item.current_period_end = periodEnd(subscription, item.price, atSeconds);
}

function endAt(subscription: Subscription, cancelAt: number | null, atSeconds: number): void {
	subscription.cancel_at = cancelAt;
	subscription.cancel_at_period_end = false;
	subscription.canceled_at = cancelAt === null ? null : atSeconds;
}

/** Invoices pending items, and a new period if there is one, and charges at once. */
function invoiceChange(
	state: State,
	subscription: Subscription,
	{ method, withPeriod, atSeconds }: { method: PaymentMethod | undefined; withPeriod: boolean; atSeconds: number },
): void {
	const item = itemOf(subscription);
	const invoice = draftInvoice(state, {
		customerId: subscription.customer,
		subscription,
		reason: "subscription_update",
		lines: withPeriod ? [periodLine(state.stripe, subscription, item, false)] : [],
		period: { start: item.current_period_start, end: atSeconds },
		isAutomatic: false,
		atSeconds,
	});
	finalizeInvoice(state, invoice, atSeconds);
	collect(state, invoice, method, "call", atSeconds);
}
