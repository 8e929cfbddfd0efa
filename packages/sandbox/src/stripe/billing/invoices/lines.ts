import { known } from "../../find.ts";
import { newId } from "../../ids.ts";
import type { InvoiceItem, InvoiceLine, Price, Product, Subscription, SubscriptionItem } from "../../records.ts";
import type { StripeState } from "../../state.ts";

/** The product of a price. */
export function productOf(stripe: StripeState, price: Price): Product {
	return known(stripe.products, price.product);
}

function priced(price: Price): InvoiceLine["pricing"] {
	return {
		price_details: { price: price.id, product: price.product },
		type: "price_details",
		unit_amount_decimal: price.unit_amount_decimal,
	};
}

type Particulars = Pick<
	InvoiceLine,
	"amount" | "description" | "metadata" | "parent" | "period" | "pricing" | "quantity" | "subscription"
> & {
	currency: string;
};

function newLine(given: Particulars): InvoiceLine {
	return {
		id: newId("il"),
		object: "line_item",
		discount_amounts: [],
		discountable: true,
		discounts: [],
		invoice: null,
		livemode: false,
		pretax_credit_amounts: [],
		quantity_decimal: given.quantity === null ? null : String(given.quantity),
		subtotal: given.amount,
		taxes: [],
		...given,
	};
}

/** The line of one billing period; $0 during a trial. */
export function periodLine(stripe: StripeState, subscription: Subscription, item: SubscriptionItem, isTrial: boolean): InvoiceLine {
	const { price, quantity = 1 } = item;
	const { name } = productOf(stripe, price);
	const unitCents = price.unit_amount ?? 0;
	const amount = isTrial ? 0 : unitCents * quantity;
	return newLine({
		amount,
		currency: price.currency,
		description: isTrial
			? `Trial period for ${name}`
			: `${quantity} × ${name} (at ${dollars(unitCents)} / ${price.recurring?.interval ?? "once"})`,
		metadata: { ...subscription.metadata },
		parent: {
			invoice_item_details: null,
			subscription_item_details: {
				invoice_item: null,
				proration: false,
				proration_details: { credited_items: null },
				subscription: subscription.id,
				subscription_item: item.id,
			},
			type: "subscription_item_details",
		},
		period: { start: item.current_period_start, end: item.current_period_end },
		pricing:
			isTrial && price.unit_amount_decimal !== null ? { ...priced(price), type: "price_details", unit_amount_decimal: "0" } : priced(price),
		quantity,
		subscription: subscription.id,
	});
}

/** The line of a one-time purchase. */
export function purchaseLine(stripe: StripeState, price: Price, quantity: number, atSeconds: number): InvoiceLine {
	return newLine({
		amount: (price.unit_amount ?? 0) * quantity,
		currency: price.currency,
		description: productOf(stripe, price).name,
		metadata: {},
		parent: {
			invoice_item_details: {
				invoice_item: newId("ii"),
				proration: false,
				proration_details: { credited_items: null },
				subscription: null,
			},
			subscription_item_details: null,
			type: "invoice_item_details",
		},
		period: { start: atSeconds, end: atSeconds },
		pricing: priced(price),
		quantity,
		subscription: null,
	});
}

/** The line of a pending invoice item. */
export function itemLine(item: InvoiceItem): InvoiceLine {
	const details = item.parent?.subscription_details ?? null;
	return newLine({
		amount: item.amount,
		currency: item.currency,
		description: item.description,
		metadata: { ...item.metadata },
		parent: {
			invoice_item_details: null,
			subscription_item_details: {
				invoice_item: item.id,
				proration: item.proration,
				proration_details: { credited_items: null },
				subscription: details?.subscription ?? null,
				subscription_item: details?.subscription_item ?? "",
			},
			type: "subscription_item_details",
		},
		period: { ...item.period },
		pricing: item.pricing,
		quantity: item.quantity,
		subscription: details?.subscription ?? null,
	});
}

/** The unit price in cents. */
export function unitPrice({ pricing, amount, quantity }: InvoiceLine): number {
	return pricing?.unit_amount_decimal == null ? amount / (quantity ?? 1) : Number(pricing.unit_amount_decimal);
}

/** "$7.99" */
export function dollars(amountCents: number): string {
	return `$${(amountCents / 100).toFixed(2)}`;
}
