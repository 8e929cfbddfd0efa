import { expect, test } from "vitest";
import { capIn } from "./member-limit.ts";

test.each([
	["a-fifth", 1000, 200],
	["a-fifth", 99, 19],
	["a-fifth", 3, 1],
	[500, 100, 500],
	[null, 100, null],
] as const)("a limit of %s in a plan of %i requests is %s", (limit, planLimit, cap) => {
	expect(capIn(limit, planLimit)).toBe(cap);
});
