import { env } from "cloudflare:workers";
import {
	type DayTotals,
	dayOf,
	type NotRaised,
	type Outcome,
	type Refusal,
	type Release,
	type RequestRow,
	type Spent,
	type Standing,
	subscriptionOf,
	type Terms,
	unitsAtHold,
} from "@parley/metering";
import { logFailure } from "../log.ts";
import type { KeyLimit } from "../view/api-key.ts";
import type { Tier, UsageDay, UsageHistory, UsageView } from "../view/usage.ts";
import { type KeyWindow, keyWindowOf } from "./identity/key-window.ts";
import { capIn, type MemberLimit } from "./identity/member-limit.ts";
import { identify, type Payer, type Subject } from "./identity/subject.ts";
import { entryId, isKeyPool, isPool, kindOf, type PoolKey, type SubjectKey } from "./identity/subject-key.ts";
import { isHuman } from "./identity/turnstile.ts";
import { now } from "./time/clock.ts";

export { AI_REQUESTS_METER } from "./billing-helpers.ts";

/** The units one request holds, and in which ledgers. Stored with the answer until the request is settled or released. */
export interface UsageHold {
	requestId: string;
	/** Starts at 1. Sending a released request again is the next attempt. */
	attempt: number;
	/** One entry per ledger. Requests of guests, and of users without a confirmed address, are also held in their shared pools. */
	takenFrom: TakenFrom[];
	/** The most the request may cost including raises, units; absent for no limit. */
	maxUnits?: number | undefined;
}

interface TakenFrom {
	/** The subject key that names the ledger. */
	ledger: string;
	/** The request's row in that ledger. */
	id: string;
	/** The row's own attempt, since each ledger numbers its own. Absent in chats stored by an older version. */
	attempt?: number;
	/** The member's share of an organization's ledger. */
	cap?: MemberLimit;
}

/** A ledger's answer to a hold. `not-in-plan`: the subject's tier may not use the model, and nothing was held. */
export type HoldOutcome = Outcome | { kind: "not-in-plan" };

/** Why a limit refuses a request. `unconfirmed`: the shared pool for accounts without a confirmed address is used up. */
export type UsageRefusal = Omit<Refusal, "policy"> & { policy: Refusal["policy"] | "unconfirmed" };

/** The standing of the limit with the fewest remaining units. `policy` names that limit if it is not the tier's. */
export type ReportedStanding = Standing & { policy?: Refusal["policy"] };

export type UsageCheckResult =
	/**
	 * `newlyHeld` is the part of `hold` added by this call: everything, unless the request is a repeat. Release it if the request goes no further.
	 * `units` and `terms` are those of the first attempt, whatever this call requested. `hasEnded`: the request is a repeat and already counted.
	 */
	| {
			allowed: true;
			subject: Subject;
			hold: UsageHold;
			newlyHeld: UsageHold;
			hasEnded: boolean;
			units: number;
			terms: Terms | null;
			standing: ReportedStanding;
			setCookie: string | null;
	  }
	| { allowed: false; subject: Subject; reason: "limit"; refusal: UsageRefusal }
	/** The subject's tier may not use the model. */
	| { allowed: false; subject: Subject; reason: "not-in-plan"; tier: Tier }
	/** A new guest on a network that has used half of its pool must pass Turnstile first (lib/identity/turnstile.ts). */
	| { allowed: false; subject: Subject; reason: "challenge" }
	/** The request id was used with another body. */
	| { allowed: false; subject: Subject; reason: "conflict" };

export interface UsageOptions {
	/** The sender of the request, if already identified. */
	subject?: Subject;
	/** Default: the `Idempotency-Key` header, or a new id. */
	requestId?: string;
	/** Identifies the body. A repeated request id with another fingerprint is a conflict. */
	fingerprint?: string;
	/** The chat to ask for the outcome if the hold expires. */
	chatId?: string;
	/** Default 1. */
	units?: number;
	/** The most the request may cost including raises, units; default: no limit. The caller checks `units` against it. */
	maxUnits?: number | undefined;
	/** The terms the request is sold under. Stored in the paying ledger, not in pools. */
	terms?: Terms;
	/** The tiers that may use the model; default: all. A subscriber's free day may pay for a free-tier model. */
	tiers?: readonly Tier[];
	/** For `recordUsage`: token usage of this attempt's model calls. Stored in the paying ledger, not in pools. */
	spent?: Spent | null;
}

