/** The sandbox has one clock, so that is what every test clock moves: for all customers, whoever it was made for. */
import { Hono } from "hono";
import { moveClock, tellApp } from "../../clock/clock.ts";
import type { Env, World } from "../../world.ts";
import { deleteCustomer } from "../billing/customers.ts";
import { find } from "../find.ts";
import { newId } from "../ids.ts";
import type { TestClock } from "../records.ts";
import { refuse } from "../refusal.ts";
import { expanded } from "./expand.ts";
import { noParams, params, read, text, timestamp } from "./form.ts";
import { page, paging } from "./list.ts";
import { nowSeconds } from "./now.ts";

const createParams = params({ frozen_time: timestamp, name: text.optional() });
const advanceParams = params({ frozen_time: timestamp });
const lastsSeconds = 30 * 24 * 60 * 60;

export function testClockRoutes(world: World) {
	const clocks = () => world.state.stripe.testClocks;
	return new Hono<Env>()
		.post("/test_helpers/test_clocks", async (c) => {
			const { expand, frozen_time, name = null } = await read(c, createParams);
			moveClock(world, { frozen: true });
			await moveTo(world, frozen_time);
			const clock: TestClock = {
				id: newId("clock"),
				object: "test_helpers.test_clock",
				created: Math.floor(world.machineNowMs() / 1000),
				deletes_after: Math.floor(world.machineNowMs() / 1000) + lastsSeconds,
				frozen_time,
				livemode: false,
				name,
				status: "ready",
				status_details: {},
			};
			clocks().push(clock);
			return c.json(expanded(world.state, clock, expand));
		})
		.get("/test_helpers/test_clocks", async (c) => {
			const { expand, ...wanted } = await read(c, params(paging));
			return c.json(expanded(world.state, page("/v1/test_helpers/test_clocks", clocks().map(asItStands), wanted), expand));
		})
		.get("/test_helpers/test_clocks/:id", async (c) => {
			const { expand } = await read(c, noParams);
			return c.json(expanded(world.state, asItStands(find(clocks(), c.req.param("id"), "test_helpers.test_clock")), expand));
		})
		.post("/test_helpers/test_clocks/:id/advance", async (c) => {
			const { expand, frozen_time } = await read(c, advanceParams);
			const clock = find(clocks(), c.req.param("id"), "test_helpers.test_clock");
			if (frozen_time <= nowSeconds(world))
				throw refuse("The `frozen_time` must be after the test clock's current frozen time.", { param: "frozen_time" });
			moveClock(world, { frozen: true });
			await moveTo(world, frozen_time);
			clock.frozen_time = frozen_time;
			return c.json(expanded(world.state, clock, expand));
		})
		.delete("/test_helpers/test_clocks/:id", async (c) => {
			await read(c, noParams);
			const { id } = find(clocks(), c.req.param("id"), "test_helpers.test_clock");
			for (const customer of world.state.stripe.customers.filter(({ test_clock }) => test_clock === id))
				deleteCustomer(world.state, customer.id, nowSeconds(world));
			world.state.stripe.testClocks = clocks().filter((one) => one.id !== id);
			moveClock(world, { frozen: false });
			await tellApp(world);
			return c.json({ id, object: "test_helpers.test_clock", deleted: true });
		});

	/** As it stands: the sandbox's clock may have been moved by other hands. */
	function asItStands(clock: TestClock): TestClock {
		return { ...clock, frozen_time: nowSeconds(world) };
	}
}

async function moveTo(world: World, atSeconds: number): Promise<void> {
	moveClock(world, { nowMs: atSeconds * 1000 });
	await world.commit();
	await tellApp(world);
}
