/** The response schema of each Flowglad route. The types of `@flowglad/node` bound them at compile time (`typed`). */
import type { CheckoutSessionCreateResponse, CheckoutSessionListResponse } from "@flowglad/node/resources/checkout-sessions";
import type {
	CustomerCreateResponse,
	CustomerListResponse,
	CustomerRetrieveBillingResponse,
	CustomerRetrieveResponse,
} from "@flowglad/node/resources/customers";
import type { InvoiceLineItemListResponse, InvoiceLineItemRetrieveResponse } from "@flowglad/node/resources/invoice-line-items";
import type { InvoiceListResponse, InvoiceRetrieveResponse } from "@flowglad/node/resources/invoices";
import type { PaymentMethodListResponse, PaymentMethodRetrieveResponse } from "@flowglad/node/resources/payment-methods";
import type { PaymentListResponse, PaymentRetrieveResponse } from "@flowglad/node/resources/payments";
import type { PriceCreateResponse, PriceListResponse } from "@flowglad/node/resources/prices";
import type { PricingModelListResponse, PricingModelRetrieveResponse } from "@flowglad/node/resources/pricing-models";
import type { ProductCreateResponse, ProductListResponse, ProductRetrieveResponse } from "@flowglad/node/resources/products";
import type { ResourceClaimListUsagesResponse } from "@flowglad/node/resources/resource-claims";
import type {
	SubscriptionAdjustResponse,
	SubscriptionListResponse,
	SubscriptionRetrieveResponse,
} from "@flowglad/node/resources/subscriptions";
import type { UsageEventRetrieveResponse } from "@flowglad/node/resources/usage-events";
import type { UsageMeterListResponse, UsageMeterRetrieveResponse } from "@flowglad/node/resources/usage-meters";
import { z } from "zod";
import type { Feature, WebhookEndpoint } from "../../billing/pricing/records.ts";
import type { Purchase, UsageEvent, UsageMeterBalance } from "../../billing/records.ts";
import type { Answer } from "../checked-fetch.ts";
import * as catalogue from "./flowglad-catalogue.ts";
import * as records from "./flowglad-records.ts";

/** Compiles only if everything the schema accepts fits the SDK's type. */
const typed =
	<Type>() =>
	<Schema extends z.ZodType<Type>>(schema: Schema): z.ZodType =>
		schema;

const pageFields = {
	currentCursor: z.string().optional(),
	nextCursor: z.string().optional(),
	hasMore: z.boolean(),
	total: z.number(),
};
const page = <Item extends z.ZodType>(item: Item) => z.strictObject({ data: z.array(item), ...pageFields });

const anySubscription = z.union([records.subscription, records.subscriptionWithoutPeriods]);
const customer = typed<CustomerRetrieveResponse>()(z.strictObject({ customer: records.customer }));
const subscription = typed<SubscriptionRetrieveResponse>()(z.strictObject({ subscription: anySubscription }));
const payment = typed<PaymentRetrieveResponse>()(z.strictObject({ payment: records.payment }));
const checkoutSession = typed<CheckoutSessionCreateResponse>()(
	z.strictObject({ checkoutSession: records.checkoutSession, url: z.url({ protocol: /^http$/ }) }),
);
const product = typed<ProductCreateResponse>()(z.strictObject({ product: catalogue.productRecord }));
const price = typed<PriceCreateResponse>()(z.strictObject({ price: catalogue.price }));
const meter = typed<UsageMeterRetrieveResponse>()(z.strictObject({ usageMeter: catalogue.meterRecord }));
const feature = typed<{ feature: Feature }>()(z.strictObject({ feature: catalogue.feature }));
const webhook = typed<{ webhook: WebhookEndpoint }>()(z.strictObject({ webhook: catalogue.webhookEndpoint }));
const usageEvent = typed<UsageEventRetrieveResponse>()(z.strictObject({ usageEvent: records.usageEvent }));

const details = {
	subscriptionItems: z.array(records.subscriptionItem.extend({ price: catalogue.price })),
	experimental: z.strictObject({ featureItems: z.array(records.featureItem), usageMeterBalances: z.array(records.usageMeterBalance) }),
};
const subscriptionDetails = z.union([records.subscription.extend(details), records.subscriptionWithoutPeriods.extend(details)]);

const billing = typed<CustomerRetrieveBillingResponse>()(
	z.strictObject({
		customer: records.customer,
		subscriptions: z.array(subscriptionDetails),
		currentSubscriptions: z.array(subscriptionDetails),
		currentSubscription: subscriptionDetails.optional(),
		invoices: z.array(records.invoiceWithLines),
		paymentMethods: z.array(records.paymentMethod),
		purchases: z.array(records.purchase),
		pricingModel: catalogue.pricingModel,
		catalog: catalogue.pricingModel,
		billingPortalUrl: z.url(),
	}),
);

