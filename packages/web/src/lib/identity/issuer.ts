import { waitUntil } from "cloudflare:workers";
import { createHmac } from "node:crypto";
import { and, eq, sql } from "drizzle-orm";
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { config, type IssuerConfig } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { accounts, instructions, users } from "../../db/schema.ts";
import { logFailure, OwnError } from "../../log.ts";
import { t } from "../../text/text.ts";
import { leaves } from "../deletion/deletions.ts";
import { refuse } from "../http/problem.ts";
import { welcome } from "./auth.ts";
import { nameAtSignUp } from "./names.ts";
import { claimMailbox } from "./proofs.ts";
import { hasPlaceForSignUp } from "./sign-ups.ts";
import { type User, userWith } from "./subject.ts";

/** Asymmetric algorithms only: with a symmetric one, anyone could sign with the issuer's public key (RFC 8725, 3.1). */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
/** The provider name of these accounts in the accounts table. */
const PROVIDER = "issuer";
/** How long the issuer's keys are cached. An unknown key, or a failing issuer, is looked up at most once per cooldown. */
const KEYS_MS = 600_000;
const COOLDOWN_MS = 30_000;
const FAILED_COOLDOWN_MS = 5_000;
const FETCH_MS = 3_000;
const CLOCK_TOLERANCE_SECONDS = 5;
/** The maximum length in OpenID Connect (Core 1.0, 2). */
const SUBJECT_CHARS_MAX = 255;

/** A person as described by the issuer. */
interface Person {
	accountId: string;
	/** Only if the issuer has confirmed it. */
	email: string | null;
	name: string;
}

/** The issuer's keys. One set per isolate, like the parsed configuration: jose shares no fetch between requests on Workers. */
let keySet: JWTVerifyGetKey | undefined;

/**
 * The user of a token from the configured issuer; the first call creates the user. Null if the token is invalid or the account is being deleted.
 * @throws {ProblemError} 503 while the issuer's keys cannot be read, 429 if the network may create no more accounts today
 */
export async function userOfToken(request: Request, token: string, issuer: IssuerConfig): Promise<User | null> {
	const claims = await claimsOf(token, issuer);
	const person = claims && personOf(claims, issuer);
	if (!person) return null;
	const found = (await readUser(person)) ?? (await makeUser(request, person));
	const { about, answer, isLeaving, ...user } = found;
	if (isLeaving) return null;
	const acting = { user, organization: null, instructions: { about: about ?? "", answer: answer ?? "" } };
	return userWith(request, acting, { id: user.id, scopes: null, limit: null });
}

async function claimsOf(token: string, issuer: IssuerConfig): Promise<JWTPayload | null> {
	keySet ??= createRemoteJWKSet(new URL(issuer.jwksUrl), {
		...{ cacheMaxAge: KEYS_MS, cooldownDuration: COOLDOWN_MS, timeoutDuration: FETCH_MS },
		[customFetch]: fetchUnlessFailed(),
	});
	try {
		const { payload } = await jwtVerify(token, keySet, {
			...{ issuer: issuer.issuer, audience: issuer.audience, algorithms: ALGORITHMS },
			...{ requiredClaims: ["exp"], clockTolerance: CLOCK_TOLERANCE_SECONDS },
		});
		return payload;
	} catch (error) {
		if (isOfToken(error)) return null;
		logFailure("the keys of the issuer could not be read", error);
		return refuse("issuer-unavailable", t("problem_issuer_unavailable"), { "retry-after": String(FAILED_COOLDOWN_MS / 1000) });
	}
}

/** Whether the token itself is invalid. Otherwise the issuer could not be reached, which says nothing about the token. */
function isOfToken(error: unknown): boolean {
	if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
	return error instanceof errors.JOSEError ? error.code !== "ERR_JOSE_GENERIC" : false;
}

/** Pauses requests to an issuer that has just failed; otherwise every request with a token would wait for it. */
function fetchUnlessFailed(): typeof fetch {
	let failedAtMs = 0;
	return async (url, init) => {
		if (Date.now() - failedAtMs < FAILED_COOLDOWN_MS) throw new OwnError("the issuer has just failed");
		try {
			const response = await fetch(url, init);
			if (!response.ok) failedAtMs = Date.now();
			return response;
		} catch (error) {
			failedAtMs = Date.now();
			throw error;
		}
	};
}

