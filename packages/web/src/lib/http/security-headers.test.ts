import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COMMON_HEADERS, nonceOf, withSecurityHeaders } from "./security-headers.ts";

const request = new Request("https://parley.example/");
const secured = (hasTurnstile: boolean) =>
	withSecurityHeaders(request, new Response("", { headers: { "content-type": "text/html; charset=utf-8" } }), { nonce: "n", hasTurnstile });

/** The rules of public/_headers by path, with lower-case names. */
function assetRules(): Map<string, Record<string, string>> {
	const file = readFileSync(new URL("../../../public/_headers", import.meta.url), "utf8");
	const rules = new Map<string, Record<string, string>>();
	for (const block of file.split("\n\n")) {
		const [path = "", ...lines] = block.split("\n").filter((line) => line && !line.startsWith("#"));
		const headers = lines.flatMap((line): [string, string][] => {
			const [, name = "", value = ""] = /^ {2}([\w-]+): (.+)$/.exec(line) ?? [];
			return name ? [[name.toLowerCase(), value]] : [];
		});
		rules.set(path, Object.fromEntries(headers));
	}
	return rules;
}

test("assets, which bypass the Worker, get the same headers from public/_headers", () => {
	const found = assetRules().get("/*") ?? {};
	expect(found).toMatchObject(COMMON_HEADERS);
	expect(found["strict-transport-security"]).toBe(secured(false).headers.get("strict-transport-security"));
	expect(found["content-security-policy"]).toContain("default-src 'none'");
});

test("among the assets, only workers may load anything, and only from this site", () => {
	const policies = [...assetRules()].map(([path, headers]) => [path, headers["content-security-policy"]]);
	expect(policies.slice(1)).toEqual([
		["/assets/*", undefined],
		["/sw.js", "default-src 'none'; connect-src 'self'"],
		["/assets/off-thread-worker-*", "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"],
	]);
});

test("Turnstile's script and frame are allowed only where it is configured", () => {
	const policy = (hasTurnstile: boolean) => secured(hasTurnstile).headers.get("content-security-policy") ?? "";
	expect(policy(true)).toContain("script-src 'self' 'nonce-n' https://challenges.cloudflare.com");
	expect(policy(true)).toContain("frame-src https://challenges.cloudflare.com");
	expect(policy(false)).not.toContain("cloudflare");
});

test("http, used only in local development, gets no HSTS", () => {
	const local = withSecurityHeaders(new Request("http://localhost:3000/"), new Response(""), { nonce: "n", hasTurnstile: false });
	expect(local.headers.has("strict-transport-security")).toBe(false);
});

test("each request has one nonce, different from every other request's", () => {
	expect(nonceOf(request)).toBe(nonceOf(request));
	expect(nonceOf(request)).toMatch(/^[\w-]{22}$/);
	expect(nonceOf(new Request("https://parley.example/"))).not.toBe(nonceOf(request));
});