/** By "METHOD /path" below /api/v1, where `:x` matches any segment. The first match counts, so fixed paths precede patterns. */
const answers: [route: string, schema: z.ZodType][] = [
	[
		"POST /customers",
		typed<CustomerCreateResponse>()(
			z.strictObject({
				data: z.strictObject({
					customer: records.customer,
					subscription: anySubscription,
					subscriptionItems: z.array(records.subscriptionItem),
				}),
			}),
		),
	],
	["GET /customers", typed<CustomerListResponse>()(page(records.customer))],
	["GET /customers/:id", customer],
	["PUT /customers/:id", customer],
	["POST /customers/:id/archive", customer],
	["GET /customers/:id/billing", billing],
	[
		"GET /customers/:id/usage-balances",
		typed<{ usageMeterBalances: UsageMeterBalance[] }>()(z.strictObject({ usageMeterBalances: z.array(records.usageMeterBalance) })),
	],
	["GET /subscriptions", typed<SubscriptionListResponse>()(page(anySubscription))],
	["POST /subscriptions", subscription],
	["GET /subscriptions/:id", subscription],
	["POST /subscriptions/:id/cancel", subscription],
	["POST /subscriptions/:id/uncancel", subscription],
	["POST /subscriptions/:id/cancel-scheduled-adjustment", z.strictObject({ subscription: anySubscription, canceledItemCount: z.number() })],
	[
		"POST /subscriptions/:id/adjust",
		typed<SubscriptionAdjustResponse>()(
			z.strictObject({
				subscription: anySubscription,
				subscriptionItems: z.array(records.subscriptionItem),
				isUpgrade: z.boolean(),
				resolvedTiming: z.enum(["immediately", "at_end_of_current_billing_period"]),
			}),
		),
	],
	["GET /checkout-sessions", typed<CheckoutSessionListResponse>()(page(records.checkoutSession))],
	["POST /checkout-sessions", checkoutSession],
	["GET /checkout-sessions/:id", checkoutSession],
	["GET /payment-methods", typed<PaymentMethodListResponse>()(page(records.paymentMethod))],
	["GET /payment-methods/:id", typed<PaymentMethodRetrieveResponse>()(z.strictObject({ paymentMethod: records.paymentMethod }))],
	["GET /payments", typed<PaymentListResponse>()(page(records.payment))],
	["GET /payments/:id", payment],
	["POST /payments/:id/refund", payment],
	["GET /purchases/:id", typed<{ purchase: Purchase }>()(z.strictObject({ purchase: records.purchase }))],
	["GET /invoices", typed<InvoiceListResponse>()(page(records.invoiceWithLines.shape.invoice))],
	["GET /invoices/:id", typed<InvoiceRetrieveResponse>()(records.invoiceWithLines)],
	["GET /invoice-line-items", typed<InvoiceLineItemListResponse>()(page(records.invoiceLine))],
	["GET /invoice-line-items/:id", typed<InvoiceLineItemRetrieveResponse>()(records.invoiceLine)],
	["GET /usage-events", page(records.usageEvent)],
	["POST /usage-events", usageEvent],
	["POST /usage-events/bulk", typed<{ usageEvents: UsageEvent[] }>()(z.strictObject({ usageEvents: z.array(records.usageEvent) }))],
	["GET /usage-events/:id", usageEvent],
	[
		"GET /pricing-models",
		typed<PricingModelListResponse>()(page(catalogue.pricingModel.omit({ products: true, usageMeters: true, defaultProduct: true }))),
	],
	["GET /pricing-models/:id", typed<PricingModelRetrieveResponse>()(z.strictObject({ pricingModel: catalogue.pricingModel }))],
	["GET /products", typed<ProductListResponse>()(page(catalogue.productRecord))],
	["POST /products", product],
	["GET /products/:id", typed<ProductRetrieveResponse>()(catalogue.product)],
	["PUT /products/:id", product],
	["GET /prices", typed<PriceListResponse>()(page(catalogue.price))],
	["POST /prices", price],
	["GET /prices/:id", price],
	["PUT /prices/:id", price],
	["GET /usage-meters", typed<UsageMeterListResponse>()(page(catalogue.meterRecord))],
	["POST /usage-meters", meter],
	["GET /usage-meters/:id", meter],
	["PUT /usage-meters/:id", meter],
	["GET /features", page(catalogue.feature)],
	["POST /features", feature],
	["GET /features/:id", feature],
	["PUT /features/:id", feature],
	["POST /webhooks", z.strictObject({ webhook: catalogue.webhookEndpoint, secret: z.string().startsWith("whsec_") })],
	["GET /webhooks/:id", webhook],
	["PUT /webhooks/:id", webhook],
	["GET /resource-claims/:id/usages", typed<ResourceClaimListUsagesResponse>()(z.tuple([]))],
	["GET /resource-claims/:id/claims", z.strictObject({ claims: z.tuple([]) })],
];

const routes = answers.map(([route, schema]) => ({ pattern: new RegExp(`^${route.replaceAll(/:\w+/g, "[^/]+")}$`), schema }));

/** Error bodies of the real service; its OpenAPI document describes others (flowglad.md l). */
const codes = { 400: "BAD_REQUEST", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT" } as const;
const issues = z.array(z.looseObject({ code: z.string(), path: z.array(z.union([z.string(), z.number()])), message: z.string() }));

function errorSchema(status: number): z.ZodType {
	if (status === 401) return z.literal("Unauthorized");
	const code = Reflect.get(codes, status) ?? "INTERNAL_SERVER_ERROR";
	const coded = z.strictObject({ error: z.union([z.string(), issues]), code: z.literal(code), request_id: z.string().length(8) });
	if (status === 400) return z.union([coded, z.strictObject({ error: z.string(), request_id: z.string().length(8) })]);
	// The framework answers an unknown path in plain text.
	return status === 404 ? z.union([coded, z.literal("Not Found")]) : coded;
}

/** Validates an answer of `/api/v1` against its route's schema. Returns what is wrong, or null. */
export function checkFlowglad({ method, path, status, body }: Answer): string | null {
	const route = `${method} ${path.replace(/^\/api\/v1/, "")}`;
	const schema = status >= 400 ? errorSchema(status) : routes.find(({ pattern }) => pattern.test(route))?.schema;
	if (schema === undefined) return "no schema: write one in testing/schemas/flowglad-answers.ts";
	const parsed = schema.safeParse(body);
	return parsed.success ? null : z.prettifyError(parsed.error);
}