const ledger = (key: string) => env.USAGE_LEDGER.getByName(key);

/**
 * Admits a request before the model is called: holds its units in every ledger it counts in, or returns the limit that refuses it. Idempotent by
 * request id. Only a refusal waits for the billing provider.
 */
export async function checkUsageAllowed(request: Request, options: UsageOptions = {}): Promise<UsageCheckResult> {
	const subject = options.subject ?? (await identify(request));
	const { fingerprint = "", chatId = null, tiers } = options;
	const freeDay = tiers?.includes("free");
	let { units = 1, terms = null }: { units?: number; terms?: Terms | null } = options;
	const hold: UsageHold = { requestId: requestIdOf(request, options), attempt: 1, takenFrom: [], maxUnits: options.maxUnits };
	const newlyHeld: UsageHold = { ...hold, takenFrom: [] };
	let isNewGuest = subject.setCookie !== null;
	let isFirstRequest = isNewGuest;
	let hasEnded = false;
	let standing: ReportedStanding | undefined;
	let keyWindow: WindowOfKey | null = null;
	let ledgers = isNewGuest ? poolsFirst(subject) : [...subject.payers];
	for (let next = ledgers.shift(); next !== undefined; next = ledgers.shift()) {
		const { key, member } = next;
		const id = entryId(key, subject.key, hold.requestId);
		const sharedWith = isPool(key) ? null : subject.pools;
		const onlyIfStored = subject.kind === "guest" && !isNewGuest;
		const sold = isPool(key)
			? { units, windowEndMs: keyWindow?.pool === key ? keyWindow.window.endMs : null }
			: { units, terms, freeDay, tiers, keyLimit: keyLimitOf(subject) };
		const answer = await ledger(key).hold(key, { id, fingerprint, ...sold, chatId, member, sharedWith, onlyIfStored });
		const { outcome } = answer;
		if (hasNoPlan(outcome)) continue;
		if (!isPool(key)) keyWindow = windowOfKey(subject, key, answer.standing);
		if (outcome.kind === "unknown") {
			isNewGuest = true;
			isFirstRequest = true;
			ledgers = poolsFirst(subject);
			continue;
		}
		if (outcome.kind !== "held" && outcome.kind !== "repeat") {
			await releaseUsage(newlyHeld, "refused");
			if (outcome.kind === "refused")
				return {
					allowed: false,
					subject,
					reason: "limit",
					refusal: await explain(outcome.refusal, subject, key, answer.standing.tier, keyWindow),
				};
			if (outcome.kind === "not-in-plan") return { allowed: false, subject, reason: "not-in-plan", tier: answer.standing.tier };
			return { allowed: false, subject, reason: "conflict" };
		}
		const from: TakenFrom = { ledger: key, id, attempt: outcome.row.attempt, ...(member && { cap: member.cap }) };
		hold.takenFrom.push(from);
		if (outcome.kind === "held") newlyHeld.takenFrom.push(from);
		standing =
			keyWindow && isKeyPool(key) ? boundByKey(standing, await shareOfKey(keyWindow)) : lowerOf(standing, answer.standing, subject);
		if (isPool(key)) {
			if (!isFirstRequest || !isHalfUsed(answer.standing) || (await isHuman(request, "guest"))) continue;
			await releaseUsage(newlyHeld, "refused");
			return { allowed: false, subject, reason: "challenge" };
		}
		hold.attempt = outcome.row.attempt;
		hasEnded = outcome.row.state !== "held";
		units = unitsAtHold(outcome.row);
		terms = outcome.row.terms ?? null;
		if (isNewGuest) continue;
		isFirstRequest = subject.kind === "guest" && answer.standing.used === 0;
		ledgers = poolsOf(outcome.row, subject);
	}
	if (!standing) throw new Error("invariant: a request is held in at least one ledger");
	return { allowed: true, subject, hold, newlyHeld, hasEnded, units, terms, standing, setCookie: subject.setCookie };
}

