import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { creditBalances, endGrant, grantCredit } from "../billing/credits.ts";
import { find } from "../find.ts";
import { expanded } from "./expand.ts";
import { count, ignored, metadata, noParams, params, read, text, timestamp } from "./form.ts";
import { page, paging } from "./list.ts";
import { nowSeconds } from "./now.ts";

const createParams = params({
	customer: text,
	amount: z.strictObject({ type: z.enum(["monetary"]), monetary: z.strictObject({ currency: text, value: count }) }),
	applicability_config: z.strictObject({ scope: z.strictObject({ price_type: z.enum(["metered"]).optional(), prices: ignored }) }),
	category: z.enum(["paid", "promotional"]).optional(),
	effective_at: timestamp.optional(),
	expires_at: timestamp.optional(),
	name: text.max(100).optional(),
	metadata: metadata.optional(),
	priority: count.optional(),
});

const summaryParams = params({
	customer: text,
	filter: z.strictObject({
		type: z.enum(["applicability_scope", "credit_grant"]),
		applicability_scope: ignored,
		credit_grant: text.optional(),
	}),
});

export function creditRoutes(world: World) {
	const grants = () => world.state.stripe.creditGrants;
	const byId = (id: string) => find(grants(), id, "billing.credit_grant");
	return new Hono<Env>()
		.post("/billing/credit_grants", async (c) => {
			const { expand, ...request } = await read(c, createParams);
			return c.json(expanded(world.state, grantCredit(world.state, request, nowSeconds(world)), expand));
		})
		.get("/billing/credit_grants", async (c) => {
			const { expand, customer, ...wanted } = await read(c, params({ ...paging, customer: text.optional() }));
			const found = grants().filter((one) => customer === undefined || one.customer === customer);
			return c.json(expanded(world.state, page("/v1/billing/credit_grants", found, wanted), expand));
		})
		.get("/billing/credit_grants/:id", async (c) => {
			const { expand } = await read(c, noParams);
			return c.json(expanded(world.state, byId(c.req.param("id")), expand));
		})
		.post("/billing/credit_grants/:id/:how{void|expire}", async (c) => {
			const { expand } = await read(c, noParams);
			const grant = byId(c.req.param("id"));
			endGrant(world.state, grant, c.req.param("how") === "void" ? "void" : "expire", nowSeconds(world));
			return c.json(expanded(world.state, grant, expand));
		})
		.get("/billing/credit_balance_summary", async (c) => {
			const { expand, customer, filter } = await read(c, summaryParams);
			find(world.state.stripe.customers, customer, "customer", "customer");
			const found = grants().filter(
				(one) => one.customer === customer && (filter.credit_grant === undefined || one.id === filter.credit_grant),
			);
			const balances = creditBalances(found, nowSeconds(world));
			const summary = { object: "billing.credit_balance_summary", balances, customer, customer_account: null, livemode: false };
			return c.json(expanded(world.state, summary, expand));
		});
}
