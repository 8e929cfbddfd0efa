import { useEffect, useEffectEvent, useState } from "react";
import { stillUnknown } from "../../billing-sentences.ts";
import type { BillingView } from "../../view/billing.ts";
import type { ActionResult, BillingActions } from "../billing/source.ts";

/** Poll times after an action with an unknown outcome: two minutes in total, longer than a billing run takes (flowglad.md). */
const LOOK_AFTER_MS = [1_000, 2_000, 3_000, 4_000, 5_000, 10_000, 15_000, 20_000, 30_000, 30_000];

interface Doubt {
	sentence: string;
	/** The plans at the time of the action. */
	before: string;
	isOver: boolean;
}

/**
 * Wraps the actions: after one with an unknown outcome, the page polls the plan until it changes, and says so in the meantime.
 * @returns the actions to use, and the sentence to show
 */
export function useWatchedActions(view: BillingView, actions: BillingActions, reload: () => void, onChanged: () => void) {
	const [doubt, setDoubt] = useState<Doubt>();
	const now = plansOf(view);
	const isOpen = doubt !== undefined && doubt.before === now;
	const isWatching = isOpen && !doubt.isOver;
	const look = useEffectEvent(reload);
	const changed = useEffectEvent(onChanged);
	useEffect(() => {
		if (!isWatching) return;
		let current = true;
		void (async () => {
			for (const afterMs of LOOK_AFTER_MS) {
				await new Promise((resolve) => setTimeout(resolve, afterMs));
				if (!current) return;
				look();
			}
			setDoubt((open) => open && { ...open, isOver: true });
		})();
		return () => {
			current = false;
		};
	}, [isWatching]);
	const hasArrived = doubt !== undefined && !isOpen;
	useEffect(() => {
		if (!hasArrived) return;
		setDoubt(undefined);
		changed();
	}, [hasArrived]);

	const watched = async <T,>(sent: Promise<ActionResult<T>>): Promise<ActionResult<T>> => {
		const result = await sent;
		const isUnknown = result.kind === "failed" && result.outcome === "unknown";
		setDoubt(isUnknown ? { sentence: result.sentence, before: now, isOver: false } : undefined);
		if (isUnknown) reload();
		return result;
	};
	const watchedActions: BillingActions = {
		...actions,
		cancel: (planId, when) => watched(actions.cancel(planId, when)),
		keep: (planId) => watched(actions.keep(planId)),
		change: (planId, priceSlug) => watched(actions.change(planId, priceSlug)),
	};
	const sentence = isOpen ? (doubt.isOver ? stillUnknown() : doubt.sentence) : null;
	return { actions: watchedActions, sentence };
}

/** Says that the outcome of the last action is not known yet. */
export function OutcomeNotice({ sentence }: { sentence: string | null }) {
	return (
		<p role="status" className="mb-4 text-warn empty:hidden">
			{sentence}
		</p>
	);
}

/** The plans without their balance, which changes independently of actions. */
const plansOf = ({ plans, waiting }: BillingView) => JSON.stringify([plans.map((plan) => ({ ...plan, balance: null })), waiting]);
