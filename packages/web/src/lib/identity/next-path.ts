import { ownUrl } from "../../own-url.ts";

/** The path of an address on this site; "/" for any other. */
export function nextPathOf(target: string | undefined, origin: string): string {
	const url = ownUrl(target, origin);
	return url ? `${url.pathname}${url.search}${url.hash}` : "/";
}
