import { expect, test } from "vitest";
import { nextPath } from "./next-path.ts";

test("keeps a path of this site", () => {
	for (const path of ["/", "/pricing", "/c/abc_-9?upgraded=1#end"]) expect(nextPath(path)).toBe(path);
});

test("replaces anything that a browser could read as another site", () => {
	for (const hostile of [
		"//evil.example",
		"/\\evil.example",
		"https://evil.example",
		"javascript:alert(1)",
		"/\t/evil.example",
		"/..//evil.example",
		"/.//evil.example",
		"/%2e%2e//evil.example",
		"/a/../..//evil.example",
		"",
		undefined,
		7,
		["/a"],
	]) {
		expect(nextPath(hostile)).toBe("/");
	}
});
