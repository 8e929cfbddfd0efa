import type { State } from "../../../state.ts";
import type { InvoiceItem, PaymentMethod, Price, Subscription, SubscriptionItem } from "../../records.ts";
import { cardDeclined, refuse } from "../../refusal.ts";
import { customerOf } from "../customers.ts";
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
	/** Whether a declined card cancels the whole change, instead of leaving the subscription past due. */
	allOrNothing: boolean;
	cancelAtPeriodEnd?: boolean | undefined;
	/** Epoch seconds; null to continue. */
	cancelAt?: number | null | undefined;
	metadata?: Record<string, string> | null | undefined;
	description?: string | null | undefined;
	/** Epoch seconds, or null to end the trial now. */
	trialEnd?: number | null | undefined;
	defaultPaymentMethod?: string | undefined;
	/** Whether a new period starts now. */
	anchorNow?: boolean | undefined;
}

interface Consequences {
	change: SubscriptionChange;
	method: PaymentMethod | undefined;
	items: InvoiceItem[];
	startsAnew: boolean;
	atSeconds: number;
}

/**
 * Checks that the charge of a change would succeed, without making it.
 * @throws StripeRefusal
 */
export function requirePayable(
	state: State,
	subscription: Subscription,
	item: SubscriptionItem,
	{ change, method, items, startsAnew }: Consequences,
): void {
	const isInvoiced = startsAnew || (change.prorationBehavior === "always_invoice" && items.length > 0);
	if (!isInvoiced) return;
	const price = change.price ?? item.price;
	const waiting = state.stripe.invoiceItems.filter(
		({ invoice, parent }) => invoice === null && parent?.subscription_details?.subscription === subscription.id,
	);
	const totalCents =
		[...waiting, ...items].reduce((sum, { amount }) => sum + amount, 0) +
		(startsAnew ? (price.unit_amount ?? 0) * (change.quantity ?? item.quantity ?? 1) : 0) +
		customerOf(state, subscription).balance;
	if (totalCents <= 0) return;
	if (method === undefined)
		throw refuse(
			"This customer has no attached payment source or default payment method. Please consider adding a default payment method.",
			{
				code: "resource_missing",
			},
		);
	if (isDeclined(state, method, "call")) throw cardDeclined("generic_decline");
}
