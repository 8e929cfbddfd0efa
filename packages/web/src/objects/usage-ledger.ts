import { DurableObject } from "cloudflare:workers";
import {
	type Adjustment,
	type Command,
	type DayTotals,
	isCounted,
	type Outcome,
	type Release,
	type RequestRow,
	type Spent,
	type Standing,
	subscriptionOf,
	utcDay,
} from "@parley/metering";
import type { HoldOutcome } from "../lib/billing.ts";
import { LEDGER_NOT_READY, type ProblemCode, ProblemError } from "../lib/http/problem.ts";
import { assertMayBuy, assertPlanMayStart, type PriceName } from "../lib/payments/checkout.ts";
import { newsAt } from "../lib/payments/plan-news.ts";
import type { ComingChange, CustomerBilling, HostedPage, ReturnPages, SdkAnswer } from "../lib/payments/port.ts";
import { billingPort } from "../lib/payments/provider.ts";
import { alarmTime, type ClockReading, isClockSet, setClock } from "../lib/time/clock.ts";
import { loadDevClock } from "../lib/time/dev-clock.ts";
import { OwnError } from "../log.ts";
import { type Reader, writingFor } from "../text/writing-for.ts";
import type { PlanNews } from "../view/usage.ts";
import { CallWindow } from "./call-window.ts";
import { type CopyAnswer, CustomerCopies } from "./customer-copies.ts";
import { ALARM_AGAIN_MS, LedgerAlarm } from "./ledger-alarm.ts";
import { type Hold, LedgerBook, type Raise } from "./ledger-book.ts";
import { LedgerStorage } from "./ledger-storage.ts";
import type { Notes } from "./ledger-tables.ts";
import { type CheckoutAnswer, OpenCheckout } from "./open-checkout.ts";
import { PlanMails } from "./plan-mails.ts";
import { ProviderLink } from "./provider-link.ts";
import { UsageCopy } from "./usage-copy.ts";

/** How long after an answer its usage is reported, so that several reports share a call. */
const REPORT_AFTER_MS = 3_000;
/** How long one wake and one alarm may spend adding up requests of an older version. The platform ends a wake after 30 s. */
const ADD_UP_MS = 10_000;

/** The minimum interval between provider reads for pages, and for actions, which must not act on an old plan. */
const PAGE_COPY_MS = 3_000;
const ACTION_COPY_MS = 1_000;
/** Limits per minute: provider calls caused by a user's actions, and single usage reports of a ledger. */
const CALLS_MAX = 30;
const CALL_WINDOW_MS = 60_000;

export interface HoldResult {
	outcome: HoldOutcome;
	standing: Standing;
}

/** A purchase started in the browser: the price it names, and the app's pages to return to. */
export interface Press {
	/** The reader of a refusal. */
	reader: Reader;
	price: PriceName;
	pages: ReturnPages;
}

export type PressAnswer =
	| CheckoutAnswer
	/** The purchase is refused. A thrown error would lose its code on the way to the Worker. */
	| { kind: "refused"; code: ProblemCode; detail: string }
	/** The provider could not be read, so nothing was opened. */
	| { kind: "unread"; status: number | null; late: boolean }
	| { kind: "too-often"; waitMs: number };

interface UsageResult extends Standing {
	/** Units used and held by the requesting member in the current window. Null for a ledger without members. */
	share: { used: number; held: number } | null;
	/** The provider could not be read, so the tier may be too low. */
	unverified: boolean;
	/** News about the plan for its owner; null if there is none. */
	plan: PlanNews | null;
	/** A checkout was opened in the last 30 minutes, and its purchase has not arrived yet. */
	checkoutOpen: boolean;
}

interface Opened {
	book: LedgerBook;
	checkout: OpenCheckout;
	provider: ProviderLink;
	mails: PlanMails;
	copy: UsageCopy;
}

/**
 * The ledger of one subject: its book, its open checkout, its link to the billing provider (users and organizations only) and the alarm that
 * drives them. `key` is the subject's key; the object learns it from its first caller.
 */
