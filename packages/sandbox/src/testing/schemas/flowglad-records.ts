/** Flowglad's records with the fields and types of @flowglad/node 0.29. Strict: an unknown field fails. */
import { z } from "zod";
import { flags, nulls, numbers, numbersOrNull, texts, textsOrNull } from "./fields.ts";

const metadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const interval = z.enum(["day", "week", "month", "year"]);
const aggregationType = z.enum(["sum", "count_distinct_properties"]);
const billingAddress = z.strictObject({
	...textsOrNull("email", "firstName", "lastName", "name", "phone"),
	address: z.strictObject({ country: z.string(), ...textsOrNull("city", "line1", "line2", "name", "postal_code", "state") }),
});

export const customer = z.strictObject({
	...texts("id", "email", "externalId", "name", "organizationId", "pricingModelId"),
	...flags("archived", "livemode"),
	...numbers("createdAt", "updatedAt"),
	...textsOrNull("domain", "iconURL", "invoiceNumberBase", "logoURL", "userId"),
	billingAddress: billingAddress.nullable(),
});

export const paymentMethod = z.strictObject({
	...texts("id", "customerId", "pricingModelId"),
	...numbers("createdAt", "updatedAt"),
	...flags("default", "livemode"),
	billingDetails: z.strictObject({
		email: z.string().nullable(),
		name: z.string().nullable(),
		address: z.strictObject({
			country: z.string(),
			...textsOrNull("city", "line1", "line2", "postal_code", "state"),
		}),
	}),
	paymentMethodData: z.record(z.string(), z.unknown()),
	type: z.enum(["card", "link", "us_bank_account", "sepa_debit"]),
	metadata: metadata.nullable(),
});

export const payment = z.strictObject({
	...texts("id", "customerId", "invoiceId", "organizationId", "pricingModelId"),
	...numbers("amount", "chargeDate", "createdAt", "updatedAt"),
	...numbersOrNull("applicationFee", "refundedAmount", "subtotal", "taxAmount", "refundedAt", "settlementDate"),
	...textsOrNull(
		"billingPeriodId",
		"description",
		"failureCode",
		"failureMessage",
		"paymentMethodId",
		"purchaseId",
		"subscriptionId",
		"taxRatePercentage",
		"taxState",
		"receiptNumber",
		"receiptURL",
	),
	...flags("livemode", "refunded"),
	currency: z.literal("USD"),
	paymentMethod: z.enum(["card", "link", "us_bank_account", "sepa_debit"]),
	status: z.enum(["canceled", "failed", "refunded", "processing", "succeeded", "requires_confirmation", "requires_action"]),
	taxCountry: z.literal("US").nullable(),
	taxType: z.literal("amusement_tax").nullable(),
});

export const usageEvent = z.strictObject({
	...texts("id", "customerId", "pricingModelId", "subscriptionId", "transactionId", "usageMeterId"),
	...numbers("amount", "createdAt", "updatedAt", "usageDate"),
	livemode: z.boolean(),
	...textsOrNull("priceId", "billingPeriodId"),
	properties: z.record(z.string(), z.unknown()).nullable(),
});

