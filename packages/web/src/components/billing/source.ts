import type { BillingView } from "../../view/billing.ts";

/** Whether a page opened; a text is the server's reason why not. */
export type Opened = boolean | string;

/** What a viewer can do about their plan. `false` and null: the action was not done. */
export interface BillingActions {
	/** Leaves for the provider's checkout. */
	buy(priceSlug: string, successPath: string, cancelPath: string): Promise<Opened>;
	/** Leaves for the provider's page. The new card pays for the plan, or for later purchases without one. */
	addPaymentMethod(planId: string | undefined): Promise<boolean>;
	/** Starts a plan that waits for a card. */
	activate(planId: string, successPath: string): Promise<boolean>;
	cancel(planId: string, when: "now" | "period-end"): Promise<boolean>;
	/** Reverts a cancellation or a scheduled change. */
	keep(planId: string): Promise<boolean>;
	/** Resolves to when the change takes effect. `confirming`: the payment is under way, and a later read tells. */
	change(planId: string, priceSlug: string): Promise<"now" | "period-end" | "declined" | "confirming" | null>;
}

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