/**
 * The ledgers of a guest's first request, pools first. For everyone else, their own limit is checked first. Without this, a script that drops
 * its cookie would have no limit, and one that collects cookies from pages would leave a ledger for each.
 */
function poolsFirst({ payers, pools }: Subject): Payer[] {
	return [...pools.map((key) => payerOf(key, null)), ...payers];
}

/**
 * The pools of a held request: those of its first attempt, so a repeat from another network takes nothing more. Empty once it has ended. If a plan
 * pays, only the API key's pool.
 */
function poolsOf(row: RequestRow, subject: Subject): Payer[] {
	if (row.state !== "held") return [];
	const isPaid = subscriptionOf(row.pool) !== null;
	const pools = (row.sharedWith ?? []).filter(isPool).filter((key) => !isPaid || isKeyPool(key));
	return pools.map((key) => payerOf(key, subject));
}

/** A pool as the target of a hold. An API key's pool is limited by the key's own limit. */
function payerOf(key: PoolKey, subject: Subject | null): Payer {
	const limit = isKeyPool(key) && subject ? keyLimitOf(subject) : null;
	return { key, member: limit && { id: limit.id, cap: limit.units } };
}

/** The limit of the subject's API key; null for none. */
function keyLimitOf(subject: Subject): (KeyLimit & { id: string }) | null {
	const credential = subject.kind === "user" ? subject.credential : undefined;
	return credential?.limit ? { ...credential.limit, id: credential.id } : null;
}

type WindowOfKey = KeyWindow & { limit: KeyLimit & { id: string } };

/** The current window of the API key's limit, which depends on the payer; null without a limit. */
function windowOfKey(subject: Subject, payer: SubjectKey, standing: Standing): WindowOfKey | null {
	const limit = keyLimitOf(subject);
	return limit && { ...keyWindowOf(limit.id, limit, kindOf(payer), standing, now()), limit };
}

/** The used and remaining units of an API key's own limit. */
async function shareOfKey({ pool, window, limit }: WindowOfKey) {
	const { share } = await ledger(pool).usage(pool, limit.id);
	const { used, held } = share ?? { used: 0, held: 0 };
	return { limit: limit.units, used, held, remaining: Math.max(0, limit.units - used - held), window };
}

/** The standing to report for an API key: the key's own limit if it has fewer remaining units. */
function boundByKey(sofar: ReportedStanding | undefined, ofKey: Awaited<ReturnType<typeof shareOfKey>>): ReportedStanding | undefined {
	return sofar && ofKey.remaining < sofar.remaining ? { ...sofar, ...ofKey, policy: "key" } : sofar;
}

/** A pool's remaining units. */
const leftIn = async (key: PoolKey): Promise<number> => (await ledger(key).usage(key)).remaining;

/**
 * For a user, a pool's refusal concerns their unconfirmed address: confirming it removes the pool, whereas a guest would sign up. The remaining
 * units are the least of the subject's and all its pools', so that a cheaper request that fits is admitted.
 */
async function explain(
	refusal: Refusal,
	subject: Subject,
	by: SubjectKey,
	tier: Tier,
	keyWindow: WindowOfKey | null,
): Promise<UsageRefusal> {
	// A repeat is refused by the pool of its first attempt. If that pool's window is over, the next one began at its end.
	if (keyWindow && isKeyPool(by))
		return { ...refusal, tier, resetAtMs: keyWindow.pool === by ? keyWindow.window.endMs : keyWindow.window.startMs };
	if (refusal.policy === "in-flight" || refusal.policy === "organization") return refusal;
	const isMore = refusal.remaining > 0;
	const ofKey = keyWindow && isMore ? (await shareOfKey(keyWindow)).remaining : Number.POSITIVE_INFINITY;
	if (refusal.tier === "paid") return { ...refusal, remaining: Math.min(refusal.remaining, ofKey) };
	const inPools = await Promise.all(isMore ? subject.pools.map(leftIn) : []);
	const remaining = Math.min(refusal.remaining, ofKey, ...inPools);
	if (subject.kind === "guest" || refusal.policy !== "network") return { ...refusal, remaining };
	return { ...refusal, remaining, policy: "unconfirmed", tier: "free" };
}

