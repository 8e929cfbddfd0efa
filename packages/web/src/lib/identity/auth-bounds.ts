import { parseCookies } from "better-auth/cookies/utils";
import { and, eq } from "drizzle-orm";
import { config } from "../../config.ts";
import { db } from "../../db/connection.ts";
import { accounts, users } from "../../db/schema.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { authPathOf } from "./auth-routes.ts";
import { type Bound, take } from "./bounds.ts";
import { networkOf } from "./network.ts";
import { session } from "./session.ts";
import { isSigned, sign } from "./signature.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const KNOWN_SECONDS = 400 * 86_400;
/** Routes that add or replace a sign-in method and send a mail about it. Removing one requires adding it first, so its mails are limited too. */
const ADDS_WAY_IN = new Set(["change-password", "passkey/add", "second-factor/enable", "second-factor/recovery"]);
const WRONG_PASSWORD = new Set(["INVALID_EMAIL_OR_PASSWORD", "INVALID_PASSWORD"]);

/**
 * Runs a POST route of better-auth within the limits for its email address: wrong passwords and mails, across all networks.
 * better-auth's own limits are per network.
 * @throws {ProblemError} 429
 */
export function withinBounds(request: Request, body: { email?: unknown }, run: () => Promise<Response>): Promise<Response> {
	const checked = () => checking(request, body, run);
	return ADDS_WAY_IN.has(authPathOf(request)) ? addingWayIn(request, checked) : checked();
}

/**
 * At most 20 per hour, so that an attacker cannot bury the mail about one change among others. Removals and password resets by mail are not limited.
 */
async function addingWayIn(request: Request, run: () => Promise<Response>): Promise<Response> {
	const found = await session(request);
	if (!found) return run();
	const full = t("bound_ways_in");
	const taken = await takeOrRefuse([{ what: `ways in of ${found.user.id}`, max: 20, windowMs: 60 * MINUTE_MS, full }]);
	const response = await run();
	if (!response.ok) await taken.giveBack();
	return response;
}

async function checking(request: Request, body: { email?: unknown }, run: () => Promise<Response>): Promise<Response> {
	switch (authPathOf(request)) {
		case "sign-in/email":
			return checkingPassword(request, addressIn(body), run);
		case "change-password": {
			const found = await session(request);
			return found ? checkingPassword(request, found.user.email.toLowerCase(), run) : run();
		}
		case "prove": {
			const found = await session(request);
			return found ? checkingPassword(request, found.user.email.toLowerCase(), run) : run();
		}
		case "mail/send":
			await takeOrRefuse(proofMailBounds(request, addressIn(body)));
			return run();
		case "mail/prove": {
			const found = await session(request);
			if (found) await takeOrRefuse(proofMailBounds(request, found.user.email.toLowerCase()));
			return run();
		}
		case "mail/code":
		case "mail/prove-code":
		case "second-factor":
			return checkingCode(request, run);
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

/** Confirmation links anyone can request for an address. Excludes the one sent at sign-up, which happens once per address. */
function mailBounds(address: string): Bound[] {
	const [recently, full] = [t("bound_link_recent"), t("bound_mails")];
	return [
		{ what: `mails to ${address}`, max: 1, windowMs: 10 * MINUTE_MS, full: recently },
		{ what: `mails of a day to ${address}`, max: 10, windowMs: DAY_MS, full },
	];
}

/** Mails with a link or code, limited by address and by network. Equal for addresses without an account, so that a refusal reveals nothing. */
function proofMailBounds(request: Request, address: string): Bound[] {
	const [recently, full, network] = [t("bound_codes_recent"), t("bound_mails"), t("bound_mails_network")];
	return [
		{ what: `proofs to ${address}`, max: 3, windowMs: 10 * MINUTE_MS, full: recently },
		{ what: `proofs of a day to ${address}`, max: 10, windowMs: DAY_MS, full },
		...ofNetwork(request, (name) => ({ what: `proofs from ${name}`, max: 30, windowMs: 60 * MINUTE_MS, full: network })),
	];
}

/** Wrong codes from a network, for any account. Each code has its own limit as well. */
async function checkingCode(request: Request, run: () => Promise<Response>): Promise<Response> {
	const bounds = ofNetwork(request, (name) => ({ what: `codes from ${name}`, max: 30, windowMs: 15 * MINUTE_MS, full: t("bound_codes") }));
	const taken = await takeOrRefuse(bounds);
	const response = await run();
	if (response.ok) await taken.giveBack();
	return response;
}

/** Empty on loopback, which has no network. */
function ofNetwork(request: Request, bound: (network: string) => Bound): Bound[] {
	const name = networkOf(request, new Date().toISOString().slice(0, 10), config().authSecret);
	return name === null ? [] : [bound(name)];
}

/**
 * Limits wrong passwords for an address to ten in 15 minutes, across all networks. A browser that has signed in to the account has its own ten (OWASP,
 * "device cookies"), so that guessing cannot lock the owner out. Counts before the check, so concurrent guesses stay within the limit.
 */
async function checkingPassword(request: Request, address: string, run: () => Promise<Response>): Promise<Response> {
	const from = (await isKnown(request, address)) ? "known browsers" : "unknown browsers";
	const full = t("bound_passwords");
	const taken = await takeOrRefuse([{ what: `passwords for ${address} from ${from}`, max: 10, windowMs: 15 * MINUTE_MS, full }]);
	const response = await run();
	if (response.status >= 500) return response;
	if (!(await isWrongPassword(response))) await taken.giveBack();
	return markingBrowser(request, address, response);
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
 * The signed text of a known browser's mark; null without an account. It includes the password's hash, so a new password ends all marks, including
 * those of an attacker who signed up with the address before its owner claimed it.
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

/** After a sign-in, marks the browser as known to the account. */
async function markingBrowser(request: Request, address: string, response: Response): Promise<Response> {
	if (!response.ok || !response.headers.has("set-cookie")) return response;
	const mark = await markOf(address);
	if (mark === null) return response;
	const marked = new Response(response.body, response);
	const attributes = `Path=/; Max-Age=${KNOWN_SECONDS}; HttpOnly; SameSite=Lax${isHttps(request) ? "; Secure" : ""}`;
	marked.headers.append("set-cookie", `${cookieName(request)}=${sign(mark, config().authSecret)}; ${attributes}`);
	return marked;
}
