import { waitUntil } from "cloudflare:workers";
import { createHash, randomBytes } from "node:crypto";
import { and, desc, eq, isNull, lt, not, or, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { z } from "zod";
import { db } from "../../db/connection.ts";
import { apiKeys, instructions, members, organizations, users } from "../../db/schema.ts";
import { logFailure } from "../../log.ts";
import { t } from "../../text/text.ts";
import { type ApiKeyView, type KeyLimit, SCOPES, type Scope } from "../../view/api-key.ts";
import type { Role } from "../../view/identity.ts";
import { leaves } from "../deletion/deletions.ts";
import { readBody } from "../http/api.ts";
import { refuse } from "../http/problem.ts";
import { now } from "../time/clock.ts";
import { take } from "./bounds.ts";
import { membershipFrom } from "./organization.ts";
import { type Acting, type User, userWith } from "./subject.ts";

/** The prefix of every key, by which people and secret scanners recognize one. */
const BEGINNING = "key_";
const FORM = /^key_[A-Za-z0-9_-]{43}$/;
const PREFIX_CHARS = 12;
const SECRET_BYTES = 32;
const KEYS_MAX = 50;
const CREATED_HOURLY = 20;
const HOUR_MS = 3_600_000;
/** How often the last use may be written: each write is billed. */
const LAST_USE_EVERY_MS = 60_000;

const body = z.object({
	name: z.string().trim().min(1).max(60),
	scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
	limit: z
		.object({ units: z.int().min(1).max(1_000_000), per: z.enum(["day", "period"]) })
		.nullable()
		.default(null),
	expiresInDays: z.int().min(1).max(3_650).nullable().default(null),
	/** The organization whose plan pays, if it has one; null for the user's own plan. */
	organization: z.string().max(128).nullable().default(null),
});

const hashOf = (key: string) => createHash("sha256").update(key).digest("base64url");
const dayMs = 86_400_000;

/**
 * Creates the key described by `POST /api/keys`.
 * @returns the key itself, which is never shown again, and its row
 * @throws {ProblemError} 400 for an invalid body, 404 for an organization the user is not in, 429 beyond 50 keys, or 20 within an hour
 */
export async function createApiKey(request: Request, { userId }: User): Promise<{ secret: string; key: ApiKeyView }> {
	const { name, scopes, limit, expiresInDays, organization: organizationId } = await readBody(request, body);
	const organization = organizationId === null ? null : await organizationOf(userId, organizationId);
	const taken = await take([{ what: `keys of ${userId}`, max: CREATED_HOURLY, windowMs: HOUR_MS, full: t("bound_keys") }]);
	if (taken.kind === "refused") refuse("too-many-attempts", taken.why, { "retry-after": String(taken.retryAfterSeconds) });
	const secret = BEGINNING + randomBytes(SECRET_BYTES).toString("base64url");
	const id = randomBytes(12).toString("base64url");
	const createdAt = new Date(now());
	const row = {
		...{ id, userId, organizationId, name, hash: hashOf(secret) },
		...{ prefix: secret.slice(0, PREFIX_CHARS), scopes: [...new Set(scopes)].join(" "), createdAt },
		...{ limitUnits: limit?.units ?? null, limitPer: limit?.per ?? null },
		expiresAt: expiresInDays === null ? null : new Date(createdAt.getTime() + expiresInDays * dayMs),
	};
	// A single statement, so that parallel creations cannot exceed the limit.
	const { meta } = await db().run(sql`
		insert into api_keys (id, user_id, organization_id, name, hash, prefix, scopes, limit_units, limit_per, expires_at, created_at)
		select ${row.id}, ${userId}, ${row.organizationId}, ${name}, ${row.hash}, ${row.prefix}, ${row.scopes}, ${row.limitUnits},
			${row.limitPer}, ${row.expiresAt?.getTime() ?? null}, ${createdAt.getTime()}
		where (select count(*) from api_keys where user_id = ${userId}) < ${KEYS_MAX}`);
	if (meta.changes === 0) refuse("too-many-keys", t("problem_keys_max", { max: String(KEYS_MAX) }));
	return { secret, key: viewOf({ ...row, lastUsedAt: null, organization, owner: null }) };
}

/** The name of an organization the user belongs to. @throws {ProblemError} 404 for any other */
async function organizationOf(userId: string, organizationId: string): Promise<string> {
	const [found] = await db()
		.select({ name: organizations.name })
		.from(members)
		.innerJoin(organizations, eq(organizations.id, members.organizationId))
		.where(and(eq(members.userId, userId), eq(members.organizationId, organizationId)))
		.limit(1);
	return found?.name ?? refuse("not-found", t("problem_nothing_here"));
}

/** A user's keys, newest first. */
export const apiKeysOf = (userId: string): Promise<ApiKeyView[]> => keysWhere(userId, eq(apiKeys.userId, userId));

/** The keys that act for an organization, newest first: all of them for its managers, their own for other members. */
export function apiKeysFor(userId: string, organization: { id: string; role: Role }): Promise<ApiKeyView[]> {
	const own = organization.role === "member" ? eq(apiKeys.userId, userId) : undefined;
	return keysWhere(userId, and(eq(apiKeys.organizationId, organization.id), own));
}

const viewers = alias(members, "viewers");

async function keysWhere(userId: string, which: SQL | undefined): Promise<ApiKeyView[]> {
	const rows = await db()
		.select({
			...{ id: apiKeys.id, name: apiKeys.name, prefix: apiKeys.prefix, scopes: apiKeys.scopes },
			...{ limitUnits: apiKeys.limitUnits, limitPer: apiKeys.limitPer, organization: organizations.name },
			...{ expiresAt: apiKeys.expiresAt, lastUsedAt: apiKeys.lastUsedAt, createdAt: apiKeys.createdAt },
			...{ ownerId: apiKeys.userId, owner: users.name },
		})
		.from(apiKeys)
		.innerJoin(users, eq(users.id, apiKeys.userId))
		// Former members get no further information about an organization.
		.leftJoin(viewers, and(eq(viewers.organizationId, apiKeys.organizationId), eq(viewers.userId, userId)))
		.leftJoin(organizations, eq(organizations.id, viewers.organizationId))
		.where(which)
		.orderBy(desc(apiKeys.createdAt));
	return rows.map(({ ownerId, owner, ...row }) => viewOf({ ...row, owner: ownerId === userId ? null : owner }));
}

/**
 * Revokes a key by deleting its row, so the next request with it fails.
 * @returns whether the user was allowed to: the key is theirs, or acts for an organization they manage
 */
export async function revokeApiKey(userId: string, id: string): Promise<boolean> {
	const isManaged = sql`exists (select 1 from ${members} as actor where actor.user_id = ${userId}
		and actor.organization_id = ${apiKeys.organizationId} and actor.role in ('owner', 'admin'))`;
	const gone = await db()
		.delete(apiKeys)
		.where(and(eq(apiKeys.id, id), or(eq(apiKeys.userId, userId), isManaged)))
		.returning({ id: apiKeys.id });
	return gone.length > 0;
}

export const isApiKey = (token: string): boolean => FORM.test(token);

/**
 * The user of an API key, with their metering terms. Read from the database on every request, so a revocation or a lost membership takes effect
 * with the next request. Null if the key is unknown, revoked or expired, or if its user has left its organization.
 */
export async function userOfApiKey(request: Request, key: string): Promise<User | null> {
	const [found] = await db()
		.select({
			id: apiKeys.id,
			scopes: apiKeys.scopes,
			limitUnits: apiKeys.limitUnits,
			limitPer: apiKeys.limitPer,
			expiresAt: apiKeys.expiresAt,
			lastUsedAt: apiKeys.lastUsedAt,
			organizationId: apiKeys.organizationId,
			user: { id: users.id, name: users.name, email: users.email, emailVerified: users.emailVerified },
			role: members.role,
			organization: organizations.name,
			requestsPerMember: organizations.requestsPerMember,
			about: instructions.about,
			answer: instructions.answer,
		})
		.from(apiKeys)
		.innerJoin(users, eq(users.id, apiKeys.userId))
		.leftJoin(members, and(eq(members.userId, apiKeys.userId), eq(members.organizationId, apiKeys.organizationId)))
		.leftJoin(organizations, eq(organizations.id, members.organizationId))
		.leftJoin(instructions, eq(instructions.userId, apiKeys.userId))
		// An account is locked from the moment its deletion is requested.
		.where(and(eq(apiKeys.hash, hashOf(key)), not(leaves(users.id))))
		.limit(1);
	if (!found || isExpired(found.expiresAt)) return null;
	const { id, organizationId, role, organization: name, requestsPerMember } = found;
	const isMember = role !== null && name !== null;
	if (organizationId !== null && !isMember) return null;
	const acting: Acting = {
		user: found.user,
		organization: organizationId !== null && isMember ? membershipFrom(organizationId, { role, name, requestsPerMember }) : null,
		instructions: { about: found.about ?? "", answer: found.answer ?? "" },
	};
	if ((found.lastUsedAt?.getTime() ?? 0) < now() - LAST_USE_EVERY_MS) waitUntil(noteUse(id));
	return userWith(request, acting, { id, scopes: scopesOf(found.scopes), limit: limitOf(found) });
}

/** Whether a key exists, expired or not. */
export async function isStoredKey(id: string): Promise<boolean> {
	return (await db().select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.id, id)).limit(1)).length > 0;
}

