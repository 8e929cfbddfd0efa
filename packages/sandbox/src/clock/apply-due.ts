import { flowgladDues } from "../billing/due.ts";
import type { State } from "../state.ts";
import { offer } from "../stripe/billing/catalogue.ts";
import { stripeDues } from "../stripe/billing/due.ts";
import type { Due } from "./due.ts";

/**
 * Runs all work that is due, in order of time: payments, activations, renewals and their results, scheduled cancellations, trial
 * ends, retries of failed charges, expired checkouts. Each runs at its own instant, so a jump of a year makes twelve renewals.
 */
export function applyDue(state: State, nowMs: number): void {
	offer(state);
	for (;;) {
		const next = nextDue(state);
		if (next === undefined || next.atMs > nowMs) return;
		next.apply();
	}
}

/** The next scheduled work; at one instant, the first in a provider's list. */
export function nextDue(state: State): Due | undefined {
	const dues: Due[] = [...flowgladDues(state), ...stripeDues(state)];
	return dues.reduce<Due | undefined>((next, due) => (next === undefined || due.atMs < next.atMs ? due : next), undefined);
}
