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
	/** Whether a paid plan could start. `as-new-customer`: after `ShopPort.renewCustomer`. `impossible`: the provider would take a card in vain. */
	planStart: "possible" | "as-new-customer" | "impossible";
}

/** Pages of ours that the provider's page leads back to, as absolute URLs. */
export interface ReturnPages {
	successUrl: string;
	cancelUrl: string;
}

/** A page of the provider. */
export interface HostedPage {
	id: string;
	url: string;
}

/** A page of the provider on which a customer pays. */
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

/** The part of a webhook that we use: whose billing changed, and when. */
interface WebhookEvent {
	/** The same for each delivery of the event. */
	id: string;
	/** Our id of the customer; null when the event is about none of our customers. */
	customer: string | null;
	/** Epoch milliseconds by the provider's clock; null when the event does not say. */
	happenedAtMs: number | null;
	/** What the event leaves to us at the provider, once, before the customer is read; null for nothing. */
	follow: (() => Promise<void>) | null;
}

/** A counted request to report. */
export interface UsageReport extends Report {
	/** The idempotency key at the provider. It starts with the subject's key, so no subject can claim another's request. */
	transactionId: string;
}

/** A report as the provider has it, with the fields of Flowglad's usage events whoever the provider is (seed 001). Instants are epoch milliseconds. */
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

/** What a customer may use, what they should know of their plan, and the requests of all top-ups ever bought beside a plan. */
interface CustomerAccess {
	entitlement: Entitlement;
	news: PlanNews | null;
	creditsBought: number;
}

/** A change of plan that waits for the end of the period. Flowglad tells that there is one, not which: the ledger remembers it. */
export interface ComingChange {
	planId: string;
	priceId: string;
	priceSlug: string;
	name: string;
	/** The end of the period, epoch milliseconds. */
	atMs: number | null;
}

/** When a new price takes effect. `answer` is the provider's own, which its SDK routes return. */
export type PlanChange = { answer: unknown } /** `confirming`: the payment is under way, and a later read tells. */ & (
	| { takesEffect: "now" | "period-end" | "confirming" }
	/** The payment failed and the plan is unchanged. */
	| { takesEffect: "declined" }
	/** The plan is unchanged until the customer confirms the payment, or enters a card, on the provider's page at `url`. */
	| { takesEffect: "not-yet"; url: string }
);

/** Reads what a customer may use and reports what was used. Reading is the only source of an entitlement. */
export interface UsagePort {
	/** Set where the provider deduplicates reports only for a time; null where it always does. */
	readonly deduplication: {
		/** Older than this, a report sent again may count twice, so look it up with `unitsReported` first. */
		readonly forgetsReportsAfterMs: number;
		/** Units that the provider has for a customer in [fromMs, toMs), whole minutes. */
		unitsReported(externalId: string, fromMs: number, toMs: number, timeoutMs: number): Promise<number>;
	} | null;
	/**
	 * @param fetchedAtMs the ledger's time of sending, which the entitlement carries
	 * @param coming the change of plan that this app has scheduled last, for a provider that does not tell which waits
	 * @throws the SDK's error, also when the provider does not answer within `timeoutMs`
	 */
	readEntitlement(externalId: string, fetchedAtMs: number, timeoutMs: number, coming?: ComingChange): Promise<CustomerAccess>;
	/** Sends reports in order and calls `onReported` for each that the provider has. A repeat counts once (see `deduplication`). */
	reportUsage(externalId: string, reports: UsageReport[], timeoutMs: number, onReported: (report: UsageReport) => void): Promise<void>;
	/** Sends one report and returns it as the provider has it. */
	reportOne(externalId: string, report: UsageReport, timeoutMs: number): Promise<UsageEvent>;
}

