import { isLoopback } from "../../config.ts";
import { isWebUrl, ownUrl } from "../../own-url.ts";
import { t } from "../../text/text.ts";
import { ProblemError, problemResponse, refuse } from "./problem.ts";

/*
 * Checks applied to every request before a route, server function or page sees it, and to every redirect on its way out (src/server.ts).
 */

/** Paths whose redirect leaves this site, for a page given by the billing provider. */
const LEAVES_THIS_SITE = new Set(["/api/billing/portal"]);

/**
 * The refusal of a request that came through another host or from another site's page, or null.
 * @param appOrigin this deployment's public origin; null if only this machine is accepted
 */
export function refusalOf(request: Request, appOrigin: string | null): Response | null {
	try {
		const moved = assertOwnHost(request, appOrigin);
		if (moved !== null) return new Response(null, { status: 308, headers: { location: moved } });
		// The router would treat the text after two slashes as a host: `/%2Fevil.example/account`.
		if (pathOf(request).startsWith("//")) refuse("not-found", t("problem_nothing_here"));
		if (isForeign(request)) refuse("foreign-origin", t("problem_other_site"));
		return null;
	} catch (error) {
		if (error instanceof ProblemError) return problemResponse(error.code, { detail: error.detail }, error.headers);
		throw error;
	}
}

/**
 * Refuses other hosts, because links in mails, cookies and redirects take their host from the request.
 * @returns where to redirect if only the scheme is wrong, otherwise null
 * @throws {ProblemError} 421
 */
function assertOwnHost(request: Request, appOrigin: string | null): string | null {
	const url = new URL(request.url);
	if (isLoopback(url.hostname) || url.origin === appOrigin) return null;
	const isRead = request.method === "GET" || request.method === "HEAD";
	if (appOrigin !== null && isRead && url.protocol === "http:" && appOrigin === `https://${url.host}`) {
		url.protocol = "https:";
		return url.href;
	}
	return refuse("misdirected-request", t("problem_misdirected"));
}

/**
 * Whether another site's page made a request. Browsers send `Origin` with every write and `Sec-Fetch-Site` with everything; other clients (curl,
 * webhooks) send neither. Another site may link to pages and to routes that a mail or checkout leads to, but call nothing.
 */
export function isForeign(request: Request): boolean {
	const { method, headers } = request;
	const isRead = method === "GET" || method === "HEAD";
	const isFunction = isFunctionCall(request);
	if (isRead && !isFunction && !pathOf(request).startsWith("/api/")) return false;
	const from = headers.get("origin");
	if (from !== null && from !== new URL(request.url).origin) return true;
	const site = headers.get("sec-fetch-site");
	if (site === null || site === "same-origin") return false;
	const isVisit = isRead && !isFunction && (headers.get("sec-fetch-mode") ?? "navigate") === "navigate";
	return site === "none" ? isFunction : !isVisit;
}

/**
 * Refuses a response that would send the browser to another site. Checked for every response, so a library's redirect counts too.
 * @throws {ProblemError} 400
 */
export function assertOwnRedirect(request: Request, response: Response): void {
	const target = response.headers.get("location");
	if (target === null || ownUrl(target, new URL(request.url).origin)) return;
	const mayLeave = LEAVES_THIS_SITE.has(pathOf(request)) && URL.canParse(target) && isWebUrl(new URL(target));
	if (!mayLeave) refuse("invalid-request", t("problem_own_page"));
}

/** Fields that better-auth redirects to, or writes into mails as the page to go to. */
const TARGET = /^(?:redirectTo|errorURL|\w*callbackURL)$/i;

/**
 * Refuses fields that would lead the browser to another site.
 * @throws {ProblemError} 400
 */
export function assertOwnTargets(request: Request, fields: Iterable<[string, unknown]>): void {
	const { origin } = new URL(request.url);
	for (const [name, value] of fields)
		if (TARGET.test(name) && value !== null && value !== undefined && !ownUrl(value, origin))
			refuse("invalid-request", t("problem_own_target", { name }));
}

/** A request's decoded path, as the router reads it. */
function pathOf({ url }: Request): string {
	const { pathname } = new URL(url);
	try {
		return decodeURIComponent(pathname);
	} catch {
		return pathname;
	}
}

/** Whether a request calls a server function. */
export const isFunctionCall = (request: Request): boolean => pathOf(request).startsWith("/_serverFn/");
