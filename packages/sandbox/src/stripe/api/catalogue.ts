import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { createPrice, createProduct, deleteProduct, updatePrice, updateProduct } from "../billing/selling.ts";
import { find } from "../find.ts";
import { expanded } from "./expand.ts";
import { count, flag, ignored, metadata, noParams, orNone, params, read, text } from "./form.ts";
import { listing, page } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const productFields = {
	active: flag.optional(),
	description: orNone(text).optional(),
	metadata: metadata.optional(),
	images: ignored,
	marketing_features: z.array(z.strictObject({ name: text })).optional(),
	statement_descriptor: ignored,
	tax_code: ignored,
	tax_details: ignored,
	shippable: ignored,
	package_dimensions: ignored,
	unit_label: ignored,
	url: ignored,
};

const recurring = z.strictObject({
	interval: z.enum(["day", "week", "month", "year"]),
	interval_count: count.optional(),
	usage_type: z.enum(["licensed"]).optional(),
	trial_period_days: ignored,
});

const currency = text.transform((code) => code.toLowerCase());

const createProductParams = params({
	...productFields,
	name: text,
	id: text.optional(),
	type: ignored,
	default_price_data: z
		.strictObject({ currency, unit_amount: count, recurring: recurring.optional(), metadata: metadata.optional(), tax_behavior: ignored })
		.optional(),
});
const updateProductParams = params({ ...productFields, name: text.optional(), default_price: text.optional() });
const listProductsParams = params({
	...listing,
	active: flag.optional(),
	ids: z.array(text).optional(),
	shippable: ignored,
	url: text.optional(),
});

const priceFields = {
	active: flag.optional(),
	lookup_key: orNone(text.max(200)).optional(),
	metadata: metadata.optional(),
	nickname: orNone(text).optional(),
	tax_behavior: z.enum(["exclusive", "inclusive", "unspecified"]).optional(),
	transfer_lookup_key: flag.optional(),
};
const createPriceParams = params({
	...priceFields,
	currency,
	product: text.optional(),
	product_data: z
		.strictObject({
			name: text,
			id: text.optional(),
			active: flag.optional(),
			metadata: metadata.optional(),
			unit_label: ignored,
			tax_code: ignored,
		})
		.optional(),
	unit_amount: count.optional(),
	unit_amount_decimal: z.string().regex(/^\d+$/, "the sandbox has no fractions of a cent").transform(Number).optional(),
	recurring: recurring.optional(),
	billing_scheme: z.enum(["per_unit"]).optional(),
});
const updatePriceParams = params(priceFields);
const listPricesParams = params({
	...listing,
	active: flag.optional(),
	lookup_keys: z.array(text).max(10).optional(),
	product: text.optional(),
	type: z.enum(["one_time", "recurring"]).optional(),
	currency: currency.optional(),
	recurring: z.strictObject({ interval: text, usage_type: text, meter: text }).partial().optional(),
});

/** The routes of products and prices. */
export function catalogueRoutes(world: World) {
	return new Hono<Env>().route("/", productRoutes(world)).route("/", priceRoutes(world));
}

function productRoutes(world: World) {
	const stripe = () => world.state.stripe;
	return new Hono<Env>()
		.post("/products", async (c) => {
			const { expand, ...given } = await read(c, createProductParams);
			return c.json(expanded(world.state, createProduct(world.state, given, nowSeconds(world)), expand));
		})
		.get("/products", async (c) => {
			const { expand, active, ids, url, ...wanted } = await read(c, listProductsParams);
			const found = stripe().products.filter(
				(one) =>
					(active === undefined || one.active === active) &&
					(ids === undefined || ids.includes(one.id)) &&
					(url === undefined || one.url === url),
			);
			return c.json(expanded(world.state, page("/v1/products", found, wanted), expand));
		})
		.get(
			"/products/:id",
			retrieve(world, ({ products }) => products, "product"),
		)
		.post("/products/:id", async (c) => {
			const { expand, ...given } = await read(c, updateProductParams);
			const product = find(stripe().products, c.req.param("id"), "product");
			updateProduct(world.state, product, given, nowSeconds(world));
			return c.json(expanded(world.state, product, expand));
		})
		.delete("/products/:id", async (c) => {
			await read(c, noParams);
			const product = find(stripe().products, c.req.param("id"), "product");
			deleteProduct(world.state, product, nowSeconds(world));
			return c.json({ id: product.id, object: "product", deleted: true });
		});
}

function priceRoutes(world: World) {
	const stripe = () => world.state.stripe;
	return new Hono<Env>()
		.post("/prices", async (c) => {
			const { expand, ...given } = await read(c, createPriceParams);
			return c.json(expanded(world.state, createPrice(world.state, given, nowSeconds(world)), expand));
		})
		.get("/prices", async (c) => {
			const {
				expand,
				active,
				lookup_keys: keys,
				product,
				type,
				currency: code,
				recurring: terms,
				...wanted
			} = await read(c, listPricesParams);
			const found = stripe().prices.filter(
				(one) =>
					(active === undefined || one.active === active) &&
					(keys === undefined || (one.lookup_key !== null && keys.includes(one.lookup_key))) &&
					(product === undefined || one.product === product) &&
					(type === undefined || one.type === type) &&
					(code === undefined || one.currency === code) &&
					(terms?.interval === undefined || one.recurring?.interval === terms.interval) &&
					(terms?.usage_type === undefined || one.recurring?.usage_type === terms.usage_type) &&
					(terms?.meter === undefined || one.recurring?.meter === terms.meter),
			);
			return c.json(expanded(world.state, page("/v1/prices", found, wanted), expand));
		})
		.get(
			"/prices/:id",
			retrieve(world, ({ prices }) => prices, "price"),
		)
		.post("/prices/:id", async (c) => {
			const { expand, ...given } = await read(c, updatePriceParams);
			const price = find(stripe().prices, c.req.param("id"), "price");
			updatePrice(world.state, price, given, nowSeconds(world));
			return c.json(expanded(world.state, price, expand));
		});
}
