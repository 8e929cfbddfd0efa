import type { Product, SinglePaymentPrice, SubscriptionPrice, UsageMeter, UsagePrice } from "../records.ts";

export type ProductPrice = SubscriptionPrice | SinglePaymentPrice;
export type Price = ProductPrice | UsagePrice;
export type Feature = Product["features"][number];
export type ProductRecord = Omit<Product, "prices" | "defaultPrice" | "features">;
export type MeterRecord = Omit<UsageMeter, "prices" | "defaultPrice">;

/** An endpoint that was made through the API. It is kept and never called: see the README. */
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

export interface Catalogue {
	products: ProductRecord[];
	prices: Price[];
	features: Feature[];
	/** Which product has which feature now. */
	productFeatures: { productId: string; featureId: string }[];
	usageMeters: MeterRecord[];
	webhookEndpoints: WebhookEndpoint[];
}