export const purchase = z.union([
	z.strictObject({
		...texts("id", "customerId", "name", "organizationId", "priceId", "pricingModelId"),
		...numbers(
			"createdAt",
			"firstInvoiceValue",
			"intervalCount",
			"position",
			"pricePerBillingCycle",
			"quantity",
			"trialPeriodDays",
			"updatedAt",
		),
		livemode: z.boolean(),
		proposal: z.string().nullable(),
		totalPurchaseValue: z.null(),
		...numbersOrNull("billingCycleAnchor", "endDate", "purchaseDate"),
		archived: z.boolean().nullable(),
		bankPaymentOnly: z.boolean().nullable(),
		intervalUnit: interval,
		priceType: z.literal("subscription"),
		status: z.enum(["failed", "refunded", "open", "pending", "paid", "partial_refund", "fraudulent"]),
		billingAddress: billingAddress.nullable(),
		metadata: metadata.nullable(),
	}),
	z.strictObject({
		...texts("id", "customerId", "name", "organizationId", "priceId", "pricingModelId"),
		...numbers("createdAt", "firstInvoiceValue", "position", "quantity", "totalPurchaseValue", "updatedAt"),
		...nulls("intervalCount", "intervalUnit", "pricePerBillingCycle", "trialPeriodDays"),
		livemode: z.boolean(),
		proposal: z.string().nullable(),
		...numbersOrNull("billingCycleAnchor", "endDate", "purchaseDate"),
		archived: z.boolean().nullable(),
		bankPaymentOnly: z.boolean().nullable(),
		priceType: z.literal("single_payment"),
		status: z.enum(["failed", "refunded", "open", "pending", "paid", "partial_refund", "fraudulent"]),
		billingAddress: billingAddress.nullable(),
		metadata: metadata.nullable(),
	}),
	z.strictObject({
		...texts("id", "customerId", "name", "organizationId", "priceId", "pricingModelId"),
		...numbers("createdAt", "firstInvoiceValue", "position", "quantity", "totalPurchaseValue", "updatedAt"),
		...nulls("intervalCount", "intervalUnit", "pricePerBillingCycle", "trialPeriodDays"),
		livemode: z.boolean(),
		proposal: z.string().nullable(),
		...numbersOrNull("billingCycleAnchor", "endDate", "purchaseDate"),
		archived: z.boolean().nullable(),
		bankPaymentOnly: z.boolean().nullable(),
		priceType: z.literal("usage"),
		status: z.enum(["failed", "refunded", "open", "pending", "paid", "partial_refund", "fraudulent"]),
		billingAddress: billingAddress.nullable(),
		metadata: metadata.nullable(),
	}),
]);

export const invoiceLine = z.discriminatedUnion("type", [
	z.strictObject({
		type: z.literal("static"),
		...texts("id", "invoiceId", "pricingModelId"),
		...numbers("createdAt", "price", "quantity", "updatedAt"),
		...textsOrNull("description", "priceId"),
		livemode: z.boolean(),
		...nulls("ledgerAccountCredit", "ledgerAccountId"),
	}),
	z.strictObject({
		type: z.literal("usage"),
		...texts("id", "billingRunId", "invoiceId", "ledgerAccountId", "pricingModelId"),
		...numbers("createdAt", "ledgerAccountCredit", "price", "quantity", "updatedAt"),
		...textsOrNull("description", "priceId"),
		livemode: z.boolean(),
	}),
]);

export const invoiceWithLines = z.strictObject({
	invoice: z.discriminatedUnion("type", [
		z.strictObject({
			type: z.literal("purchase"),
			...texts("id", "customerId", "invoiceNumber", "organizationId", "pricingModelId", "purchaseId"),
			...numbersOrNull("applicationFee", "subtotal", "taxAmount", "dueDate"),
			...textsOrNull("billingRunId", "memo", "ownerMembershipId", "taxRatePercentage", "taxState", "pdfURL", "receiptPdfURL"),
			...numbers("createdAt", "invoiceDate", "updatedAt"),
			livemode: z.boolean(),
			...nulls("billingPeriodEndDate", "billingPeriodId", "billingPeriodStartDate", "subscriptionId"),
			bankPaymentOnly: z.boolean().nullable(),
			currency: z.literal("USD"),
			status: z.enum(["refunded", "open", "paid", "draft", "uncollectible", "void", "partially_refunded", "awaiting_payment_confirmation"]),
			taxCountry: z.literal("US").nullable(),
			taxType: z.literal("amusement_tax").nullable(),
		}),
		z.strictObject({
			type: z.literal("subscription"),
			...texts("id", "billingPeriodId", "customerId", "invoiceNumber", "organizationId", "pricingModelId", "subscriptionId"),
			...numbersOrNull("applicationFee", "subtotal", "taxAmount", "billingPeriodEndDate", "billingPeriodStartDate", "dueDate"),
			...textsOrNull("billingRunId", "memo", "ownerMembershipId", "taxRatePercentage", "taxState", "pdfURL", "receiptPdfURL"),
			...numbers("createdAt", "invoiceDate", "updatedAt"),
			livemode: z.boolean(),
			purchaseId: z.null(),
			bankPaymentOnly: z.boolean().nullable(),
			currency: z.literal("USD"),
			status: z.enum(["refunded", "open", "paid", "draft", "uncollectible", "void", "partially_refunded", "awaiting_payment_confirmation"]),
			taxCountry: z.literal("US").nullable(),
			taxType: z.literal("amusement_tax").nullable(),
		}),
		z.strictObject({
			type: z.literal("standalone"),
			...texts("id", "customerId", "invoiceNumber", "organizationId", "pricingModelId"),
			...numbersOrNull("applicationFee", "subtotal", "taxAmount", "dueDate"),
			...nulls("billingPeriodId", "purchaseId", "subscriptionId", "billingPeriodEndDate", "billingPeriodStartDate"),
			...textsOrNull(
				"billingRunId",
				"memo",
				"ownerMembershipId",
				"stripePaymentIntentId",
				"stripeTaxCalculationId",
				"stripeTaxTransactionId",
				"taxRatePercentage",
				"taxState",
				"pdfURL",
				"receiptPdfURL",
			),
			...numbers("createdAt", "invoiceDate", "updatedAt"),
			livemode: z.boolean(),
			bankPaymentOnly: z.boolean().nullable(),
			currency: z.literal("USD"),
			status: z.enum(["refunded", "open", "paid", "draft", "uncollectible", "void", "partially_refunded", "awaiting_payment_confirmation"]),
			taxCountry: z.literal("US").nullable(),
			taxType: z.literal("amusement_tax").nullable(),
		}),
	]),
	invoiceLineItems: z.array(invoiceLine),
});

