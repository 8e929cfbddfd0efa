import { randomBytes } from "node:crypto";

/** Turnstile's script and the frame that it opens (https://developers.cloudflare.com/turnstile/reference/content-security-policy/). */
const TURNSTILE = "https://challenges.cloudflare.com";
const TWO_YEARS_SECONDS = 63_072_000;

/** On every response. Assets, which the Worker does not see, have theirs in public/_headers; a test compares them. */
export const COMMON_HEADERS: Record<string, string> = {
	"cross-origin-opener-policy": "same-origin",
	"cross-origin-resource-policy": "same-origin",
	"permissions-policy":
		"accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
	"referrer-policy": "strict-origin-when-cross-origin",
	"x-content-type-options": "nosniff",
	"x-frame-options": "DENY",
};

/** For responses that are no page: whatever they hold is never run, shown in a frame or loaded from. */
const NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/** Scripts run by nonce or from our own files. Styles may be inline: libraries write style attributes. */
function pagePolicy(nonce: string, hasTurnstile: boolean): string {
	const turnstile = hasTurnstile ? ` ${TURNSTILE}` : "";
	return [
		"default-src 'none'",
		`script-src 'self' 'nonce-${nonce}'${turnstile}`,
		"style-src 'self' 'unsafe-inline'",
		// The balance is drawn into the tab's icon as a data: URL.
		"img-src 'self' data:",
		"font-src 'self'",
		"connect-src 'self'",
		"manifest-src 'self'",
		"worker-src 'self'",
		hasTurnstile ? `frame-src${turnstile}` : "frame-src 'none'",
		"object-src 'none'",
		"base-uri 'none'",
		// Our forms are sent by scripts; the billing provider's pages are navigations, which this does not cover.
		"form-action 'self'",
		"frame-ancestors 'none'",
	].join("; ");
}

/** A response with the headers that keep a browser from running, framing, guessing or caching what it should not (OWASP ASVS 5, V3.4). */
export function withSecurityHeaders(request: Request, response: Response, page: { nonce: string; hasTurnstile: boolean }): Response {
	const secured = new Response(response.body, response);
	const { headers } = secured;
	const isPage = headers.get("content-type")?.startsWith("text/html") ?? false;
	for (const [name, value] of Object.entries(COMMON_HEADERS)) headers.set(name, value);
	headers.set("content-security-policy", isPage ? pagePolicy(page.nonce, page.hasTurnstile) : NO_PAGE);
	// Pages show one person's usage and chats, and a shared chat ends at once.
	headers.set("cache-control", "private, no-store");
	const { pathname, protocol } = new URL(request.url);
	// The address of a shared chat is its key: no link in it takes that along, and no search engine lists it.
	if (pathname.startsWith("/s/")) {
		headers.set("referrer-policy", "no-referrer");
		headers.set("x-robots-tag", "noindex, nofollow");
	}
	// Browsers ignore it on http, which only a local start uses.
	if (protocol === "https:") headers.set("strict-transport-security", `max-age=${TWO_YEARS_SECONDS}; includeSubDomains`);
	return secured;
}

const nonces = new WeakMap<Request, string>();

/** The nonce of a request's page: 128 random bits, the same however often it is read for one request. */
export function nonceOf(request: Request): string {
	const nonce = nonces.get(request) ?? randomBytes(16).toString("base64url");
	nonces.set(request, nonce);
	return nonce;
}
