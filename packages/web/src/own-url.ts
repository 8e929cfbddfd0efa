/**
 * An address of this site, resolved as a browser resolves it, or null for anything else: another site, another scheme, credentials, or a path that
 * begins with two slashes and would name another host if it were resolved again (`/..//evil.example`).
 * @param origin this site's origin
 */
export function ownUrl(target: unknown, origin: string): URL | null {
	if (typeof target !== "string" || !URL.canParse(target, origin)) return null;
	const url = new URL(target, origin);
	return isWebUrl(url) && url.origin === origin && !url.pathname.startsWith("//") ? url : null;
}

/** Whether a URL is http(s) without credentials. A `blob:` URL has the origin of its page, so comparing origins is not enough. */
export function isWebUrl({ protocol, username, password }: URL): boolean {
	return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}
