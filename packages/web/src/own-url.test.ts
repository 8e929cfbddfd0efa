import { describe, expect, test } from "vitest";
import { ownUrl } from "./own-url.ts";

const origin = "https://parley.example";

/** Each resolves to another site, either directly or when its path is resolved again. */
const HOSTILE = [
	"https://evil.example/",
	"//evil.example",
	"/\\evil.example",
	"\\\\evil.example",
	"/\t/evil.example",
	"/..//evil.example",
	"/.//evil.example",
	"/%2e%2e//evil.example",
	"/%2E//evil.example/phish",
	"/a/../..//evil.example",
	"/a/..//evil.example",
	"/..\\\\evil.example",
	"https://parley.example//evil.example",
	"https://parley.example/..//evil.example",
	"http://parley.example/",
	"https://parley.example:8443/",
	"https://parley.example.evil.example/",
	"https://user@parley.example/",
	"https://user:password@parley.example/",
	"https://:password@parley.example/",
	"blob:https://parley.example/0b8a",
	"filesystem:https://parley.example/temporary/a",
	"javascript:alert(1)",
	"java\nscript:alert(1)",
	"data:text/html,x",
	"https://",
	"http://[",
];

describe("an address on this site", () => {
	test.each(HOSTILE)("is not %o", (target) => {
		expect(ownUrl(target, origin)).toBe(null);
	});

	test.each([undefined, null, 7, {}, ["/a"]])("is not %o, which is not text", (target) => {
		expect(ownUrl(target, origin)).toBe(null);
	});

	test.each([
		["/", "https://parley.example/"],
		["", "https://parley.example/"],
		["/account?bought=plan#plan", "https://parley.example/account?bought=plan#plan"],
		["/c/a//b", "https://parley.example/c/a//b"],
		["https://parley.example/pricing", "https://parley.example/pricing"],
		["/c?next=//evil.example", "https://parley.example/c?next=//evil.example"],
	])("is %o, resolved", (target, href) => {
		expect(ownUrl(target, origin)?.href).toBe(href);
	});
});
