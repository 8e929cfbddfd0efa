/** /__sandbox/stripe: actions that the real API does not offer, for tests. Bodies are JSON. */
import { Hono } from "hono";
import { z } from "zod";
import { readBody } from "../api/body.ts";
import { Refusal } from "../billing/refusal.ts";
import { resend } from "../webhooks/delivery.ts";
import type { Env, World } from "../world.ts";
import { nowSeconds } from "./api/now.ts";
import { closeDispute, openDispute } from "./billing/disputes.ts";
import { chargeNamed, refund } from "./billing/refunds.ts";
import { deliveriesOf } from "./events/channel.ts";
import { emit } from "./events/emit.ts";

const paid = { charge: z.string().optional(), paymentIntent: z.string().optional() };
const disputeBody = z.strictObject(paid);
const closeBody = z.strictObject({ outcome: z.enum(["won", "lost"]) });
const refundBody = z.strictObject({ ...paid, amount: z.number().int().min(1).optional() });
const eventBody = z.strictObject({ type: z.string().min(1), object: z.record(z.string(), z.unknown()) });

export function stripeControlRoutes(world: World) {
	return new Hono<Env>()
		.post("/disputes", async (c) => {
			const { charge, paymentIntent } = await readBody(c, disputeBody);
			const disputed = chargeNamed(world.state, { charge, payment_intent: paymentIntent });
			return c.json(openDispute(world.state, disputed, nowSeconds(world)), 201);
		})
		.post("/disputes/:id/close", async (c) => {
			const { outcome } = await readBody(c, closeBody);
			return c.json(closeDispute(world.state, existing(world.state.stripe.disputes, c.req.param("id")).id, outcome, nowSeconds(world)));
		})
		.post("/refunds", async (c) => {
			const { charge, paymentIntent, amount } = await readBody(c, refundBody);
			return c.json(refund(world.state, { charge, payment_intent: paymentIntent, amount }, nowSeconds(world)), 201);
		})
		.post("/events", async (c) => {
			const { type, object } = await readBody(c, eventBody);
			return c.json(emit(world.state, type as Parameters<typeof emit>[1], object, nowSeconds(world)), 201);
		})
		.post("/events/:id/resend", (c) => {
			const event = existing(world.state.stripe.events, c.req.param("id"));
			for (const delivery of deliveriesOf(world.state, event.id)) resend(delivery, world.nowMs());
			return c.json(event);
		});
}

function existing<T extends { id: string }>(records: readonly T[], id: string): T {
	const found = records.find((one) => one.id === id);
	if (found === undefined) throw new Refusal("NOT_FOUND", `${id} not found`);
	return found;
}
