/** Longer waits are cut: an upstream that says "tomorrow" must not be skipped that long. */
const RETRY_AFTER_MAX_S = 300;

/** Seconds until an upstream may be called again, whole, 1 to 300, from a number or date (RFC 9110, 10.2.3). Null if absent. */
export function retryAfterIn(headers: Headers, nowMs: number): number | null {
	const ms = numberOf(headers.get("retry-after-ms"));
	const header = headers.get("retry-after");
	const seconds = ms === null ? (numberOf(header) ?? secondsTo(header, nowMs)) : ms / 1000;
	return seconds === null ? null : Math.min(RETRY_AFTER_MAX_S, Math.max(1, Math.ceil(seconds)));
}

function numberOf(text: string | null): number | null {
	return text !== null && /^\s*\d+(\.\d+)?\s*s?\s*$/.test(text) ? Number.parseFloat(text) : null;
}

function secondsTo(date: string | null, nowMs: number): number | null {
	const atMs = Date.parse(date ?? "");
	return Number.isNaN(atMs) ? null : (atMs - nowMs) / 1000;
}
