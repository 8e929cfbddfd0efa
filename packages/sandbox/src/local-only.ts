import type { Context, MiddlewareHandler, Next } from "hono";
import type { Env } from "./world.ts";

/** Whether a host name is this machine. */
function isLoopback(hostname: string): boolean {
	return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Rejects requests from other sites' pages that a developer's browser may have open. Such a page can reach a loopback server under its own host name
 * (DNS rebinding, which could read the state), or post a form or text to it without being able to read the answer.
 */
export function localOnly(): MiddlewareHandler<Env> {
	return async (c: Context<Env>, next: Next) => {
		if (!isLoopback(new URL(c.req.url).hostname)) return c.text("The sandbox answers to localhost only.", 421);
		const changes = c.req.method !== "GET" && c.req.method !== "HEAD";
		if (changes && isForeign(c)) return c.text("This request comes from another site.", 403);
		return next();
	};
}

/** Browsers send `Origin` with every request except GET (`null` from a page without an origin). Other clients send none. */
function isForeign(c: Context<Env>): boolean {
	const origin = c.req.header("origin");
	if (c.req.header("sec-fetch-site") === "cross-site") return true;
	return origin !== undefined && !(URL.canParse(origin) && isLoopback(new URL(origin).hostname));
}

/** Refuses a body that is not declared as JSON: a page can post other types without a preflight request. */
export function jsonOnly(): MiddlewareHandler<Env> {
	return async (c: Context<Env>, next: Next) => {
		const hasBody = (c.req.header("content-length") ?? "0") !== "0" || c.req.header("transfer-encoding") !== undefined;
		const isJson = /^application\/json\s*(;|$)/i.test(c.req.header("content-type") ?? "");
		if (hasBody && !isJson) return c.json({ error: "Send the body as application/json" }, 415);
		return next();
	};
}
