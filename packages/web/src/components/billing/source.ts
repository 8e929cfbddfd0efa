import { type BillingAction, unheard } from "../../billing-sentences.ts";
import type { BillingView } from "../../view/billing.ts";
import type { Outcome } from "../../view/problem.ts";
import { Refused } from "../requests.ts";

/** What became of an action. `sentence` says what is known, and no more. */
export type ActionResult<T = void> = { kind: "done"; value: T } | ActionFailure;

export interface ActionFailure {
	kind: "failed";
	outcome: Outcome;
	/** Why, or what is known: the reason of our server where it gave one. */
	sentence: string;
}

/**
 * When a change of plan takes effect. `confirming`: the payment is under way, and a later read tells. `not-yet`: the page leaves for the provider's, where
 * the customer confirms the payment or enters a card.
 */
export type ChangeResult = "now" | "period-end" | "confirming" | "not-yet";

/** What a viewer can do about their plan. */
export interface BillingActions {
	/** Leaves for the provider's checkout. */
	buy(priceSlug: string, successPath: string, cancelPath: string): Promise<ActionResult>;
	/** Leaves for the provider's page. The new card pays for the plan, or for later purchases without one. */
	addPaymentMethod(planId: string | undefined): Promise<ActionResult>;
	/** Starts a plan that waits for a card. */
	activate(planId: string, successPath: string): Promise<ActionResult>;
	cancel(planId: string, when: "now" | "period-end"): Promise<ActionResult>;
	/** Reverts a cancellation or a scheduled change. */
	keep(planId: string): Promise<ActionResult>;
	/** Resolves to when the change takes effect. A declined payment is a failure with the outcome `unchanged`. */
	change(planId: string, priceSlug: string): Promise<ActionResult<ChangeResult>>;
}

const OURS = "urn:parley:problem:";

/** What is known after an action failed: what our server says, or else only what every call of this action leaves known. */
export function failureOf(action: BillingAction, error: unknown): ActionFailure {
	if (!(error instanceof Refused)) return { kind: "failed", ...unheard(action) };
	const { outcome, detail, status, type } = error.problem;
	const isUnchanged = outcome === "unchanged" || (outcome === undefined && status < 500 && type.startsWith(OURS));
	if (isUnchanged) return { kind: "failed", outcome: "unchanged", sentence: detail };
	return { kind: "failed", ...(outcome === "unknown" ? { outcome, sentence: detail } : unheard(action)) };
}

/** The sentence for the dialog of an action. An unknown outcome is shown, and followed, by the page (outcome-notice.tsx), so that the dialog closes. */
export const refusalOf = (result: ActionResult<unknown>): string | undefined =>
	result.kind === "failed" && result.outcome === "unchanged" ? result.sentence : undefined;

/** A customer's billing, from any provider. */
export type BillingSource =
	| { state: "asking" }
	| { state: "unavailable" }
	| {
			state: "here";
			/** The customer, if the source names one: it may still hold what it read of the previous payer. */
			customerId?: string;
			view: BillingView;
			actions: BillingActions;
			reload: () => void;
	  };
