import type { Entitlement, Report } from "@parley/metering";
import type { BillingView, PlanView } from "../../view/billing.ts";
import type { PlanNews } from "../../view/usage.ts";

/** A price that a customer can buy. */
export interface Offer extends PlanView {
	priceId: string;
}

/** A customer's billing as the provider reports it now. */
export interface CustomerBilling extends BillingView {
	/** The provider's id of the customer; null until it has one. */
	customerId: string | null;
	/** Cheapest first. */
	offers: Offer[];
	/** The offer that a checkout without a price is for; null where no plan is sold. */
	defaultPriceId: string | null;
	/** Requests of all paid top-ups ever. It grows when a top-up arrives. */
	creditsBought: number;
	/**
	 * Whether a paid plan could start. `as-new-customer`: only after `ShopPort.renewCustomer`. `impossible`: it would take a card and start no plan.
	 */
	planStart: "possible" | "as-new-customer" | "impossible";
}

/** Absolute URLs on this site that the provider's page returns to. */
export interface ReturnPages {
	successUrl: string;
	cancelUrl: string;
}

/** A page of the provider. */
export interface HostedPage {
	id: string;
	url: string;
}

/** A provider page on which a customer pays. */
export interface Checkout extends HostedPage {
	customerId: string | null;
	/** `pending`: paid, but the purchase has not arrived yet. */
	status: "open" | "pending" | "ended";
}

export interface CheckoutOrder extends ReturnPages {
	/** `id` is the provider's; null creates the customer. */
	customer: { id: string | null; externalId: string };
	offer: Offer;
}

/** The parts of a webhook that we use: the customer whose billing changed, and when. */
interface WebhookEvent {
	/** The same for every delivery of the event. */
	id: string;
	/** Our id of the customer; null if the event concerns none of ours. */
	customer: string | null;
	/** Epoch milliseconds by the provider's clock; null if the event has no time. */
	happenedAtMs: number | null;
	/** Work the event requires from us at the provider, done once, before the customer is read; null for none. */
	follow: (() => Promise<void>) | null;
}

/** A counted request to report. */
export interface UsageReport extends Report {
	/** The idempotency key at the provider. It starts with the subject's key, so no subject can claim another's request. */
	transactionId: string;
}

/** A report as stored by the provider, with the fields of a Flowglad usage event for every provider (seed 001). Times are epoch milliseconds. */
export interface UsageEvent {
	id: string;
	createdAt: number;
	updatedAt: number;
	livemode: boolean;
	customerId: string;
	subscriptionId: string;
	usageMeterId: string;
	billingPeriodId: string | null;
	amount: number;
	usageDate: number;
	transactionId: string;
	priceId: string | null;
	properties: Record<string, unknown>;
	pricingModelId: string | null;
}

/** What a customer may use, news about their plan, and the requests of all top-ups ever bought alongside a plan. */
interface CustomerAccess {
	entitlement: Entitlement;
	news: PlanNews | null;
	creditsBought: number;
}

/** A plan change scheduled for the end of the period. Flowglad reports that one exists but not which, so the ledger remembers it. */
export interface ComingChange {
	planId: string;
	priceId: string;
	priceSlug: string;
	name: string;
	/** The end of the period, epoch milliseconds. */
	atMs: number | null;
}

/** When a new price takes effect. `answer` is the provider's own, which its SDK routes return. */
export type PlanChange = { answer: unknown } /** `confirming`: the payment is in progress; a later read shows the result. */ & (
	| { takesEffect: "now" | "period-end" | "confirming" }
	/** The payment failed and the plan is unchanged. */
	| { takesEffect: "declined" }
	/** The plan is unchanged until the customer confirms the payment, or enters a card, on the provider's page at `url`. */
	| { takesEffect: "not-yet"; url: string }
);

/** Reads what a customer may use and reports what they used. An entitlement only ever comes from such a read. */
export interface UsagePort {
	/** For a provider that deduplicates reports for a limited time; null if it does so forever. */
	readonly deduplication: {
		/** Past this age, resending a report may count twice, so look it up with `unitsReported` first. */
		readonly forgetsReportsAfterMs: number;
		/** Units the provider has recorded for a customer in [fromMs, toMs), whole minutes. */
		unitsReported(externalId: string, fromMs: number, toMs: number, timeoutMs: number): Promise<number>;
	} | null;
	/**
	 * @param fetchedAtMs when the ledger sent the read; the entitlement carries it
	 * @param coming the last plan change this app scheduled, for a provider that does not report which one is pending
	 * @throws the SDK's error, also when the provider does not answer within `timeoutMs`
	 */
	readEntitlement(externalId: string, fetchedAtMs: number, timeoutMs: number, coming?: ComingChange): Promise<CustomerAccess>;
	/** Sends reports in order and calls `onReported` for each one the provider has stored. A repeat counts once (see `deduplication`). */
	reportUsage(externalId: string, reports: UsageReport[], timeoutMs: number, onReported: (report: UsageReport) => void): Promise<void>;
	/** Sends one report and returns it as the provider stored it. */
	reportOne(externalId: string, report: UsageReport, timeoutMs: number): Promise<UsageEvent>;
}

