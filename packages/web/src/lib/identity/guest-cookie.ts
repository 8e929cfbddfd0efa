import { randomBytes } from "node:crypto";
import { parseCookies } from "better-auth/cookies/utils";
import { isSigned, sign } from "./signature.ts";

/** How long a guest lasts, in days. The ledger of a guest is deleted after the same time (objects/usage-ledger.ts). */
const GUEST_DAYS_MAX = 400;

/** On https the `__Host-` prefix binds the cookie to this host. Browsers refuse the prefix on http, which only a local start uses. */
const cookieName = (request: Request) => (isHttps(request) ? "__Host-parley.guest" : "parley.guest");

const isHttps = (request: Request) => new URL(request.url).protocol === "https:";

/**
 * A new guest's id and cookie value: `v1.<id>.<day of birth>.<signature>`.
 * @param today days since 1970-01-01, UTC
 */
export function mintGuest(secret: string, today: number): { id: string; cookie: string } {
	// 16 random bytes: a UUID has only 122 random bits (OWASP ASVS 7.2.3).
	const id = randomBytes(16).toString("base64url");
	const unsigned = `v1.${id}.${today}`;
	return { id, cookie: `${unsigned}.${sign(unsigned, secret)}` };
}

/**
 * The guest id in a request's cookie, or null if the cookie is missing, forged, altered or older than 400 days.
 * @param secrets any of them may have signed the cookie
 * @param today days since 1970-01-01, UTC
 */
export function readGuestId(request: Request, secrets: readonly string[], today: number): string | null {
	const value = parseCookies(request.headers.get("cookie") ?? "").get(cookieName(request));
	const [version, id, bornDay, signature, ...rest] = value?.split(".") ?? [];
	if (version !== "v1" || !id || !bornDay || !signature || rest.length > 0) return null;
	if (today - Number(bornDay) > GUEST_DAYS_MAX) return null;
	return isSigned(`${version}.${id}.${bornDay}`, signature, secrets) ? id : null;
}

/** The `Set-Cookie` value that makes a guest known to later requests. */
export function guestCookie(request: Request, value: string): string {
	return setCookie(request, value, GUEST_DAYS_MAX * 86_400);
}

/** The `Set-Cookie` value that removes the guest's cookie, once the guest's chats belong to an account. */
export function expiredGuestCookie(request: Request): string {
	return setCookie(request, "", 0);
}

function setCookie(request: Request, value: string, maxAgeSeconds: number): string {
	const secure = isHttps(request) ? "; Secure" : "";
	return `${cookieName(request)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}
