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
	/** AI requests that come with it: per interval, or once for a top-up. */
	requests: number | null;
	/** What else comes with it, by name. */
	features: string[];
	/** Days of trial before the first payment; 0 for none. */
	trialDays: number;
	kind: "free" | "subscription" | "top-up";
	/** The reader has it. */
	current: boolean;
}

/** A customer's plans, cards and invoices as the account page shows them, read live from the billing provider, whichever it is. */
export interface BillingView {
	/** The paid plans that are current, newest first: one, but for odd states. */
	plans: PlanStanding[];
	/** A plan that was begun without a card, and waits for one. */
	waiting: PlanStanding | null;
	paymentMethods: PaymentMethodView[];
	/** The latest first. */
	invoices: InvoiceView[];
	/** The provider's own page for cards and invoices; null where there is none. */
	portalUrl: string | null;
	/** What is left of a top-up when the plan ends waits for the next plan; false where it ends with it. */
	topUpsOutlivePlan: boolean;
}

/** A customer's plan at the billing provider. */
export interface PlanStanding {
	id: string;
	name: string;
	/** `owed`: the last payment failed. `ending`: it was cancelled, and runs until `endsAt`. */
	state: "active" | "trial" | "owed" | "ending";
	/** What it costs; null where the provider does not say. */
	price: ({ slug: string | null } & Pick<PlanView, "amountCents" | "currency" | "interval">) | null;
	periodEnd: string | null;
	trialEnd: string | null;
	endsAt: string | null;
	/** Its requests are there; false while the payment is being confirmed, or owed for longer than is waited for. */
	live: boolean;
	/** Requests that the provider counts as left, negative where more was used; null where it does not count them. */
	balance: number | null;
	/** The plan that follows at the end of the period, where the provider says so. */
	next: string | null;
}

export interface PaymentMethodView {
	id: string;
	kind: "card" | "link" | "bank account" | "other";
	brand: string | null;
	last4: string | null;
	expires: { month: number; year: number } | null;
	/** It pays what comes next. */
	isDefault: boolean;
}

export interface InvoiceView {
	id: string;
	number: string;
	/** What was bought, in words. */
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
	/** Who pays (docs/who-pays.md): what happens, and whether it is counted; and the bound that the rows speak of. */
	whoPays: { rows: { happens: string; counted: string }[]; bound: string };
	/** Empty when no billing provider is configured, or when it did not answer. */
	plans: PlanView[];
	unavailable: boolean;
}