/** Sells plans and top-ups: what is on offer, the checkout, and the webhooks that follow a purchase. */
export interface ShopPort {
	/** Runs after a sign-up or a new organization. Never throws: a sign-up must not fail because of it. */
	welcome(customer: { id: string; email: string; name: string }): Promise<void>;
	/** Runs after a customer's email changes, so that receipts go to the new one. Skips customers the provider does not know yet. Never throws. */
	changeDetails(customer: { id: string; email: string; name: string }): Promise<void>;
	/** What is for sale to a visitor, cheapest first. Pages show a copy (visitor-prices.ts); a customer's own offers come with their billing. */
	readOffers(timeoutMs: number): Promise<PlanView[]>;
	/** Replaces a customer for whom no plan can start, after checking again. Returns the provider's id. Null if a plan can always start. */
	readonly renewCustomer: ((externalId: string) => Promise<string>) | null;
	/** After an error a checkout may exist at the provider, but its URL is lost. */
	createCheckout(order: CheckoutOrder): Promise<Checkout>;
	/** Null if the provider no longer has the checkout. */
	readCheckout(id: string): Promise<Checkout | null>;
	/** Expires an open checkout so that it can no longer be paid. Null if the provider cannot; its checkouts then expire on their own. */
	readonly closeCheckout: ((id: string) => Promise<void>) | null;
	/** @param body exactly as received. Returns null when the signature is missing, wrong or older than 5 minutes. */
	readWebhook(body: string, headers: Headers, secret: string): Promise<WebhookEvent | null>;
}

/** The JSON answer of a provider SDK's handler to a browser. */
export interface SdkAnswer {
	status: number;
	body: string;
}

/** A customer's plans, cards and invoices. Callers check that a plan is the customer's own before they name it here. */
export interface AccountPort {
	/** Pages and actions read through the customer's ledger, which caches the result for a few seconds (objects/customer-copies.ts). */
	readBilling(externalId: string): Promise<CustomerBilling>;
	/** Answers a read by the provider's SDK in the browser: `path` with a JSON body. Null if the provider has no such SDK. */
	readonly readForSdk: ((externalId: string, path: string, body: string) => Promise<SdkAnswer>) | null;
	/** Returns the page for entering a card, for one plan or for future payments. */
	addCard(externalId: string, planId: string | undefined, pages: ReturnPages): Promise<HostedPage>;
	/** Returns the page for the card that a waiting plan needs. Null if the provider has no waiting plans. */
	readonly activatePlan: ((externalId: string, planId: string, pages: ReturnPages) => Promise<HostedPage>) | null;
	/** The provider's page for cards and invoices; null if the customer has none. */
	openPortal(externalId: string, returnUrl: string): Promise<string | null>;
	/** Returns the provider's own answer, as `resumePlan` does. */
	cancelPlan(externalId: string, planId: string, when: "now" | "period-end"): Promise<unknown>;
	/** Undoes a cancellation before the plan has ended. */
	resumePlan(externalId: string, planId: string): Promise<unknown>;
	/** Replaces a plan's price. A higher price takes effect now and is prorated; a lower one takes effect at the end of the period. */
	changePlan(externalId: string, planId: string, offer: Offer, returnUrl: string): Promise<PlanChange>;
}

/** Properties of a provider that are known without loading its SDK. */
export interface Capabilities {
	/** Plans are sold, so all three ports exist. */
	readonly sells: boolean;
	/** The provider holds the credits, so an admin grants them there, not in our ledger. */
	readonly keepsCredits: boolean;
	/** Whether unused top-up requests outlive a plan and wait for the next one. False: they are lost with the plan. */
	readonly topUpsOutlivePlan: boolean;
	/** Pages read billing through the provider's SDK in the browser instead of `/api/billing`. */
	readonly hasBrowserSdk: boolean;
}

/**
 * A billing provider: the source of truth for plans, purchased credits and payments. Our ledger counts the requests. Customers are identified by our
 * own id of the user or organization. Unless stated otherwise, a call throws the SDK's error (errors.ts reads its status).
 */
export interface BillingProvider {
	readonly capabilities: Capabilities;
	readonly usage: UsagePort | null;
	readonly shop: ShopPort | null;
	readonly account: AccountPort | null;
}
