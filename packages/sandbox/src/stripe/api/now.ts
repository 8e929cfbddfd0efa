import type { World } from "../../world.ts";

/** The sandbox's time in Stripe's unit, epoch seconds. */
export function nowSeconds(world: World): number {
	return Math.floor(world.nowMs() / 1000);
}
