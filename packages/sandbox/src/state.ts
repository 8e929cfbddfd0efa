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
import { defaultSettings, type Settings } from "./settings.ts";
import { emptyStripeState, type StripeState } from "./stripe/state.ts";
import type { WebhookMessage } from "./webhooks/records.ts";

/** Everything the sandbox knows. Plain JSON: this is what the state file holds. */
export interface State {
	/** Milliseconds the sandbox's clock is ahead of the machine's; of no meaning while it is frozen. */
	clockOffsetMs: number;
	/** The instant at which the clock stands still, or null. */
	frozenAtMs: number | null;
	settings: Settings;
	/** What is sold, once it was changed through the API; null as long as it is what `billing/pricing/catalogue.ts` says. */
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
	/** Payments that a customer's bank took back. Flowglad hears nothing of them, so they are no field of a payment. */
	disputedPaymentIds: string[];
	/** Charges that are still to be attempted or to settle. */
	charges: Charge[];
	usageEvents: UsageEvent[];
	ledger: LedgerEntry[];
	checkoutSessions: CheckoutSession[];
	pendingActivations: PendingActivation[];
	webhooks: WebhookMessage[];
	mailbox: Mail[];
	modelCalls: ModelCall[];
	/** Calls by "METHOD /path-pattern". */
	calls: Record<string, number>;
	faults: Faults;
	/** The other provider: what Stripe knows of the same world. */
	stripe: StripeState;
}

/** A sandbox without customers, which sells what `billing/pricing/catalogue.ts` says. */
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
		calls: {},
		faults: {},
		stripe: emptyStripeState(),
	};
}
