import { env } from "cloudflare:workers";
import type { Member, Outcome, Refusal, Release, Standing } from "@parley/metering";
import { config } from "../config.ts";
import type { UsageView } from "../view/usage.ts";
import { allGuests, guestCookie, identify, networkOf, type Subject } from "./identity/subject.ts";
import { isHuman } from "./identity/turnstile.ts";

export { AI_REQUESTS_METER } from "./billing-helpers.ts";

/** What was taken for one request, and from which ledgers: a guest's request is taken from two. Kept with the answer until it ends. */
export interface UsageHold {
	requestId: string;
	/** 1 for the first; a request that was given back may be sent again. */
	attempt: number;
	takenFrom: { ledger: string; id: string }[];
}

export type UsageCheckResult =
	/** `newlyHeld` is what this call took of `hold`: all of it but on a repeat. It is what to release, should nothing come of the call. */
	| { allowed: true; subject: Subject; hold: UsageHold; newlyHeld: UsageHold; standing: Standing; setCookie: string | null }
	| { allowed: false; subject: Subject; reason: "limit"; refusal: Refusal }
	/** A guest never seen, on a network that has used half of its pool, has not shown to be human (lib/turnstile.ts). */
	| { allowed: false; subject: Subject; reason: "challenge" }
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
 * Admits a request: takes a hold on the asker's allowance before the model is called, or says which limit refuses it (seed 001). A guest's is
 * taken from the pools that guests share, too. The same requestId again takes nothing more. Asks no billing provider, unless the answer would
 * be no.
 */
export async function checkUsageAllowed(request: Request, options: UsageOptions = {}): Promise<UsageCheckResult> {
	const subject = options.subject ?? (await identify(request));
	const isNew = subject.kind === "guest" && !subject.known;
	const pools = subject.kind === "guest" ? await guestPools(request) : [];
	const requestId = options.requestId ?? request.headers.get("idempotency-key") ?? crypto.randomUUID();
	const { fingerprint = "", units = 1, chatId = null } = options;
	const hold: UsageHold = { requestId, attempt: 1, takenFrom: [] };
	const newlyHeld: UsageHold = { ...hold, takenFrom: [] };
	let isFirst = isNew;
	let standing: Standing | undefined;
	// A known guest's own limit speaks first. One without a cookie costs its network first, or a script without cookies would have no limit.
	let left = isNew ? [...pools, subject.key] : [...payersOf(subject), ...pools];
	for (let key = left.shift(); key !== undefined; key = left.shift()) {
		const isOwn = payersOf(subject).includes(key);
		const id = entryId(key, subject, requestId);
		const member = memberOf(key, subject);
		const answer = await ledger(key).hold(key, { id, fingerprint, units, chatId, member, sharedWith: isOwn ? pools : null });
		const { outcome } = answer;
		if (hasNoPlan(outcome)) continue;
		if (outcome.kind !== "held" && outcome.kind !== "repeat") {
			await releaseUsage(newlyHeld, "refused");
			if (outcome.kind === "refused") return { allowed: false, subject, reason: "limit", refusal: outcome.refusal };
			return { allowed: false, subject, reason: "conflict" };
		}
		hold.takenFrom.push({ ledger: key, id });
		if (outcome.kind === "held") newlyHeld.takenFrom.push({ ledger: key, id });
		if (!standing || answer.standing.remaining < standing.remaining) standing = answer.standing;
		if (isOwn && !isNew) {
			hold.attempt = outcome.row.attempt;
			isFirst = subject.kind === "guest" && answer.standing.used === 0;
			// A repeat is taken from what its first was taken from, wherever it comes from; one that has ended takes nothing any more.
			left = outcome.row.state === "held" ? [...(outcome.row.sharedWith ?? [])] : [];
		} else if (isFirst && isHalfUsed(answer.standing) && !(await isHuman(request))) {
			await releaseUsage(newlyHeld, "refused");
			return { allowed: false, subject, reason: "challenge" };
		}
	}
	if (!standing) throw new Error("invariant: a request is held in at least one ledger");
	const setCookie = isNew ? guestCookie(request, subject.cookie) : null;
	return { allowed: true, subject, hold, newlyHeld, standing, setCookie };
}

/**
 * The ledgers that may pay for a subject, in the order in which they are asked: the active organization's, and where that has no plan, the
 * user's own. With a plan, an organization's limit is the last word: the two never mix.
 */
function payersOf(subject: Subject): string[] {
	return subject.kind === "user" && subject.organization ? [subject.organization.key, subject.key] : [subject.key];
}

