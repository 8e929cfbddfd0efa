import { config } from "../../config.ts";
import type { OwnInstructions } from "../../instructions.ts";
import type { KeyLimit, Scope } from "../../view/api-key.ts";
import { now } from "../time/clock.ts";
import { guestCookie, mintGuest, readGuestId } from "./guest-cookie.ts";
import type { MemberLimit } from "./member-limit.ts";
import { networkOf } from "./network.ts";
import type { Membership } from "./organization.ts";
import { type Session, session } from "./session.ts";
import {
	everyGuestKey,
	type GuestKey,
	guestKey,
	networkKey,
	type PoolKey,
	type SubjectKey,
	type UserKey,
	unconfirmedKey,
	userKey,
} from "./subject-key.ts";
import { assertPageOf, PAGE_HEADER } from "./viewer-tag.ts";

/** A member of an organization, by their own key. */
export interface Spender {
	id: string;
	cap: MemberLimit;
}

/** A ledger that may pay for a subject's requests. */
export interface Payer {
	key: SubjectKey;
	/** The member who spends from an organization's ledger, and their limit; null in the subject's own ledger. */
	member: Spender | null;
}

/** How a subject's requests are metered. */
interface Metered {
	/** Ledgers that may pay, in order. An organization without a plan passes its members' requests on to the next. */
	payers: Payer[];
	/** Shared pools that a free request also counts in, excluding an API key's. Empty for users with a confirmed address. */
	pools: PoolKey[];
	/** The `Set-Cookie` value that identifies a new guest; null for everyone already identified. */
	setCookie: string | null;
}

/** What a program sends instead of a session: an API key, or a token from the configured issuer. */
export interface Credential {
	/** The key's id. Separates the request ids of a user's programs. */
	id: string;
	/** Permitted uses; null for the whole API. */
	scopes: readonly Scope[] | null;
	/** The key's own limit; null for none. */
	limit: KeyLimit | null;
}

/** A signed-in user, identified by their session or a credential. */
export interface User extends Metered {
	kind: "user";
	key: UserKey;
	userId: string;
	name: string;
	email: string;
	emailVerified: boolean;
	/** The session's active organization. Its plan pays if it has one; chats stay the user's own. */
	organization: Membership | null;
	/** The user's instructions to every model, whichever payer is used. */
	instructions: OwnInstructions;
	/** The program's credential; absent for a session. */
	credential?: Credential;
}

/** The acting user: the fields that a session and a credential share. */
export type Acting = Pick<Session, "user" | "organization" | "instructions">;

/** A visitor without an account, identified by a signed cookie. */
interface Guest extends Metered {
	kind: "guest";
	key: GuestKey;
}

/** The sender of a request. Identity comes from the session, credential or signed cookie, never from a body. */
export type Subject = User | Guest;

const DAY_MS = 86_400_000;

/**
 * The signed-in user, the guest of a valid cookie, or a new guest.
 * @throws {ProblemError} 409 for a request from a page of another viewer
 */
export async function identify(request: Request): Promise<Subject> {
	return (await userOf(request)) ?? guestOf(request);
}

/**
 * The signed-in user, or null.
 * @throws {ProblemError} 409 for a request from a page of another viewer
 */
export async function userOf(request: Request): Promise<User | null> {
	const found = await session(request);
	assertPageOf(request, found ? userKey(found.user.id) : knownGuestKey(request));
	return found && userWith(request, found);
}

/** A user with their metering terms: the payers of a session or a credential. */
export function userWith(request: Request, found: Acting, credential?: Credential): User {
	const { organization, instructions } = found;
	const { id, name, email, emailVerified } = found.user;
	const key = userKey(id);
	const payers: Payer[] = [{ key, member: null }];
	if (organization) payers.unshift({ key: organization.key, member: { id: key, cap: organization.cap } });
	const pools = emailVerified ? [] : poolsOf(request, unconfirmedKey);
	const own = { organization, instructions, ...(credential && { credential }) };
	return { kind: "user", key, userId: id, name, email, emailVerified, ...own, payers, pools, setCookie: null };
}

/**
 * Refuses a request from a page of another viewer, for a route that does not need the viewer itself.
 * @throws {ProblemError} 409
 */
export async function assertOwnPage(request: Request): Promise<void> {
	if (request.headers.has(PAGE_HEADER)) await userOf(request);
}

/** The customer a user buys for: the active organization, where only owners and admins may buy, or the user. */
export function customerOf({ userId, key, organization }: User): { externalId: string; key: SubjectKey; mayBuy: boolean } {
	if (!organization) return { externalId: userId, key, mayBuy: true };
	return { externalId: organization.organizationId, key: organization.key, mayBuy: organization.mayBuy };
}

/** The key of a valid cookie's guest, or null. Ignores any session. */
export function knownGuestKey(request: Request): GuestKey | null {
	const id = readGuestId(request, config().guestCookieSecrets, today());
	return id === null ? null : guestKey(id);
}

function guestOf(request: Request): Guest {
	const known = knownGuestKey(request);
	return known ? guestWith(request, known, null) : newGuest(request);
}

/** A new guest, whatever cookie the request has. Stores nothing. */
export function newGuest(request: Request): Guest {
	const { id, cookie } = mintGuest(config().guestCookieSecrets[0], today());
	return guestWith(request, guestKey(id), guestCookie(request, cookie));
}

function guestWith(request: Request, key: GuestKey, setCookie: string | null): Guest {
	return { kind: "guest", key, payers: [{ key, member: null }], pools: poolsOf(request, networkKey), setCookie };
}

/** Today's pools (UTC): the network's unless the request is local, and that of all guests if a ceiling is set. */
function poolsOf(request: Request, keyOfNetwork: typeof networkKey): PoolKey[] {
	const day = utcDate();
	const network = networkPoolOf(request, day, keyOfNetwork);
	const pools = network === null ? [] : [network];
	if (config().limits.everyGuest !== null) pools.push(everyGuestKey(day));
	return pools;
}

function networkPoolOf(request: Request, day: string, keyOfNetwork: typeof networkKey): PoolKey | null {
	const network = networkOf(request, day, config().guestCookieSecrets[0]);
	return network === null ? null : keyOfNetwork(day, network);
}

const utcDate = () => new Date(now()).toISOString().slice(0, 10);
const today = () => Math.floor(now() / DAY_MS);
