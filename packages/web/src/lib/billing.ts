import { env } from "cloudflare:workers";
import type { Outcome, Refusal, Release, Standing } from "@parley/metering";
import type { UsageView } from "../view.ts";
import { guestCookie, identify, networkOf, type Subject } from "./subject.ts";

export { AI_REQUESTS_METER } from "./billing-helpers.ts";

/** What was taken for one request, and from which ledgers: a guest's request is taken from two. Kept with the answer until it ends. */
export interface UsageHold {
	requestId: string;
	/** 1 for the first; a request that was given back may be sent again. */
	attempt: number;
	takenFrom: { ledger: string; id: string }[];
}

export type UsageCheckResult =
	| { allowed: true; subject: Subject; hold: UsageHold; standing: Standing; setCookie: string | null }
	| { allowed: false; subject: Subject; reason: "limit"; refusal: Refusal }
	| { allowed: false; subject: Subject; reason: "conflict" };

export interface UsageOptions {
	/** Who is asking, where that is known already. */
	subject?: Subject;
	/** Default: the Idempotency-Key header, else a new one. */
	requestId?: string;
	/** Of the body: the same id with another one is refused as a conflict. */
	fingerprint?: string;
	/** The chat that speaks for the hold, should it expire. */
	chatId?: string;
	/** Default 1. */
	units?: number;
}

const ledger = (key: string) => env.USAGE_LEDGER.getByName(key);

/**
 * Admits a request: takes a hold on the asker's allowance before the model is called, or says which limit refuses it (seed 001). The same
 * requestId again takes nothing more. Asks no billing provider, unless the answer would be no.
 */
export async function checkUsageAllowed(request: Request, options: UsageOptions = {}): Promise<UsageCheckResult> {
	const subject = options.subject ?? (await identify(request));
	const hold = {
		id: options.requestId ?? request.headers.get("idempotency-key") ?? crypto.randomUUID(),
		fingerprint: options.fingerprint ?? "",
		units: options.units ?? 1,
		chatId: options.chatId ?? null,
	};
	const own = { ledger: subject.key, id: hold.id };
	const network = subject.kind === "guest" ? await networkOf(request) : null;
	const shared = network ? { ledger: network, id: `${subject.key}:${hold.id}` } : null;
	// A known guest's own limit speaks first. One without a cookie costs its network first, or a script without cookies would have no limit.
	const order = shared ? (subject.kind === "guest" && subject.known ? [own, shared] : [shared, own]) : [own];
	const taken: UsageHold = { requestId: hold.id, attempt: 1, takenFrom: [] };
	let standing: Standing | undefined;
	for (const from of order) {
		const answer = await ledger(from.ledger).hold(from.ledger, { ...hold, id: from.id });
		const { outcome } = answer;
		if (outcome.kind !== "held" && outcome.kind !== "repeat") {
			await releaseUsage(taken, "refused");
			if (outcome.kind === "refused") return { allowed: false, subject, reason: "limit", refusal: outcome.refusal };
			return { allowed: false, subject, reason: "conflict" };
		}
		taken.takenFrom.push(from);
		if (from === own) taken.attempt = outcome.row.attempt;
		if (!standing || answer.standing.remaining < standing.remaining) standing = answer.standing;
	}
	if (!standing) throw new Error("invariant: a request is held in at least one ledger");
	const setCookie = subject.kind === "guest" && !subject.known ? guestCookie(request, subject.cookie) : null;
	return { allowed: true, subject, hold: taken, standing, setCookie };
}

/**
 * Counts a request: settles its hold, or, for a request that took none, holds and settles `amount` units at once. Told twice it counts once.
 * @returns whether it is counted, and the outcome in the asker's own ledger
 */
export async function recordUsage(
	request: Request | UsageHold,
	amount = 1,
	options: UsageOptions = {},
): Promise<{ counted: boolean; outcome: Outcome; standing?: Standing }> {
	if (!(request instanceof Request)) return endHold(request, (from) => ledger(from.ledger).settle(from.id));
	const subject = options.subject ?? (await identify(request));
	const id = options.requestId ?? request.headers.get("idempotency-key") ?? crypto.randomUUID();
	const hold = { id, fingerprint: options.fingerprint ?? "", units: amount, chatId: null };
	const { outcome, standing } = await ledger(subject.key).record(subject.key, hold);
	return { counted: isCounted(outcome), outcome, standing };
}

/** Gives a hold back; counted all the same where forgiveness has reached its bound. */
export async function releaseUsage(hold: UsageHold, why: Release): Promise<{ counted: boolean }> {
	return endHold(hold, (from) => ledger(from.ledger).release(from.id, why));
}

async function endHold(hold: UsageHold, end: (from: UsageHold["takenFrom"][number]) => Promise<Outcome>) {
	let outcome: Outcome = { kind: "unknown" };
	for (const from of hold.takenFrom) {
		const ended = await end(from);
		if (!from.ledger.startsWith("network:")) outcome = ended;
	}
	return { counted: isCounted(outcome), outcome };
}

function isCounted(outcome: Outcome): boolean {
	if (outcome.kind === "ended") return outcome.counted;
	return outcome.kind === "repeat" && outcome.row.state !== "released";
}

/** What the asker has left and when it resets. Holds nothing, and stores nothing for an asker who was never seen. */
export async function getBillingSummary(request: Request, subject?: Subject): Promise<UsageView> {
	const asker = subject ?? (await identify(request));
	const network = asker.kind === "guest" ? await networkOf(request) : null;
	const [own, shared] = await Promise.all([ledger(asker.key).usage(asker.key), network ? ledger(network).usage(network) : null]);
	return {
		tier: own.tier,
		limit: own.limit,
		used: own.used,
		held: own.held,
		remaining: Math.min(own.remaining, shared?.remaining ?? own.remaining),
		topUps: own.topUps,
		window: { start: own.window.startMs > 0 ? iso(own.window.startMs) : null, end: iso(own.window.endMs) },
		resetAt: iso(own.window.endMs),
		unverified: own.unverified,
	};
}

const iso = (instantMs: number | null) => (instantMs === null ? null : new Date(instantMs).toISOString());