/** The id of a request in a ledger: where many people's are kept, the person stands before it. */
function entryId(key: string, subject: Subject, requestId: string): string {
	return key === subject.key ? requestId : `${subject.key}:${requestId}`;
}

function memberOf(key: string, subject: Subject): Member | null {
	if (subject.kind !== "user" || key !== subject.organization?.key) return null;
	return { id: subject.key, cap: subject.organization.cap };
}

const hasNoPlan = (outcome: Outcome) => outcome.kind === "refused" && outcome.refusal.policy === "organization";

/** The ledgers that guests share, for this UTC day: their network's, and where a ceiling is set, that of all guests. */
async function guestPools(request: Request): Promise<string[]> {
	const network = await networkOf(request);
	return [network, config().limits.everyGuest === null ? null : allGuests()].filter((pool) => pool !== null);
}

const isHalfUsed = ({ used, held, limit }: Standing) => 2 * (used + held) > limit;

/**
 * Counts a request: settles its hold, or, for a request that took none, holds and settles `amount` units at once. Told twice it counts once.
 * @returns whether it is counted, the outcome in the ledger that pays for it, and of a request without a hold, which that is
 */
export async function recordUsage(
	request: Request | UsageHold,
	amount = 1,
	options: UsageOptions = {},
): Promise<{ counted: boolean; outcome: Outcome; standing?: Standing; takenFrom?: UsageHold["takenFrom"][number] }> {
	if (!(request instanceof Request)) return endHold(request, (from) => ledger(from.ledger).settle(from.id));
	const subject = options.subject ?? (await identify(request));
	const requestId = options.requestId ?? request.headers.get("idempotency-key") ?? crypto.randomUUID();
	for (const key of payersOf(subject)) {
		const id = entryId(key, subject, requestId);
		const hold = { id, fingerprint: options.fingerprint ?? "", units: amount, chatId: null, member: memberOf(key, subject) };
		const { outcome, standing } = await ledger(key).record(key, hold);
		if (!hasNoPlan(outcome)) return { counted: isCounted(outcome), outcome, standing, takenFrom: { ledger: key, id } };
	}
	throw new Error("invariant: the user's own ledger answers for itself");
}

/** Whether a paid plan pays for a subject. Reads the provider only where none is known, as somebody may just have paid. */
export async function hasPaidPlan(subject: Subject): Promise<boolean> {
	const isPaid = async (key: string) => (await ledger(key).usage(key)).tier === "paid";
	const keys = payersOf(subject);
	for (const key of keys) if (await isPaid(key)) return true;
	for (const key of keys) {
		await ledger(key).refresh(key);
		if (await isPaid(key)) return true;
	}
	return false;
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
	return summaryOf(request, subject ?? (await identify(request)), "usage");
}

/** The same for a user who comes back from a checkout: the billing provider is asked first, as often as it may be (OpenCheckout). */
export async function getBillingSummaryAfterCheckout(request: Request, user: Subject): Promise<UsageView> {
	return summaryOf(request, user, "usageForBuyer");
}

async function summaryOf(request: Request, asker: Subject, ask: "usage" | "usageForBuyer"): Promise<UsageView> {
	const pools = asker.kind === "guest" ? await guestPools(request) : [];
	const organization = asker.kind === "user" ? asker.organization : null;
	const plan = organization && (await ledger(organization.key)[ask](organization.key, asker.key));
	if (organization && plan?.tier === "paid" && plan.share) {
		const { name, mayBuy, cap } = organization;
		const ofMember = cap === null ? Number.POSITIVE_INFINITY : Math.max(0, cap - plan.share.used - plan.share.held);
		return { ...toView(plan, Math.min(plan.remaining, ofMember)), organization: { name, mayBuy, member: { limit: cap, ...plan.share } } };
	}
	const [own, ...shared] = await Promise.all([ledger(asker.key)[ask](asker.key), ...pools.map((key) => ledger(key).usage(key))]);
	const view = toView(own, Math.min(own.remaining, ...shared.map((pool) => pool.remaining)));
	return { ...view, checkoutOpen: view.checkoutOpen || (plan?.checkoutOpen ?? false) };
}

type UsageAnswer = Awaited<ReturnType<ReturnType<typeof ledger>["usage"]>>;

function toView({ tier, limit, used, held, topUps, window, unverified, checkoutOpen }: UsageAnswer, remaining: number): UsageView {
	const end = iso(window.endMs);
	return {
		tier,
		limit,
		used,
		held,
		remaining,
		topUps,
		window: { start: window.startMs > 0 ? iso(window.startMs) : null, end },
		resetAt: end,
		unverified,
		checkoutOpen,
	};
}

const iso = (instantMs: number | null) => (instantMs === null ? null : new Date(instantMs).toISOString());
