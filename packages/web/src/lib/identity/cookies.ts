import { parseCookies } from "better-auth/cookies/utils";

/** Our own cookies, in addition to better-auth's. */
type Cookie = "guest" | "move" | "language" | "zone" | "mail" | "second" | "passkey";

/** On https the `__Host-` prefix binds the cookie to this host. Browsers refuse the prefix on http, which only a local start uses. */
const cookieName = (request: Request, cookie: Cookie) => `${isHttps(request) ? "__Host-" : ""}parley.${cookie}`;

const isHttps = (request: Request) => new URL(request.url).protocol === "https:";

/** A request's cookie value, or "". */
export function readCookie(request: Request, cookie: Cookie): string {
	return parseCookies(request.headers.get("cookie") ?? "").get(cookieName(request, cookie)) ?? "";
}

/** A `Set-Cookie` value. Scripts cannot read the cookie. */
export function setCookie(request: Request, cookie: Cookie, value: string, maxAgeSeconds: number): string {
	const secure = isHttps(request) ? "; Secure" : "";
	return `${cookieName(request, cookie)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}
