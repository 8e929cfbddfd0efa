/** The sandbox's clock, and how the app learns that it was moved. */
import { z } from "zod";
import type { World } from "../world.ts";
import { applyDue } from "./apply-due.ts";

/** One of: forward by so much; to an instant; stop, or go on. `offsetMs` 0 is the machine's own time. */
export const clockBody = z.union([
	z.strictObject({ advanceMs: z.number().int().min(0) }),
	z.strictObject({ nowMs: z.number().int().min(0) }),
	z.strictObject({ offsetMs: z.number().int() }),
	z.strictObject({ frozen: z.boolean() }),
]);

/** What `GET /__sandbox/clock` answers and what the app is sent: its now is `frozenAtMs ?? Date.now() + offsetMs`. */
export interface ClockReading {
	nowMs: number;
	/** Milliseconds ahead of the machine's clock at this instant. */
	offsetMs: number;
	/** The instant at which the clock stands still, or null. */
	frozenAtMs: number | null;
}

export function readClock(world: World): ClockReading {
	const { frozenAtMs, clockOffsetMs } = world.state;
	const offsetMs = frozenAtMs === null ? clockOffsetMs : frozenAtMs - world.machineNowMs();
	return { nowMs: world.nowMs(), offsetMs, frozenAtMs };
}

/** Moves the clock and applies what the time in between has brought. A clock that stands still goes on standing, elsewhere. */
export function moveClock(world: World, move: z.infer<typeof clockBody>): void {
	const { state } = world;
	if ("frozen" in move) {
		if (move.frozen) state.frozenAtMs = world.nowMs();
		else if (state.frozenAtMs !== null) {
			state.clockOffsetMs = state.frozenAtMs - world.machineNowMs();
			state.frozenAtMs = null;
		}
		return;
	}
	const toMs = "advanceMs" in move ? world.nowMs() + move.advanceMs : "nowMs" in move ? move.nowMs : world.machineNowMs() + move.offsetMs;
	if (state.frozenAtMs === null) state.clockOffsetMs = toMs - world.machineNowMs();
	else state.frozenAtMs = toMs;
	applyDue(state, world.nowMs());
}

const patienceMs = 2000;

/**
 * Tells the app where the clock stands now, after everything here has happened, so that what it asks next is up to date.
 * The status it answered with; null when it is not there, which is nobody's failure: it asks when it starts.
 */
export async function tellApp(world: World): Promise<number | null> {
	if (world.appClockUrl === null) return null;
	try {
		const response = await fetch(world.appClockUrl, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(readClock(world)),
			signal: AbortSignal.timeout(patienceMs),
		});
		await response.body?.cancel();
		return response.status;
	} catch {
		// Not running, restarting, or too busy to answer in time.
		return null;
	}
}