/** Sells plans and top-ups: what is on offer, the checkout, and the webhooks that follow a purchase. */
export interface ShopPort {
	/** Runs after a sign-up or a new organization. Never throws: a sign-up must not fail for it. */
	welcome(customer: { id: string; email: string; name: string }): Promise<void>;
	/** Runs after a customer's address has changed, so that receipts go to the new one. Does nothing for whom the provider does not know yet. Never throws. */
	changeDetails(customer: { id: string; email: string; name: string }): Promise<void>;
	/** What is for sale to a visitor, cheapest first. Pages show a copy (visitor-prices.ts); a customer's own offers come with their billing. */
	readOffers(timeoutMs: number): Promise<PlanView[]>;
	/** Replaces a customer under whom no plan can start, if it is still so. Returns the provider's id. Null where a plan can always start. */
	readonly renewCustomer: ((externalId: string) => Promise<string>) | null;
	/** After an error a checkout may exist at the provider, but nobody has its URL. */
	createCheckout(order: CheckoutOrder): Promise<Checkout>;
	/** Null when the provider no longer has a checkout of this id. */
	readCheckout(id: string): Promise<Checkout | null>;
	/** Expires an open checkout so that it can no longer be paid. Null where the provider cannot; its checkouts expire by themselves. */
	readonly closeCheckout: ((id: string) => Promise<void>) | null;
	/** @param body exactly as received. Returns null when the signature is missing, wrong or older than 5 minutes. */
	readWebhook(body: string, headers: Headers, secret: string): Promise<WebhookEvent | null>;
}

/** What the handler of a provider's SDK answers to a browser, as JSON. */
export interface SdkAnswer {
	status: number;
	body: string;
}

/** A customer's plans, cards and invoices. Callers check that a plan is the customer's own before they name it here. */
export interface AccountPort {
	/** Pages and actions read it through the customer's ledger, which keeps a copy for some seconds (objects/customer-copies.ts). */
	readBilling(externalId: string): Promise<CustomerBilling>;
	/** Answers a read of the provider's SDK in the browser, `path` with a JSON body. Null without such an SDK. */
	readonly readForSdk: ((externalId: string, path: string, body: string) => Promise<SdkAnswer>) | null;
	/** Leads to a page that takes a card, for one plan or for future payments. */
	addCard(externalId: string, planId: string | undefined, pages: ReturnPages): Promise<HostedPage>;
	/** Leads to a page that takes the card for a plan that waits for one. Null where no plan waits. */
	readonly activatePlan: ((externalId: string, planId: string, pages: ReturnPages) => Promise<HostedPage>) | null;
	/** The provider's page for cards and invoices; null for a customer without one. */
	openPortal(externalId: string, returnUrl: string): Promise<string | null>;
	/** Returns the provider's own answer, as `resumePlan` does. */
	cancelPlan(externalId: string, planId: string, when: "now" | "period-end"): Promise<unknown>;
	/** Undoes a cancellation before the plan has ended. */
	resumePlan(externalId: string, planId: string): Promise<unknown>;
	/** Replaces a plan's price: a higher price takes effect now and is prorated, a lower one at the end of the period. */
	changePlan(externalId: string, planId: string, offer: Offer, returnUrl: string): Promise<PlanChange>;
}

/** A provider's properties that are known before its SDK is loaded. */
export interface Capabilities {
	/** Plans are sold here, so all three ports exist. */
	readonly sells: boolean;
	/** The provider keeps the credits, so an admin grants them there and not in our ledger. */
	readonly keepsCredits: boolean;
	/** Whether the rest of a top-up waits for the next plan when the plan ends. False: it is lost with the plan. */
	readonly topUpsOutlivePlan: boolean;
	/** Pages read billing with the provider's SDK in the browser, not through `/api/billing`. */
	readonly hasBrowserSdk: boolean;
}

/**
 * A billing provider. It is the source of truth for plans, credits bought and payments; our ledger counts the requests. Customers are named by our
 * own id of the user or organization. Unless stated otherwise a call throws the SDK's error (errors.ts reads its status).
 */
export interface BillingProvider {
	readonly capabilities: Capabilities;
	readonly usage: UsagePort | null;
	readonly shop: ShopPort | null;
	readonly account: AccountPort | null;
}
