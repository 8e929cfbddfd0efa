/** The sandbox's clock, and the message that notifies the app of a move. */
import { z } from "zod";
import { Refusal } from "../billing/refusal.ts";
import type { World } from "../world.ts";
import { applyDue } from "./apply-due.ts";

/** One of: advance, go to an instant, set the offset (0 is the machine's time), freeze or resume. */
export const clockBody = z.union([
	z.strictObject({ advanceMs: z.number().int().min(0) }),
	z.strictObject({ nowMs: z.number().int().min(0) }),
	z.strictObject({ offsetMs: z.number().int() }),
	z.strictObject({ frozen: z.boolean() }),
]);

/** The body of `GET /__sandbox/clock` and of the message to the app, whose now is `frozenAtMs ?? Date.now() + offsetMs`. */
export interface ClockReading {
	nowMs: number;
	/** Milliseconds ahead of the machine's clock at this instant. */
	offsetMs: number;
	/** The instant at which the clock is frozen, or null. */
	frozenAtMs: number | null;
}

/** The clock's range is 1970 to the end of 2099, so that periods that an app computes from it stay valid dates. */
const LATEST_MS = Date.UTC(2100, 0, 1);

/** The current reading. */
export function readClock(world: World): ClockReading {
	const { frozenAtMs, clockOffsetMs } = world.state;
	const offsetMs = frozenAtMs === null ? clockOffsetMs : frozenAtMs - world.machineNowMs();
	return { nowMs: world.nowMs(), offsetMs, frozenAtMs };
}

/**
 * Moves the clock and applies everything due in between. A frozen clock stays frozen at its new instant.
 * @throws Refusal for an instant before 1970 or after 2099
 */
export function moveClock(world: World, move: z.infer<typeof clockBody>): void {
	const { state } = world;
	// Read the clock once: between two readings a millisecond may pass, and the clock would be off by it.
	const machineMs = world.machineNowMs();
	const nowMs = state.frozenAtMs ?? machineMs + state.clockOffsetMs;
	if ("frozen" in move) {
		if (move.frozen) state.frozenAtMs = nowMs;
		else if (state.frozenAtMs !== null) {
			state.clockOffsetMs = state.frozenAtMs - machineMs;
			state.frozenAtMs = null;
		}
		return;
	}
	const toMs = "advanceMs" in move ? nowMs + move.advanceMs : "nowMs" in move ? move.nowMs : machineMs + move.offsetMs;
	if (toMs < 0 || toMs >= LATEST_MS) throw new Refusal("BAD_REQUEST", "The clock shows times from 1970 to the end of 2099");
	if (state.frozenAtMs === null) state.clockOffsetMs = toMs - machineMs;
	else state.frozenAtMs = toMs;
	applyDue(state, world.nowMs());
}

const patienceMs = 2000;

/**
 * Sends the app the new clock reading. Call it after everything due was applied, so that the app's next reads are up to date.
 * Returns the app's status, or null if it does not answer: it reads the clock when it starts.
 */
export async function notifyApp(world: World): Promise<number | null> {
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
		// Not running, restarting, or too slow.
		return null;
	}
}
