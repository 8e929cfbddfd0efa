import type { Delivery } from "../webhooks/records.ts";
import type {
	Charge,
	CheckoutSession,
	Customer,
	Dispute,
	Invoice,
	InvoiceItem,
	InvoicePayment,
	LineItem,
	Meter,
	MeterEvent,
	PaymentIntent,
	PaymentMethod,
	PortalConfiguration,
	PortalSession,
	Price,
	Product,
	Refund,
	Schedule,
	SetupIntent,
	StripeEvent,
	Subscription,
	WebhookEndpoint,
} from "./records.ts";

/** What a checkout was opened with and the session itself does not contain. */
export interface CheckoutOrder {
	sessionId: string;
	lineItems: LineItem[];
	trialDays: number;
	subscriptionMetadata: Record<string, string>;
	subscriptionDescription: string | null;
	paymentMetadata: Record<string, string>;
	paymentDescription: string | null;
	setupFutureUsage: "off_session" | "on_session" | null;
	/** Whether the session still has to report the outcome of a slow payment. */
	isAwaited: boolean;
}

/** When money is requested: by the customer on a page, by Stripe at a renewal, or by an API call. */
export type Occasion = "checkout" | "renewal" | "call";

/** Scheduled work that no record describes. */
export type Task =
	| { type: "complete"; dueAtMs: number; sessionId: string; instrument: string }
	| { type: "settle"; dueAtMs: number; paymentIntentId: string; occasion: Occasion }
	| { type: "finalize"; dueAtMs: number; invoiceId: string }
	| { type: "collect"; dueAtMs: number; invoiceId: string }
	| { type: "void"; dueAtMs: number; invoiceId: string }
	| { type: "trial_will_end"; dueAtMs: number; subscriptionId: string };

/** One event on its way to one endpoint. */
export interface StripeDelivery extends Delivery {
	eventId: string;
	endpointId: string;
}

/** The first answer to an idempotency key. */
export interface StoredAnswer {
	key: string;
	method: string;
	path: string;
	params: string;
	status: number;
	body: string;
	requestId: string;
	atMs: number;
}

/** Stripe's state. Times in records are epoch seconds, as in Stripe's API; in tasks they are milliseconds. */
export interface StripeState {
	/** The origin of the last request, for links in events that no request causes. */
	origin: string;
	/** The settings that the catalogue was last adapted to; null before the first time. */
	offered: { stripeCatalogue: boolean; maxPlan: boolean; proTrialDays: number } | null;
	customers: Customer[];
	deletedCustomerIds: string[];
	products: Product[];
	prices: Price[];
	paymentMethods: PaymentMethod[];
	paymentIntents: PaymentIntent[];
	setupIntents: SetupIntent[];
	charges: Charge[];
	refunds: Refund[];
	disputes: Dispute[];
	checkoutSessions: CheckoutSession[];
	checkoutOrders: CheckoutOrder[];
	subscriptions: Subscription[];
	schedules: Schedule[];
	invoices: Invoice[];
	/** Pending items and items that are on an invoice. */
	invoiceItems: InvoiceItem[];
	invoicePayments: InvoicePayment[];
	portalConfigurations: PortalConfiguration[];
	portalSessions: PortalSession[];
	meters: Meter[];
	meterEvents: MeterEvent[];
	webhookEndpoints: WebhookEndpoint[];
	events: StripeEvent[];
	deliveries: StripeDelivery[];
	tasks: Task[];
	answers: StoredAnswer[];
}

/** The state of an unused account. Its catalogue depends on the settings, see billing/catalogue.ts. */
export function emptyStripeState(): StripeState {
	return {
		origin: "http://localhost:3001",
		offered: null,
		customers: [],
		deletedCustomerIds: [],
		products: [],
		prices: [],
		paymentMethods: [],
		paymentIntents: [],
		setupIntents: [],
		charges: [],
		refunds: [],
		disputes: [],
		checkoutSessions: [],
		checkoutOrders: [],
		subscriptions: [],
		schedules: [],
		invoices: [],
		invoiceItems: [],
		invoicePayments: [],
		portalConfigurations: [],
		portalSessions: [],
		meters: [],
		meterEvents: [],
		webhookEndpoints: [],
		events: [],
		deliveries: [],
		tasks: [],
		answers: [],
	};
}
