import { env, waitUntil } from "cloudflare:workers";
import { z } from "zod";
import { ConfigError, config, isLoopback } from "../../config.ts";
import { problemResponse } from "../http/problem.ts";
import { type ClockReading, isClockSet, setClock } from "./clock.ts";

const LOAD_TIMEOUT_MS = 2_000;
/** The sandbox waits 2 s for word that all is done; what takes longer goes on behind. */
const WAKE_AWAITED_MS = 1_500;

const instant = z.int().min(0).max(8_640_000_000_000_000);
/** What the sandbox tells: its now is `frozenAtMs ?? Date.now() + offsetMs` (packages/sandbox/README.md, "The clock"). */
export const clockReading = z.object({ nowMs: instant, offsetMs: z.int(), frozenAtMs: instant.nullable() });

const REAL_TIME: ClockReading = { offsetMs: 0, frozenAtMs: null };

/**
 * Before anything of a request is decided: loads the clock of development where there is one.
 * @returns the refusal of a request that came from elsewhere than this machine, so that no deployment runs with a clock that anyone may turn; else null
 */
export async function followDevClock(request: Request): Promise<Response | null> {
	try {
		if (config().devClockUrl === null) return null;
	} catch (error) {
		// Told by whatever needs the configuration, and by /api/health.
		if (error instanceof ConfigError) return null;
		throw error;
	}
	if (!isLoopback(new URL(request.url).hostname)) {
		console.error("Configuration: DEV_CLOCK_URL is only for a local start, and this address is none");
		const detail = "This deployment is not set up yet.";
		return problemResponse("not-configured", { detail }, { "cache-control": "private, no-store" });
	}
	await loadDevClock();
	return null;
}

/**
 * Loads the clock of development into this isolate, once; nothing without one. Where it does not answer, real time is kept and the log says so.
 * @throws {ConfigError}
 */
export async function loadDevClock(): Promise<void> {
	const { devClockUrl } = config();
	if (devClockUrl === null || isClockSet()) return;
	let reading = REAL_TIME;
	try {
		// Each that comes first asks for itself: a request cannot wait for what another one began.
		const response = await fetch(devClockUrl, { signal: AbortSignal.timeout(LOAD_TIMEOUT_MS) });
		reading = clockReading.parse(await response.json());
	} catch (error) {
		console.error(`the clock at DEV_CLOCK_URL could not be read, so that real time is kept: ${error}`);
	}
	// What was set meanwhile is newer.
	if (!isClockSet()) setClock(reading);
}

/** Sets the clock of development and wakes every ledger; returns when they have done what is due by it, or after 1.5 s. */
export async function moveDevClock(reading: ClockReading): Promise<void> {
	setClock(reading);
	const woken = wakeLedgers(reading);
	waitUntil(woken);
	await Promise.race([woken, scheduler.wait(WAKE_AWAITED_MS)]);
}

// A Worker cannot list its objects, and one that sleeps is woken by its name only. So a ledger with an alarm leaves its name here, in development
// and only there: no migration has this table, and no deployment ever makes it.
const TABLE = "CREATE TABLE IF NOT EXISTS dev_clock_ledgers (key TEXT PRIMARY KEY) WITHOUT ROWID";

/** Notes that a ledger has something to do in time, so that it is woken when the clock of development moves; nothing without one. */
export async function noteForDevClock(key: string): Promise<void> {
	if (config().devClockUrl === null) return;
	await env.DB.batch([env.DB.prepare(TABLE), env.DB.prepare("INSERT OR IGNORE INTO dev_clock_ledgers (key) VALUES (?)").bind(key)]);
}

async function wakeLedgers(reading: ClockReading): Promise<void> {
	const [, found] = await env.DB.batch<{ key: string }>([env.DB.prepare(TABLE), env.DB.prepare("SELECT key FROM dev_clock_ledgers")]);
	const keys = found?.results.map(({ key }) => key) ?? [];
	await Promise.all(
		keys.map(async (key) => {
			try {
				await env.USAGE_LEDGER.getByName(key).clockMoved(reading);
			} catch (error) {
				console.error(`the ledger ${key} could not follow the clock: ${error}`);
			}
		}),
	);
}
