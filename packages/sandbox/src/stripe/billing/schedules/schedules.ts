/** Subscription schedules: consecutive phases, each with its price. */
import type { State } from "../../../state.ts";
import { changing, emit } from "../../events/emit.ts";
import { find, known } from "../../find.ts";
import { newId } from "../../ids.ts";
import type { Schedule, Subscription } from "../../records.ts";
import { refuse } from "../../refusal.ts";
import { mergedMetadata } from "../metadata.ts";
import { endSubscription } from "../subscriptions/cancel.ts";
import { itemOf } from "../subscriptions/find.ts";
import { replacePrice } from "../subscriptions/price.ts";
import type { ProrationBehavior } from "../subscriptions/prorate.ts";
import { updateSubscription } from "../subscriptions/update.ts";
import { currentPhase, newPhase, type PhaseRequest, phasesOf } from "./phases.ts";

type Phase = Schedule["phases"][number];
type Metadata = Record<string, string> | null | undefined;

/**
 * Creates a schedule whose first phase is the subscription's current period.
 * @throws StripeRefusal
 */
export function scheduleFrom(state: State, subscriptionId: string, metadata: Metadata, atSeconds: number): Schedule {
	const subscription = find(state.stripe.subscriptions, subscriptionId, "subscription", "from_subscription");
	if (subscription.schedule !== null)
		throw refuse(`You cannot migrate a subscription that is already attached to a schedule: \`${subscription.schedule}\`.`, {
			param: "from_subscription",
		});
	if (subscription.status === "canceled")
		throw refuse("You cannot migrate a subscription that is in a `canceled` status.", { param: "from_subscription" });
	const item = itemOf(subscription);
	const phase = newPhase(
		{ priceId: item.price.id, quantity: item.quantity ?? 1, currency: subscription.currency },
		{ start: item.current_period_start, end: item.current_period_end },
	);
	if (subscription.status === "trialing") phase.trial_end = subscription.trial_end;
	phase.discounts = subscription.discounts.map((discount) => ({ coupon: null, discount, promotion_code: null }));
	const schedule = newSchedule(subscription, phase, atSeconds);
	schedule.metadata = mergedMetadata({}, metadata);
	state.stripe.schedules.push(schedule);
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		subscription.schedule = schedule.id;
	});
	emit(state, "subscription_schedule.created", schedule, atSeconds);
	return schedule;
}

function newSchedule(subscription: Subscription, phase: Phase, atSeconds: number): Schedule {
	return {
		id: newId("sub_sched"),
		object: "subscription_schedule",
		application: null,
		billing_mode: { flexible: { proration_discounts: "included" }, type: "flexible" },
		canceled_at: null,
		completed_at: null,
		created: atSeconds,
		current_phase: { start_date: phase.start_date, end_date: phase.end_date },
		customer: subscription.customer,
		customer_account: null,
		default_settings: {
			application_fee_percent: null,
			billing_cycle_anchor: "automatic",
			billing_thresholds: null,
			collection_method: "charge_automatically",
			default_payment_method: subscription.default_payment_method,
			description: null,
			invoice_settings: {
				account_tax_ids: null,
				custom_fields: null,
				days_until_due: null,
				description: null,
				footer: null,
				issuer: { type: "self" },
			},
			on_behalf_of: null,
			transfer_data: null,
		},
		end_behavior: subscription.cancel_at === null ? "release" : "cancel",
		livemode: false,
		metadata: {},
		pause_schedules: [],
		phases: [phase],
		released_at: null,
		released_subscription: null,
		status: "active",
		subscription: subscription.id,
		test_clock: null,
	};
}

export interface ScheduleChange {
	phases?: PhaseRequest[] | undefined;
	end_behavior?: "cancel" | "release" | undefined;
	metadata?: Metadata;
	default_settings?: { default_payment_method?: string | undefined } | undefined;
	/** How changes of the current phase are prorated. */
	proration_behavior?: ProrationBehavior | undefined;
}

/**
 * Changes a schedule, and applies a changed current phase at once.
 * @throws StripeRefusal
 */
export function updateSchedule(state: State, schedule: Schedule, change: ScheduleChange, atSeconds: number): void {
	requireActive(schedule, "update");
	const phases = change.phases === undefined ? schedule.phases : phasesOf(state, schedule, change.phases, atSeconds);
	changing(state, schedule, "subscription_schedule.updated", atSeconds, () => {
		schedule.phases = phases;
		if (change.end_behavior !== undefined) schedule.end_behavior = change.end_behavior;
		schedule.metadata = mergedMetadata(schedule.metadata, change.metadata);
		const card = change.default_settings?.default_payment_method;
		if (card !== undefined) schedule.default_settings.default_payment_method = card;
		const now = currentPhase(phases, atSeconds);
		schedule.current_phase = { start_date: now.start_date, end_date: now.end_date };
	});
	if (change.phases !== undefined)
		enter(state, schedule, currentPhase(phases, atSeconds), change.proration_behavior ?? "create_prorations", atSeconds);
}

