import { parseCookies } from "better-auth/cookies/utils";
import { and, eq } from "drizzle-orm";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { accounts, users } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { authPathOf } from "./auth-routes.ts";
import { type Bound, take } from "./bounds.ts";
import { session } from "./session.ts";
import { isSigned, sign } from "./signature.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const KNOWN_SECONDS = 400 * 86_400;
const WRONG_PASSWORD = new Set(["INVALID_EMAIL_OR_PASSWORD", "INVALID_PASSWORD"]);

/**
 * Runs a POST route of better-auth within the bounds of the address that it names: wrong passwords and mails, from all networks together.
 * better-auth's own limits count per network.
 * @throws {ProblemError} 429
 */
export async function withinBounds(request: Request, body: { email?: unknown }, run: () => Promise<Response>): Promise<Response> {
	switch (authPathOf(request)) {
		case "sign-in/email":
			return checkingPassword(request, addressIn(body), run);
		case "change-password": {
			const found = await session(request);
			return found ? checkingPassword(request, found.user.email.toLowerCase(), run) : run();
		}
		case "sign-up/email":
			return markingBrowser(request, addressIn(body), await run());
		case "confirm-email": {
			const response = await run();
			return response.ok
				? markingBrowser(request, (await response.clone().json<{ user: { email: string } }>()).user.email, response)
				: response;
		}
		case "send-verification-email":
			await takeOrRefuse(mailBounds(addressIn(body)));
			return run();
		default:
			return run();
	}
}

const addressIn = ({ email }: { email?: unknown }): string => String(email).toLowerCase();

/** Confirmation links that anyone can request for an address. The one at sign-up is besides them: an address signs up once. */
function mailBounds(address: string): Bound[] {
	const [recently, full] = [t("bound_link_recent"), t("bound_mails")];
	return [
		{ what: `mails to ${address}`, max: 1, windowMs: 10 * MINUTE_MS, full: recently },
		{ what: `mails of a day to ${address}`, max: 10, windowMs: DAY_MS, full },
	];
}

/**
 * Ten wrong passwords for an address in 15 minutes, from whatever networks. A browser that has signed in to the account has ten of its own (OWASP,
 * "device cookies"), so that someone who guesses cannot lock the owner out of it. Counts before the check, so concurrent guesses stay within the bound.
 */
async function checkingPassword(request: Request, address: string, run: () => Promise<Response>): Promise<Response> {
	const taken = await takePassword(request, address);
	const response = await run();
	if (response.status >= 500) return response;
	if (!(await isWrongPassword(response))) await taken.giveBack();
	return markingBrowser(request, address, response);
}

async function takePassword(request: Request, address: string) {
	const from = (await isKnown(request, address)) ? "known browsers" : "unknown browsers";
	const full = t("bound_passwords");
	return takeOrRefuse([{ what: `passwords for ${address} from ${from}`, max: 10, windowMs: 15 * MINUTE_MS, full }]);
}

/**
 * Checks a password for an address within the same bound as a sign-in.
 * @throws {ProblemError} 429
 */
export async function countingPassword(request: Request, address: string, isRight: () => Promise<boolean>): Promise<boolean> {
	const taken = await takePassword(request, address);
	const right = await isRight();
	if (right) await taken.giveBack();
	return right;
}

async function takeOrRefuse(bounds: Bound[]) {
	const taken = await take(bounds);
	if (taken.kind === "taken") return taken;
	return refuse("too-many-attempts", taken.why, { "retry-after": String(taken.retryAfterSeconds) });
}

async function isWrongPassword(response: Response): Promise<boolean> {
	if (response.ok) return false;
	const answer: unknown = await response
		.clone()
		.json()
		.catch(() => null);
	return typeof answer === "object" && answer !== null && "code" in answer && WRONG_PASSWORD.has(String(answer.code));
}

const isHttps = (request: Request) => new URL(request.url).protocol === "https:";
const cookieName = (request: Request) => (isHttps(request) ? "__Host-parley.known" : "parley.known");

/**
 * What a mark is signed over, or null without an account. The password's hash is part of it: a new password ends all marks, also those of someone who
 * signed up with another person's address before its owner took the account over.
 */
async function markOf(address: string): Promise<string | null> {
	const [account] = await db()
		.select({ hash: accounts.password })
		.from(accounts)
		.innerJoin(users, eq(users.id, accounts.userId))
		.where(and(eq(users.email, address), eq(accounts.providerId, "credential")))
		.limit(1);
	return account ? `known browser of ${address}, ${account.hash}` : null;
}

/** Whether this browser has signed in to the account since its password was set. */
async function isKnown(request: Request, address: string): Promise<boolean> {
	const value = parseCookies(request.headers.get("cookie") ?? "").get(cookieName(request));
	const mark = value === undefined ? null : await markOf(address);
	return value !== undefined && mark !== null && isSigned(mark, value, [config().authSecret]);
}

/** After a sign-in, marks the browser as one of the account's. */
async function markingBrowser(request: Request, address: string, response: Response): Promise<Response> {
	if (!response.ok || !response.headers.has("set-cookie")) return response;
	const mark = await markOf(address);
	if (mark === null) return response;
	const marked = new Response(response.body, response);
	const attributes = `Path=/; Max-Age=${KNOWN_SECONDS}; HttpOnly; SameSite=Lax${isHttps(request) ? "; Secure" : ""}`;
	marked.headers.append("set-cookie", `${cookieName(request)}=${sign(mark, config().authSecret)}; ${attributes}`);
	return marked;
}