/** The standing to report: that of the ledger with the fewest remaining units. A user keeps their own limit, which resets with the pool's day. */
function lowerOf(sofar: Standing | undefined, next: Standing, subject: Subject): Standing {
	if (!sofar) return next;
	if (next.remaining >= sofar.remaining) return sofar;
	return subject.kind === "user" ? { ...sofar, remaining: next.remaining } : next;
}

function requestIdOf(request: Request, { requestId }: UsageOptions): string {
	return requestId ?? request.headers.get("idempotency-key") ?? crypto.randomUUID();
}

/** An organization without a plan refuses, and the next payer is tried. With a plan its limit is final: the two never mix. */
const hasNoPlan = (outcome: HoldOutcome) => outcome.kind === "refused" && outcome.refusal.policy === "organization";

const isHalfUsed = ({ used, held, limit }: Standing) => 2 * (used + held) > limit;

export type RaiseResult =
	/** `units`: the request's present cost, hold and raises together. */
	| { raised: true; units: number }
	/** `limit`: a limit or member cap has no room. `unknown`: a ledger has no such request. `left`: the units it could be raised by. */
	| { raised: false; reason: NotRaised | "limit" | "unknown"; left: number };

/**
 * Adds `units` to a request's open hold in each of its ledgers: all or nothing. Idempotent per step. Pools are raised first and the paying ledger
 * last, so a raise that fails halfway is never charged: any excess in a pool is removed when the hold ends.
 * @param step 1 to 8. Repeating a step adds nothing
 * @throws when a ledger cannot be reached. The raise is then undone in every reachable ledger, and may be repeated with the same step
 */
export async function raiseUsage(hold: UsageHold, step: number, units: number): Promise<RaiseResult> {
	const { maxUnits } = hold;
	const raised: TakenFrom[] = [];
	let cost = 0;
	for (const from of [...poolsIn(hold), ...payersIn(hold)]) {
		const { id, attempt = 1, cap } = from;
		let outcome: Outcome;
		try {
			outcome = await ledger(from.ledger).raise(id, { attempt, step, units, maxUnits, cap });
		} catch (error) {
			await lowerWhereReached([from, ...raised], step);
			throw error;
		}
		if (outcome.kind !== "raised") {
			const { reason, left } = refusalOf(outcome);
			// A hold that has ended here is also ending in the other ledgers, based on the paying ledger's raises.
			if (reason !== "ended") await lowerWhereReached(raised, step);
			return { raised: false, reason, left };
		}
		raised.push(from);
		cost = outcome.row.units;
	}
	return { raised: true, units: cost };
}

function refusalOf(outcome: Outcome): Omit<Extract<RaiseResult, { raised: false }>, "raised"> {
	if (outcome.kind === "refused") return { reason: "limit", left: outcome.refusal.remaining };
	return outcome.kind === "not-raised" ? outcome : { reason: "unknown", left: 0 };
}

/**
 * Undoes the raise of a failed step in each ledger that holds the request. The paying ledger goes first, because pools count its raises.
 * Idempotent. Does nothing once the hold has ended.
 * @throws when a ledger cannot be reached
 */
export async function lowerUsage(hold: UsageHold, step: number): Promise<void> {
	for (const from of [...payersIn(hold), ...poolsIn(hold)]) await lowerIn(from, step);
}

/** Never rejects: any excess left in a pool is removed when the hold ends. */
async function lowerWhereReached(from: readonly TakenFrom[], step: number): Promise<void> {
	for (const one of from) {
		try {
			await lowerIn(one, step);
		} catch (error) {
			logFailure(`step ${step} of ${one.id} could not be taken off ${one.ledger}`, error);
		}
	}
}

const lowerIn = ({ ledger: key, id, attempt = 1 }: TakenFrom, step: number) => ledger(key).lower(id, attempt, step);
const poolsIn = ({ takenFrom }: UsageHold) => takenFrom.filter((from) => isPool(from.ledger));
const payersIn = ({ takenFrom }: UsageHold) => takenFrom.filter((from) => !isPool(from.ledger));

