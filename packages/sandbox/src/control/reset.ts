import { notifyApp } from "../clock/clock.ts";
import type { World } from "../world.ts";

/** Empties the sandbox. If the clock had been moved, the app is sent the machine's time. */
export async function resetWorld(world: World): Promise<void> {
	const wasMoved = world.state.clockOffsetMs !== 0 || world.state.frozenAtMs !== null;
	world.reset();
	if (wasMoved) await notifyApp(world);
}
