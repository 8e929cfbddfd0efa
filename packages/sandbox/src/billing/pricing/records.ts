import type { Product, SinglePaymentPrice, SubscriptionPrice, UsageMeter, UsagePrice } from "../records.ts";

/** A price of a product. Meters have usage prices. */
export type ProductPrice = SubscriptionPrice | SinglePaymentPrice;
export type Price = ProductPrice | UsagePrice;
export type Feature = Product["features"][number];
export type ProductRecord = Omit<Product, "prices" | "defaultPrice" | "features">;
export type MeterRecord = Omit<UsageMeter, "prices" | "defaultPrice">;

/** An endpoint created through the API. It is stored and never called: see the README. */
export interface WebhookEndpoint {
	id: string;
	createdAt: number;
	updatedAt: number;
	livemode: boolean;
	filterTypes: string[];
	organizationId: string;
	url: string;
	name: string;
	active: boolean;
	pricingModelId: string;
}

/** What is sold, as flat records. */
export interface Catalogue {
	products: ProductRecord[];
	prices: Price[];
	features: Feature[];
	/** The current links between products and features. */
	productFeatures: { productId: string; featureId: string }[];
	usageMeters: MeterRecord[];
	webhookEndpoints: WebhookEndpoint[];
}
