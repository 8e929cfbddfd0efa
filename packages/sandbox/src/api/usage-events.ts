import type { UsageEventCreateResponse, UsageEventRetrieveResponse } from "@flowglad/node/resources/usage-events";
import { Hono } from "hono";
import type { UsageEvent } from "../billing/records.ts";
import { Refusal } from "../billing/refusal.ts";
import { bulkCreateUsageEvents, createUsageEvent } from "../billing/usage-events.ts";
import type { Env, World } from "../world.ts";
import { readBody } from "./body.ts";
import { bulkUsageEventsBody, createUsageEventBody } from "./schemas.ts";

export function usageEventRoutes(world: World) {
	return new Hono<Env>()
		.post("/usage-events", async (c) => {
			const body = await readBody(c, createUsageEventBody);
			const usageEvent = createUsageEvent(world.state, body.usageEvent, world.nowMs());
			return c.json({ usageEvent } satisfies UsageEventCreateResponse);
		})
		.post("/usage-events/bulk", async (c) => {
			const body = await readBody(c, bulkUsageEventsBody);
			const usageEvents = bulkCreateUsageEvents(world.state, body.usageEvents, world.nowMs());
			// @flowglad/node has no method for this route.
			return c.json({ usageEvents } satisfies { usageEvents: UsageEvent[] });
		})
		.get("/usage-events/:id", (c) => {
			const id = c.req.param("id");
			const usageEvent = world.state.usageEvents.find((event) => event.id === id);
			if (usageEvent === undefined) throw new Refusal("NOT_FOUND", `Usage event ${id} not found`);
			return c.json({ usageEvent } satisfies UsageEventRetrieveResponse);
		});
}
