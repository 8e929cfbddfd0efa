// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

/** A plan or top-up of the pricing model, as the pricing page shows it. */
export interface PlanView {
	priceSlug: string;
	name: string;
	description: string | null;
	amountCents: number;
	currency: string;
	/** Null for a one-time purchase. */
	interval: "day" | "week" | "month" | "year" | null;
	/** Included requests: per interval, or once for a top-up. Null when unknown. */
	requests: number | null;
	/** The names of what else is included. */
	features: string[];
	/** Days of trial before the first payment; 0 for none. */
	trialDays: number;
	kind: "free" | "subscription" | "top-up";
	/** Whether it is the viewer's current plan. */
	current: boolean;
}

/** A customer's plans, cards and invoices for the account page, read live from any billing provider. */
export interface BillingView {
	/** The current paid plans, newest first. Normally one; more only when plans were bought twice. */
	plans: PlanStanding[];
	/** A plan that starts as soon as the customer adds a card. */
	waiting: PlanStanding | null;
	paymentMethods: PaymentMethodView[];
	/** Newest first. */
	invoices: InvoiceView[];
	/** The provider's own page for cards and invoices, if it has one. */
	portalUrl: string | null;
	/** Whether unused top-up requests outlive a plan and wait for the next one. False: they are lost with the plan. */
	topUpsOutlivePlan: boolean;
}

/** A customer's plan as the billing provider has it. */
export interface PlanStanding {
	id: string;
	name: string;
	/**
	 * `owed`: the last payment failed and will be retried. `unpaid`: it failed and will not be retried. `ending`: cancelled, running until
	 * `endsAt`.
	 */
	state: "active" | "trial" | "owed" | "unpaid" | "ending";
	/** Null when the provider does not report a price. */
	price: ({ slug: string | null } & Pick<PlanView, "amountCents" | "currency" | "interval">) | null;
	periodEnd: string | null;
	trialEnd: string | null;
	endsAt: string | null;
	/**
	 * The open invoice whose payment settles a plan that is owed or unpaid; null if the customer cannot pay it, or the provider does
	 * not report it.
	 */
	invoice: string | null;
	/** Whether the seller has paused payments, so that none is due at the end of the period. */
	paused: boolean;
	/** Whether its requests can be used. False while a payment is being confirmed, or owed beyond the grace period. */
	live: boolean;
	/** Remaining requests by the provider's count, negative after overuse; null if it does not count them. */
	balance: number | null;
	/** The plan that replaces it at the end of the period, if a change is scheduled. */
	next: string | null;
}

export interface PaymentMethodView {
	id: string;
	kind: "card" | "link" | "bank account" | "other";
	brand: string | null;
	last4: string | null;
	expires: { month: number; year: number } | null;
	/** Whether the next charge uses it. */
	isDefault: boolean;
}

export interface InvoiceView {
	id: string;
	number: string;
	/** The description of each line. */
	lines: string[];
	date: string;
	/** Tax included. */
	amountCents: number;
	currency: string;
	state: "draft" | "open" | "confirming" | "paid" | "refunded" | "partly refunded" | "uncollectible" | "void";
	url: string | null;
	receiptUrl: string | null;
}

export interface PricingView {
	guestLimit: number;
	freeLimit: number;
	/** Whether unused top-up requests outlive a plan and wait for the next one. */
	topUpsOutlivePlan: boolean;
	/** Empty without a billing provider, or if it did not answer. */
	plans: PlanView[];
	unavailable: boolean;
}
