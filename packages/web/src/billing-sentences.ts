import type { Outcome } from "./view/problem.ts";

// Every sentence about what became of a failed action on a plan. Each is bound to what is known: only `unchanged` may say that nothing happened.

/** What a browser may do about a plan. */
export type BillingAction = keyof OutcomesOf;

/** What can be known when an action failed. The first three only open a page of the provider, which changes and charges nothing by itself. */
export interface OutcomesOf {
	buy: "unchanged";
	"add-card": "unchanged";
	activate: "unchanged";
	cancel: Outcome;
	resume: Outcome;
	change: Outcome;
}

const SENTENCES: { readonly [A in BillingAction]: Readonly<Record<OutcomesOf[A], string>> } = {
	buy: { unchanged: "The payment page could not be opened, and you were not charged. Try again in a moment." },
	"add-card": { unchanged: "The page for your card could not be opened, and nothing has changed. Try again in a moment." },
	activate: { unchanged: "The page for your card could not be opened, and you were not charged. Try again in a moment." },
	cancel: {
		unchanged: "The billing service did not cancel your plan. It goes on as before. Try again in a moment.",
		unknown: "We do not know yet whether your plan was cancelled. We are checking, and this page will show the result.",
	},
	resume: {
		unchanged: "The billing service did not do this, so your plan is as before. Try again in a moment.",
		unknown: "We do not know yet whether your plan goes on. We are checking, and this page will show the result.",
	},
	change: {
		unchanged: "The billing service did not change your plan, and you were not charged. Try again in a moment.",
		unknown:
			"We do not know yet whether your plan was changed and the difference paid. We are checking, and this page will show the result.",
	},
};

/** What is known of an action whose answer never came. */
const UNHEARD: { readonly [A in BillingAction]: OutcomesOf[A] } = {
	buy: "unchanged",
	"add-card": "unchanged",
	activate: "unchanged",
	cancel: "unknown",
	resume: "unknown",
	change: "unknown",
};

/** After the page has looked for two minutes. */
export const STILL_UNKNOWN =
	"Your plan still shows as before, but the change may yet arrive. Look here again in a few minutes before you repeat it.";

/** What to say about an action that failed with this outcome. */
export function sentenceOf<A extends BillingAction>(action: A, outcome: OutcomesOf[A]): string {
	return SENTENCES[action][outcome];
}

/** What is known of an action, and what to say, when no answer came. */
export function unheard(action: BillingAction): { outcome: Outcome; sentence: string } {
	const outcome: Outcome = UNHEARD[action];
	return { outcome, sentence: (SENTENCES[action] as Partial<Record<Outcome, string>>)[outcome] ?? STILL_UNKNOWN };
}
