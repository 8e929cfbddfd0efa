import { tellApp } from "../clock/clock.ts";
import type { World } from "../world.ts";

/** Empties the sandbox. An app that followed its clock is told that it is today again. */
export async function resetWorld(world: World): Promise<void> {
	const wasMoved = world.state.clockOffsetMs !== 0 || world.state.frozenAtMs !== null;
	world.reset();
	if (wasMoved) await tellApp(world);
}
