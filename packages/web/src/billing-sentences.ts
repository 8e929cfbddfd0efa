import { t } from "./text/text.ts";
import type { Outcome } from "./view/problem.ts";

// Messages for failed actions on a plan, by what is known. Only `unchanged` may claim that nothing happened.

/** The actions on a plan available to a browser. */
export type BillingAction = keyof OutcomesOf;

/** The possible outcomes of a failed action. The first three only open a provider page, which by itself changes and charges nothing. */
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

/** The outcome of an action whose answer was lost. */
const UNHEARD: { readonly [A in BillingAction]: OutcomesOf[A] } = {
	buy: "unchanged",
	"add-card": "unchanged",
	activate: "unchanged",
	cancel: "unknown",
	resume: "unknown",
	change: "unknown",
};

/** Shown after the page has polled for two minutes. */
export const stillUnknown = (): string => t("billing_still_unknown");

/** The message for an action that failed with this outcome. */
export function sentenceOf<A extends BillingAction>(action: A, outcome: OutcomesOf[A]): string {
	return sentences()[action][outcome];
}

/** The outcome and message of an action without an answer. */
export function unheard(action: BillingAction): { outcome: Outcome; sentence: string } {
	const outcome: Outcome = UNHEARD[action];
	return { outcome, sentence: (sentences()[action] as Partial<Record<Outcome, string>>)[outcome] ?? stillUnknown() };
}
