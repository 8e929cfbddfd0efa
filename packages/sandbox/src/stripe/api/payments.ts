/** Payment intents, setup intents, charges, refunds, disputes. */
import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { refund } from "../billing/refunds.ts";
import { find, requireCustomer } from "../find.ts";
import { expanded } from "./expand.ts";
import { count, ignored, metadata, noParams, params, read, text } from "./form.ts";
import { listing, page } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const intentListParams = params({ ...listing, customer: text.optional() });
const chargeListParams = params({ ...listing, customer: text.optional(), payment_intent: text.optional(), transfer_group: ignored });
const paidListParams = params({ ...listing, charge: text.optional(), payment_intent: text.optional() });

const refundParams = params({
	charge: text.optional(),
	payment_intent: text.optional(),
	amount: count.optional(),
	reason: z.enum(["duplicate", "fraudulent", "requested_by_customer"]).optional(),
	metadata: metadata.optional(),
});

export function paymentRoutes(world: World) {
	const stripe = () => world.state.stripe;
	return new Hono<Env>()
		.get("/payment_intents", async (c) => {
			const { expand, customer, ...wanted } = await read(c, intentListParams);
			requireCustomer(world.state.stripe, customer);
			const found = stripe().paymentIntents.filter((one) => customer === undefined || one.customer === customer);
			return c.json(expanded(world.state, page("/v1/payment_intents", found, wanted), expand));
		})
		.get("/payment_intents/:id", async (c) => {
			const { expand } = await read(c, noParams.extend({ client_secret: ignored }));
			return c.json(expanded(world.state, find(stripe().paymentIntents, c.req.param("id"), "payment_intent"), expand));
		})
		.get(
			"/setup_intents/:id",
			retrieve(world, ({ setupIntents }) => setupIntents, "setupintent"),
		)
		.get("/charges", async (c) => {
			const { expand, customer, payment_intent, ...wanted } = await read(c, chargeListParams);
			requireCustomer(world.state.stripe, customer);
			const found = stripe().charges.filter(
				(one) =>
					(customer === undefined || one.customer === customer) && (payment_intent === undefined || one.payment_intent === payment_intent),
			);
			return c.json(expanded(world.state, page("/v1/charges", found, wanted), expand));
		})
		.get(
			"/charges/:id",
			retrieve(world, ({ charges }) => charges, "charge"),
		)
		.post("/refunds", async (c) => {
			const { expand, ...request } = await read(c, refundParams);
			return c.json(expanded(world.state, refund(world.state, request, nowSeconds(world)), expand));
		})
		.get("/refunds", async (c) => {
			const { expand, charge, payment_intent, ...wanted } = await read(c, paidListParams);
			const found = stripe().refunds.filter((one) => isOf(one, charge, payment_intent));
			return c.json(expanded(world.state, page("/v1/refunds", found, wanted), expand));
		})
		.get(
			"/refunds/:id",
			retrieve(world, ({ refunds }) => refunds, "refund"),
		)
		.get("/disputes", async (c) => {
			const { expand, charge, payment_intent, ...wanted } = await read(c, paidListParams);
			const found = stripe().disputes.filter((one) => isOf(one, charge, payment_intent));
			return c.json(expanded(world.state, page("/v1/disputes", found, wanted), expand));
		})
		.get(
			"/disputes/:id",
			retrieve(world, ({ disputes }) => disputes, "dispute"),
		);
}

interface OfPayment {
	charge: string | null;
	payment_intent: string | null;
}

function isOf(record: OfPayment, charge: string | undefined, intent: string | undefined): boolean {
	return (charge === undefined || record.charge === charge) && (intent === undefined || record.payment_intent === intent);
}
