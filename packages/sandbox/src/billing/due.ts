import type { Due } from "../clock/due.ts";
import type { State } from "../state.ts";
import { activatePending } from "./checkout/pay.ts";
import { advanceCharge } from "./payments/settlement.ts";
import type { Charge, CheckoutSession, Subscription } from "./records.ts";
import { renew } from "./subscriptions/renew.ts";

/**
 * All scheduled work of Flowglad. At one instant, work earlier in the list runs first: payments before renewals, because renewals
 * check what was paid.
 */
export function flowgladDues(state: State): Due[] {
	const { charges, pendingActivations, subscriptions, checkoutSessions } = state;
	return [
		...charges.map((charge) => {
			const atMs = charge.dueAtMs;
			return { atMs, what: describeCharge(charge), apply: () => advanceCharge(state, charge, atMs) };
		}),
		...pendingActivations.map((pending) => {
			const atMs = pending.dueAtMs;
			return { atMs, what: "A paid checkout takes effect", apply: () => activatePending(state, pending, atMs) };
		}),
		...subscriptions.flatMap((subscription) => {
			const atMs = subscription.currentBillingPeriodEnd;
			if (!subscription.current || typeof atMs !== "number") return [];
			return { atMs, what: describePeriodEnd(state, subscription), apply: () => renew(state, subscription, atMs) };
		}),
		...checkoutSessions
			.filter(({ status }) => status === "open")
			.map((session) => ({
				atMs: session.expires,
				what: `A checkout of ${session.customerName} expires`,
				apply: () => expire(session),
			})),
	];
}

function expire(session: CheckoutSession): void {
	session.status = "expired";
	session.updatedAt = session.expires;
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
