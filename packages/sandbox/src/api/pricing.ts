/** Reads of the catalogue: the pricing model, and its records, including those no longer on offer. */
import type { PriceListResponse } from "@flowglad/node/resources/prices";
import type { PricingModelListResponse, PricingModelRetrieveResponse } from "@flowglad/node/resources/pricing-models";
import type { ProductListResponse, ProductRetrieveResponse } from "@flowglad/node/resources/products";
import type { UsageMeterListResponse, UsageMeterRetrieveResponse } from "@flowglad/node/resources/usage-meters";
import { Hono } from "hono";
import { findById } from "../billing/find-by-id.ts";
import { pricingModelOf } from "../billing/pricing/pricing.ts";
import type { Price } from "../billing/pricing/records.ts";
import { catalogueOf, productWithParts } from "../billing/pricing/stored.ts";
import { Refusal, stated } from "../billing/refusal.ts";
import type { Env, World } from "../world.ts";
import { catalogueRoutes } from "./catalogue.ts";
import { pageOf } from "./page.ts";

export function pricingRoutes(world: World) {
	const model = () => pricingModelOf(world.state);
	const catalogue = () => catalogueOf(world.state);
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
			.get("/products", (c) => c.json(pageOf(c, catalogue().products) satisfies ProductListResponse))
			.get("/products/:id", (c) => {
				const record = stated(() => findById(catalogue().products, c.req.param("id"), "Product"));
				return c.json(productWithParts(catalogue(), record) satisfies ProductRetrieveResponse);
			})
			.get("/prices", (c) => c.json(pageOf(c, catalogue().prices) satisfies PriceListResponse))
			// @flowglad/node has no method for this route.
			.get("/prices/:id", (c) => {
				const price = stated(() => findById(catalogue().prices, c.req.param("id"), "Price"));
				return c.json({ price } satisfies { price: Price });
			})
			.get("/usage-meters", (c) => c.json(pageOf(c, catalogue().usageMeters) satisfies UsageMeterListResponse))
			.get("/usage-meters/:id", (c) => {
				const usageMeter = findById(catalogue().usageMeters, c.req.param("id"), "UsageMeter");
				return c.json({ usageMeter } satisfies UsageMeterRetrieveResponse);
			})
			.route("/", catalogueRoutes(world))
	);
}
