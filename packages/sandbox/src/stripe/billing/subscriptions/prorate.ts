import type { State } from "../../../state.ts";
import { newId } from "../../ids.ts";
import type { InvoiceItem, Price, Subscription, SubscriptionItem } from "../../records.ts";
import { productOf } from "../invoices/lines.ts";

/** Whether a change in mid-period is invoiced at once, put on the next invoice, or not charged. */
export type ProrationBehavior = "always_invoice" | "create_prorations" | "none";

interface Change {
	price: Price;
	quantity: number;
	/** When the new price starts to apply, in epoch seconds. */
	atSeconds: number;
}

/** The items of a change in mid-period, to the second: a credit for the unused time and a charge for the remaining time. */
export function prorationItems(state: State, subscription: Subscription, item: SubscriptionItem, change: Change): InvoiceItem[] {
	// A trial is free, so there is nothing to credit or charge.
	if (subscription.status === "trialing") return [];
	const { current_period_start: start, current_period_end: end } = item;
	const left = (end - change.atSeconds) / (end - start);
	const share = (price: Price, quantity: number) => Math.round((price.unit_amount ?? 0) * quantity * left);
	const oldQuantity = item.quantity ?? 1;
	return [
		prorationItem(
			state,
			subscription,
			item,
			{ ...change, price: item.price, quantity: oldQuantity },
			-share(item.price, oldQuantity),
			"Unused",
		),
		prorationItem(state, subscription, item, change, share(change.price, change.quantity), "Remaining"),
	];
}

function prorationItem(
	state: State,
	subscription: Subscription,
	item: SubscriptionItem,
	{ price, quantity, atSeconds }: Change,
	amount: number,
	kind: "Unused" | "Remaining",
): InvoiceItem {
	const { name } = productOf(state.stripe, price);
	return {
		id: newId("ii"),
		object: "invoiceitem",
		amount,
		currency: price.currency,
		customer: subscription.customer,
		customer_account: null,
		date: atSeconds,
		description: `${kind} time on ${quantity === 1 ? "" : `${quantity} × `}${name} after ${dayText(atSeconds)}`,
		discountable: false,
		discounts: [],
		invoice: null,
		livemode: false,
		metadata: { ...subscription.metadata },
		parent: { subscription_details: { subscription: subscription.id, subscription_item: item.id }, type: "subscription_details" },
		period: { start: atSeconds, end: item.current_period_end },
		pricing: {
			price_details: { price: price.id, product: price.product },
			type: "price_details",
			unit_amount_decimal: price.unit_amount_decimal,
		},
		proration: true,
		proration_details: { credited_items: null, discount_amounts: [] },
		quantity,
		quantity_decimal: String(quantity),
		tax_rates: [],
		test_clock: null,
	};
}

/** "15 Jan 2026" */
function dayText(atSeconds: number): string {
	return new Date(atSeconds * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
}
