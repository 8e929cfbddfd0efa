import { randomBytes } from "node:crypto";

/** Turnstile's script and the frame it opens (https://developers.cloudflare.com/turnstile/reference/content-security-policy/). */
const TURNSTILE = "https://challenges.cloudflare.com";
const TWO_YEARS_SECONDS = 63_072_000;

/** Set on every response. Assets bypass the Worker and get theirs from public/_headers; a test compares the two. */
export const COMMON_HEADERS: Record<string, string> = {
	"cross-origin-opener-policy": "same-origin",
	"cross-origin-resource-policy": "same-origin",
	"permissions-policy":
		"accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
	"referrer-policy": "strict-origin-when-cross-origin",
	"x-content-type-options": "nosniff",
	"x-frame-options": "DENY",
};

/** For responses that are not pages: their content is never run, framed or used to load anything. */
const NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/** Scripts run by nonce or from our own files. Styles may be inline, because libraries write style attributes. */
function pagePolicy(nonce: string, hasTurnstile: boolean): string {
	const turnstile = hasTurnstile ? ` ${TURNSTILE}` : "";
	return [
		"default-src 'none'",
		`script-src 'self' 'nonce-${nonce}'${turnstile}`,
		"style-src 'self' 'unsafe-inline'",
		// The tab icon shows the balance as a data: URL.
		"img-src 'self' data:",
		"font-src 'self'",
		"connect-src 'self'",
		"manifest-src 'self'",
		"worker-src 'self'",
		hasTurnstile ? `frame-src${turnstile}` : "frame-src 'none'",
		"object-src 'none'",
		"base-uri 'none'",
		// Our forms are sent by scripts; the billing provider's pages are navigations, which this directive does not cover.
		"form-action 'self'",
		"frame-ancestors 'none'",
	].join("; ");
}

/** Adds the headers that keep a browser from running, framing, guessing or caching what it should not (OWASP ASVS 5, V3.4). */
export function withSecurityHeaders(request: Request, response: Response, page: { nonce: string; hasTurnstile: boolean }): Response {
	const secured = new Response(response.body, response);
	const { headers } = secured;
	const isPage = headers.get("content-type")?.startsWith("text/html") ?? false;
	for (const [name, value] of Object.entries(COMMON_HEADERS)) headers.set(name, value);
	headers.set("content-security-policy", isPage ? pagePolicy(page.nonce, page.hasTurnstile) : NO_PAGE);
	// Pages show one person's usage and chats, and a shared chat must disappear at once.
	headers.set("cache-control", "private, no-store");
	const { pathname, protocol } = new URL(request.url);
	// A shared chat's URL is its key, so links in it send no referrer and search engines must not list it.
	if (pathname.startsWith("/s/")) {
		headers.set("referrer-policy", "no-referrer");
		headers.set("x-robots-tag", "noindex, nofollow");
	}
	// Browsers ignore it on http, which is used only in local development.
	if (protocol === "https:") headers.set("strict-transport-security", `max-age=${TWO_YEARS_SECONDS}; includeSubDomains`);
	return secured;
}

const nonces = new WeakMap<Request, string>();

/** The nonce of a request's page: 128 random bits, constant within one request. */
export function nonceOf(request: Request): string {
	const nonce = nonces.get(request) ?? randomBytes(16).toString("base64url");
	nonces.set(request, nonce);
	return nonce;
}
