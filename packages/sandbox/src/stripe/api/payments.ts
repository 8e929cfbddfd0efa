/** What was paid: payment intents, charges. */
import { Hono } from "hono";
import type { Env, World } from "../../world.ts";
import { find } from "../find.ts";
import { expanded } from "./expand.ts";
import { ignored, noParams, params, read, text } from "./form.ts";
import { listing, page } from "./list.ts";

const intentListParams = params({ ...listing, customer: text.optional() });
const chargeListParams = params({ ...listing, customer: text.optional(), payment_intent: text.optional(), transfer_group: ignored });

export function paymentRoutes(world: World) {
	const stripe = () => world.state.stripe;
	return new Hono<Env>()
		.get("/payment_intents", async (c) => {
			const { expand, customer, ...wanted } = await read(c, intentListParams);
			const found = stripe().paymentIntents.filter((one) => customer === undefined || one.customer === customer);
			return c.json(expanded(world.state, page("/v1/payment_intents", found, wanted), expand));
		})
		.get("/payment_intents/:id", async (c) => {
			const { expand } = await read(c, noParams.extend({ client_secret: ignored }));
			return c.json(expanded(world.state, find(stripe().paymentIntents, c.req.param("id"), "payment_intent"), expand));
		})
		.get("/setup_intents/:id", async (c) => {
			const { expand } = await read(c, noParams);
			return c.json(expanded(world.state, find(stripe().setupIntents, c.req.param("id"), "setupintent"), expand));
		})
		.get("/charges", async (c) => {
			const { expand, customer, payment_intent, ...wanted } = await read(c, chargeListParams);
			const found = stripe().charges.filter(
				(one) =>
					(customer === undefined || one.customer === customer) && (payment_intent === undefined || one.payment_intent === payment_intent),
			);
			return c.json(expanded(world.state, page("/v1/charges", found, wanted), expand));
		})
		.get("/charges/:id", async (c) => {
			const { expand } = await read(c, noParams);
			return c.json(expanded(world.state, find(stripe().charges, c.req.param("id"), "charge"), expand));
		});
}