export const subscriptionItem = z.strictObject({
	type: z.literal("static"),
	...texts("id", "pricingModelId", "subscriptionId"),
	...numbers("addedDate", "createdAt", "quantity", "unitPrice", "updatedAt"),
	...textsOrNull("externalId", "name", "priceId"),
	...flags("livemode", "manuallyCreated"),
	expiredAt: z.number().nullable(),
	metadata: metadata.nullable(),
});

export const featureItem = z.discriminatedUnion("type", [
	z.strictObject({
		type: z.literal("toggle"),
		...texts("id", "featureId", "name", "pricingModelId", "slug", "subscriptionItemId"),
		...numbers("createdAt", "updatedAt"),
		...flags("livemode", "manuallyCreated"),
		...nulls("amount", "renewalFrequency", "resourceId", "usageMeterId"),
		...numbersOrNull("detachedAt", "expiredAt"),
		...textsOrNull("detachedReason", "productFeatureId"),
	}),
	z.strictObject({
		type: z.literal("usage_credit_grant"),
		...texts("id", "featureId", "name", "pricingModelId", "slug", "subscriptionItemId", "usageMeterId"),
		...numbers("amount", "createdAt", "updatedAt"),
		...flags("livemode", "manuallyCreated"),
		...numbersOrNull("detachedAt", "expiredAt"),
		...textsOrNull("detachedReason", "productFeatureId"),
		resourceId: z.null(),
		renewalFrequency: z.enum(["once", "every_billing_period"]),
	}),
]);

export const usageMeterBalance = z.strictObject({
	...texts("id", "name", "organizationId", "pricingModelId", "slug", "subscriptionId"),
	...numbers("availableBalance", "createdAt", "updatedAt"),
	livemode: z.boolean(),
	aggregationType,
});

export const subscription = z.strictObject({
	// Newer than the SDK's types and the OpenAPI document: flowglad.md j.
	scheduledAdjustmentAt: z.number().nullable().optional(),
	...texts("id", "customerId", "organizationId", "priceId", "pricingModelId"),
	...textsOrNull("backupPaymentMethodId", "cancellationReason", "defaultPaymentMethodId", "name", "replacedBySubscriptionId"),
	...numbers("createdAt", "intervalCount", "startDate", "updatedAt"),
	...flags("current", "livemode"),
	...numbersOrNull(
		"billingCycleAnchorDate",
		"canceledAt",
		"cancelScheduledAt",
		"currentBillingPeriodEnd",
		"currentBillingPeriodStart",
		"trialEnd",
	),
	doNotCharge: z.boolean().nullable(),
	interval,
	isFreePlan: z.boolean().nullable(),
	renews: z.literal(true),
	runBillingAtPeriodStart: z.boolean().nullable(),
	status: z.enum([
		"canceled",
		"trialing",
		"active",
		"past_due",
		"unpaid",
		"cancellation_scheduled",
		"incomplete",
		"incomplete_expired",
		"paused",
	]),
	metadata: metadata.nullable(),
});

