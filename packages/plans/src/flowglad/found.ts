/** Reads the key's pricing model. Schemas cover only the fields in use. */
import type { Flowglad } from "@flowglad/node";
import { z } from "zod";

const meter = z.object({
	id: z.string(),
	slug: z.string(),
	name: z.string(),
	aggregationType: z.string(),
	defaultPrice: z.object({ unitPrice: z.number() }).optional(),
});

const feature = z.object({
	id: z.string(),
	type: z.string(),
	slug: z.string(),
	name: z.string(),
	active: z.boolean(),
	amount: z.number().nullish(),
	usageMeterId: z.string().nullish(),
	renewalFrequency: z.string().nullish(),
	pricingModelId: z.string(),
});

const price = z.object({
	id: z.string(),
	type: z.string(),
	slug: z.string().nullable(),
	active: z.boolean(),
	isDefault: z.boolean(),
	unitPrice: z.number(),
	currency: z.string(),
	intervalUnit: z.string().nullish(),
	intervalCount: z.number().nullish(),
	trialPeriodDays: z.number().nullish(),
	productId: z.string().nullish(),
});

const product = z.object({
	id: z.string(),
	slug: z.string().nullable(),
	name: z.string(),
	description: z.string().nullable(),
	active: z.boolean(),
	default: z.boolean(),
	pricingModelId: z.string(),
});

const pricingModel = z.object({
	id: z.string(),
	products: z.array(z.object({ id: z.string(), features: z.array(z.object({ id: z.string() })) })),
	usageMeters: z.array(meter),
});

export type FoundMeter = z.infer<typeof meter>;
export type FoundFeature = z.infer<typeof feature>;
export type FoundPrice = z.infer<typeof price>;
export type FoundProduct = z.infer<typeof product> & {
	/** Active and former prices. */
	prices: FoundPrice[];
	/** Its current features. Unknown for an archived product. */
	features: FoundFeature[];
};

export interface Found {
	pricingModelId: string;
	meters: FoundMeter[];
	/** All features, including unused ones. */
	features: FoundFeature[];
	products: FoundProduct[];
	/** The webhook endpoint created by an earlier push for this address. Undefined without --app-url. */
	endpoint: FoundEndpoint | null | undefined;
}

const webhook = z.object({ id: z.string(), url: z.string(), active: z.boolean(), filterTypes: z.array(z.string()) });
export type FoundEndpoint = z.infer<typeof webhook>;

/** Reads everything that the plan file defines, except the webhook endpoint. */
export async function readCatalogue(flowglad: Flowglad): Promise<Omit<Found, "endpoint">> {
	const answer = await flowglad.get("/api/v1/pricing-models/default");
	const model = parse(z.object({ pricingModel }), answer).pricingModel;
	const [products, prices, features] = await Promise.all([
		list(flowglad, "/api/v1/products", product),
		list(flowglad, "/api/v1/prices", price),
		list(flowglad, "/api/v1/features", feature),
	]);
	// An organization's key lists other pricing models too.
	const inModel = <T extends { pricingModelId: string }>(all: T[]) => all.filter(({ pricingModelId }) => pricingModelId === model.id);
	const featuresOf = (id: string) => {
		const ids = model.products.find((one) => one.id === id)?.features.map((one) => one.id) ?? [];
		return features.filter((one) => ids.includes(one.id));
	};
	return {
		pricingModelId: model.id,
		meters: model.usageMeters,
		features: inModel(features),
		products: inModel(products).map((one) => ({
			...one,
			prices: prices.filter(({ productId }) => productId === one.id),
			features: featuresOf(one.id),
		})),
	};
}

/**
 * Reads a webhook endpoint by id. Null if it does not exist. Flowglad answers 500 for an unknown id (webhooksRouter.ts). The reads of the catalogue
 * have just succeeded, so a 500 here means an unknown id.
 */
export async function readEndpoint(flowglad: Flowglad, id: string): Promise<FoundEndpoint | null> {
	try {
		return parse(z.object({ webhook }), await flowglad.get(`/api/v1/webhooks/${encodeURIComponent(id)}`)).webhook;
	} catch (error) {
		if (error instanceof Error && "status" in error && (error.status === 404 || error.status === 500)) return null;
		throw error;
	}
}

async function list<T extends z.ZodType>(flowglad: Flowglad, path: string, record: T): Promise<z.infer<T>[]> {
	const page = z.object({ data: z.array(record), nextCursor: z.string().optional(), hasMore: z.boolean() });
	const all: z.infer<T>[] = [];
	let cursor: string | undefined;
	do {
		const { data, hasMore, nextCursor } = parse(page, await flowglad.get(path, { query: { limit: "100", cursor } }));
		all.push(...data);
		cursor = hasMore ? nextCursor : undefined;
	} while (cursor !== undefined);
	return all;
}

/** Validates a response. @throws Error that lists its faults */
export function parse<T extends z.ZodType>(schema: T, answer: unknown): z.infer<T> {
	const parsed = schema.safeParse(answer);
	if (!parsed.success) throw new Error(`Flowglad's response does not match its API:\n${z.prettifyError(parsed.error)}`);
	return parsed.data;
}
