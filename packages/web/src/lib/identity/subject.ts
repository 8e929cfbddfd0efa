import { config, isLoopback } from "../../config.ts";
import { now } from "../time/clock.ts";
import { session } from "./auth.ts";
import { type Membership, membershipOf } from "./organization.ts";

/**
 * Who is asking. `key` names the subject everywhere: its ledger, its chats, its reports. A user is known by a session, a guest by a signed
 * cookie; nothing of either is ever taken from a body.
 */
export type Subject =
	| {
			kind: "user";
			key: string;
			userId: string;
			name: string;
			email: string;
			emailVerified: boolean;
			/** The organization that is active in the session: its plan pays, if it has one. Chats stay the user's own. */
			organization: Membership | null;
	  }
	| { kind: "guest"; key: string; cookie: string; known: boolean };

export type User = Extract<Subject, { kind: "user" }>;

const GUEST_DAYS_MAX = 400;
const DAY_MS = 86_400_000;

const cookieName = (request: Request) => (new URL(request.url).protocol === "https:" ? "__Host-parley.guest" : "parley.guest");

/** The signed-in user, else the guest of the cookie, else a new guest who is not `known` yet. */
export async function identify(request: Request, options: { fresh?: boolean } = {}): Promise<Subject> {
	return (await userOf(request, options)) ?? (await guestOf(request)) ?? (await mintGuest());
}

/** The signed-in user, or null. `fresh` reads the session from the database. */
export async function userOf(request: Request, options: { fresh?: boolean } = {}): Promise<User | null> {
	const found = await session(request, options);
	if (!found) return null;
	const { id, name, email, emailVerified } = found.user;
	const { activeOrganizationId } = found.session;
	const organization = activeOrganizationId ? await membershipOf(id, activeOrganizationId) : null;
	return { kind: "user", key: `user:${id}`, userId: id, name, email, emailVerified, organization };
}

/** Who buys for a user: the organization that is active, where only owners and admins may, else the user. */
export function customerOf({ userId, key, organization }: User): { externalId: string; key: string; mayBuy: boolean } {
	if (!organization) return { externalId: userId, key, mayBuy: true };
	return { externalId: organization.organizationId, key: organization.key, mayBuy: organization.mayBuy };
}

/** The guest of a valid cookie, or null: a forged, altered or outlived one is as good as none. */
export async function guestOf(request: Request): Promise<Extract<Subject, { kind: "guest" }> | null> {
	const value = readCookie(request, cookieName(request));
	const [version, id, bornDay, signature] = value?.split(".") ?? [];
	if (version !== "v1" || !id || !bornDay || !signature || !value) return null;
	if (today() - Number(bornDay) > GUEST_DAYS_MAX) return null;
	if (!(await verify(`${version}.${id}.${bornDay}`, signature))) return null;
	return { kind: "guest", key: `guest:${id}`, cookie: value, known: true };
}

async function mintGuest(): Promise<Extract<Subject, { kind: "guest" }>> {
	// 16 random bytes: a UUID has only 122 random bits (OWASP ASVS 7.2.3).
	const id = base64url(crypto.getRandomValues(new Uint8Array(16)));
	const unsigned = `v1.${id}.${today()}`;
	return { kind: "guest", key: `guest:${id}`, cookie: `${unsigned}.${await sign(unsigned)}`, known: false };
}

/** The Set-Cookie line that makes a guest known. */
export function guestCookie(request: Request, value: string): string {
	const secure = new URL(request.url).protocol === "https:" ? "; Secure" : "";
	return `${cookieName(request)}=${value}; Path=/; Max-Age=${GUEST_DAYS_MAX * 86_400}; HttpOnly; SameSite=Lax${secure}`;
}

/** The Set-Cookie line that ends a guest, after its chats have moved to an account. */
export function endGuestCookie(request: Request): string {
	return guestCookie(request, "").replace(/Max-Age=\d+/, "Max-Age=0");
}

/**
 * The name of the ledger that all guests of the asker's network share for this UTC day; null on loopback, which only a local start has.
 * The address itself is kept nowhere: the name is a hash under a key of the day. Only the edge's own header is believed.
 */
export async function networkOf(request: Request): Promise<string | null> {
	const address = request.headers.get("cf-connecting-ip");
	if (isLoopback(address ?? new URL(request.url).hostname)) return null;
	const day = utcDay();
	return `network:${day}:${await sign(`network ${day} ${address ? prefixOf(address) : "unknown"}`)}`;
}

/** The name of the ledger that all guests share for this UTC day, where a ceiling for them is set. */
export function allGuests(): string {
	return `network:${utcDay()}:all`;
}

const utcDay = () => new Date(now()).toISOString().slice(0, 10);

/** What one household or office shares: an IPv4 address whole, of an IPv6 address the first 64 bits. */
function prefixOf(address: string): string {
	if (!address.includes(":")) return address;
	const [head = "", tail = ""] = address.toLowerCase().split("::");
	const left = head.split(":").filter(Boolean);
	const right = tail.split(":").filter(Boolean);
	const groups = address.includes("::")
		? [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0"), ...right]
		: left;
	return groups
		.slice(0, 4)
		.map((group) => group.replace(/^0+(?=.)/, ""))
		.join(":");
}

const today = () => Math.floor(now() / DAY_MS);

function readCookie(request: Request, name: string): string | null {
	for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
		const [key, value] = pair.trim().split(/=(.*)/s);
		if (key === name && value) return value;
	}
	return null;
}

function hmacKey(secret: string): Promise<CryptoKey> {
	return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

async function sign(text: string): Promise<string> {
	const key = await hmacKey(config().guestCookieSecrets[0]);
	return base64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text))));
}

/** Compares in constant time, as the platform does it. */
async function verify(text: string, signature: string): Promise<boolean> {
	if (!/^[A-Za-z0-9_-]{43}$/.test(signature)) return false;
	const bytes = Uint8Array.from(atob(`${signature.replaceAll("-", "+").replaceAll("_", "/")}=`), (char) => char.charCodeAt(0));
	for (const secret of config().guestCookieSecrets) {
		if (await crypto.subtle.verify("HMAC", await hmacKey(secret), bytes, new TextEncoder().encode(text))) return true;
	}
	return false;
}

function base64url(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "");
}
