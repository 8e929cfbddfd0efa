/** What is sold, to read: the sandbox's pricing model is code, so nothing here changes it. */
import type { PriceListResponse } from "@flowglad/node/resources/prices";
import type { PricingModelListResponse, PricingModelRetrieveResponse } from "@flowglad/node/resources/pricing-models";
import type { ProductListResponse, ProductRetrieveResponse } from "@flowglad/node/resources/products";
import type { UsageMeterListResponse, UsageMeterRetrieveResponse } from "@flowglad/node/resources/usage-meters";
import { Hono } from "hono";
import { findById } from "../billing/find-by-id.ts";
import { type Price, pricingModelOf } from "../billing/pricing/pricing.ts";
import type { Product, UsageMeter } from "../billing/records.ts";
import { Refusal } from "../billing/refusal.ts";
import type { Env, World } from "../world.ts";
import { pageOf } from "./page.ts";

export function pricingRoutes(world: World) {
	const model = () => pricingModelOf(world.state);
	const prices = () => [...model().products.flatMap((product) => product.prices), ...model().usageMeters.flatMap((meter) => meter.prices)];
	return (
		new Hono<Env>()
			.get("/pricing-models", (c) => {
				const { products: _, usageMeters: __, defaultProduct: ___, ...record } = model();
				return c.json(pageOf(c, [record]) satisfies PricingModelListResponse);
			})
			.get("/pricing-models/:id", (c) => {
				const id = c.req.param("id");
				const pricingModel = model();
				if (id !== "default" && id !== pricingModel.id) throw new Refusal("NOT_FOUND", `PricingModel with id ${id} not found`);
				return c.json({ pricingModel } satisfies PricingModelRetrieveResponse);
			})
			.get("/products", (c) => c.json(pageOf(c, model().products.map(productRecord)) satisfies ProductListResponse))
			.get("/products/:id", (c) => c.json(findById(model().products, c.req.param("id"), "Product") satisfies ProductRetrieveResponse))
			.get("/prices", (c) => c.json(pageOf(c, prices()) satisfies PriceListResponse))
			// @flowglad/node does not know this endpoint.
			.get("/prices/:id", (c) => c.json({ price: findById(prices(), c.req.param("id"), "Price") } satisfies { price: Price }))
			.get("/usage-meters", (c) => c.json(pageOf(c, model().usageMeters.map(meterRecord)) satisfies UsageMeterListResponse))
			.get("/usage-meters/:id", (c) => {
				const usageMeter = meterRecord(findById(model().usageMeters, c.req.param("id"), "UsageMeter"));
				return c.json({ usageMeter } satisfies UsageMeterRetrieveResponse);
			})
	);
}

function productRecord({ prices: _, defaultPrice: __, features: ___, ...record }: Product) {
	return record;
}

function meterRecord({ prices: _, defaultPrice: __, ...record }: UsageMeter) {
	return record;
}
