import { ownUrl } from "../../own-url.ts";

/** A placeholder for this site's origin, which is not needed to judge a path. */
const ORIGIN = "http://own.invalid";

/** The path to go to after signing in, resolved. Anything but a path of this site becomes "/", to prevent open redirects. */
export function nextPath(next: unknown): string {
	if (typeof next !== "string" || !/^\/(?![/\\])[^\s\\]*$/.test(next)) return "/";
	const url = ownUrl(next, ORIGIN);
	return url ? url.pathname + url.search + url.hash : "/";
}
