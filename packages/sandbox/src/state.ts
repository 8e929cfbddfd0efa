import type { LedgerEntry } from "./billing/ledger.ts";
import type { Catalogue } from "./billing/pricing/records.ts";
import type {
	BillingPeriod,
	Charge,
	CheckoutSession,
	Customer,
	FeatureItem,
	InvoiceWithLines,
	Payment,
	PaymentMethod,
	PendingActivation,
	Purchase,
	ScheduledAdjustment,
	Subscription,
	SubscriptionItem,
	UsageEvent,
} from "./billing/records.ts";
import type { Faults } from "./faults/schema.ts";
import type { Mail } from "./mailbox/mailbox.ts";
import type { ModelCall } from "./model/request.ts";
import type { SearchCall } from "./search/records.ts";
import { defaultSettings, type Settings } from "./settings.ts";
import { emptyStripeState, type StripeState } from "./stripe/state.ts";
import type { WebhookMessage } from "./webhooks/records.ts";

/** The sandbox's whole state. Plain JSON, as in the state file. */
export interface State {
	/** Milliseconds that the sandbox's clock is ahead of the machine's. Unused while it is frozen. */
	clockOffsetMs: number;
	/** The instant at which the clock is frozen, or null. */
	frozenAtMs: number | null;
	settings: Settings;
	/** The catalogue, once it was changed through the API; null while `billing/pricing/catalogue.ts` applies. */
	catalogue: Catalogue | null;
	customers: Customer[];
	subscriptions: Subscription[];
	subscriptionItems: SubscriptionItem[];
	featureItems: FeatureItem[];
	billingPeriods: BillingPeriod[];
	scheduledAdjustments: ScheduledAdjustment[];
	paymentMethods: PaymentMethod[];
	purchases: Purchase[];
	invoices: InvoiceWithLines[];
	payments: Payment[];
	/** Payments disputed by the customer's bank. Flowglad ignores disputes, so they are not a field of the payment. */
	disputedPaymentIds: string[];
	/** Charges that wait for their attempt or settlement. */
	charges: Charge[];
	usageEvents: UsageEvent[];
	ledger: LedgerEntry[];
	checkoutSessions: CheckoutSession[];
	pendingActivations: PendingActivation[];
	webhooks: WebhookMessage[];
	mailbox: Mail[];
	modelCalls: ModelCall[];
	searches: SearchCall[];
	/** Calls by "METHOD /path-pattern". */
	calls: Record<string, number>;
	faults: Faults;
	/** The state of the other provider. */
	stripe: StripeState;
}

/** The state of a new sandbox, with the seed catalogue. */
export function emptyState(settings: Partial<Settings> = {}): State {
	return {
		clockOffsetMs: 0,
		frozenAtMs: null,
		settings: { ...defaultSettings, ...settings },
		catalogue: null,
		customers: [],
		subscriptions: [],
		subscriptionItems: [],
		featureItems: [],
		billingPeriods: [],
		scheduledAdjustments: [],
		paymentMethods: [],
		purchases: [],
		invoices: [],
		payments: [],
		disputedPaymentIds: [],
		charges: [],
		usageEvents: [],
		ledger: [],
		checkoutSessions: [],
		pendingActivations: [],
		webhooks: [],
		mailbox: [],
		modelCalls: [],
		searches: [],
		calls: {},
		faults: {},
		stripe: emptyStripeState(),
	};
}
