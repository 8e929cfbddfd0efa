import type { State } from "../../state.ts";
import { newRecord } from "../ids.ts";
import { organizationId, pricingModelId } from "../pricing/pricing.ts";
import type { Customer, Purchase, SinglePaymentPrice, SubscriptionPrice } from "../records.ts";

/**
 * Records a purchase. A subscription's purchase is `paid` before its first payment settles, as in the real service. Free plans have
 * no purchase: the OpenAPI schema requires `pricePerBillingCycle` above 0 (flowglad.md d).
 */
export function recordPurchase(
	state: State,
	input: {
		customer: Customer;
		price: SubscriptionPrice | SinglePaymentPrice;
		name: string;
		quantity: number;
		trialDays?: number;
		atMs: number;
	},
): Purchase {
	const { customer, price, name, quantity, trialDays = 0, atMs } = input;
	const total = price.unitPrice * quantity;
	const record = {
		...newRecord("prch", atMs),
		name,
		customerId: customer.id,
		organizationId,
		priceId: price.id,
		quantity,
		firstInvoiceValue: trialDays > 0 ? 0 : total,
		bankPaymentOnly: null,
		purchaseDate: atMs,
		endDate: null,
		proposal: null,
		archived: null,
		billingAddress: null,
		metadata: null,
		pricingModelId,
		position: state.purchases.length + 1,
	} as const;
	const purchase: Purchase =
		price.type === "subscription"
			? {
					...record,
					status: "paid",
					priceType: "subscription",
					billingCycleAnchor: atMs,
					trialPeriodDays: trialDays,
					pricePerBillingCycle: total,
					intervalUnit: price.intervalUnit,
					intervalCount: price.intervalCount,
					totalPurchaseValue: null,
				}
			: {
					...record,
					status: "pending",
					priceType: "single_payment",
					billingCycleAnchor: null,
					trialPeriodDays: null,
					pricePerBillingCycle: null,
					intervalUnit: null,
					intervalCount: null,
					totalPurchaseValue: total,
				};
	state.purchases.push(purchase);
	return purchase;
}
