import type { SubjectKind } from "@parley/metering";

/*
 * A subject's key identifies its ledger, its chats and its usage reports. Only this file knows the format of a key; the rest of the
 * app passes keys around. Ids never contain a colon (src/input.ts).
 */

export type UserKey = `user:${string}`;
export type OrganizationKey = `org:${string}`;
export type GuestKey = `guest:${string}`;
/**
 * A pool that several subjects share for one UTC day: the guests of a network, all guests and unconfirmed accounts, the unconfirmed accounts of a
 * network, or the sign-ups of a network.
 */
export type PoolKey = `${PoolPrefix}:${string}:${string}` | KeyPoolKey;
/** What one API key has used in one window of its limit. */
export type KeyPoolKey = `key:${string}:${string}`;
type PoolPrefix = "network" | "unconfirmed" | "sign-ups";
export type SubjectKey = UserKey | OrganizationKey | GuestKey | PoolKey;

const POOL_KINDS = { network: "network", unconfirmed: "network", "sign-ups": "network" } as const satisfies Record<PoolPrefix, SubjectKind>;
const KINDS: Record<string, SubjectKind> = { user: "user", org: "organization", guest: "guest", key: "key", ...POOL_KINDS };

/** The key of a user's own ledger. */
export function userKey(userId: string): UserKey {
	return `user:${userId}`;
}

/** The key of an organization's ledger. */
export function organizationKey(organizationId: string): OrganizationKey {
	return `org:${organizationId}`;
}

/** The key of a guest's own ledger. */
export function guestKey(guestId: string): GuestKey {
	return `guest:${guestId}`;
}

/**
 * The pool of one network's guests.
 * @param day the UTC day, `YYYY-MM-DD`
 * @param hash keyed hash of the network's prefix, base64url: 43 characters, so it can never be `all`
 */
export function networkKey(day: string, hash: string): PoolKey {
	return `network:${day}:${hash}`;
}

/** The pool of one network's accounts without a confirmed address. Parameters as for `networkKey`. */
export function unconfirmedKey(day: string, hash: string): PoolKey {
	return `unconfirmed:${day}:${hash}`;
}

/** The ledger that counts one network's new accounts. Parameters as for `networkKey`. */
export function signUpsKey(day: string, hash: string): PoolKey {
	return `sign-ups:${day}:${hash}`;
}

/** The pool of all guests and unconfirmed accounts. @param day the UTC day, `YYYY-MM-DD` */
export function everyGuestKey(day: string): PoolKey {
	return `network:${day}:all`;
}

/**
 * The pool of one API key in one window.
 * @param window its name (key-window.ts): the UTC day, or the paying ledger's kind and the start of its billing period
 */
export function keyPoolKey(window: string, keyId: string): KeyPoolKey {
	return `key:${window}:${keyId}`;
}

/** Whether a pool belongs to an API key. Such a pool also counts requests paid by a plan. */
export function isKeyPool(pool: string): pool is KeyPoolKey {
	return kindOf(pool) === "key";
}

/** The id of the API key that a pool counts. */
export function keyIdOf(pool: KeyPoolKey): string {
	return pool.slice(pool.lastIndexOf(":") + 1);
}

/** Whether a text has the form of a key: a known prefix and a colon. */
export function isSubjectKey(text: string): text is SubjectKey {
	return text.includes(":") && Object.hasOwn(KINDS, prefixOf(text));
}

/** The kind of subject that a key names. Anything that is not a key counts as a guest: the lowest limits apply. */
export function kindOf(key: string): SubjectKind {
	return isSubjectKey(key) ? (KINDS[prefixOf(key)] ?? "guest") : "guest";
}

/** Whether a key belongs to a pool shared by several subjects. Every other ledger belongs to one subject and pays for it. */
export function isPool(key: string): key is PoolKey {
	const kind = kindOf(key);
	return kind === "network" || kind === "key";
}

/** What a pool counts, which decides its limit: the field of `config().limits` with the same name. */
export function countedIn(pool: PoolKey): "network" | "everyGuest" | "unconfirmed" | "signUps" {
	switch (prefixOf(pool)) {
		case "unconfirmed":
			return "unconfirmed";
		case "sign-ups":
			return "signUps";
		default:
			return pool.endsWith(":all") ? "everyGuest" : "network";
	}
}

/** The id in a key: a user's or organization's is also its id at the billing provider. */
export function externalIdOf(key: string): string {
	return key.slice(key.indexOf(":") + 1);
}

/** Row id of a request in a ledger. Ledgers that several subjects share prefix it with the subject's key. */
export function entryId(ledgerKey: string, subjectKey: SubjectKey, requestId: string): string {
	return ledgerKey === subjectKey ? requestId : `${subjectKey}:${requestId}`;
}

/** The inverse of `entryId`: the request's own id, which may contain colons itself. */
export function requestIdOf(ledgerKey: string, entry: string): string {
	const kind = kindOf(ledgerKey);
	const isShared = kind === "network" || kind === "organization" || kind === "key";
	return isShared ? entry.replace(/^(guest|user):[^:]+:/, "") : entry;
}

/** Identifies a guest's late unit in the account's ledger, so that carrying it over twice counts once. */
export function carryOverId(closedKey: string, entry: string): string {
	return `${closedKey}:${entry}`;
}

/** Identifies a usage report at the billing provider. The key prefix keeps one subject from claiming another's request id. */
export function transactionIdOf(subjectKey: string, reportId: string): string {
	return `${subjectKey}:${reportId}`;
}

const prefixOf = (key: string) => key.slice(0, key.indexOf(":"));