function requireActive({ status }: Schedule, verb: "update" | "release" | "cancel"): void {
	if (status === "active" || status === "not_started") return;
	const done = verb === "update" ? "updated" : verb === "release" ? "released" : "canceled";
	throw refuse(
		`You cannot ${verb} a subscription schedule that is currently in the \`${status}\` status. It must be in \`not_started\`, \`active\` status to be ${done}.`,
	);
}

/**
 * Applies a phase to the subscription. At a period's end nothing is prorated, because the next period starts at the new price. A trial or discounts
 * that the phase does not list end.
 */
function enter(state: State, schedule: Schedule, phase: Phase, prorationBehavior: ProrationBehavior, atSeconds: number): void {
	const subscription = known(state.stripe.subscriptions, schedule.subscription);
	const item = itemOf(subscription);
	const [wanted] = phase.items;
	const price = known(state.stripe.prices, wanted?.price);
	const quantity = wanted?.quantity ?? 1;
	const metadata = phase.metadata ?? undefined;
	const own = () => {
		subscription.discounts = phase.discounts.flatMap(({ discount }) => discount ?? []);
		const card = phase.default_payment_method ?? schedule.default_settings.default_payment_method;
		if (card !== null) subscription.default_payment_method = card;
	};
	if (atSeconds < item.current_period_end) {
		const trialEnd = trialEndOf(subscription, phase);
		const change = { price, quantity, metadata, prorationBehavior, trialEnd, ifUnpaid: "allow_incomplete" } as const;
		updateSubscription(state, subscription, change, atSeconds);
		changing(state, subscription, "customer.subscription.updated", atSeconds, own);
		return;
	}
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		replacePrice(item, price, quantity);
		subscription.metadata = mergedMetadata(subscription.metadata, metadata);
		own();
	});
}

/** A phase's effect on a running trial: undefined keeps it, null ends it now. */
function trialEndOf({ status, trial_end: present }: Subscription, { trial_end: wanted }: Phase): number | null | undefined {
	if (wanted === null) return status === "trialing" ? null : undefined;
	return wanted === present ? undefined : wanted;
}

/** When the current phase ends, in epoch seconds; undefined if the schedule has ended. */
export function phaseEnd({ status, current_phase: phase }: Schedule): number | undefined {
	return status === "active" ? phase?.end_date : undefined;
}

/** Starts the next phase, or ends the schedule after the last. */
export function advanceSchedule(state: State, schedule: Schedule, atSeconds: number): void {
	const next = schedule.phases.find(({ start_date }) => start_date === atSeconds);
	if (next !== undefined) {
		changing(state, schedule, "subscription_schedule.updated", atSeconds, () => {
			schedule.current_phase = { start_date: next.start_date, end_date: next.end_date };
		});
		enter(state, schedule, next, prorationOf(next), atSeconds);
		return;
	}
	if (schedule.end_behavior !== "cancel") {
		releaseSchedule(state, schedule, atSeconds);
		return;
	}
	schedule.status = "completed";
	schedule.completed_at = atSeconds;
	schedule.current_phase = null;
	emit(state, "subscription_schedule.completed", schedule, atSeconds);
	endSubscription(state, known(state.stripe.subscriptions, schedule.subscription), null, atSeconds);
}

function prorationOf({ proration_behavior: behavior }: Phase): ProrationBehavior {
	return (["none", "always_invoice"] as const).find((one) => one === behavior) ?? "create_prorations";
}

/**
 * Releases the subscription, which continues unchanged.
 * @throws StripeRefusal
 */
export function releaseSchedule(state: State, schedule: Schedule, atSeconds: number): void {
	requireActive(schedule, "release");
	const subscription = known(state.stripe.subscriptions, schedule.subscription);
	schedule.status = "released";
	schedule.released_at = atSeconds;
	schedule.released_subscription = subscription.id;
	schedule.subscription = null;
	schedule.current_phase = null;
	emit(state, "subscription_schedule.released", schedule, atSeconds);
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		subscription.schedule = null;
	});
}

/**
 * Cancels the schedule and ends its subscription at once.
 * @throws StripeRefusal
 */
export function cancelSchedule(state: State, schedule: Schedule, atSeconds: number): void {
	requireActive(schedule, "cancel");
	endSubscription(state, known(state.stripe.subscriptions, schedule.subscription), "cancellation_requested", atSeconds);
}
