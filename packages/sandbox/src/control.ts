/** /__sandbox: what a test or a person does to the sandbox itself. No key: it listens on loopback only. */
import { Hono } from "hono";
import { z } from "zod";
import { InvalidBody, MalformedJson, readBody } from "./api/body.ts";
import { applyDue } from "./billing/due.ts";
import { faultsSchema } from "./faults.ts";
import { deliver, mailSchema } from "./mailbox.ts";
import { emptyState } from "./state.ts";
import type { Env, World } from "./world.ts";

const clockBody = z.union([z.strictObject({ advanceMs: z.number().int().min(0) }), z.strictObject({ nowMs: z.number().int().min(0) })]);

export function controlRoutes(world: World) {
	const clock = () => ({ nowMs: world.nowMs(), offsetMs: world.state.clockOffsetMs });
	return new Hono<Env>()
		.get("/state", (c) => {
			const { customers, subscriptions, usageEvents, checkoutSessions, ledger, mailbox, modelCalls, calls, faults } = world.state;
			return c.json({
				now: world.nowMs(),
				customers,
				subscriptions,
				usageEvents,
				checkoutSessions,
				ledger,
				mailbox,
				modelCalls,
				calls,
				faults,
			});
		})
		.get("/clock", (c) => c.json(clock()))
		.post("/clock", async (c) => {
			const body = await readBody(c, clockBody);
			if ("advanceMs" in body) world.state.clockOffsetMs += body.advanceMs;
			else world.state.clockOffsetMs = body.nowMs - world.machineNowMs();
			applyDue(world.state, world.nowMs());
			return c.json(clock());
		})
		.post("/faults", async (c) => {
			world.state.faults = await readBody(c, faultsSchema);
			return c.json(world.state.faults);
		})
		.post("/reset", (c) => {
			world.state = emptyState();
			return c.json({ reset: true });
		})
		.post("/mail", async (c) => {
			const mail = await readBody(c, mailSchema);
			return c.json(deliver(world.state, mail, world.nowMs()), 201);
		})
		.onError((error, c) => {
			if (error instanceof InvalidBody) return c.json({ error: error.issues }, 400);
			if (error instanceof MalformedJson) return c.json({ error: error.message }, 400);
			throw error;
		});
}
