import type { State } from "../state.ts";
import { completeCheckoutSession, findCheckoutSession } from "./checkout.ts";
import { Refusal } from "./refusal.ts";
import { rollOver } from "./subscriptions.ts";

interface Due {
	atMs: number;
	apply(): void;
}

/**
 * Applies all that time has brought since the last request, in order of time: activations, renewals, scheduled
 * cancellations, expired checkouts. Each with its own instant, so a jump of a year is twelve renewals.
 */
export function applyDue(state: State, nowMs: number): void {
	for (;;) {
		const next = earliest(state);
		if (next === undefined || next.atMs > nowMs) return;
		next.apply();
	}
}

function earliest(state: State): Due | undefined {
	let next: Due | undefined;
	const consider = (due: Due) => {
		if (next === undefined || due.atMs < next.atMs) next = due;
	};
	for (const pending of state.pendingActivations) {
		const atMs = pending.dueAtMs;
		consider({ atMs, apply: () => activatePending(state, pending, atMs) });
	}
	for (const subscription of state.subscriptions) {
		const atMs = subscription.currentBillingPeriodEnd;
		if (subscription.current && typeof atMs === "number") consider({ atMs, apply: () => rollOver(state, subscription, atMs) });
	}
	for (const session of state.checkoutSessions) {
		if (session.status !== "open") continue;
		const atMs = session.expires;
		consider({
			atMs,
			apply: () => {
				session.status = "expired";
				session.updatedAt = atMs;
			},
		});
	}
	return next;
}

function activatePending(state: State, pending: State["pendingActivations"][number], atMs: number): void {
	state.pendingActivations = state.pendingActivations.filter((one) => one !== pending);
	const session = findCheckoutSession(state, pending.checkoutSessionId);
	try {
		completeCheckoutSession(state, session, atMs);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		// Two plans were paid for while both were pending: the later payment fails.
		session.status = "failed";
		session.updatedAt = atMs;
	}
}
