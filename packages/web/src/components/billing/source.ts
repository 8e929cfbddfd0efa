import type { BillingView } from "../../view/billing.ts";

/** What a reader can do about their plan. `false` and null: it could not be done, and nothing has changed. */
export interface BillingActions {
	/** Leads to the provider's page. */
	buy(priceSlug: string, successPath: string, cancelPath: string): Promise<boolean>;
	/** The new card pays for the plan, or for whatever comes. */
	addPaymentMethod(planId: string | undefined): Promise<boolean>;
	/** Begins a plan that waits for a card. */
	activate(planId: string, successPath: string): Promise<boolean>;
	cancel(planId: string, when: "now" | "period-end"): Promise<boolean>;
	keep(planId: string): Promise<boolean>;
	change(planId: string, priceSlug: string): Promise<"now" | "period-end" | "declined" | null>;
}

/** Where a page has a customer's billing from, whoever the provider is. */
export type BillingSource =
	| { state: "asking" }
	| { state: "unavailable" }
	| {
			state: "here";
			/** Whose it is, where the source says so: it may keep what it has read of who paid before. */
			customerId?: string;
			view: BillingView;
			actions: BillingActions;
			reload: () => void;
	  };
