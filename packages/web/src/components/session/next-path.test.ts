import { expect, test } from "vitest";
import { nextPath } from "./next-path.ts";

test("a path of this site is followed", () => {
	for (const path of ["/", "/pricing", "/c/abc_-9?upgraded=1#end"]) expect(nextPath(path)).toBe(path);
});

test("whatever a browser could read as another site leads home", () => {
	for (const hostile of [
		"//evil.example",
		"/\\evil.example",
		"https://evil.example",
		"javascript:alert(1)",
		"/\t/evil.example",
		"",
		undefined,
		7,
		["/a"],
	]) {
		expect(nextPath(hostile)).toBe("/");
	}
});
