import type { State } from "../state.ts";
import { offer } from "../stripe/billing/catalogue.ts";
import { stripeDues } from "../stripe/billing/due.ts";
import { activatePending } from "./checkout/pay.ts";
import { advanceCharge } from "./payments/settlement.ts";
import type { Charge, Subscription } from "./records.ts";
import { renew } from "./subscriptions/renew.ts";

export interface Due {
	atMs: number;
	/** What it is, for people: "Pro of Ada renews". */
	what: string;
	apply(): void;
}

/**
 * Applies all that time has brought since the last request, in order of time: payments, activations, renewals and
 * what comes of them, scheduled cancellations, ends of trials, retries of failed charges, expired checkouts. Each with
 * its own instant, so a jump of a year is twelve renewals.
 */
export function applyDue(state: State, nowMs: number): void {
	offer(state);
	for (;;) {
		const next = nextDue(state);
		if (next === undefined || next.atMs > nowMs) return;
		next.apply();
	}
}

/** What time will bring next; of several at one instant, payments first, since others look at what was paid. */
export function nextDue(state: State): Due | undefined {
	let next: Due | undefined;
	const consider = (due: Due) => {
		if (next === undefined || due.atMs < next.atMs) next = due;
	};
	for (const charge of state.charges) {
		const atMs = charge.dueAtMs;
		consider({ atMs, what: describeCharge(charge), apply: () => advanceCharge(state, charge, atMs) });
	}
	for (const pending of state.pendingActivations) {
		const atMs = pending.dueAtMs;
		consider({ atMs, what: "A paid checkout takes effect", apply: () => activatePending(state, pending, atMs) });
	}
	for (const subscription of state.subscriptions) {
		const atMs = subscription.currentBillingPeriodEnd;
		if (!subscription.current || typeof atMs !== "number") continue;
		consider({ atMs, what: describePeriodEnd(state, subscription), apply: () => renew(state, subscription, atMs) });
	}
	for (const session of state.checkoutSessions) {
		if (session.status !== "open") continue;
		const atMs = session.expires;
		const apply = () => {
			session.status = "expired";
			session.updatedAt = atMs;
		};
		consider({ atMs, what: `A checkout of ${session.customerName} expires`, apply });
	}
	for (const due of stripeDues(state)) consider(due);
	return next;
}

function describeCharge({ paymentId, attempt }: Charge): string {
	if (paymentId !== null) return "A payment settles";
	return attempt === 1 ? "A card is charged" : `A card is charged again (attempt ${attempt})`;
}

function describePeriodEnd(state: State, { customerId, name, status }: Subscription): string {
	const customer = state.customers.find(({ id }) => id === customerId);
	const verb = status === "cancellation_scheduled" ? "ends" : status === "trialing" ? "leaves its trial" : "renews";
	return `${name} of ${customer?.name || customer?.externalId} ${verb}`;
}
