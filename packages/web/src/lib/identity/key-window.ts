import { dayOf, type Standing, type SubjectKind, utcDay } from "@parley/metering";
import type { KeyLimit } from "../../view/api-key.ts";
import { type KeyPoolKey, keyPoolKey } from "./subject-key.ts";

/** The window that an API key's limit counts now, and the pool that counts it. */
export interface KeyWindow {
	pool: KeyPoolKey;
	window: Standing["window"];
}

/**
 * A key's window while a ledger pays: the UTC day, or the billing period of the ledger's plan. Without a plan the period is the free tier's UTC day.
 * @param kind of the ledger that pays, whose standing at `nowMs` (epoch milliseconds) is the next parameter
 */
export function keyWindowOf(
	id: string,
	{ per }: Pick<KeyLimit, "per">,
	kind: SubjectKind,
	{ tier, window }: Pick<Standing, "tier" | "window">,
	nowMs: number,
): KeyWindow {
	if (per === "day" || tier !== "paid") return { pool: keyPoolKey(dayOf(nowMs), id), window: utcDay(nowMs) };
	// A period that is over is followed by one that starts there, whose end is not known before the provider is read.
	const isOver = window.endMs !== null && window.endMs <= nowMs;
	const period = isOver ? { startMs: window.endMs ?? 0, endMs: null } : window;
	// Named by its start, so that it is the same pool before and after that read.
	return { pool: keyPoolKey(`${kind}-${period.startMs}`, id), window: period };
}
