import { expect, test } from "vitest";
import { retryAfterIn } from "./retry-after.ts";

const NOW = Date.UTC(2026, 10, 29, 12);

test.each([
	[{ "retry-after": "7" }, 7],
	[{ "retry-after": "0" }, 1],
	[{ "retry-after": "1.2" }, 2],
	[{ "retry-after": "20s" }, 20],
	[{ "retry-after": "86400" }, 300],
	[{ "retry-after": "Sun, 29 Nov 2026 12:00:30 GMT" }, 30],
	[{ "retry-after": "Sun, 29 Nov 2026 11:00:00 GMT" }, 1],
	[{ "retry-after": "soon" }, null],
	[{ "retry-after": "" }, null],
	[{ "retry-after-ms": "2500", "retry-after": "9" }, 3],
	[{}, null],
])("%j is %j seconds", (headers, seconds) => {
	expect(retryAfterIn(new Headers(headers), NOW)).toBe(seconds);
});