export class UsageLedger extends DurableObject<Cloudflare.Env> {
	/** Null while the ledger has stored nothing. */
	#ledger: Opened | null = null;
	/** A ledger of an older version whose requests are being added up. It cannot decide without sums. */
	#adding: LedgerStorage | null = null;
	readonly #alarm = new LedgerAlarm(this.ctx, this.env, {
		opened: () => this.#ledger,
		end: (command) => this.#end(command),
		forget: () => {
			this.#ledger = null;
		},
	});
	readonly #copies = new CustomerCopies();
	readonly #actions = new CallWindow(CALLS_MAX, CALL_WINDOW_MS);
	/** Purchases in progress, by price. Each ends, because all of its calls do. */
	readonly #presses = new Map<string, Promise<PressAnswer>>();
	readonly #reports = new CallWindow(CALLS_MAX, CALL_WINDOW_MS);

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env);
		this.#adding = new LedgerStorage(ctx.storage);
		void ctx.blockConcurrencyWhile(async () => {
			await loadDevClock();
			const isArmed = await this.#alarm.load();
			if (!(await this.#addUp())) return this.#alarm.arm(Date.now());
			// The last instance may have crashed before setting the alarm, or the development clock may have moved while this object was evicted.
			if (this.#opened && (!isArmed || isClockSet())) await this.#alarm.armForWork(this.#opened);
		});
	}

	/**
	 * Adds up requests of an older version for a while, and opens the ledger once all are in its sums.
	 * @returns whether it is open
	 */
	async #addUp(): Promise<boolean> {
		const untilMs = Date.now() + ADD_UP_MS;
		while (this.#adding) {
			const stored = this.#adding;
			if (stored.addUp()) {
				this.#adding = null;
				if (stored.key !== null) this.#openFrom(stored, stored.key);
			} else if (Date.now() >= untilMs) return false;
			// Each step is on disk before the next, so a crash loses none.
			else await scheduler.wait(0);
		}
		return true;
	}

	/** @throws while requests of an older version are being added up. Nothing was held, ended or read, so the caller may retry */
	get #opened(): Opened | null {
		if (this.#adding) throw new OwnError(LEDGER_NOT_READY);
		return this.#ledger;
	}

	/** Takes a hold or refuses it. Only a refusal may wait for the provider, at most 1.5 s. */
	async hold(key: string, hold: Hold): Promise<HoldResult> {
		const { book, provider } = this.#open(key);
		let outcome = book.hold(hold);
		const isReadAwaited =
			outcome.kind === "refused" ? provider.mayChangeMind(outcome.refusal) : outcome.kind === "not-in-plan" && provider.mayRead();
		if (isReadAwaited) {
			await provider.readAwaited();
			outcome = book.hold(hold);
		}
		if (outcome.kind === "held") {
			provider.readIfUnsure();
			await this.#alarm.arm(alarmTime(outcome.row.expiresAtMs));
		}
		return { outcome, standing: book.standing() };
	}

	/** Adds units to an open hold, or refuses them, once per step. Only a refusal may wait for the provider, at most 1.5 s. */
	async raise(id: string, raise: Raise): Promise<Outcome> {
		if (!this.#opened) return { kind: "unknown" };
		const { book, provider } = this.#opened;
		const outcome = book.raise(id, raise);
		if (outcome.kind !== "refused" || !provider.mayChangeMind(outcome.refusal)) return outcome;
		await provider.readAwaited();
		return book.raise(id, raise);
	}

	/** Undoes a raise of an open hold. Idempotent. */
	lower(id: string, attempt: number, step: number): void {
		this.#opened?.book.decide({ type: "lower", id, attempt, step });
	}

	/**
	 * Ends a hold as counted. Idempotent: a later end gets the outcome of the first.
	 * @param spent what the attempt's model calls used
	 * @param raised for a pool: the steps that raised the hold in the paying ledger. Other raises are ignored. Absent: all count
	 */
	settle(id: string, spent: Spent | null = null, raised?: readonly number[]): Outcome {
		return this.#end({ type: "settle", id, spent, raised });
	}

	/** Ends a hold as released, or as counted once the free failures are used up. Idempotent like `settle`. */
	release(id: string, why: Release, spent: Spent | null = null, raised?: readonly number[]): Outcome {
		return this.#end({ type: "release", id, why, spent, raised });
	}

	/** Extends a hold while its answer is being written. */
	extend(id: string): void {
		this.#opened?.book.decide({ type: "extend", id });
	}

	/** Holds and settles in one step, for past usage. */
	async record(key: string, hold: Hold): Promise<HoldResult> {
		const held = await this.hold(key, hold);
		const { outcome } = held;
		const open = outcome.kind === "held" || (outcome.kind === "repeat" && outcome.row.state === "held");
		if (!open) return held;
		return { outcome: this.settle(hold.id), standing: this.#open(key).book.standing() };
	}

	/** Reports one counted request immediately, see Outbox. Beyond 30 per minute it joins the next batch. */
	async reportNow(key: string, id: string, timeoutMs: number) {
		if (this.#reports.take() > 0) return { event: null, refused: false };
		return this.#open(key).provider.reportNow(id, timeoutMs);
	}

	/** The subject's standing. Holds nothing, and writes only if the provider's terms have changed. */
	async usage(key: string, memberId?: string): Promise<UsageResult> {
		const opened = this.#open(key);
		await opened.provider.readForPage();
		return usageOf(opened, memberId);
	}

	/** Like `usage`, for a page that waits for a purchase: reads the provider first, as often as its rate limit allows. */
	async usageForBuyer(key: string, memberId?: string): Promise<UsageResult> {
		const opened = this.#open(key);
		await opened.provider.readForBuyer();
		return usageOf(opened, memberId);
	}

	/** Whether a request counts in this ledger. Stores nothing. */
	counts(id: string): boolean {
		const row = this.#opened?.book.stored.row(id);
		return row !== undefined && isCounted(row);
	}

	/** What the subject used by UTC day, model and tier, from a day (`YYYY-MM-DD`) on. Stores nothing. */
	days(fromDay: string): DayTotals[] {
		return this.#opened?.book.days(fromDay) ?? [];
	}

	/**
	 * The subject's requests by id, each in its latest version. Stores nothing.
	 * @param after the last known id; "" for none
	 * @returns the requests, and the id to continue after; null after the last
	 */
	requestsAfter(after: string, max: number): { rows: RequestRow[]; next: string | null } {
		return this.#opened?.book.stored.requestsAfter(after, max) ?? { rows: [], next: null };
	}

	/** Units counted without a request. Stores nothing. */
	adjustments(): Adjustment[] {
		return this.#opened?.book.stored.adjustments() ?? [];
	}

	/** Takes one of the user's 30 provider actions per minute. @returns 0, or how long to wait, milliseconds */
	takeAction(): number {
		return this.#actions.take();
	}

	/** The customer's plans, cards and invoices, from a copy a few seconds old. Never throws. */
	async billing(key: string, use: "page" | "action"): Promise<CopyAnswer<CustomerBilling>> {
		const { book, checkout } = this.#open(key);
		// A purchase may have arrived: actions and pages waiting for it need a fresh read. Actions are limited (`takeAction`).
		const isAwaited = checkout.isAwaited() && (use === "action" || checkout.takeForcedRead());
		const maxAgeMs = isAwaited ? 0 : use === "page" ? PAGE_COPY_MS : ACTION_COPY_MS;
		return this.#copies.read("billing", maxAgeMs, async () => (await billingPort("account")).readBilling(book.externalId));
	}

	/** Answers a read of the provider's browser SDK from a copy a few seconds old. Never throws. */
	async sdkRead(key: string, path: string, body: string): Promise<CopyAnswer<SdkAnswer | null>> {
		const { book, checkout } = this.#open(key);
		const maxAgeMs = checkout.isAwaited() && checkout.takeForcedRead() ? 0 : PAGE_COPY_MS;
		return this.#copies.read(`${path} ${body}`, maxAgeMs, async () => {
			const { readForSdk } = await billingPort("account");
			return readForSdk ? readForSdk(book.externalId, path, body) : null;
		});
	}

	/** Opens the provider's card page. Concurrent calls for the same page share one. Never throws. */
	openCardPage(key: string, planId: string | undefined, pages: ReturnPages): Promise<CopyAnswer<HostedPage>> {
		const { book } = this.#open(key);
		const open = async () => (await billingPort("account")).addCard(book.externalId, planId, pages);
		return this.#copies.read(`card ${JSON.stringify([planId, pages])}`, 0, open);
	}

	/** The URL of the provider's portal; null for a customer without one. Shared like `openCardPage`. */
	openPortal(key: string, returnUrl: string): Promise<CopyAnswer<string | null>> {
		const { book } = this.#open(key);
		return this.#copies.read(`portal ${returnUrl}`, 0, async () => (await billingPort("account")).openPortal(book.externalId, returnUrl));
	}

	/** Opens a checkout, or returns the open one. Concurrent calls for one price share one checkout and take one action. Never throws. */
	press(key: string, press: Press): Promise<PressAnswer> {
		const name = JSON.stringify(press.price);
		const pressing = this.#presses.get(name) ?? this.#pressOnce(key, press).finally(() => this.#presses.delete(name));
		this.#presses.set(name, pressing);
		return pressing;
	}

	async #pressOnce(key: string, { reader, price, pages }: Press): Promise<PressAnswer> {
		const waitMs = this.#actions.take();
		if (waitMs > 0) return { kind: "too-often", waitMs };
		const billing = await this.billing(key, "action");
		if (billing.kind === "failed") return { ...billing, kind: "unread" };
		const { book, checkout } = this.#open(key);
		const { customerId, creditsBought, planStart } = billing.answer;
		try {
			const { offer, startsPlan } = writingFor(reader, () => {
				const found = assertMayBuy(billing.answer, price);
				if (found.kind === "subscription") assertPlanMayStart(planStart);
				return { offer: found, startsPlan: found.kind === "subscription" };
			});
			const renewsCustomer = startsPlan && planStart === "as-new-customer";
			const customer = { id: customerId, externalId: book.externalId };
			return await checkout.open({ customer, offer, creditsBought, renewsCustomer, ...pages });
		} catch (error) {
			if (!(error instanceof ProblemError)) throw error;
			return { kind: "refused", code: error.code, detail: error.detail };
		}
	}

	/** Records that the open checkout was paid, see OpenCheckout. */
	noteActivation(key: string): void {
		this.#copies.clear();
		this.#open(key).checkout.noteActivation();
	}

	/** The last recorded plan change; null for none. Stores nothing. */
	comingChange(key: string): ComingChange | null {
		return this.#open(key).book.notes.comingChange ?? null;
	}

	/** Records a plan change scheduled for the end of the period, or that there is none. */
	noteComingChange(key: string, change: ComingChange | null): void {
		const { book } = this.#open(key);
		if (change !== null || book.notes.comingChange) book.note({ comingChange: change ?? undefined });
	}

	/** Reads the entitlement after a change made by this app. Waits at most 1.5 s. */
	async refresh(key: string): Promise<void> {
		this.#copies.clear();
		await this.#open(key).provider.readAfreshAwaited();
	}

	/** Marks the entitlement as outdated and reads it in the background. Stores nothing for a subject that has none. */
	noteChange(key: string): void {
		this.#copies.clear();
		this.#open(key).provider.noteChange();
	}

	/** Like `noteChange`, but waits for the read. False when it failed. `happenedAtMs`: when the change happened, epoch milliseconds. */
	async readChange(key: string, happenedAtMs: number): Promise<boolean> {
		this.#copies.clear();
		return this.#open(key).provider.readChange(happenedAtMs);
	}

	/** Follows a move of the development clock, and does the work that is now due. */
	async clockMoved(reading: ClockReading): Promise<void> {
		setClock(reading);
		this.#copies.clear();
		await this.alarm();
		await this.#opened?.provider.clockMoved();
	}

	/**
	 * Closes a guest's ledger in favour of an account: it refuses further holds.
	 * @returns the units counted in the current UTC day before it was closed, the same for every call; null when it was closed in favour of
	 * another account
	 */
	async close(key: string, inFavourOf: string): Promise<number | null> {
		const opened = this.#open(key);
		const { book } = opened;
		const closed = book.notes.closed ?? closing(book, inFavourOf);
		if (closed.inFavourOf !== inFavourOf) return null;
		if (!book.notes.closed) {
			// Even without requests: one still on its way must not use the guest's allowance.
			book.note({ closed });
			await this.#alarm.armForWork(opened);
		}
		return closed.units ?? unitsOfDay(book, closed.atMs, closed.atMs);
	}

	/** The account in whose favour a guest's ledger is closed, or null. */
	closedInFavourOf(): string | null {
		return this.#opened?.book.notes.closed?.inFavourOf ?? null;
	}

	/**
	 * Keeps the counts for this long after their user or organization is deleted, and drops the plan and its checkout. Idempotent: the first call sets
	 * the end. Stores nothing for a subject that was never served.
	 */
	async retire(keptMs: number): Promise<void> {
		if (!this.#opened) return;
		const { book } = this.#opened;
		const { endsAtMs = book.nowMs() + keptMs, plan: _plan, checkout: _checkout, comingChange: _change, ...notes } = book.notes;
		book.note({ ...notes, plan: undefined, checkout: undefined, comingChange: undefined, endsAtMs });
		this.#copies.clear();
		await this.#alarm.armForWork(this.#opened);
	}

	/** Adds the units a guest used before signing up to the account's current day. Once per `id`. */
	carryOver(key: string, id: string, units: number): void {
		this.#open(key).book.decide({ type: "carry-over", id, units });
	}

	/**
	 * Grants credits manually, once per `id`. They are spent after the window's own units, and stay unused if the provider keeps credits.
	 * @returns false when the id was used for something else
	 */
	grant(key: string, id: string, units: number, expiresAtMs: number | null): boolean {
		return this.#open(key).book.decide({ type: "grant", id, units, expiresAtMs }).kind === "granted";
	}

	/**
	 * Corrects the count of a request or of the current window manually, once per `id`. Positive units add, negative ones subtract.
	 * @returns false when the id was used for something else, or the request does not count that many units
	 */
	correct(key: string, id: string, units: number, requestId: string | null): boolean {
		const { book } = this.#open(key);
		const of = requestId === null ? { pool: book.pool() } : { request: requestId };
		return book.decide({ type: "correct", id, of, units }).kind === "corrected";
	}

	/** Does the due work, see LedgerAlarm. Never throws for an external failure, because the platform drops an alarm after six failures. */
	override async alarm(): Promise<void> {
		this.#alarm.fired();
		if (this.#adding) {
			// Set before the steps, so that a crashed alarm is followed by another.
			await this.#alarm.arm(Date.now() + ALARM_AGAIN_MS);
			if (!(await this.#addUp())) return this.#alarm.arm(Date.now());
		}
		if (this.#opened) await this.#alarm.work(this.#opened);
	}

	#open(key: string): Opened {
		return this.#opened ?? this.#openFrom(new LedgerStorage(this.ctx.storage), key);
	}

	#openFrom(stored: LedgerStorage, key: string): Opened {
		const book = new LedgerBook(key, stored);
		const checkout = new OpenCheckout(book);
		const background = (work: Promise<unknown>) => this.ctx.waitUntil(work);
		const mails = new PlanMails(book, background);
		const provider = new ProviderLink(book, checkout, mails, background, () => this.#copies.clear());
		this.#ledger = { book, checkout, provider, mails, copy: new UsageCopy(book) };
		return this.#ledger;
	}

	#end(command: Extract<Command, { type: "settle" | "release" | "expire" }>): Outcome {
		if (!this.#opened) return { kind: "unknown" };
		const outcome = this.#opened.book.decide(command);
		if (outcome.kind === "ended") this.ctx.waitUntil(this.#followUp(this.#opened, outcome.row));
		return outcome;
	}

	/** Runs after a hold has ended, without delaying its answer: sets an early alarm, or refreshes the entitlement. */
	async #followUp({ book, provider, mails }: Opened, row: RequestRow): Promise<void> {
		if (isCounted(row)) mails.noteUsage();
		if (book.notes.closed) await this.#alarm.arm(Date.now());
		else if (isBilled(row.pool)) await this.#alarm.arm(Date.now() + REPORT_AFTER_MS);
		else await provider.readIfOld();
	}
}

function usageOf({ book, checkout, provider }: Opened, memberId: string | undefined): UsageResult {
	const share = memberId === undefined ? null : book.shareOf(memberId);
	const plan = newsAt(book.notes.plan, book.nowMs());
	return { ...book.standing(), share, unverified: provider.isUnverified(), plan, checkoutOpen: checkout.isAwaited() };
}

/** The state of a guest's ledger when it is closed. */
function closing(book: LedgerBook, inFavourOf: string): NonNullable<Notes["closed"]> {
	const open = [...book.live.values()].filter((row) => row.state === "held").map((row) => row.id);
	const atMs = book.nowMs();
	return { inFavourOf, atMs, open, units: unitsOfDay(book, atMs, Number.POSITIVE_INFINITY) };
}

/** Units counted in the UTC day of a time, from requests that ended before another time. */
function unitsOfDay({ stored }: LedgerBook, atMs: number, endedBeforeMs: number): number {
	return stored.countedBetween(utcDay(atMs).startMs, endedBeforeMs);
}

function isBilled(pool: string): boolean {
	return subscriptionOf(pool) !== null;
}
