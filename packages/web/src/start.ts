import { createMiddleware, createStart } from "@tanstack/react-start";
import { followDevClock } from "./lib/time/dev-clock.ts";

/** Pages show one person's usage and chats, so no cache may store them and no other site may frame them. */
const privatePages = createMiddleware().server(async ({ next, pathname }) => {
	const result = await next();
	if (pathname.startsWith("/api/")) return result;
	const { headers } = result.response;
	headers.set("cache-control", "private, no-store");
	headers.set("content-security-policy", "frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'");
	headers.set("referrer-policy", "strict-origin-when-cross-origin");
	headers.set("x-content-type-options", "nosniff");
	return result;
});

/** Loads the development clock before anything reads the time. */
const devClock = createMiddleware().server(async ({ next, request }) => (await followDevClock(request)) ?? next());

export const startInstance = createStart(() => ({ requestMiddleware: [devClock, privatePages] }));
