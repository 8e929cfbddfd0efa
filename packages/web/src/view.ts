/**
 * What the pages are given: plain data, ready to be shown. The server makes it (lib/pages.ts, GET /api/usage); components take it.
 * Instants are ISO 8601 in UTC; the browser shows them in the reader's locale and zone. Amounts of usage are requests, of money cents.
 */
type Tier = "guest" | "free" | "paid";

/** The body of `GET /api/usage` (architecture, section 6). */
export interface UsageView {
	tier: Tier;
	/** Requests of the window: for paid, the period's grants without top-ups. */
	limit: number;
	used: number;
	/** Requests that are being answered right now. */
	held: number;
	/** What can still be asked, top-ups included; never negative. */
	remaining: number;
	/** Requests left beyond the plan's own; 0 for guest and free. */
	topUps: number;
	window: { start: string | null; end: string | null };
	/** Null where nothing resets (a guest). */
	resetAt: string | null;
	/** True when the billing provider could not be asked, so that the tier shown may be too low. */
	unverified: boolean;
	/** The organization whose plan this is; absent for a plan of one's own. `member`: the asker's part, with their cap, null for none. */
	organization?: {
		name: string;
		/** Whether the asker decides on its plan. */
		mayBuy: boolean;
		member: { limit: number | null; used: number; held: number };
	};
	/** A checkout was opened in the last 30 minutes, and what is bought there has not come yet. */
	checkoutOpen: boolean;
}

export type Viewer =
	| { kind: "guest" }
	| {
			kind: "user";
			id: string;
			name: string;
			email: string;
			emailVerified: boolean;
			/** The organization that the reader acts for; its plan pays, if it has one. `mayBuy`: they decide on that plan. */
			organization: { id: string; name: string; mayBuy: boolean } | null;
	  };

export type Role = "owner" | "admin" | "member";

/** Who may pay for a reader. */
export interface OrganizationsView {
	/** Those that the reader is in, the first joined first. */
	mine: { id: string; name: string }[];
	/** The one that they act for. */
	active: OrganizationView | null;
}

export interface OrganizationView {
	id: string;
	name: string;
	/** The reader's own. */
	role: Role;
	/** What each member may ask in a billing period; null for no limit but the plan's. */
	requestsPerMember: number | null;
	members: MemberView[];
	/** Those that can still be accepted; for owners and admins. */
	invitations: { id: string; email: string; role: Role; expiresAt: string }[];
}

export interface MemberView {
	id: string;
	name: string;
	email: string;
	role: Role;
	isYou: boolean;
}

/** An invitation, as it stands with whoever looks at it. */
export interface InvitationView {
	id: string;
	organization: { id: string; name: string };
	inviter: string;
	role: Role;
	/**
	 * `ready` can be accepted, `member` is in already. What the reader has to do before: `signed-out`, `other-account`, `unconfirmed`. The rest
	 * can no longer be accepted by anyone.
	 */
	state: "ready" | "member" | "signed-out" | "other-account" | "unconfirmed" | "accepted" | "declined" | "cancelled" | "expired";
}

export interface ChatSummary {
	id: string;
	title: string;
	updatedAt: string;
}

export interface ModelOption {
	id: string;
	label: string;
	/** What one request of it counts as. */
	units: number;
}

/** What every page needs to draw its frame. */
export interface Shell {
	viewer: Viewer;
	usage: UsageView;
	chats: ChatSummary[];
	/** The allowed models, the default first. */
	models: ModelOption[];
	/** True when the built-in demo model answers because no real one is configured. */
	demo: boolean;
	billing: "none" | "flowglad" | "stripe";
	/** Requests a day of a signed-in user without a plan. */
	freeLimit: number;
	/** The sandbox's mailbox under `npm start`, where confirmation links arrive; null elsewhere. */
	mailboxUrl: string | null;
}

/** How an answer ended. An answer without a state is being written. */
export type AnswerState = "complete" | "length" | "filtered" | "stopped" | "failed" | "interrupted";

/** `metadata` of an assistant's message, sent with the stream and kept with the message. */
export interface AnswerMetadata {
	model?: string;
	state?: AnswerState;
	/** Whether the answer was counted; absent while it is being written. */
	counted?: boolean;
	/** What there is to say of how it ended, who paid included; null where the answer speaks for itself. */
	note?: string | null;
}

/** A message in the AI SDK's UI form (`UIMessage`), narrowed to the parts that we keep: everything else is not for showing. */
export interface ChatMessage {
	id: string;
	role: "user" | "assistant";
	parts: { type: "text" | "reasoning"; text: string }[];
	metadata?: AnswerMetadata;
}

export interface ChatView {
	id: string;
	title: string;
	messages: ChatMessage[];
	/** An answer is being written: the page joins it through GET /api/chat/{id}/stream. */
	running: boolean;
}

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

/**
 * The body of a refusal (RFC 9457). 429 carries the limit's fields; see docs/operations.md for every title.
 */
export interface Problem {
	type: string;
	title: string;
	status: number;
	detail: string;
	requestId?: string;
	policy?: "guest" | "network" | "free" | "paid" | "organization" | "member" | "in-flight";
	tier?: Tier;
	limit?: number;
	remaining?: number;
	resetAt?: string | null;
	upgradeUrl?: string;
	/** Of Cloudflare Turnstile, where it has to be solved first. */
	siteKey?: string;
}
