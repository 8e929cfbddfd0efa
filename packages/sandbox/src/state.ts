import type {
	BillingPeriod,
	CheckoutSession,
	Customer,
	FeatureItem,
	InvoiceWithLines,
	PaymentMethod,
	PendingActivation,
	Purchase,
	ScheduledAdjustment,
	Subscription,
	SubscriptionItem,
	UsageEvent,
} from "./billing/records.ts";
import type { Faults } from "./faults.ts";
import type { LedgerEntry } from "./ledger.ts";
import type { Mail } from "./mailbox.ts";
import type { ModelCall } from "./model.ts";

/** Everything the sandbox knows. Plain JSON: this is what the state file holds. */
export interface State {
	/** Milliseconds the sandbox's clock is ahead of the machine's. */
	clockOffsetMs: number;
	customers: Customer[];
	subscriptions: Subscription[];
	subscriptionItems: SubscriptionItem[];
	featureItems: FeatureItem[];
	billingPeriods: BillingPeriod[];
	scheduledAdjustments: ScheduledAdjustment[];
	paymentMethods: PaymentMethod[];
	purchases: Purchase[];
	invoices: InvoiceWithLines[];
	usageEvents: UsageEvent[];
	ledger: LedgerEntry[];
	checkoutSessions: CheckoutSession[];
	pendingActivations: PendingActivation[];
	mailbox: Mail[];
	modelCalls: ModelCall[];
	/** Calls by "METHOD /path-pattern". */
	calls: Record<string, number>;
	faults: Faults;
}

/** A sandbox without customers. The pricing model is code, see `billing/pricing.ts`. */
export function emptyState(): State {
	return {
		clockOffsetMs: 0,
		customers: [],
		subscriptions: [],
		subscriptionItems: [],
		featureItems: [],
		billingPeriods: [],
		scheduledAdjustments: [],
		paymentMethods: [],
		purchases: [],
		invoices: [],
		usageEvents: [],
		ledger: [],
		checkoutSessions: [],
		pendingActivations: [],
		mailbox: [],
		modelCalls: [],
		calls: {},
		faults: {},
	};
}
