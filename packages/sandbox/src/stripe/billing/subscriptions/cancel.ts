import type { State } from "../../../state.ts";
import { changing, emit } from "../../events/emit.ts";
import type { Subscription } from "../../records.ts";
import { itemOf } from "./find.ts";

type Reason = NonNullable<Subscription["cancellation_details"]>["reason"];

/** Ends a subscription now. Its open invoices stay open and are no longer collected. */
export function endSubscription(state: State, subscription: Subscription, reason: Reason, atSeconds: number): void {
	const { stripe } = state;
	subscription.status = "canceled";
	subscription.canceled_at ??= atSeconds;
	subscription.ended_at = atSeconds;
	subscription.pending_update = null;
	if (reason !== null) subscription.cancellation_details = { comment: null, feedback: null, feedback_option: null, reason };
	const unpaid = stripe.invoices.filter(
		({ parent, status }) => parent?.subscription_details?.subscription === subscription.id && (status === "draft" || status === "open"),
	);
	for (const invoice of unpaid) {
		invoice.auto_advance = false;
		invoice.next_payment_attempt = null;
		invoice.automatically_finalizes_at = null;
	}
	const ended = new Set(unpaid.map(({ id }) => id));
	stripe.tasks = stripe.tasks.filter(
		(task) =>
			((task.type !== "collect" && task.type !== "finalize" && task.type !== "void") || !ended.has(task.invoiceId)) &&
			(task.type !== "trial_will_end" || task.subscriptionId !== subscription.id),
	);
	const schedule = stripe.schedules.find(({ id }) => id === subscription.schedule);
	if (schedule !== undefined && schedule.status === "active") {
		schedule.status = "canceled";
		schedule.canceled_at = atSeconds;
		schedule.current_phase = null;
	}
	emit(state, "customer.subscription.deleted", subscription, atSeconds);
}

/**
 * Schedules or reverts a cancellation in the portal. In flexible billing mode it sets only the date `cancel_at`; the flag `cancel_at_period_end` stays
 * false. Reverting clears both.
 */
export function cancelInPortal(state: State, subscription: Subscription, isEnding: boolean, atSeconds: number): void {
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		subscription.cancel_at_period_end = false;
		note(subscription, isEnding ? itemOf(subscription).current_period_end : null, atSeconds);
	});
}

/** Sets or clears the flag `cancel_at_period_end` and its date. Clearing the flag keeps a date that was set without it. */
export function endWithPeriod(subscription: Subscription, isEnding: boolean, atSeconds: number): void {
	if (subscription.cancel_at_period_end === isEnding) return;
	subscription.cancel_at_period_end = isEnding;
	note(subscription, isEnding ? itemOf(subscription).current_period_end : null, atSeconds);
}

function note(subscription: Subscription, cancelAt: number | null, atSeconds: number): void {
	subscription.cancel_at = cancelAt;
	subscription.canceled_at = cancelAt === null ? null : atSeconds;
	const reason = cancelAt === null ? null : "cancellation_requested";
	subscription.cancellation_details = { comment: null, feedback: null, feedback_option: null, reason };
}