/**
 * Counts a request: settles its hold, or, without one, holds and settles `amount` units at once. Idempotent.
 * @returns whether it counts, and the outcome in the paying ledger; for a request without a hold also that ledger's standing and row
 */
export async function recordUsage(
	request: Request | UsageHold,
	amount = 1,
	options: UsageOptions = {},
): Promise<{ counted: boolean; outcome: HoldOutcome; standing?: Standing; takenFrom?: TakenFrom }> {
	if (!(request instanceof Request)) {
		return endHold(request, (from, raised) => ledger(from.ledger).settle(from.id, spentIn(from, options.spent), raised));
	}
	const subject = options.subject ?? (await identify(request));
	const requestId = requestIdOf(request, options);
	for (const { key, member } of subject.payers) {
		const id = entryId(key, subject.key, requestId);
		const hold = { id, fingerprint: options.fingerprint ?? "", units: amount, terms: options.terms, chatId: null, member };
		const { outcome, standing } = await ledger(key).record(key, hold);
		if (!hasNoPlan(outcome)) return { counted: isCounted(outcome), outcome, standing, takenFrom: { ledger: key, id } };
	}
	throw new Error("invariant: the last payer is the subject, whose ledger always decides");
}

/**
 * Whether a paid plan pays for a subject. If no plan is known, the provider is read, because the subject may have just paid. Reads are
 * rate-limited (objects/provider-link.ts), however often this is called.
 */
export async function hasPaidPlan({ payers }: Subject): Promise<boolean> {
	const isPaid = async (key: string) => (await ledger(key).usage(key)).tier === "paid";
	for (const { key } of payers) if (await isPaid(key)) return true;
	for (const { key } of payers) if ((await ledger(key).usageForBuyer(key)).tier === "paid") return true;
	return false;
}

/**
 * Releases a hold, or counts it once the subject's free failures are used up (docs/who-pays.md).
 * @param spent token usage of this attempt's model calls
 */
export async function releaseUsage(hold: UsageHold, why: Release, spent?: Spent | null): Promise<{ counted: boolean }> {
	return endHold(hold, (from, raised) => ledger(from.ledger).release(from.id, why, spentIn(from, spent), raised));
}

/** Pools count only units; token usage is stored in the paying ledger. */
const spentIn = (from: TakenFrom, spent: Spent | null | undefined) => (isPool(from.ledger) ? null : (spent ?? null));

/**
 * Ends a hold in each of its ledgers and returns the paying ledger's outcome. That ledger goes first, because pools count its raises:
 * a raise that stopped halfway counts in none.
 */
async function endHold(hold: UsageHold, end: (from: TakenFrom, raised: number[] | undefined) => Promise<Outcome>) {
	let outcome: Outcome = { kind: "unknown" };
	let raised: number[] | undefined;
	for (const from of [...payersIn(hold), ...poolsIn(hold)]) {
		const ended = await end(from, raised);
		if (isPool(from.ledger)) continue;
		outcome = ended;
		if (ended.kind === "ended") raised = (ended.row.raises ?? []).map(({ step }) => step);
	}
	return { counted: isCounted(outcome), outcome };
}

function isCounted(outcome: HoldOutcome): boolean {
	if (outcome.kind === "ended") return outcome.counted;
	return outcome.kind === "repeat" && outcome.row.state !== "released";
}

interface SummaryOptions {
	/** The sender of the request, if already identified. */
	subject?: Subject;
	/** The user returns from a checkout: the billing provider is read first, within its rate limit (objects/open-checkout.ts). */
	afterCheckout?: boolean;
}

