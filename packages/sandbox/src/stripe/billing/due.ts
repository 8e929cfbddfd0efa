import type { Due } from "../../clock/due.ts";
import type { State } from "../../state.ts";
import { emit } from "../events/emit.ts";
import { known } from "../find.ts";
import type { Invoice, Subscription } from "../records.ts";
import type { Task } from "../state.ts";
import { expireCheckoutSession } from "./checkout/open.ts";
import { checkoutSettled, completeCheckoutSession } from "./checkout/pay.ts";
import { collect, concluded, invoiceOf, subscriptionOf } from "./invoices/collect.ts";
import { finalizeInvoice } from "./invoices/finalize.ts";
import { productOf } from "./invoices/lines.ts";
import { markUncollectible, voidInvoice } from "./invoices/void.ts";
import { methodFor } from "./payment-methods.ts";
import { settle } from "./payments.ts";
import { advanceSchedule, phaseEnd } from "./schedules/schedules.ts";
import { isLive, itemOf } from "./subscriptions/find.ts";
import { renew } from "./subscriptions/renew.ts";

/**
 * All scheduled work of Stripe. At one instant, work earlier in the list runs first: payments, then schedules, then renewals, so that a
 * new period has its new price.
 */
export function stripeDues(state: State): Due[] {
	const { tasks, schedules, subscriptions, checkoutSessions } = state.stripe;
	return [
		...tasks.map((task) => ({ atMs: task.dueAtMs, what: describeTask(task), apply: () => perform(state, task) })),
		...schedules.flatMap((schedule) => {
			const atSeconds = phaseEnd(schedule);
			if (atSeconds === undefined) return [];
			return { atMs: atSeconds * 1000, what: "A Stripe schedule goes on", apply: () => advanceSchedule(state, schedule, atSeconds) };
		}),
		...subscriptions.filter(isLive).map((subscription) => {
			const atSeconds = Math.min(itemOf(subscription).current_period_end, subscription.cancel_at ?? Number.POSITIVE_INFINITY);
			return { atMs: atSeconds * 1000, what: describePeriodEnd(state, subscription), apply: () => renew(state, subscription, atSeconds) };
		}),
		...checkoutSessions
			.filter(({ status }) => status === "open")
			.map((session) => ({
				atMs: session.expires_at * 1000,
				what: "A Stripe checkout expires",
				apply: () => expireCheckoutSession(state, session, session.expires_at),
			})),
	];
}

function perform(state: State, task: Task): void {
	const { stripe } = state;
	stripe.tasks = stripe.tasks.filter((one) => one !== task);
	const atSeconds = Math.floor(task.dueAtMs / 1000);
	switch (task.type) {
		case "complete":
			completeCheckoutSession(state, known(stripe.checkoutSessions, task.sessionId), task.instrument, atSeconds);
			break;
		case "settle": {
			const intent = known(stripe.paymentIntents, task.paymentIntentId);
			const invoice = invoiceOf(state, intent.id);
			const outcome = settle(state, intent, task.occasion, atSeconds);
			if (invoice !== undefined) concluded(state, invoice, outcome, atSeconds);
			checkoutSettled(state, { intentId: intent.id, invoiceId: invoice?.id }, outcome, atSeconds);
			break;
		}
		case "finalize":
			finish(state, known(stripe.invoices, task.invoiceId), atSeconds);
			break;
		case "collect":
			charge(state, task.invoiceId, atSeconds);
			break;
		case "void":
			expire(state, known(stripe.invoices, task.invoiceId), atSeconds);
			break;
		case "trial_will_end":
			emit(state, "customer.subscription.trial_will_end", known(stripe.subscriptions, task.subscriptionId), atSeconds);
			break;
	}
}

/** A change whose payment was not confirmed in time is discarded. */
function expire(state: State, invoice: Invoice, atSeconds: number): void {
	if (invoice.status === "open") voidInvoice(state, invoice, atSeconds);
}

/** Finalizes a draft and charges it, unless the collection of its subscription is paused. */
function finish(state: State, invoice: Invoice, atSeconds: number): void {
	const paused = subscriptionOf(state, invoice)?.pause_collection?.behavior;
	if (paused === "keep_as_draft") {
		Object.assign(invoice, { auto_advance: false, automatically_finalizes_at: null, next_payment_attempt: null });
		return;
	}
	finalizeInvoice(state, invoice, atSeconds);
	if (paused === undefined) charge(state, invoice.id, atSeconds);
	else if (paused === "void") voidInvoice(state, invoice, atSeconds);
	else markUncollectible(state, invoice, atSeconds);
}

function charge(state: State, invoiceId: string, atSeconds: number): void {
	const invoice = known(state.stripe.invoices, invoiceId);
	const subscription = subscriptionOf(state, invoice);
	if (invoice.status !== "open" || subscription === undefined) return;
	collect(state, invoice, methodFor(state, subscription), "renewal", atSeconds);
}

function describeTask(task: Task): string {
	switch (task.type) {
		case "complete":
			return "A paid Stripe checkout takes effect";
		case "settle":
			return "A Stripe payment settles";
		case "finalize":
			return "A Stripe invoice is charged";
		case "collect":
			return "A Stripe invoice is charged again";
		case "void":
			return "A change of a Stripe plan is no longer waited for";
		case "trial_will_end":
			return "Stripe warns of the end of a trial";
	}
}

function describePeriodEnd(state: State, subscription: Subscription): string {
	const { name } = productOf(state.stripe, itemOf(subscription).price);
	const customer = state.stripe.customers.find(({ id }) => id === subscription.customer);
	const verb = subscription.cancel_at !== null ? "ends" : subscription.status === "trialing" ? "leaves its trial" : "renews";
	return `${name} (Stripe) of ${customer?.name || customer?.email || subscription.customer} ${verb}`;
}