async function noteUse(id: string): Promise<void> {
	const at = new Date(now());
	const isOld = or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, new Date(at.getTime() - LAST_USE_EVERY_MS)));
	try {
		await db()
			.update(apiKeys)
			.set({ lastUsedAt: at })
			.where(and(eq(apiKeys.id, id), isOld));
	} catch (error) {
		logFailure("the last use of a key could not be noted", error);
	}
}

const isExpired = (expiresAt: Date | null) => expiresAt !== null && expiresAt.getTime() <= now();
const scopesOf = (stored: string): Scope[] => SCOPES.filter((scope) => stored.split(" ").includes(scope));

function limitOf({ limitUnits: units, limitPer: per }: Pick<typeof apiKeys.$inferSelect, "limitUnits" | "limitPer">): KeyLimit | null {
	return units === null || per === null ? null : { units, per };
}

type Row = Omit<typeof apiKeys.$inferSelect, "hash" | "userId" | "organizationId"> & Pick<ApiKeyView, "organization" | "owner">;

function viewOf(row: Row): ApiKeyView {
	const { id, name, prefix, organization, owner, expiresAt, lastUsedAt, createdAt } = row;
	return {
		...{ id, name, prefix, organization, owner, scopes: scopesOf(row.scopes), limit: limitOf(row) },
		expiresAt: expiresAt?.toISOString() ?? null,
		isExpired: isExpired(expiresAt),
		lastUsedAt: lastUsedAt?.toISOString() ?? null,
		createdAt: createdAt.toISOString(),
	};
}
