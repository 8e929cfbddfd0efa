import type { State } from "../../../state.ts";
import type { InvoiceItem, PaymentMethod, Price, Subscription, SubscriptionItem } from "../../records.ts";
import { cardDeclined, refuse, type StripeRefusal, unconfirmed } from "../../refusal.ts";
import { customerOf } from "../customers.ts";
import { needsConfirmation } from "../payment-methods.ts";
import { isDeclined } from "../payments.ts";
import type { ProrationBehavior } from "./prorate.ts";

/** A requested change of a subscription. Undefined fields stay as they are. */
export interface SubscriptionChange {
	price?: Price | undefined;
	quantity?: number | undefined;
	itemMetadata?: Record<string, string> | null | undefined;
	prorationBehavior: ProrationBehavior;
	/** When the proration starts, in epoch seconds; by default now. */
	prorationSeconds?: number | undefined;
	/**
	 * If the charge fails: the change applies and the subscription is past due; or the call fails without a change; or the change is pending until its
	 * invoice is paid.
	 */
	ifUnpaid: "allow_incomplete" | "error_if_incomplete" | "pending_if_incomplete";
	cancelAtPeriodEnd?: boolean | undefined;
	/** Epoch seconds; null to continue. */
	cancelAt?: number | null | undefined;
	metadata?: Record<string, string> | null | undefined;
	description?: string | null | undefined;
	/** Epoch seconds, or null to end the trial now. */
	trialEnd?: number | null | undefined;
	defaultPaymentMethod?: string | undefined;
	/** How invoices are handled while collection is paused; null resumes collection. */
	pauseCollection?: Subscription["pause_collection"] | undefined;
	/** The ids of the discounts. They are stored but change no amount. */
	discounts?: string[] | undefined;
	/** Whether a new period starts now. */
	anchorNow?: boolean | undefined;
}

interface Consequences {
	change: SubscriptionChange;
	method: PaymentMethod | undefined;
	items: InvoiceItem[];
	startsAnew: boolean;
}

/** Why charging a change would fail, determined without charging; null if it would succeed. */
export function refusalOf(
	state: State,
	subscription: Subscription,
	item: SubscriptionItem,
	{ change, method, items, startsAnew }: Consequences,
): StripeRefusal | null {
	const isInvoiced = startsAnew || (change.prorationBehavior === "always_invoice" && items.length > 0);
	if (!isInvoiced) return null;
	const price = change.price ?? item.price;
	const waiting = state.stripe.invoiceItems.filter(
		({ invoice, parent }) => invoice === null && parent?.subscription_details?.subscription === subscription.id,
	);
	const totalCents =
		[...waiting, ...items].reduce((sum, { amount }) => sum + amount, 0) +
		(startsAnew ? (price.unit_amount ?? 0) * (change.quantity ?? item.quantity ?? 1) : 0) +
		customerOf(state, subscription).balance;
	if (totalCents <= 0) return null;
	if (method === undefined)
		return refuse(
			"This customer has no attached payment source or default payment method. Please consider adding a default payment method.",
			{
				code: "resource_missing",
			},
		);
	if (isDeclined(state, method, "call")) return cardDeclined("generic_decline");
	return needsConfirmation(method, "call") ? unconfirmed("subscription") : null;
}
