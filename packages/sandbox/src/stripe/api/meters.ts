import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { newMeter } from "../billing/catalogue.ts";
import { eventSummaries, recordMeterEvent } from "../billing/meters.ts";
import { find } from "../find.ts";
import { newId } from "../ids.ts";
import { refuse } from "../refusal.ts";
import { expanded } from "./expand.ts";
import { ignored, noParams, params, read, text, timestamp } from "./form.ts";
import { page, paging } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const createParams = params({
	display_name: text,
	event_name: text.max(100),
	default_aggregation: z.strictObject({ formula: z.enum(["sum", "count", "last"]) }),
	customer_mapping: z.strictObject({ event_payload_key: text, type: z.enum(["by_id"]) }).optional(),
	value_settings: z.strictObject({ event_payload_key: text }).optional(),
	event_time_window: ignored,
});

const eventParams = params({
	event_name: text.max(100),
	payload: z.record(z.string(), z.string()),
	identifier: text.max(100).optional(),
	timestamp: timestamp.optional(),
});

const summaryParams = params({
	...paging,
	customer: text,
	start_time: timestamp,
	end_time: timestamp,
	value_grouping_window: z.enum(["hour", "day"]).optional(),
});

export function meterRoutes(world: World) {
	const meters = () => world.state.stripe.meters;
	return new Hono<Env>()
		.post("/billing/meters", async (c) => {
			const { expand, customer_mapping, value_settings, ...given } = await read(c, createParams);
			if (meters().some(({ event_name, status }) => event_name === given.event_name && status === "active"))
				throw refuse(`A meter with event_name ${given.event_name} already exists.`, { param: "event_name" });
			const meter = newMeter({
				id: newId("mtr_test"),
				created: nowSeconds(world),
				...given,
				...(customer_mapping === undefined ? {} : { customer_mapping }),
				...(value_settings === undefined ? {} : { value_settings }),
			});
			meters().push(meter);
			return c.json(expanded(world.state, meter, expand));
		})
		.get("/billing/meters", async (c) => {
			const { expand, status, ...wanted } = await read(c, params({ ...paging, status: z.enum(["active", "inactive"]).optional() }));
			const found = meters().filter((one) => status === undefined || one.status === status);
			return c.json(expanded(world.state, page("/v1/billing/meters", found, wanted), expand));
		})
		.get(
			"/billing/meters/:id",
			retrieve(world, ({ meters }) => meters, "billing.meter"),
		)
		.post("/billing/meters/:id", async (c) => {
			const { expand, display_name } = await read(c, params({ display_name: text }));
			const meter = find(meters(), c.req.param("id"), "billing.meter");
			Object.assign(meter, { display_name, updated: nowSeconds(world) });
			return c.json(expanded(world.state, meter, expand));
		})
		.post("/billing/meters/:id/deactivate", async (c) => {
			const { expand } = await read(c, noParams);
			const meter = find(meters(), c.req.param("id"), "billing.meter");
			const updated = nowSeconds(world);
			Object.assign(meter, { status: "inactive", status_transitions: { deactivated_at: updated }, updated });
			return c.json(expanded(world.state, meter, expand));
		})
		.post("/billing/meters/:id/reactivate", async (c) => {
			const { expand } = await read(c, noParams);
			const meter = find(meters(), c.req.param("id"), "billing.meter");
			Object.assign(meter, { status: "active", status_transitions: { deactivated_at: null }, updated: nowSeconds(world) });
			return c.json(expanded(world.state, meter, expand));
		})
		.get("/billing/meters/:id/event_summaries", async (c) => {
			const { expand, limit, starting_after, ending_before, ...span } = await read(c, summaryParams);
			const meter = find(meters(), c.req.param("id"), "billing.meter");
			find(world.state.stripe.customers, span.customer, "customer", "customer");
			const summaries = eventSummaries(world.state, meter, span);
			return c.json(expanded(world.state, page(c.req.path, summaries, { limit, starting_after, ending_before }), expand));
		})
		.post("/billing/meter_events", async (c) => {
			const { expand, ...given } = await read(c, eventParams);
			return c.json(expanded(world.state, recordMeterEvent(world.state, given, nowSeconds(world)), expand));
		});
}
