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
			((task.type !== "collect" && task.type !== "finalize") || !ended.has(task.invoiceId)) &&
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

/** Schedules the end with the current period, or reverts that. */
export function setCancelAtPeriodEnd(state: State, subscription: Subscription, isEnding: boolean, atSeconds: number): void {
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		endWithPeriod(subscription, isEnding, atSeconds);
	});
}

/** Like setCancelAtPeriodEnd, as part of a larger change that emits one event. */
export function endWithPeriod(subscription: Subscription, isEnding: boolean, atSeconds: number): void {
	if (subscription.cancel_at_period_end === isEnding && (isEnding || subscription.cancel_at === null)) return;
	subscription.cancel_at_period_end = isEnding;
	subscription.cancel_at = isEnding ? itemOf(subscription).current_period_end : null;
	subscription.canceled_at = isEnding ? atSeconds : null;
	subscription.cancellation_details = {
		comment: null,
		feedback: null,
		feedback_option: null,
		reason: isEnding ? "cancellation_requested" : null,
	};
}
