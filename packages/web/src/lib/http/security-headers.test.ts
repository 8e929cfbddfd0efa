import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COMMON_HEADERS, nonceOf, withSecurityHeaders } from "./security-headers.ts";

const request = new Request("https://parley.example/");
const secured = (hasTurnstile: boolean) =>
	withSecurityHeaders(request, new Response("", { headers: { "content-type": "text/html; charset=utf-8" } }), { nonce: "n", hasTurnstile });

test("assets have the same headers from public/_headers, where the Worker does not see them", () => {
	const file = readFileSync(new URL("../../../public/_headers", import.meta.url), "utf8");
	// The first rule is for all files.
	const [everywhere = "", ...others] = file.split("\n\n");
	const rules = everywhere.split("\n").filter((line) => line.startsWith("  "));
	const found = Object.fromEntries(
		rules.map((line) => [line.split(":")[0]?.trim().toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
	);
	expect(file.startsWith("/*\n")).toBe(true);
	expect(found).toMatchObject(COMMON_HEADERS);
	expect(found["strict-transport-security"]).toBe(secured(false).headers.get("strict-transport-security"));
	expect(found["content-security-policy"]).toContain("default-src 'none'");
	// Only the worker of an answer's code and formulas loads anything, and that from here.
	expect(others.join("\n").match(/^\/\S*/gm)).toEqual(["/assets/off-thread-worker-*"]);
	expect(others.join("\n")).toMatch(/^ {2}Content-Security-Policy: default-src 'none'; script-src 'self';/m);
});

test("Turnstile's script and frame are allowed only where it is configured", () => {
	const policy = (hasTurnstile: boolean) => secured(hasTurnstile).headers.get("content-security-policy") ?? "";
	expect(policy(true)).toContain("script-src 'self' 'nonce-n' https://challenges.cloudflare.com");
	expect(policy(true)).toContain("frame-src https://challenges.cloudflare.com");
	expect(policy(false)).not.toContain("cloudflare");
});

test("http, which only a local start uses, gets no HSTS", () => {
	const local = withSecurityHeaders(new Request("http://localhost:3000/"), new Response(""), { nonce: "n", hasTurnstile: false });
	expect(local.headers.has("strict-transport-security")).toBe(false);
});

test("a request has one nonce, and no other request has it", () => {
	expect(nonceOf(request)).toBe(nonceOf(request));
	expect(nonceOf(request)).toMatch(/^[\w-]{22}$/);
	expect(nonceOf(new Request("https://parley.example/"))).not.toBe(nonceOf(request));
});
