import { env } from "cloudflare:workers";
import { asc, eq } from "drizzle-orm";
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
import type { SubjectKey, UserKey } from "./subject-key.ts";

// What is exported besides chats (docs/retention.md). Nothing by which an account could be entered leaves: no hash, secret or token.

/** Requests of one page of an export. */
const REQUESTS_AT_ONCE = 1_000;

/** Everything that an account has besides chats, usage and payments, with the names of the columns. */
export async function ownDataOf(userId: string, key: UserKey): Promise<object> {
	const [[profile], ways, keys, [second], signIns, [own], [mail], memberships, invited, sent, shares] = await Promise.all([
		db()
			.select({
				id: users.id,
				name: users.name,
				email: users.email,
				emailVerified: users.emailVerified,
				image: users.image,
				createdAt: users.createdAt,
			})
			.from(users)
			.where(eq(users.id, userId)),
		db()
			.select({ provider: accounts.providerId, accountId: accounts.accountId, createdAt: accounts.createdAt })
			.from(accounts)
			.where(eq(accounts.userId, userId)),
		db()
			.select({ name: passkeys.name, createdAt: passkeys.createdAt, usedAt: passkeys.usedAt })
			.from(passkeys)
			.where(eq(passkeys.userId, userId)),
		db().select({ enabledAt: secondFactors.enabledAt }).from(secondFactors).where(eq(secondFactors.userId, userId)),
		db()
			.select({
				ipAddress: sessions.ipAddress,
				userAgent: sessions.userAgent,
				createdAt: sessions.createdAt,
				usedAt: sessions.usedAt,
				expiresAt: sessions.expiresAt,
			})
			.from(sessions)
			.where(eq(sessions.userId, userId)),
		db().select({ about: instructions.about, answer: instructions.answer }).from(instructions).where(eq(instructions.userId, userId)),
		db()
			.select({ language: mailSettings.language, tellsUsage: mailSettings.tellsUsage })
			.from(mailSettings)
			.where(eq(mailSettings.userId, userId)),
		db()
			.select({ id: organizations.id, name: organizations.name, role: members.role, joinedAt: members.createdAt })
			.from(members)
			.innerJoin(organizations, eq(organizations.id, members.organizationId))
			.where(eq(members.userId, userId))
			.orderBy(asc(members.createdAt)),
		invitationsOf(eq(invitations.email, db().select({ email: users.email }).from(users).where(eq(users.id, userId)))),
		invitationsOf(eq(invitations.inviterId, userId)),
		env.SHARE_LIST.getByName(key).list(),
	]);
	return {
		format: "parley.account",
		version: 1,
		exportedAt: new Date(now()).toISOString(),
		profile,
		waysIn: { accounts: ways, passkeys: keys, secondFactor: second ?? null },
		sessions: signIns,
		instructions: own ?? null,
		mailSettings: mail ?? null,
		organizations: memberships,
		invitations: { received: invited, sent },
		shares,
	};
}

const invitationsOf = (which: ReturnType<typeof eq>) =>
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
 * A page of what a subject's ledger has, its requests by id. The first page also has the daily totals, and what was counted without a request.
 * @param after the `next` of the page before; null for the first
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
		// What a request cost the operator is not the user's.
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