/** To a default product whose price is paid once. */
export const subscriptionWithoutPeriods = z.strictObject({
	...texts("id", "customerId", "organizationId", "priceId", "pricingModelId"),
	...textsOrNull("backupPaymentMethodId", "cancellationReason", "defaultPaymentMethodId", "name", "replacedBySubscriptionId"),
	...numbers("createdAt", "startDate", "updatedAt"),
	...flags("current", "livemode"),
	...numbersOrNull("canceledAt", "cancelScheduledAt"),
	...nulls("billingCycleAnchorDate", "currentBillingPeriodEnd", "currentBillingPeriodStart", "interval", "intervalCount", "trialEnd"),
	doNotCharge: z.boolean().nullable(),
	isFreePlan: z.boolean().nullable(),
	renews: z.literal(false),
	runBillingAtPeriodStart: z.boolean().nullable(),
	status: z.enum(["active", "canceled"]),
	metadata: metadata.nullable(),
});

export const checkoutSession = z.discriminatedUnion("type", [
	z.strictObject({
		type: z.literal("product"),
		...texts("id", "organizationId", "priceId", "pricingModelId"),
		...numbers("createdAt", "expires", "quantity", "updatedAt"),
		...textsOrNull("customerEmail", "customerId", "customerName", "discountId", "outputName", "purchaseId", "cancelUrl", "successUrl"),
		...flags("livemode", "preserveBillingCycleAnchor"),
		...nulls("automaticallyUpdateSubscriptions", "invoiceId", "targetSubscriptionId"),
		status: z.enum(["failed", "succeeded", "open", "pending", "expired"]),
		billingAddress: billingAddress.nullable(),
		outputMetadata: metadata.nullable(),
		paymentMethodType: z.enum(["card", "link", "us_bank_account", "sepa_debit"]).nullable(),
	}),
	z.strictObject({
		type: z.literal("add_payment_method"),
		...texts("id", "customerId", "organizationId", "pricingModelId"),
		...numbers("createdAt", "expires", "quantity", "updatedAt"),
		...textsOrNull(
			"customerEmail",
			"customerName",
			"discountId",
			"invoiceId",
			"outputName",
			"priceId",
			"purchaseId",
			"cancelUrl",
			"successUrl",
			"targetSubscriptionId",
		),
		...flags("livemode", "preserveBillingCycleAnchor"),
		status: z.enum(["failed", "succeeded", "open", "pending", "expired"]),
		automaticallyUpdateSubscriptions: z.boolean().nullable(),
		billingAddress: billingAddress.nullable(),
		outputMetadata: metadata.nullable(),
		paymentMethodType: z.enum(["card", "link", "us_bank_account", "sepa_debit"]).nullable(),
	}),
	z.strictObject({
		type: z.literal("activate_subscription"),
		...texts("id", "organizationId", "pricingModelId", "targetSubscriptionId"),
		...numbers("createdAt", "expires", "quantity", "updatedAt"),
		...textsOrNull("customerEmail", "customerId", "customerName", "discountId", "outputName", "priceId", "cancelUrl", "successUrl"),
		...flags("livemode", "preserveBillingCycleAnchor"),
		...nulls("invoiceId", "purchaseId"),
		automaticallyUpdateSubscriptions: z.boolean().nullable(),
		status: z.enum(["failed", "succeeded", "open", "pending", "expired"]),
		billingAddress: billingAddress.nullable(),
		outputMetadata: metadata.nullable(),
		paymentMethodType: z.enum(["card", "link", "us_bank_account", "sepa_debit"]).nullable(),
	}),
]);
