import { env, waitUntil } from "cloudflare:workers";
import { z } from "zod";
import { ConfigError, config, isLoopback } from "../../config.ts";
import { logFailure, logNote } from "../../log.ts";
import { t } from "../../text/text.ts";
import { problemResponse } from "../http/problem.ts";
import { type ClockReading, isClockSet, setClock } from "./clock.ts";

const LOAD_TIMEOUT_MS = 2_000;
/** The sandbox waits 2 s for the ledgers to finish. Work that takes longer continues after the response. */
const WAKE_AWAITED_MS = 1_500;

/** The sandbox's clock ends here. Beyond the range of a date, every request would fail until the clock is set again. */
const LATEST_MS = Date.UTC(2100, 0, 1);
const instant = z.int().min(0).max(LATEST_MS);
const offset = z.int().refine((offsetMs) => instant.safeParse(Date.now() + offsetMs).success, "leads to a time before 1970 or after 2099");

/** The sandbox's clock: its time is `frozenAtMs ?? Date.now() + offsetMs` (packages/sandbox/README.md, "The clock"). */
export const clockReading = z.object({ nowMs: instant, offsetMs: offset, frozenAtMs: instant.nullable() });

const REAL_TIME: ClockReading = { offsetMs: 0, frozenAtMs: null };

/**
 * Loads the development clock, if one is configured, before a request is handled.
 * @returns a refusal if the request came through another host, because a deployment must never have a movable clock. Otherwise null
 */
export async function followDevClock(request: Request): Promise<Response | null> {
	try {
		if (config().devClockUrl === null) return null;
	} catch (error) {
		// Whatever needs the configuration reports the error, and so does /api/health.
		if (error instanceof ConfigError) return null;
		throw error;
	}
	if (!isLoopback(new URL(request.url).hostname)) {
		logNote("Configuration: DEV_CLOCK_URL is only for a local start, and this host is not local");
		const detail = t("problem_not_set_up");
		return problemResponse("not-configured", { detail }, { "cache-control": "private, no-store" });
	}
	await loadDevClock();
	return null;
}

/**
 * Loads the development clock into this isolate, once. Does nothing if none is configured. If the clock does not answer, real time is kept and the
 * failure is logged.
 * @throws {ConfigError}
 */
export async function loadDevClock(): Promise<void> {
	const { devClockUrl } = config();
	if (devClockUrl === null || isClockSet()) return;
	let reading = REAL_TIME;
	try {
		// Concurrent first requests each load it: on Workers, a request cannot await another request's promise.
		const response = await fetch(devClockUrl, { signal: AbortSignal.timeout(LOAD_TIMEOUT_MS) });
		reading = clockReading.parse(await response.json());
	} catch (error) {
		logFailure("could not read the clock at DEV_CLOCK_URL, real time is kept", error);
	}
	// A move that arrived meanwhile is newer.
	if (!isClockSet()) setClock(reading);
}

/** Moves the development clock and wakes every ledger. Returns when their due work is done, or after 1.5 s. */
export async function moveDevClock(reading: ClockReading): Promise<void> {
	setClock(reading);
	const woken = wakeLedgers(reading);
	waitUntil(woken);
	await Promise.race([woken, scheduler.wait(WAKE_AWAITED_MS)]);
}

// A Worker cannot list its objects, so in development each ledger with an alarm registers its name here. No migration has this table,
// and no deployment creates it.
const TABLE = "CREATE TABLE IF NOT EXISTS dev_clock_ledgers (key TEXT PRIMARY KEY) WITHOUT ROWID";

/** Registers a ledger to be woken when the development clock moves. Does nothing if none is configured. */
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
				logFailure(`the ledger ${key} did not follow the development clock`, error);
			}
		}),
	);
}
