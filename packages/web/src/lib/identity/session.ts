import { waitUntil } from "cloudflare:workers";
import { parseCookies } from "better-auth/cookies/utils";
import { and, eq } from "drizzle-orm";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { isDatabaseFailure } from "../../db/failure.ts";
import { deletions, instructions, members, organizations, sessions, users } from "../../db/schema.ts";
import type { OwnInstructions } from "../../instructions.ts";
import { logFailure } from "../../log.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { auth, SESSION_RENEWED_AFTER_SECONDS, SESSION_SECONDS, sessionCookie } from "./auth.ts";
import { type Membership, membershipFrom } from "./organization.ts";
import { isSigned } from "./signature.ts";

/** A session as currently stored in the database. */
export interface Session {
	id: string;
	/** When the person last proved their identity in this session, epoch milliseconds by the machine's clock. */
	provenAtMs: number;
	user: { id: string; name: string; email: string; emailVerified: boolean };
	/** The user's membership of the organization the session acts for. */
	organization: Membership | null;
	/** The user's instructions to every model. */
	instructions: OwnInstructions;
}

const USE_NOTED_AFTER_MS = 3_600_000;

/** When an account is deleted, and how its plan was cancelled. */
type Leaving = Pick<typeof deletions.$inferSelect, "dueAt" | "plan">;

const read = new WeakMap<Request, Promise<(Session & { leaving: Leaving | null }) | null>>();

function readOnce(request: Request) {
	const found = read.get(request) ?? readSession(request).catch(refuseUnread);
	read.set(request, found);
	return found;
}

/**
 * A request's session, or null. Read from the database with one query, once per request. No cookie holds a copy, so a sign-out, a lost
 * membership, a confirmed address or a deletion takes effect with the next request.
 * @throws {ProblemError} 403 for an account that is being deleted, 503 while the database does not answer
 */
export async function session(request: Request): Promise<Session | null> {
	const found = await readOnce(request);
	if (found?.leaving) refuse("account-is-being-deleted", t("deletion_locked"));
	return found;
}

/**
 * The session of an account being deleted, which allows only keeping the account; null for any other account.
 * @throws {ProblemError} 503 while the database does not answer
 */
export async function leavingSession(request: Request): Promise<{ user: Session["user"]; leaving: Leaving } | null> {
	const found = await readOnce(request);
	return found?.leaving ? { user: found.user, leaving: found.leaving } : null;
}

/** A database failure must not turn users into guests: their requests would count on another ledger, and their chats would seem gone. */
function refuseUnread(error: unknown): never {
	if (!isDatabaseFailure(error)) throw error;
	logFailure("could not read a session", error);
	const detail = t("problem_session_unread");
	return refuse("database-unavailable", detail, { "retry-after": "5" });
}

async function readSession(request: Request): Promise<(Session & { leaving: Leaving | null }) | null> {
	const token = tokenOf(request);
	if (token === null) return null;
	const [found] = await db()
		.select({
			id: sessions.id,
			createdAt: sessions.createdAt,
			provenAt: sessions.provenAt,
			usedAt: sessions.usedAt,
			user: { id: users.id, name: users.name, email: users.email, emailVerified: users.emailVerified },
			expiresAt: sessions.expiresAt,
			organizationId: members.organizationId,
			role: members.role,
			organization: organizations.name,
			requestsPerMember: organizations.requestsPerMember,
			about: instructions.about,
			answer: instructions.answer,
			dueAt: deletions.dueAt,
			plan: deletions.plan,
		})
		.from(sessions)
		.innerJoin(users, eq(users.id, sessions.userId))
		.leftJoin(members, and(eq(members.userId, sessions.userId), eq(members.organizationId, sessions.activeOrganizationId)))
		.leftJoin(organizations, eq(organizations.id, members.organizationId))
		.leftJoin(instructions, eq(instructions.userId, sessions.userId))
		.leftJoin(deletions, eq(deletions.id, sessions.userId))
		.where(eq(sessions.token, token))
		.limit(1);
	// better-auth expires sessions by the machine's clock.
	const msLeft = (found?.expiresAt.getTime() ?? 0) - Date.now();
	if (!found || msLeft <= 0) return null;
	// better-auth extends the session and its cookie.
	if (msLeft <= (SESSION_SECONDS - SESSION_RENEWED_AFTER_SECONDS) * 1000) await auth(request).api.getSession({ headers: request.headers });
	noteUse(found);
	const { user, organizationId, role, organization: name, requestsPerMember, about, answer, dueAt, plan } = found;
	const isMember = organizationId !== null && role !== null && name !== null;
	return {
		id: found.id,
		provenAtMs: (found.provenAt ?? found.createdAt).getTime(),
		user,
		organization: isMember ? membershipFrom(organizationId, { role, name, requestsPerMember }) : null,
		instructions: { about: about ?? "", answer: answer ?? "" },
		leaving: dueAt && plan ? { dueAt, plan } : null,
	};
}

/** Records when a session was last used, at most once an hour, for the list of sessions. Runs in the background. */
function noteUse({ id, createdAt, usedAt }: { id: string; createdAt: Date; usedAt: Date | null }): void {
	if (Date.now() - (usedAt ?? createdAt).getTime() < USE_NOTED_AFTER_MS) return;
	const noting = db().update(sessions).set({ usedAt: new Date() }).where(eq(sessions.id, id));
	waitUntil(noting.then(undefined, (error: unknown) => logFailure("could not note the use of a session", error)));
}

/** The token in better-auth's signed cookie, `<token>.<HMAC-SHA-256 in base64>`, or null if it is missing or forged. */
function tokenOf(request: Request): string | null {
	const value = parseCookies(request.headers.get("cookie") ?? "").get(sessionCookie(request));
	const [token, signature, ...rest] = value?.split(".") ?? [];
	if (!token || !signature || rest.length > 0) return null;
	const inBase64Url = signature.replaceAll("+", "-").replaceAll("/", "_").replace(/=$/, "");
	return isSigned(token, inBase64Url, [config().authSecret]) ? token : null;
}
