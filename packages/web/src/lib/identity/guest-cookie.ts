import { randomBytes } from "node:crypto";
import { readCookie, setCookie } from "./cookies.ts";
import { isSigned, sign } from "./signature.ts";
import type { GuestKey, UserKey } from "./subject-key.ts";

/** How long a guest lasts, in days. A guest's ledger is deleted after the same time (objects/usage-ledger.ts). */
const GUEST_DAYS_MAX = 400;

/** How long after a sign-in a failed move of the guest's chats may be retried. */
const MOVE_SECONDS = 600;

/**
 * A new guest's id and cookie value: `v1.<id>.<day of birth>.<signature>`.
 * @param today days since 1970-01-01, UTC
 */
export function mintGuest(secret: string, today: number): { id: string; cookie: string } {
	// 16 random bytes, because a UUID has only 122 random bits (OWASP ASVS 7.2.3).
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
	const [version, id, bornDay, signature, ...rest] = readCookie(request, "guest").split(".");
	if (version !== "v1" || !id || !bornDay || !signature || rest.length > 0) return null;
	if (today - Number(bornDay) > GUEST_DAYS_MAX) return null;
	return isSigned(`${version}.${id}.${bornDay}`, signature, secrets) ? id : null;
}

/** The `Set-Cookie` value that identifies a guest in later requests. */
export function guestCookie(request: Request, value: string): string {
	return setCookie(request, "guest", value, GUEST_DAYS_MAX * 86_400);
}

/**
 * The `Set-Cookie` value that marks a sign-in or sign-up in this browser. For ten minutes, `mayMove` allows this guest to move to this
 * account and to no other.
 * @param nowMs epoch milliseconds
 */
export function moveCookie(request: Request, guest: GuestKey, user: UserKey, secret: string, nowMs: number): string {
	const expires = String(Math.floor(nowMs / 1000) + MOVE_SECONDS);
	return setCookie(request, "move", `${expires}.${sign(moveText(guest, user, expires), secret)}`, MOVE_SECONDS);
}

/** Whether this browser carries an unexpired mark of `moveCookie` for exactly this guest and this account. */
export function mayMove(request: Request, guest: GuestKey, user: UserKey, secrets: readonly string[], nowMs: number): boolean {
	const [expires, signature, ...rest] = readCookie(request, "move").split(".");
	if (!expires || !signature || rest.length > 0 || !(nowMs < Number(expires) * 1000)) return false;
	return isSigned(moveText(guest, user, expires), signature, secrets);
}

/** The `Set-Cookie` values that remove a guest from this browser, once the guest's chats belong to an account. */
export function expiredGuestCookies(request: Request): string[] {
	return [setCookie(request, "guest", "", 0), setCookie(request, "move", "", 0)];
}

/** The prefix differs from every guest cookie's, so that neither signature is valid for the other. */
const moveText = (guest: GuestKey, user: UserKey, expires: string) => `move.${guest}.${user}.${expires}`;
