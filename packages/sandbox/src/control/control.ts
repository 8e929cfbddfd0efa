/** /__sandbox: control of the sandbox itself, for tests. It needs no key: only this machine reaches it (local-only.ts). */
import { Hono } from "hono";
import { z } from "zod";
import { InvalidBody, MalformedJson, readBody } from "../api/body.ts";
import { findById } from "../billing/find-by-id.ts";
import { dispute } from "../billing/payments/refunds.ts";
import { Refusal } from "../billing/refusal.ts";
import { clockBody, moveClock, notifyApp, readClock } from "../clock/clock.ts";
import { faultsSchema } from "../faults/schema.ts";
import { jsonOnly } from "../local-only.ts";
import { deliver, mailError, mailSchema } from "../mailbox/mailbox.ts";
import { scenarioBody } from "../scenarios/scenario.ts";
import { scenarios } from "../scenarios/scenarios.ts";
import { settingsSchema } from "../settings.ts";
import { stripeControlRoutes } from "../stripe/control.ts";
import { StripeRefusal } from "../stripe/refusal.ts";
import { resend } from "../webhooks/delivery.ts";
import { emit } from "../webhooks/messages.ts";
import { eventTypes } from "../webhooks/records.ts";
import type { Env, World } from "../world.ts";
import { resetWorld } from "./reset.ts";

const eventBody = z.strictObject({ type: z.enum(eventTypes), customerId: z.string(), id: z.string().optional() });

export function controlRoutes(world: World) {
	return new Hono<Env>()
		.use(jsonOnly())
		.get("/state", (c) => {
			const { charges, pendingActivations, clockOffsetMs, frozenAtMs, ...shown } = world.state;
			return c.json({ now: world.nowMs(), ...shown });
		})
		.get("/clock", (c) => c.json(readClock(world)))
		.post("/clock", async (c) => {
			moveClock(world, await readBody(c, clockBody));
			await world.commit();
			return c.json({ ...readClock(world), appStatus: await notifyApp(world) });
		})
		.post("/faults", async (c) => {
			world.state.faults = await readBody(c, faultsSchema);
			return c.json(world.state.faults);
		})
		.post("/settings", async (c) => {
			Object.assign(world.state.settings, await readBody(c, settingsSchema.partial()));
			return c.json(world.state.settings);
		})
		.post("/reset", async (c) => {
			await resetWorld(world);
			return c.json({ reset: true });
		})
		.post("/mail", async (c) => {
			const mail = await readBody(c, mailSchema);
			const value = c.req.header("idempotency-key");
			const key = value === undefined ? undefined : { value, atMs: world.machineNowMs() };
			const delivered = deliver(world.state.mailbox, mail, world.nowMs(), key);
			return delivered ? c.json(delivered, 201) : c.json(mailError(409), 409);
		})
		.post("/webhooks", async (c) => {
			const { type, customerId, id } = await readBody(c, eventBody);
			const customer = findById(world.state.customers, customerId, "Customer");
			return c.json(emit(world.state, type, id ?? customer.id, customer, world.nowMs()), 201);
		})
		.post("/webhooks/:id/resend", (c) => {
			const message = findById(world.state.webhooks, c.req.param("id"), "Webhook message");
			resend(message, world.nowMs());
			return c.json(message);
		})
		.post("/payments/:id/dispute", (c) => {
			dispute(world.state, c.req.param("id"));
			return c.json({ disputed: true });
		})
		.post("/scenarios/:name", async (c) => {
			const scenario = scenarios.find(({ name }) => name === c.req.param("name"));
			if (scenario === undefined) throw new Refusal("NOT_FOUND", `Scenario ${c.req.param("name")} not found`);
			return c.json(await scenario.play(world, await readBody(c, scenarioBody)));
		})
		.route("/stripe", stripeControlRoutes(world))
		.onError((error, c) => {
			if (error instanceof InvalidBody) return c.json({ error: error.issues }, 400);
			if (error instanceof MalformedJson) return c.json({ error: error.message }, 400);
			if (error instanceof StripeRefusal) return c.json({ error: error.message }, error.details.code === "resource_missing" ? 404 : 400);
			if (error instanceof Refusal) return c.json({ error: error.message }, error.code === "NOT_FOUND" ? 404 : 400);
			throw error;
		});
}
