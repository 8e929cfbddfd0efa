import type { State } from "../../state.ts";
import { debtOf } from "../credits.ts";
import { newRecord } from "../ids.ts";
import { aiRequests, noCharge } from "../pricing/catalogue.ts";
import { organizationId, pricingModelId } from "../pricing/pricing.ts";
import type {
	BillingPeriod,
	Customer,
	InvoiceLine,
	InvoiceWithLines,
	Purchase,
	SinglePaymentPrice,
	Subscription,
	SubscriptionPrice,
} from "../records.ts";
import { Refusal } from "../refusal.ts";

type Invoice = InvoiceWithLines["invoice"];

/**
 * The invoice with that id.
 * @throws Refusal NOT_FOUND
 */
export function findInvoice(state: State, id: string): InvoiceWithLines {
	const found = state.invoices.find(({ invoice }) => invoice.id === id);
	if (found === undefined) throw new Refusal("NOT_FOUND", `Invoice ${id} not found`);
	return found;
}

/** Sets the status and the update time. */
export function setInvoiceStatus({ invoice }: InvoiceWithLines, status: Invoice["status"], atMs: number): void {
	invoice.status = status;
	invoice.updatedAt = atMs;
}

function invoiceHead(state: State, customer: Customer, atMs: number) {
	const count = state.invoices.filter(({ invoice }) => invoice.customerId === customer.id).length;
	return {
		...newRecord("inv", atMs),
		invoiceNumber: `${customer.invoiceNumberBase}-${String(count + 1).padStart(5, "0")}`,
		invoiceDate: atMs,
		dueDate: atMs,
		status: "open",
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

function staticLine(
	invoiceId: string,
	line: { priceId: string | null; description: string | null; price: number; quantity: number },
	atMs: number,
) {
	return {
		...newRecord("inv_li", atMs),
		invoiceId,
		...line,
		type: "static",
		pricingModelId,
		ledgerAccountId: null,
		ledgerAccountCredit: null,
	} as const;
}

/** Usage beyond the credits: a line of $0. Paying the invoice still settles the debt (flowglad.md e). */
function usageLine(invoiceId: string, subscriptionId: string, units: number, atMs: number): InvoiceLine {
	return {
		...newRecord("inv_li", atMs),
		invoiceId,
		billingRunId: `billing_run_${invoiceId}`,
		quantity: units,
		priceId: noCharge.id,
		description: `${aiRequests.name} beyond the credits`,
		price: noCharge.unitPrice,
		type: "usage",
		pricingModelId,
		ledgerAccountId: `${subscriptionId}_${aiRequests.id}`,
		ledgerAccountCredit: 0,
	};
}

function periodHead(state: State, customer: Customer, subscription: Subscription, period: BillingPeriod, atMs: number) {
	return {
		...invoiceHead(state, customer, atMs),
		type: "subscription",
		purchaseId: null,
		subscriptionId: subscription.id,
		billingPeriodId: period.id,
		billingPeriodStartDate: period.startMs,
		billingPeriodEndDate: period.endMs,
	} as const;
}

function store(state: State, invoice: Omit<Invoice, "subtotal">, invoiceLineItems: InvoiceLine[]): InvoiceWithLines {
	const subtotal = invoiceLineItems.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
	const stored = { invoice: { ...invoice, subtotal } as Invoice, invoiceLineItems };
	state.invoices.push(stored);
	return stored;
}

/** Creates the invoice of one billing period: the plan, and earlier usage beyond the credits. */
export function invoiceBillingPeriod(
	state: State,
	input: {
		customer: Customer;
		subscription: Subscription;
		period: BillingPeriod;
		price: SubscriptionPrice;
		quantity: number;
		atMs: number;
	},
): InvoiceWithLines {
	const { customer, subscription, period, price, quantity, atMs } = input;
	const head = periodHead(state, customer, subscription, period, atMs);
	const debt = debtOf(state, { subscriptionId: subscription.id, usageMeterId: aiRequests.id });
	const plan = staticLine(head.id, { priceId: price.id, description: price.name, price: price.unitPrice, quantity }, atMs);
	return store(state, head, debt > 0 ? [plan, usageLine(head.id, subscription.id, debt, atMs)] : [plan]);
}

/** Creates the second invoice of a period, for a plan change within it. */
export function invoiceProration(
	state: State,
	input: { customer: Customer; subscription: Subscription; period: BillingPeriod; amountCents: number; atMs: number },
): InvoiceWithLines {
	const { customer, subscription, period, amountCents, atMs } = input;
	const head = periodHead(state, customer, subscription, period, atMs);
	const line = { priceId: null, description: "Proration: Net charge adjustment", price: amountCents, quantity: 1 };
	return store(state, head, [staticLine(head.id, line, atMs)]);
}

/** Creates the invoice of a one-time purchase. */
export function invoicePurchase(
	state: State,
	input: {
		customer: Customer;
		purchase: Purchase;
		price: SinglePaymentPrice;
		quantity: number;
		atMs: number;
	},
): InvoiceWithLines {
	const { customer, purchase, price, quantity, atMs } = input;
	const head = invoiceHead(state, customer, atMs);
	const line = { priceId: price.id, description: price.name, price: price.unitPrice, quantity };
	return store(
		state,
		{
			...head,
			type: "purchase",
			purchaseId: purchase.id,
			subscriptionId: null,
			billingPeriodId: null,
			billingPeriodStartDate: null,
			billingPeriodEndDate: null,
		},
		[staticLine(head.id, line, atMs)],
	);
}

/** The units of debt on the invoice. */
export function debtUnits({ invoiceLineItems }: InvoiceWithLines): number {
	return invoiceLineItems.reduce((units, line) => (line.type === "usage" ? units + line.quantity : units), 0);
}
