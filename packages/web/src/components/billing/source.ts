import { type BillingAction, unheard } from "../../billing-sentences.ts";
import type { BillingView } from "../../view/billing.ts";
import type { Outcome } from "../../view/problem.ts";
import { Refused } from "../requests.ts";

/** The outcome of an action. `sentence` states what is known, and no more. */
export type ActionResult<T = void> = { kind: "done"; value: T } | ActionFailure;

export interface ActionFailure {
	kind: "failed";
	outcome: Outcome;
	/** The reason or the known outcome, from our server if it gave one. */
	sentence: string;
}

/**
 * When a change of plan takes effect. `confirming`: the payment is in progress, and a later read shows the outcome. `not-yet`: the provider's page
 * opens, where the customer confirms the payment or enters a card.
 */
export type ChangeResult = "now" | "period-end" | "confirming" | "not-yet";

/** The viewer's actions on their plan. */
export interface BillingActions {
	/** Opens the provider's checkout. */
	buy(priceSlug: string, successPath: string, cancelPath: string): Promise<ActionResult>;
	/** Opens the provider's page. The new card pays for the plan, or for later purchases without one. */
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

/** What is known after a failed action: the server's statement, or what is known after any call of this action. */
export function failureOf(action: BillingAction, error: unknown): ActionFailure {
	if (!(error instanceof Refused)) return { kind: "failed", ...unheard(action) };
	const { outcome, detail, status, type } = error.problem;
	const isUnchanged = outcome === "unchanged" || (outcome === undefined && status < 500 && type.startsWith(OURS));
	if (isUnchanged) return { kind: "failed", outcome: "unchanged", sentence: detail };
	return { kind: "failed", ...(outcome === "unknown" ? { outcome, sentence: detail } : unheard(action)) };
}

/** The message for an action's dialog. For an unknown outcome the dialog closes, and the page shows and polls it (outcome-notice.tsx). */
export const refusalOf = (result: ActionResult<unknown>): string | undefined =>
	result.kind === "failed" && result.outcome === "unchanged" ? result.sentence : undefined;

/** A customer's billing, from any provider. */
export type BillingSource =
	| { state: "asking" }
	| { state: "unavailable" }
	| {
			state: "here";
			/** The customer, if the source names one. It may still hold the previous payer's data. */
			customerId?: string;
			view: BillingView;
			actions: BillingActions;
			reload: () => void;
	  };
