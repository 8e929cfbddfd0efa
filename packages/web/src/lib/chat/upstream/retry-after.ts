/** A longer wait is cut: an upstream that says "tomorrow" must not be left out of all that time. */
const RETRY_AFTER_MAX_S = 300;

/** When an upstream wants to be asked again, in whole seconds from now, 1 to 300. RFC 9110, 10.2.3: seconds, or a date. Null where it does not say. */
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
