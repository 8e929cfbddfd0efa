import fc from "fast-check";
import { Hono } from "hono";
import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Env } from "../../world.ts";
import { StripeRefusal } from "../refusal.ts";
import { errorOf, runStripe } from "../testing/harness.ts";
import { count, flag, metadata, orNone, params, read, text } from "./form.ts";

const schema = params({
	name: text.optional(),
	limit: count.optional(),
	isOn: flag.optional(),
	description: orNone(text).optional(),
	metadata: metadata.optional(),
	items: z.array(z.strictObject({ price: text, quantity: count.optional() })).optional(),
});

/** The parameters that an endpoint parses from a form, or the details of its refusal. */
async function parsed(form: string): Promise<unknown> {
	const app = new Hono<Env>().post("/", async (c) => c.json(await read(c, schema)));
	app.onError((error, c) => {
		if (!(error instanceof StripeRefusal)) throw error;
		return c.json({ refused: [error.status, error.details.code ?? null, error.details.param] });
	});
	return (await app.request("/", { method: "POST", body: form, headers: { "content-type": "application/x-www-form-urlencoded" } })).json();
}

describe("a form", () => {
	it.each([
		["colour=red", "parameter_unknown", "colour"],
		["items[0][price]=p&items[0][size]=1", "parameter_unknown", "items[0][size]"],
		["items[0][quantity]=1", "parameter_missing", "items[0][price]"],
		["name=", "parameter_invalid_empty", "name"],
		["limit=many", "parameter_invalid_integer", "limit"],
		["limit=1.5", "parameter_invalid_integer", "limit"],
		["limit=-1", null, "limit"],
		["isOn=yes", null, "isOn"],
		["items=x", null, "items"],
		[`metadata[${"k".repeat(41)}]=x`, null, `metadata[${"k".repeat(41)}]`],
		[`metadata[k]=${"x".repeat(501)}`, null, "metadata[k]"],
		[`name=${"x".repeat(5001)}`, null, "name"],
	])("is refused by name of the parameter: %#", async (form, code, param) => {
		expect(await parsed(form)).toEqual({ refused: [400, code, param] });
	});

	it("unsets parameters with an empty value, and accepts metadata up to its limits", async () => {
		expect(await parsed("description=&metadata=")).toEqual({ description: null, metadata: null });
		const fifty = Array.from({ length: 50 }, (_, index) => `metadata[k${index}]=1`).join("&");
		expect(await parsed(fifty)).toHaveProperty("metadata.k49", "1");
		expect(await parsed(`${fifty}&metadata[one_more]=1`)).toMatchObject({ refused: [400, null, "metadata"] });
		expect(await parsed(`metadata[${"k".repeat(40)}]=${"x".repeat(500)}`)).toHaveProperty(`metadata.${"k".repeat(40)}`);
	});

	it("keeps the order of a long list", async () => {
		const form = Array.from({ length: 60 }, (_, index) => `items[${index}][price]=p${index}`).join("&");
		const { items } = (await parsed(form)) as { items: { price: string }[] };
		expect(items.map(({ price }) => price)).toEqual(Array.from({ length: 60 }, (_, index) => `p${index}`));
	});
});

describe("a request of the SDK", () => {
	// No keys of digits only: qs reads those as list indices.
	const key = fc.oneof(
		fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."abcZ_-. &=+%ä€") }),
		fc.constantFrom("constructor", "toString", "hasOwnProperty", "valueOf", "length"),
	);
	const value = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" });

	it("arrives unchanged with any characters and names in its metadata", async () => {
		const { stripe } = await runStripe();
		await fc.assert(
			fc.asyncProperty(fc.dictionary(key, value, { maxKeys: 5 }), value, async (given, name) => {
				const customer = await stripe.customers.create({ name, metadata: given });
				expect(customer.name).toBe(name);
				expect({ ...customer.metadata }).toEqual({ ...given });
			}),
			{ numRuns: 60 },
		);
	});

	it("is refused with an error of the SDK's class that has the request id", async () => {
		const { stripe, faults } = await runStripe();
		const unknown = await errorOf(stripe.customers.create({ colour: "red" } as never));
		expect(unknown).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
		expect(unknown.requestId).toMatch(/^req_/);
		await faults({ api: [{ path: "/v1/*", status: 401, times: 1 }] });
		expect(await errorOf(stripe.customers.list())).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
		await faults({ api: [{ path: "/v1/*", status: 429, times: 1 }] });
		expect(await errorOf(stripe.customers.list())).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
		await faults({ api: [{ path: "/v1/*", status: 402, times: 1 }] });
		expect(await errorOf(stripe.customers.list())).toBeInstanceOf(Stripe.errors.StripeCardError);
		await faults({ api: [{ path: "/v1/*", status: 500, times: 1 }] });
		expect(await errorOf(stripe.customers.list())).toBeInstanceOf(Stripe.errors.StripeAPIError);
	});
});
