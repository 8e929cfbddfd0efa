import { env } from "cloudflare:workers";
import { and, asc, eq, inArray, type SQL } from "drizzle-orm";
import { db } from "../../db/connection.ts";
import {
	accounts,
	instructions,
	invitations,
	mailSettings,
	members,
	organizations,
	passkeys,
	secondFactors,
	sessions,
	users,
} from "../../db/schema.ts";
import type { OwnUsage, OwnUsagePage } from "../../view/own-data.ts";
import { now } from "../time/clock.ts";
import { apiKeysOf } from "./api-keys.ts";
import type { SubjectKey, UserKey } from "./subject-key.ts";

// The export besides chats (docs/retention.md). Contains nothing that could open an account: no hash, secret or token.

/** Requests per page of an export. */
const REQUESTS_AT_ONCE = 1_000;

/** All data of an account except chats, usage and payments, under the column names. */
export async function ownDataOf(userId: string, key: UserKey): Promise<object> {
	const [profile, waysIn, signIns, settings, organized, shares, keys] = await Promise.all([
		profileOf(userId),
		waysInOf(userId),
		signInsOf(userId),
		settingsOf(userId),
		organizationsOf(userId),
		env.SHARE_LIST.getByName(key).list(),
		apiKeysOf(userId),
	]);
	const exportedAt = new Date(now()).toISOString();
	return {
		format: "parley.account",
		version: 1,
		exportedAt,
		profile,
		waysIn,
		sessions: signIns,
		...settings,
		...organized,
		shares,
		apiKeys: keys,
	};
}

async function profileOf(userId: string) {
	const { id, name, email, emailVerified, image, createdAt } = users;
	const [profile] = await db().select({ id, name, email, emailVerified, image, createdAt }).from(users).where(eq(id, userId));
	return profile;
}

async function waysInOf(userId: string) {
	const [ways, keys, [secondFactor = null]] = await Promise.all([
		db()
			.select({ provider: accounts.providerId, accountId: accounts.accountId, createdAt: accounts.createdAt })
			.from(accounts)
			.where(eq(accounts.userId, userId)),
		db()
			.select({ name: passkeys.name, createdAt: passkeys.createdAt, usedAt: passkeys.usedAt })
			.from(passkeys)
			.where(eq(passkeys.userId, userId)),
		db().select({ enabledAt: secondFactors.enabledAt }).from(secondFactors).where(eq(secondFactors.userId, userId)),
	]);
	return { accounts: ways, passkeys: keys, secondFactor };
}

function signInsOf(userId: string) {
	const { ipAddress, userAgent, createdAt, usedAt, expiresAt } = sessions;
	return db().select({ ipAddress, userAgent, createdAt, usedAt, expiresAt }).from(sessions).where(eq(sessions.userId, userId));
}

async function settingsOf(userId: string) {
	const [[own = null], [mail = null]] = await Promise.all([
		db().select({ about: instructions.about, answer: instructions.answer }).from(instructions).where(eq(instructions.userId, userId)),
		db()
			.select({ language: mailSettings.language, tellsUsage: mailSettings.tellsUsage })
			.from(mailSettings)
			.where(eq(mailSettings.userId, userId)),
	]);
	return { instructions: own, mailSettings: mail };
}

/** Former members get no further information about an organization, such as its present name. */
async function organizationsOf(userId: string) {
	const ownEmail = db().select({ email: users.email }).from(users).where(eq(users.id, userId));
	const ownOrganizations = db().select({ id: members.organizationId }).from(members).where(eq(members.userId, userId));
	const [joined, received, sent] = await Promise.all([
		db()
			.select({ id: organizations.id, name: organizations.name, role: members.role, joinedAt: members.createdAt })
			.from(members)
			.innerJoin(organizations, eq(organizations.id, members.organizationId))
			.where(eq(members.userId, userId))
			.orderBy(asc(members.createdAt)),
		invitationsOf(and(eq(invitations.email, ownEmail), eq(invitations.status, "pending"))),
		invitationsOf(and(eq(invitations.inviterId, userId), inArray(invitations.organizationId, ownOrganizations))),
	]);
	return { organizations: joined, invitations: { received, sent } };
}

const invitationsOf = (which: SQL | undefined) =>
	db()
		.select({
			organization: organizations.name,
			email: invitations.email,
			role: invitations.role,
			status: invitations.status,
			createdAt: invitations.createdAt,
		})
		.from(invitations)
		.innerJoin(organizations, eq(organizations.id, invitations.organizationId))
		.where(which)
		.orderBy(asc(invitations.createdAt));

/**
 * A page of a subject's ledger: its requests by id. The first page also has the daily totals, and units counted without a request.
 * @param after the previous page's `next`; null for the first
 */
export async function ownUsageOf(key: SubjectKey, after: string | null): Promise<OwnUsagePage> {
	const ledger = env.USAGE_LEDGER.getByName(key);
	const { rows, next } = await ledger.requestsAfter(after ?? "", REQUESTS_AT_ONCE);
	const requests = rows.map(({ id, state, units, heldAtMs, endedAtMs, chatId, pool, terms, spent }) => ({
		requestId: id,
		state,
		units,
		heldAt: new Date(heldAtMs).toISOString(),
		endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
		chatId,
		paidFrom: pool,
		model: terms?.model ?? null,
		tokens: spent ? { input: spent.input, cached: spent.cached, output: spent.output, reasoning: spent.reasoning } : null,
	}));
	if (after !== null) return { requests, next };
	const [days, adjustments] = await Promise.all([ledger.days(""), ledger.adjustments()]);
	return {
		requests,
		next,
		// The operator's cost of a request is not the user's data.
		days: days.map(({ microDollars: _, ...day }) => day),
		adjustments: adjustments.map(({ atMs, expiresAtMs, id, units, pool, requestId }) => ({
			id,
			units,
			paidFrom: pool,
			at: new Date(atMs).toISOString(),
			expiresAt: expiresAtMs ? new Date(expiresAtMs).toISOString() : null,
			requestId: requestId ?? null,
		})),
	} satisfies OwnUsagePage & OwnUsage;
}
