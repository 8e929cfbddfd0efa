import { t } from "./text/text.ts";
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

const sentences = (): { readonly [A in BillingAction]: Readonly<Record<OutcomesOf[A], string>> } => ({
	buy: { unchanged: t("billing_buy_unchanged") },
	"add-card": { unchanged: t("billing_card_unchanged") },
	activate: { unchanged: t("billing_activate_unchanged") },
	cancel: {
		unchanged: t("billing_cancel_unchanged"),
		unknown: t("billing_cancel_unknown"),
	},
	resume: {
		unchanged: t("billing_resume_unchanged"),
		unknown: t("billing_resume_unknown"),
	},
	change: {
		unchanged: t("billing_change_unchanged"),
		unknown: t("billing_change_unknown"),
	},
});

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
export const stillUnknown = (): string => t("billing_still_unknown");

/** What to say about an action that failed with this outcome. */
export function sentenceOf<A extends BillingAction>(action: A, outcome: OutcomesOf[A]): string {
	return sentences()[action][outcome];
}

/** What is known of an action, and what to say, when no answer came. */
export function unheard(action: BillingAction): { outcome: Outcome; sentence: string } {
	const outcome: Outcome = UNHEARD[action];
	return { outcome, sentence: (sentences()[action] as Partial<Record<Outcome, string>>)[outcome] ?? stillUnknown() };
}