/** The subject's remaining units and their reset. Holds nothing, and stores nothing for a subject that was never served. */
export async function getBillingSummary(request: Request, options: SummaryOptions = {}): Promise<UsageView> {
	const subject = options.subject ?? (await identify(request));
	const usageOf = (key: string, memberId?: string) =>
		options.afterCheckout ? ledger(key).usageForBuyer(key, memberId) : ledger(key).usage(key, memberId);
	const organization = subject.kind === "user" ? subject.organization : null;
	const plan = organization && (await usageOf(organization.key, subject.key));
	if (organization && plan?.tier === "paid" && plan.share) {
		const { name, mayBuy } = organization;
		const cap = capIn(organization.cap, plan.limit);
		const ofMember = cap === null ? Number.POSITIVE_INFINITY : Math.max(0, cap - plan.share.used - plan.share.held);
		const { plan: news, ...view } = await withKey(
			toView(plan, Math.min(plan.remaining, ofMember)),
			windowOfKey(subject, organization.key, plan),
		);
		const ofPlan = news && mayBuy ? { plan: { ...news, of: name } } : {};
		return { ...view, ...ofPlan, organization: { name, mayBuy, member: { limit: cap, ...plan.share } } };
	}
	const [own, ...shared] = await Promise.all([usageOf(subject.key), ...subject.pools.map(leftIn)]);
	const inPools = Math.min(own.remaining, ...shared);
	const isBound = inPools < own.remaining && own.tier !== "paid";
	const view = await withKey(toView(own, isBound ? inPools : own.remaining), windowOfKey(subject, subject.key, own));
	// News about a plan whose requests cannot be used, perhaps because it is unpaid.
	const unused = organization?.mayBuy && plan?.plan ? { plan: { ...plan.plan, of: organization.name } } : {};
	return { ...view, ...unused, checkoutOpen: view.checkoutOpen || (plan?.checkoutOpen ?? false) };
}

/** Adds an API key's own limit to a view, which also caps the remaining units. */
async function withKey(view: UsageView, keyWindow: WindowOfKey | null): Promise<UsageView> {
	if (!keyWindow) return view;
	const { window, ...share } = await shareOfKey(keyWindow);
	const remaining = Math.min(view.remaining, share.remaining);
	return { ...view, remaining, key: { ...share, resetAt: iso(window.endMs) } };
}

/** UTC days of usage shown, including today. */
const DAYS_SHOWN = 31;
const DAY_MS = 86_400_000;

/**
 * Usage by UTC day and model, oldest day first: of the active organization's members, for a viewer who manages its paid plan; otherwise of
 * the subject. Stores nothing.
 */
export async function getUsageHistory(subject: Subject): Promise<UsageHistory> {
	const organization = subject.kind === "user" ? subject.organization : null;
	const isShown = organization?.mayBuy === true && (await ledger(organization.key).usage(organization.key)).tier === "paid";
	const key = isShown ? organization.key : subject.key;
	const days = new Map<string, UsageDay>();
	for (const totals of await ledger(key).days(dayOf(now() - (DAYS_SHOWN - 1) * DAY_MS))) {
		const name = JSON.stringify([totals.day, totals.model]);
		days.set(name, plus(days.get(name), totals));
	}
	return { today: dayOf(now()), days: [...days.values()] };
}

/** Adds one tier's totals to those of other tiers. Our own cost of a request is not shown to users. */
function plus(before: UsageDay | undefined, { day, model, ...totals }: DayTotals): UsageDay {
	return {
		day,
		model,
		requests: (before?.requests ?? 0) + totals.requests,
		units: (before?.units ?? 0) + totals.units,
		inputTokens: (before?.inputTokens ?? 0) + totals.input,
		cachedInputTokens: (before?.cachedInputTokens ?? 0) + totals.cached,
		outputTokens: (before?.outputTokens ?? 0) + totals.output,
		reasoningTokens: (before?.reasoningTokens ?? 0) + totals.reasoning,
		estimatedRequests: (before?.estimatedRequests ?? 0) + totals.estimated,
	};
}

type UsageAnswer = Awaited<ReturnType<ReturnType<typeof ledger>["usage"]>>;

function toView(
	{ tier, limit, used, held, topUps, freeDay, window, unverified, plan, checkoutOpen }: UsageAnswer,
	remaining: number,
): UsageView {
	const end = iso(window.endMs);
	return {
		tier,
		limit,
		used,
		held,
		remaining,
		topUps,
		freeDay,
		window: { start: window.startMs > 0 ? iso(window.startMs) : null, end },
		resetAt: end,
		unverified,
		...(plan && { plan }),
		checkoutOpen,
	};
}

const iso = (instantMs: number | null) => (instantMs === null ? null : new Date(instantMs).toISOString());
