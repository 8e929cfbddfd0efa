import type { State } from "../../../state.ts";
import { emit } from "../../events/emit.ts";
import { newId } from "../../ids.ts";
import type { Customer, PaymentMethod, Price, Subscription, SubscriptionItem } from "../../records.ts";
import { collect } from "../invoices/collect.ts";
import { draftInvoice } from "../invoices/draft.ts";
import { finalizeInvoice } from "../invoices/finalize.ts";
import { periodLine } from "../invoices/lines.ts";
import { itemOf } from "./find.ts";
import { periodEnd } from "./periods.ts";
import { planOf } from "./price.ts";

const daySeconds = 24 * 60 * 60;
const warningSeconds = 3 * daySeconds;

interface Start {
	customer: Customer;
	price: Price;
	quantity: number;
	method: PaymentMethod;
	/** 0 means no trial. */
	trialDays: number;
	metadata: Record<string, string>;
	description: string | null;
	atSeconds: number;
}

/** Starts a subscription bought at a checkout: on trial, or with its first period invoiced and charged at once. */
export function startSubscription(state: State, start: Start): Subscription {
	const { customer, trialDays, method, atSeconds } = start;
	const subscription = newSubscription(start);
	state.stripe.subscriptions.push(subscription);
	customer.currency = subscription.currency;
	emit(state, "customer.subscription.created", subscription, atSeconds);
	const invoice = draftInvoice(state, {
		customerId: customer.id,
		subscription,
		reason: "subscription_create",
		lines: [periodLine(state.stripe, subscription, itemOf(subscription), trialDays > 0)],
		period: { start: atSeconds, end: atSeconds },
		isAutomatic: false,
		atSeconds,
	});
	finalizeInvoice(state, invoice, atSeconds);
	collect(state, invoice, method, "checkout", atSeconds);
	if (subscription.trial_end !== null) warnOfTrialEnd(state, subscription, subscription.trial_end, atSeconds);
	return subscription;
}

/** Schedules the warning three days before the trial ends, or now if the trial is shorter. */
export function warnOfTrialEnd(state: State, { id }: Subscription, trialEndSeconds: number, atSeconds: number): void {
	const dueSeconds = Math.max(trialEndSeconds - warningSeconds, atSeconds);
	state.stripe.tasks = state.stripe.tasks.filter((task) => task.type !== "trial_will_end" || task.subscriptionId !== id);
	state.stripe.tasks.push({ type: "trial_will_end", dueAtMs: dueSeconds * 1000, subscriptionId: id });
}

function newSubscription({ customer, price, quantity, method, trialDays, metadata, description, atSeconds }: Start): Subscription {
	const id = newId("sub");
	const trialEnd = trialDays > 0 ? atSeconds + trialDays * daySeconds : null;
	const anchor = trialEnd ?? atSeconds;
	const item = newItem(id, price, quantity, atSeconds);
	item.current_period_end = trialEnd ?? periodEnd({ billing_cycle_anchor: anchor }, price, atSeconds);
	return {
		id,
		object: "subscription",
		application: null,
		application_fee_percent: null,
		automatic_tax: { disabled_reason: null, enabled: false, liability: null },
		billing_cycle_anchor: anchor,
		billing_cycle_anchor_config: null,
		billing_mode: { flexible: { proration_discounts: "included" }, type: "flexible" },
		billing_schedules: [],
		billing_thresholds: null,
		cancel_at: null,
		cancel_at_period_end: false,
		canceled_at: null,
		cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
		collection_method: "charge_automatically",
		created: atSeconds,
		currency: price.currency,
		customer: customer.id,
		customer_account: null,
		days_until_due: null,
		default_payment_method: method.id,
		default_source: null,
		default_tax_rates: [],
		description,
		discounts: [],
		ended_at: null,
		invoice_settings: { account_tax_ids: null, custom_fields: null, description: null, footer: null, issuer: { type: "self" } },
		items: { object: "list", data: [item], has_more: false, url: `/v1/subscription_items?subscription=${id}` },
		latest_invoice: null,
		livemode: false,
		managed_payments: null,
		metadata: { ...metadata },
		next_pending_invoice_item_invoice: null,
		on_behalf_of: null,
		pause_collection: null,
		payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: "off" },
		pending_invoice_item_interval: null,
		pending_setup_intent: null,
		pending_update: null,
		schedule: null,
		start_date: atSeconds,
		status: trialEnd === null ? "active" : "trialing",
		test_clock: null,
		transfer_data: null,
		trial_end: trialEnd,
		trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: "create_invoice" } },
		trial_start: trialEnd === null ? null : atSeconds,
	};
}

function newItem(subscriptionId: string, price: Price, quantity: number, atSeconds: number): SubscriptionItem {
	return {
		id: newId("si"),
		object: "subscription_item",
		billing_thresholds: null,
		created: atSeconds,
		current_period_end: atSeconds,
		current_period_start: atSeconds,
		current_trial: null,
		discounts: [],
		metadata: {},
		plan: planOf(price),
		price: structuredClone(price),
		quantity,
		subscription: subscriptionId,
		tax_rates: [],
	};
}
