import { dayOf, type Standing, type SubjectKind, utcDay } from "@parley/metering";
import type { KeyLimit } from "../../view/api-key.ts";
import { type KeyPoolKey, keyPoolKey } from "./subject-key.ts";

/** The current window of an API key's limit, and the pool that counts it. */
export interface KeyWindow {
	pool: KeyPoolKey;
	window: Standing["window"];
}

/**
 * A key's window for a given payer: the UTC day, or the billing period of the payer's plan. Without a plan the period is the free tier's UTC day.
 * @param kind of the paying ledger; its standing at `nowMs` (epoch milliseconds) is the next parameter
 */
export function keyWindowOf(
	id: string,
	{ per }: Pick<KeyLimit, "per">,
	kind: SubjectKind,
	{ tier, window }: Pick<Standing, "tier" | "window">,
	nowMs: number,
): KeyWindow {
	if (per === "day" || tier !== "paid") return { pool: keyPoolKey(dayOf(nowMs), id), window: utcDay(nowMs) };
	// An ended period is followed by one that starts at its end. Its own end is unknown until the provider is read.
	const isOver = window.endMs !== null && window.endMs <= nowMs;
	const period = isOver ? { startMs: window.endMs ?? 0, endMs: null } : window;
	// Named by its start, so the pool is the same before and after that read.
	return { pool: keyPoolKey(`${kind}-${period.startMs}`, id), window: period };
}
