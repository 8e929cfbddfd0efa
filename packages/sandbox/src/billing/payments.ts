/** Cards, invoices and purchases: the paper trail of money that nobody pays. */
import type { State } from "../state.ts";
import { newRecord } from "./ids.ts";
import { organizationId, pricingModelId } from "./pricing.ts";
import type { BillingPeriod, Customer, PaymentMethod, Purchase, SinglePaymentPrice, Subscription, SubscriptionPrice } from "./records.ts";

export function defaultPaymentMethod(state: State, customerId: string): PaymentMethod | undefined {
	return state.paymentMethods.findLast((method) => method.customerId === customerId && method.default);
}

/** A new card, which becomes the customer's default. */
export function addPaymentMethod(state: State, customer: Customer, atMs: number): PaymentMethod {
	for (const method of state.paymentMethods) {
		if (method.customerId === customer.id) method.default = false;
	}
	const method: PaymentMethod = {
		...newRecord("pm", atMs),
		customerId: customer.id,
		pricingModelId,
		billingDetails: {
			name: customer.name,
			email: customer.email,
			address: {
				line1: null,
				line2: null,
				city: null,
				state: null,
				postal_code: null,
				country: "US",
			},
		},
		type: "card",
		default: true,
		paymentMethodData: {
			brand: "visa",
			last4: "4242",
			exp_month: 12,
			exp_year: new Date(atMs).getUTCFullYear() + 4,
		},
		metadata: null,
	};
	state.paymentMethods.push(method);
	return method;
}

function invoiceHead(state: State, customer: Customer, atMs: number) {
	const count = state.invoices.filter(({ invoice }) => invoice.customerId === customer.id).length;
	return {
		...newRecord("inv", atMs),
		invoiceNumber: `${customer.invoiceNumberBase}-${String(count + 1).padStart(5, "0")}`,
		invoiceDate: atMs,
		dueDate: atMs,
		customerId: customer.id,
		organizationId,
		billingRunId: null,
		ownerMembershipId: null,
		pdfURL: null,
		receiptPdfURL: null,
		memo: null,
		bankPaymentOnly: null,
		currency: "USD",
		taxAmount: 0,
		taxType: null,
		taxCountry: null,
		taxState: null,
		taxRatePercentage: null,
		applicationFee: null,
		pricingModelId,
	} as const;
}

function invoiceLine(invoiceId: string, price: SubscriptionPrice | SinglePaymentPrice, quantity: number, atMs: number) {
	return {
		...newRecord("inv_li", atMs),
		invoiceId,
		quantity,
		priceId: price.id,
		description: price.name,
		price: price.unitPrice,
		type: "static",
		pricingModelId,
		ledgerAccountId: null,
		ledgerAccountCredit: null,
	} as const;
}

/** The invoice of one billing period; its id settles debt in the ledger when it is paid. */
export function invoiceBillingPeriod(
	state: State,
	input: {
		customer: Customer;
		subscription: Subscription;
		period: BillingPeriod;
		price: SubscriptionPrice;
		quantity: number;
		paid: boolean;
		atMs: number;
	},
): string {
	const { customer, subscription, period, price, quantity, atMs } = input;
	const head = invoiceHead(state, customer, atMs);
	state.invoices.push({
		invoice: {
			...head,
			type: "subscription",
			status: input.paid ? "paid" : "open",
			purchaseId: null,
			subscriptionId: subscription.id,
			billingPeriodId: period.id,
			billingPeriodStartDate: period.startMs,
			billingPeriodEndDate: period.endMs,
			subtotal: price.unitPrice * quantity,
		},
		invoiceLineItems: [invoiceLine(head.id, price, quantity, atMs)],
	});
	return head.id;
}

export function invoicePurchase(
	state: State,
	input: {
		customer: Customer;
		purchase: Purchase;
		price: SinglePaymentPrice;
		quantity: number;
		atMs: number;
	},
): void {
	const { customer, purchase, price, quantity, atMs } = input;
	const head = invoiceHead(state, customer, atMs);
	state.invoices.push({
		invoice: {
			...head,
			type: "purchase",
			status: "paid",
			purchaseId: purchase.id,
			subscriptionId: null,
			billingPeriodId: null,
			billingPeriodStartDate: null,
			billingPeriodEndDate: null,
			subtotal: price.unitPrice * quantity,
		},
		invoiceLineItems: [invoiceLine(head.id, price, quantity, atMs)],
	});
}

/** A paid purchase. Free plans have none: the contract wants `pricePerBillingCycle` above 0 (flowglad.md d). */
export function recordPurchase(
	state: State,
	input: {
		customer: Customer;
		price: SubscriptionPrice | SinglePaymentPrice;
		name: string;
		quantity: number;
		atMs: number;
	},
): Purchase {
	const { customer, price, name, quantity, atMs } = input;
	const record = {
		...newRecord("prch", atMs),
		name,
		status: "paid",
		customerId: customer.id,
		organizationId,
		priceId: price.id,
		quantity,
		firstInvoiceValue: price.unitPrice * quantity,
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
					priceType: "subscription",
					billingCycleAnchor: atMs,
					trialPeriodDays: 0,
					pricePerBillingCycle: price.unitPrice * quantity,
					intervalUnit: price.intervalUnit,
					intervalCount: price.intervalCount,
					totalPurchaseValue: null,
				}
			: {
					...record,
					priceType: "single_payment",
					billingCycleAnchor: null,
					trialPeriodDays: null,
					pricePerBillingCycle: null,
					intervalUnit: null,
					intervalCount: null,
					totalPurchaseValue: price.unitPrice * quantity,
				};
	state.purchases.push(purchase);
	return purchase;
}
