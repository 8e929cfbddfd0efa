import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { createCustomer, deleteCustomer, updateCustomer } from "../billing/customers.ts";
import { detach } from "../billing/payment-methods.ts";
import { find } from "../find.ts";
import { refuse } from "../refusal.ts";
import { deletedCustomer, expanded } from "./expand.ts";
import { ignored, integer, metadata, noParams, orNone, params, read, text } from "./form.ts";
import { listing, page, paging } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const line = orNone(text)
	.optional()
	.transform((value) => value ?? null);

const fields = {
	name: orNone(text).optional(),
	email: orNone(text).optional(),
	phone: orNone(text).optional(),
	description: orNone(text).optional(),
	address: orNone(z.strictObject({ city: line, country: line, line1: line, line2: line, postal_code: line, state: line })).optional(),
	metadata: metadata.optional(),
	balance: integer.optional(),
	preferred_locales: z.array(text).optional(),
	invoice_settings: z
		.strictObject({ default_payment_method: orNone(text).optional(), custom_fields: ignored, footer: ignored, rendering_options: ignored })
		.partial()
		.optional(),
	shipping: ignored,
	tax: ignored,
	tax_exempt: ignored,
};

const createParams = params({ ...fields, payment_method: text.optional(), tax_id_data: ignored });
const updateParams = params(fields);
const listParams = params({ ...listing, email: text.optional() });
const searchParams = params({ query: text, limit: paging.limit, page: ignored });
const methodParams = params({ ...paging, type: text.optional(), allow_redisplay: ignored });

export function customerRoutes(world: World) {
	return new Hono<Env>()
		.post("/customers", async (c) => {
			const { expand, ...given } = await read(c, createParams);
			return c.json(expanded(world.state, createCustomer(world.state, given, nowSeconds(world)), expand));
		})
		.get("/customers", async (c) => {
			const { expand, email, ...wanted } = await read(c, listParams);
			const customers = world.state.stripe.customers.filter((one) => email === undefined || one.email === email);
			return c.json(expanded(world.state, page("/v1/customers", customers, wanted), expand));
		})
		.get("/customers/search", async (c) => {
			const { expand, query, limit = 10 } = await read(c, searchParams);
			const [, key = "", value] = /^metadata\["([^"]+)"\]:"([^"]*)"$/.exec(query) ?? [];
			if (value === undefined) throw refuse("The sandbox searches customers by one field of their metadata only.", { param: "query" });
			const found = world.state.stripe.customers.filter(({ metadata }) => metadata[key] === value).toReversed();
			const answer = {
				object: "search_result",
				data: found.slice(0, limit),
				has_more: found.length > limit,
				next_page: null,
				url: c.req.path,
			};
			return c.json(expanded(world.state, answer, expand));
		})
		.get("/customers/:id", async (c) => {
			const { expand } = await read(c, noParams);
			const id = c.req.param("id");
			if (world.state.stripe.deletedCustomerIds.includes(id)) return c.json(deletedCustomer(id));
			return c.json(expanded(world.state, find(world.state.stripe.customers, id, "customer"), expand));
		})
		.post("/customers/:id", async (c) => {
			const { expand, ...given } = await read(c, updateParams);
			const customer = find(world.state.stripe.customers, c.req.param("id"), "customer");
			updateCustomer(world.state, customer, given, nowSeconds(world));
			return c.json(expanded(world.state, customer, expand));
		})
		.delete("/customers/:id", async (c) => {
			await read(c, noParams);
			const id = c.req.param("id");
			deleteCustomer(world.state, id, nowSeconds(world));
			return c.json(deletedCustomer(id));
		})
		.get("/customers/:id/payment_methods", async (c) => {
			const { expand, type, ...wanted } = await read(c, methodParams);
			const { id } = find(world.state.stripe.customers, c.req.param("id"), "customer");
			return c.json(expanded(world.state, page(c.req.path, methodsOf(world, id, type), wanted), expand));
		})
		.get("/customers/:id/payment_methods/:method", async (c) => {
			const { expand } = await read(c, noParams);
			const methods = methodsOf(world, c.req.param("id"), undefined);
			return c.json(expanded(world.state, find(methods, c.req.param("method"), "PaymentMethod"), expand));
		})
		.get("/payment_methods", async (c) => {
			const { expand, type, customer, ...wanted } = await read(c, methodParams.extend({ customer: text }));
			const { id } = find(world.state.stripe.customers, customer, "customer", "customer");
			return c.json(expanded(world.state, page("/v1/payment_methods", methodsOf(world, id, type), wanted), expand));
		})
		.post("/payment_methods/:id/detach", async (c) => {
			const { expand } = await read(c, noParams);
			const method = find(world.state.stripe.paymentMethods, c.req.param("id"), "PaymentMethod");
			detach(world.state, method, nowSeconds(world));
			return c.json(expanded(world.state, method, expand));
		})
		.get(
			"/payment_methods/:id",
			retrieve(world, ({ paymentMethods }) => paymentMethods, "PaymentMethod"),
		);
}

function methodsOf({ state }: World, customerId: string, type: string | undefined) {
	return state.stripe.paymentMethods.filter((one) => one.customer === customerId && (type === undefined || one.type === type));
}
