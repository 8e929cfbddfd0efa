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
	/** Shared pools that a free request also counts in, without that of an API key. Empty for users with a confirmed address. */
	pools: PoolKey[];
	/** The `Set-Cookie` value that makes a new guest known; null for everyone who is known already. */
	setCookie: string | null;
}

/** What a program sends in place of a session: an API key, or a token of the configured issuer. */
export interface Credential {
	/** The key's id. Tells request ids of one user's programs apart. */
	id: string;
	/** What it may be used for; null for all of the API. */
	scopes: readonly Scope[] | null;
	/** The key's own limit; null for none. */
	limit: KeyLimit | null;
}

/** A signed-in user, known by their session or by a credential. */
export interface User extends Metered {
	kind: "user";
	key: UserKey;
	userId: string;
	name: string;
	email: string;
	emailVerified: boolean;
	/** The organization that is active in the session. Its plan pays if it has one; chats stay the user's own. */
	organization: Membership | null;
	/** What the user tells every model, whoever pays. */
	instructions: OwnInstructions;
	/** What a program has identified itself with; absent for a session. */
	credential?: Credential;
}

/** Who acts: what a session and a credential have in common. */
export type Acting = Pick<Session, "user" | "organization" | "instructions">;

/** A visitor without an account, known by a signed cookie. */
interface Guest extends Metered {
	kind: "guest";
	key: GuestKey;
}

/** Who made a request. Identity comes from the session or the signed cookie, never from a body. */
export type Subject = User | Guest;

const DAY_MS = 86_400_000;

/**
 * The signed-in user, the guest named by a valid cookie, or a new guest.
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

/** A user as requests are metered: with the payers of a session, or of a credential. */
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
 * Refuses a request from a page of another viewer, for a route that needs no viewer itself.
 * @throws {ProblemError} 409
 */
export async function assertOwnPage(request: Request): Promise<void> {
	if (request.headers.has(PAGE_HEADER)) await userOf(request);
}

/** Who buys for a user: the active organization, where only owners and admins may buy, or the user. */
export function customerOf({ userId, key, organization }: User): { externalId: string; key: SubjectKey; mayBuy: boolean } {
	if (!organization) return { externalId: userId, key, mayBuy: true };
	return { externalId: organization.organizationId, key: organization.key, mayBuy: organization.mayBuy };
}

/** The key of the guest that a valid cookie names, or null. Ignores any session. */
export function knownGuestKey(request: Request): GuestKey | null {
	const id = readGuestId(request, config().guestCookieSecrets, today());
	return id === null ? null : guestKey(id);
}

function guestOf(request: Request): Guest {
	const known = knownGuestKey(request);
	return known ? guestWith(request, known, null) : newGuest(request);
}

/** A guest whom nobody knows yet, whatever cookie the request has. Stores nothing. */
export function newGuest(request: Request): Guest {
	const { id, cookie } = mintGuest(config().guestCookieSecrets[0], today());
	return guestWith(request, guestKey(id), guestCookie(request, cookie));
}

function guestWith(request: Request, key: GuestKey, setCookie: string | null): Guest {
	return { kind: "guest", key, payers: [{ key, member: null }], pools: poolsOf(request, networkKey), setCookie };
}

/** The pools of this UTC day: the network's, unless the request is local, and that of all guests where a ceiling is set. */
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
