import { useEffect, useEffectEvent, useState } from "react";
import { stillUnknown } from "../../billing-sentences.ts";
import type { BillingView } from "../../view/billing.ts";
import type { ActionResult, BillingActions } from "../billing/source.ts";

/** When the page looks again after an action whose outcome is unknown: for two minutes, which is longer than a billing run takes (flowglad.md). */
const LOOK_AFTER_MS = [1_000, 2_000, 3_000, 4_000, 5_000, 10_000, 15_000, 20_000, 30_000, 30_000];

interface Doubt {
	sentence: string;
	/** The plans when the action was sent. */
	before: string;
	isOver: boolean;
}

/**
 * The actions, watched: after one whose outcome is unknown the page reads the plan again by itself until it changes, and says so meanwhile.
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

/** What the page does not know yet about the last action. */
export function OutcomeNotice({ sentence }: { sentence: string | null }) {
	return (
		<p role="status" className="mb-4 text-warn empty:hidden">
			{sentence}
		</p>
	);
}

/** What an action changes, without the balance, which changes by itself. */
const plansOf = ({ plans, waiting }: BillingView) => JSON.stringify([plans.map((plan) => ({ ...plan, balance: null })), waiting]);
