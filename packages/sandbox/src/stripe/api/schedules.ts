import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { cancelSchedule, releaseSchedule, scheduleFrom, updateSchedule } from "../billing/schedules/schedules.ts";
import { find, requireCustomer } from "../find.ts";
import { expanded } from "./expand.ts";
import { count, ignored, metadata, params, read, text, timestamp } from "./form.ts";
import { listing, page } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const date = z.union([z.literal("now"), timestamp]);
const prorationBehavior = z.enum(["always_invoice", "create_prorations", "none"]);

const phase = z.strictObject({
	items: z.array(z.strictObject({ price: text, quantity: count.optional(), metadata: ignored })),
	start_date: date.optional(),
	end_date: date.optional(),
	duration: z.strictObject({ interval: z.enum(["day", "week", "month", "year"]), interval_count: count.optional() }).optional(),
	proration_behavior: prorationBehavior.optional(),
	metadata: metadata.optional(),
	currency: ignored,
	collection_method: ignored,
	default_payment_method: text.optional(),
	description: ignored,
	automatic_tax: ignored,
	billing_cycle_anchor: ignored,
	trial_end: timestamp.optional(),
	discounts: z.array(z.strictObject({ discount: text })).optional(),
});

const createParams = params({ from_subscription: text, metadata: metadata.optional(), billing_mode: ignored });

const updateParams = params({
	phases: z.array(phase).min(1).optional(),
	end_behavior: z.enum(["cancel", "release"]).optional(),
	metadata: metadata.optional(),
	proration_behavior: prorationBehavior.optional(),
	default_settings: z.strictObject({ default_payment_method: text.optional() }).optional(),
});

const listParams = params({
	...listing,
	customer: text.optional(),
	scheduled: ignored,
	canceled_at: ignored,
	completed_at: ignored,
	released_at: ignored,
});

const endParams = params({ invoice_now: ignored, prorate: ignored, preserve_cancel_date: ignored });

export function scheduleRoutes(world: World) {
	const byId = (id: string) => find(world.state.stripe.schedules, id, "subscription_schedule");
	return new Hono<Env>()
		.post("/subscription_schedules", async (c) => {
			const { expand, from_subscription, metadata: given } = await read(c, createParams);
			return c.json(expanded(world.state, scheduleFrom(world.state, from_subscription, given, nowSeconds(world)), expand));
		})
		.get("/subscription_schedules", async (c) => {
			const { expand, customer, ...wanted } = await read(c, listParams);
			requireCustomer(world.state.stripe, customer);
			const found = world.state.stripe.schedules.filter((one) => customer === undefined || one.customer === customer);
			return c.json(expanded(world.state, page("/v1/subscription_schedules", found, wanted), expand));
		})
		.get(
			"/subscription_schedules/:id",
			retrieve(world, ({ schedules }) => schedules, "subscription_schedule"),
		)
		.post("/subscription_schedules/:id", async (c) => {
			const { expand, ...change } = await read(c, updateParams);
			const schedule = byId(c.req.param("id"));
			updateSchedule(world.state, schedule, change, nowSeconds(world));
			return c.json(expanded(world.state, schedule, expand));
		})
		.post("/subscription_schedules/:id/release", async (c) => {
			const { expand } = await read(c, endParams);
			const schedule = byId(c.req.param("id"));
			releaseSchedule(world.state, schedule, nowSeconds(world));
			return c.json(expanded(world.state, schedule, expand));
		})
		.post("/subscription_schedules/:id/cancel", async (c) => {
			const { expand } = await read(c, endParams);
			const schedule = byId(c.req.param("id"));
			cancelSchedule(world.state, schedule, nowSeconds(world));
			return c.json(expanded(world.state, schedule, expand));
		});
}
