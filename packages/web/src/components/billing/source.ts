import type { BillingView } from "../../view/billing.ts";

/** What a viewer can do about their plan. `false` and null: it failed, and nothing has changed. */
export interface BillingActions {
	/** Redirects to the provider's checkout. */
	buy(priceSlug: string, successPath: string, cancelPath: string): Promise<boolean>;
	/** Redirects to a page that takes a card, for the plan or for future payments. */
	addPaymentMethod(planId: string | undefined): Promise<boolean>;
	/** Redirects to a page that takes the card for a waiting plan. */
	activate(planId: string, successPath: string): Promise<boolean>;
	cancel(planId: string, when: "now" | "period-end"): Promise<boolean>;
	keep(planId: string): Promise<boolean>;
	change(planId: string, priceSlug: string): Promise<"now" | "period-end" | "declined" | null>;
}

/** A customer's billing for a page, for every provider. */
export type BillingSource =
	| { state: "asking" }
	| { state: "unavailable" }
	| {
			state: "here";
			/** Our id of the customer, where the source has it: a cached read may belong to the customer before. */
			customerId?: string;
			view: BillingView;
			actions: BillingActions;
			reload: () => void;
	  };