function personOf(payload: JWTPayload, { issuer, claims }: IssuerConfig): Person | null {
	const id = claimAt(payload, claims.id);
	if (typeof id !== "string" || id === "" || id.length > SUBJECT_CHARS_MAX) return null;
	const email = claimAt(payload, claims.email);
	const isVerified = claimAt(payload, claims.emailVerified) === true;
	const address = isVerified && typeof email === "string" && /^[^\s@]{1,64}@[^\s@]{1,190}$/.test(email) ? email.toLowerCase() : null;
	const name = nameAtSignUp(claimAt(payload, claims.name)) ?? nameAtSignUp(address?.split("@")[0]) ?? t("mail_someone");
	return { accountId: `${issuer} ${id}`, email: address, name };
}

/** A claim by its path, such as `user_metadata.full_name`, or by its full name, which may be a URL with dots. */
function claimAt(payload: JWTPayload, path: string): unknown {
	if (Object.hasOwn(payload, path)) return payload[path];
	let value: unknown = payload;
	for (const name of path.split(".")) {
		if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
		value = (value as Record<string, unknown>)[name];
	}
	return value;
}

const ofPerson = ({ accountId }: Person) => and(eq(accounts.providerId, PROVIDER), eq(accounts.accountId, accountId));

async function readUser(person: Person) {
	const [found] = await db()
		.select({
			...{ id: users.id, name: users.name, email: users.email, emailVerified: users.emailVerified },
			...{ about: instructions.about, answer: instructions.answer, isLeaving: sql<number>`${leaves(users.id)}` },
		})
		.from(accounts)
		.innerJoin(users, eq(users.id, accounts.userId))
		.leftJoin(instructions, eq(instructions.userId, users.id))
		.where(ofPerson(person))
		.limit(1);
	if (!found || found.emailVerified || person.email === null) return found;
	// The issuer has confirmed the address since. An address used by another account stays there: a person is mapped once.
	const changed = await db()
		.update(users)
		.set({ email: person.email, emailVerified: true, updatedAt: new Date() })
		.where(
			and(
				eq(users.id, found.id),
				sql`not exists (select 1 from ${users} as other where other.email = ${person.email} and other.id <> ${found.id})`,
			),
		)
		.returning({ id: users.id });
	return changed.length > 0 ? { ...found, email: person.email, emailVerified: true } : found;
}

/**
 * Maps a person to the account with their confirmed address, or to a new one. Each step has no effect if another request was faster.
 * @throws {ProblemError} 429 if the network may create no more accounts today
 */
async function makeUser(request: Request, person: Person) {
	const { accountId, email, name } = person;
	const at = new Date();
	const account = { accountId, providerId: PROVIDER, createdAt: at, updatedAt: at };
	const [joined] = email === null ? [] : await db().select({ id: users.id }).from(users).where(eq(users.email, email)).limit(1);
	if (joined) {
		// If the account was opened with this address unconfirmed, its earlier holder loses access, as at a sign-in by a provider.
		await claimMailbox(joined.id, email ?? "");
		await db()
			.insert(accounts)
			.values({ ...account, id: crypto.randomUUID(), userId: joined.id })
			.onConflictDoNothing();
	} else {
		if (!(await hasPlaceForSignUp(request))) refuse("too-many-sign-ups", t("problem_sign_ups"));
		// Keyed, so that nobody can sign up with a placeholder address before its person's first call.
		const id = createHmac("sha256", config().authSecret).update(`${PROVIDER} ${accountId}`).digest("base64url").slice(0, 32);
		const address = email ?? `${id.toLowerCase()}@issuer.invalid`;
		const [made] = await db().batch([
			db()
				.insert(users)
				.values({ id, name, email: address, emailVerified: email !== null, createdAt: at, updatedAt: at })
				.onConflictDoNothing()
				.returning({ id: users.id }),
			// Only if the user exists: a sign-up may have taken the address in between, and the next request joins it. The columns are in the order
			// of schema.ts.
			db()
				.insert(accounts)
				.select(sql`select ${crypto.randomUUID()}, ${accountId}, ${PROVIDER}, id, null, null, null, null, null, null, null, ${at.getTime()}, ${at.getTime()}
				from ${users} where id = ${id}`)
				.onConflictDoNothing(),
		]);
		if (made.length > 0) waitUntil(welcome({ id, email: address, name }));
	}
	return (await readUser(person)) ?? refuse("database-unavailable", t("problem_session_unread"), { "retry-after": "1" });
}
