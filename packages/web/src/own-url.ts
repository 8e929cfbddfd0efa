/**
 * An address on this site, resolved like a browser does, or null for anything else: another site, another scheme, credentials, or a path
 * starting with two slashes, which would name another host if resolved again (`/..//evil.example`).
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
