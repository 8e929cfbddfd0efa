import { DurableObject } from "cloudflare:workers";
import {
	type ChatStatus,
	type Command,
	foldable,
	type HoldCommand,
	isCounted,
	type Outcome,
	type Release,
	type RequestRow,
	type Standing,
	subscriptionOf,
	utcDay,
} from "@parley/metering";
import { alarmTime, type ClockReading, isClockSet, setClock } from "../lib/time/clock.ts";
import { loadDevClock, noteForDevClock } from "../lib/time/dev-clock.ts";
import { LedgerBook } from "./ledger-book.ts";
import { LedgerStorage } from "./ledger-storage.ts";
import { type CheckoutAnswer, OpenCheckout, type Purchase } from "./open-checkout.ts";
import { ProviderLink } from "./provider-link.ts";

/** Reports of a paying subject leave this long after the answer, so that several share a call. */
const REPORT_AFTER_MS = 3_000;
/** How soon an alarm comes back, should its run die in the middle. */
const ALARM_AGAIN_MS = 60_000;
/** A guest's ledger lives as long as its cookie; a network's, an hour beyond its day. */
const GUEST_LIFE_MS = 400 * 86_400_000;
const NETWORK_LIFE_MS = 25 * 3_600_000;

export type Hold = Omit<HoldCommand, "type">;

export interface HoldAnswer {
	outcome: Outcome;
	standing: Standing;
}

interface UsageAnswer extends Standing {
	/** Of the present window, what the member who asks has taken; null for a ledger without members. */
	share: { used: number; held: number } | null;
	/** The provider could not be asked, so that the tier may be too low. */
	unverified: boolean;
	/** A checkout was opened in the last 30 minutes, and what is bought there has not come yet. */
	checkoutOpen: boolean;
}

interface Opened {
	book: LedgerBook;
	checkout: OpenCheckout;
	provider: ProviderLink;
}

/**
 * The ledger of one subject: its book, its open checkout, what the billing provider is told and says (of a user or organization), and the alarm
 * that looks after them. `key` is the subject's (`user:…`, `org:…`, `guest:…`, `network:…`); the object learns it from its first caller.
 */
export class UsageLedger extends DurableObject<Cloudflare.Env> {
	#opened: Opened | null = null;
	#alarmAtMs: number | null = null;

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env);
		const stored = new LedgerStorage(ctx.storage.sql);
		if (stored.key !== null) this.#openFrom(stored, stored.key);
		void ctx.blockConcurrencyWhile(async () => {
			await loadDevClock();
			this.#alarmAtMs = await ctx.storage.getAlarm();
			// An alarm can be lost with the instance that was to set it, or be set by a clock that was moved while this one slept.
			if (this.#opened && (this.#alarmAtMs === null || isClockSet())) await this.#armForWork(this.#opened);
		});
	}

	/** Takes a hold, or says why not. Only a refusal may wait for the provider, at most 1.5 s. */
	async hold(key: string, hold: Hold): Promise<HoldAnswer> {
		const { book, provider } = this.#open(key);
		let outcome = book.decide({ type: "hold", ...hold });
		if (outcome.kind === "refused" && provider.mayChangeMind(outcome.refusal)) {
			await provider.readAwaited();
			outcome = book.decide({ type: "hold", ...hold });
		}
		if (outcome.kind === "held") {
			provider.readIfUnsure();
			await this.#arm(alarmTime(outcome.row.expiresAtMs));
		}
		return { outcome, standing: book.standing() };
	}

	/** Ends a hold as counted. The second of two ends gets the answer of the first. */
	settle(id: string): Outcome {
		return this.#end({ type: "settle", id });
	}

	/** Ends a hold as given back; counted all the same where forgiveness has reached its bound. */
	release(id: string, why: Release): Outcome {
		return this.#end({ type: "release", id, why });
	}

	/** Keeps a hold alive while its answer is being written. */
	extend(id: string): void {
		this.#opened?.book.decide({ type: "extend", id });
	}

	/** Holds and settles, for usage that is over when it is told. */
	async record(key: string, hold: Hold): Promise<HoldAnswer> {
		const answer = await this.hold(key, hold);
		const { outcome } = answer;
		const open = outcome.kind === "held" || (outcome.kind === "repeat" && outcome.row.state === "held");
		if (!open) return answer;
		return { outcome: this.settle(hold.id), standing: this.#open(key).book.standing() };
	}

	/** See ProviderLink. */
	async reportNow(key: string, id: string, timeoutMs: number) {
		return this.#open(key).provider.reportNow(id, timeoutMs);
	}

	/** How the subject stands. Holds nothing, and writes nothing unless the provider names other terms. */
	async usage(key: string, memberId?: string): Promise<UsageAnswer> {
		const opened = this.#open(key);
		await opened.provider.readForPage();
		return usageOf(opened, memberId);
	}

	/** The same for a page that waits for what was bought: the provider is asked first, as often as it may be. */
	async usageForBuyer(key: string, memberId?: string): Promise<UsageAnswer> {
		const opened = this.#open(key);
		await opened.provider.readForBuyer();
		return usageOf(opened, memberId);
	}

	/** See OpenCheckout. */
	async openCheckout(key: string, purchase: Purchase): Promise<CheckoutAnswer> {
		return this.#open(key).checkout.open(purchase);
	}

	/** See OpenCheckout. */
	noteActivation(key: string): void {
		this.#open(key).checkout.noteActivation();
	}

	/** Reads the entitlement now, after something was changed at the provider. */
	async refresh(key: string): Promise<void> {
		await this.#open(key).provider.readAfreshAwaited();
	}

	/** Something changed at the provider: see ProviderLink. Stores nothing for a subject that never asked. */
	noteChange(key: string): void {
		this.#open(key).provider.noteChange();
	}

	/** The same, answered when it has been read; false when it could not be. */
	async readChange(key: string, happenedAtMs: number): Promise<boolean> {
		return this.#open(key).provider.readChange(happenedAtMs);
	}

	/** The clock of development was moved: does what is due by it. */
	async clockMoved(reading: ClockReading): Promise<void> {
		setClock(reading);
		await this.alarm();
		await this.#opened?.provider.clockMoved();
	}

	/**
	 * Closes a guest's ledger in favour of an account: nothing more is held.
	 * @returns the units counted in the present UTC day before it was closed (the same to each call), or null when it went to another account
	 */
	close(key: string, inFavourOf: string): number | null {
		const { book } = this.#open(key);
		const rows = [...book.rows.values()];
		const open = rows.filter((row) => row.state === "held").map((row) => row.id);
		const closed = book.notes.closed ?? { inFavourOf, atMs: book.nowMs(), open };
		if (closed.inFavourOf !== inFavourOf) return null;
		if (!book.notes.closed && rows.length > 0) book.note({ closed });
		const dayMs = utcDay(closed.atMs).startMs;
		const before = rows.filter((row) => isCounted(row) && row.heldAtMs >= dayMs && (row.endedAtMs ?? 0) < closed.atMs);
		return before.reduce((units, row) => units + row.units, 0);
	}

	/** Counts into the present day what a guest used before it became this account; once for each `id`. */
	carryOver(key: string, id: string, units: number): void {
		this.#open(key).book.decide({ type: "carry-over", id, units });
	}

	/** Credits by hand, once for each id, spent after the window's own: not beside a balance that the provider keeps. False for an id used otherwise. */
	grant(key: string, id: string, units: number, expiresAtMs: number | null): boolean {
		return this.#open(key).book.decide({ type: "grant", id, units, expiresAtMs }).kind === "granted";
	}

	/**
	 * A correction by hand, once for each `id`: positive units count more, negative ones give back, of a request or of the present window.
	 * @returns false when it contradicts what stands: an id used otherwise, or more than the request counts
	 */
	correct(key: string, id: string, units: number, requestId: string | null): boolean {
		const { book } = this.#open(key);
		const of = requestId === null ? { pool: book.pool() } : { request: requestId };
		return book.decide({ type: "correct", id, of, units }).kind === "corrected";
	}

	/**
	 * Expired holds, what a closed guest's last answers came to, what the provider is owed, old rows, in this order. Never throws for a failure
	 * outside: the platform drops an alarm that has failed six times.
	 */
	override async alarm(): Promise<void> {
		this.#alarmAtMs = null;
		if (!this.#opened) return;
		const { book, provider } = this.#opened;
		if (book.nowMs() >= endOfLifeMs(book)) {
			await this.ctx.storage.deleteAll();
			this.#opened = null;
			return;
		}
		const expired = [...book.rows.values()].filter((row) => row.state === "held" && row.expiresAtMs <= book.nowMs());
		// The next alarm stands before anyone is called: should this run die, another comes.
		if (expired.length > 0 || endedAfterClosing(book).length > 0 || provider.dueMs() <= book.nowMs()) {
			await this.#arm(Date.now() + ALARM_AGAIN_MS);
		}
		for (const row of expired) this.#end({ type: "expire", id: row.id, chatStatus: await this.#askChat(book, row) });
		await this.#carryLateUnits(book);
		await provider.work();
		book.fold(foldable(book.state(), book.nowMs()));
		await this.#armForWork(this.#opened);
	}

	#open(key: string): Opened {
		return this.#opened ?? this.#openFrom(new LedgerStorage(this.ctx.storage.sql), key);
	}

	#openFrom(stored: LedgerStorage, key: string): Opened {
		const book = new LedgerBook(key, stored);
		const checkout = new OpenCheckout(book);
		this.#opened = { book, checkout, provider: new ProviderLink(book, checkout, (work) => this.ctx.waitUntil(work)) };
		return this.#opened;
	}

	/** What the chat says of a hold that it has not ended in time. */
	async #askChat({ kind }: LedgerBook, row: RequestRow): Promise<ChatStatus> {
		if (row.chatId === null) return "unreachable";
		// Rows of many people have the person before the request. A network's have attempts of their own: any of the guest's speaks for them.
		const requestId = kind === "network" || kind === "organization" ? row.id.replace(/^(guest|user):[^:]+:/, "") : row.id;
		const attempt = kind === "network" ? 1 : row.attempt;
		try {
			return await this.env.CONVERSATION.getByName(row.chatId).stateOf(requestId, attempt);
		} catch (error) {
			console.error(`chat ${row.chatId} could not be asked about ${row.id}: ${error}`);
			return "unreachable";
		}
	}

	/** Counts a closed guest's late answers where the guest went. Told twice, the account counts once. */
	async #carryLateUnits(book: LedgerBook): Promise<void> {
		for (const row of endedAfterClosing(book)) {
			const { closed } = book.notes;
			if (!closed) return;
			try {
				const account = this.env.USAGE_LEDGER.getByName(closed.inFavourOf);
				if (isCounted(row)) await account.carryOver(closed.inFavourOf, `${book.key}:${row.id}`, row.units);
			} catch (error) {
				console.error(`a unit of ${book.key} could not be carried to ${closed.inFavourOf}: ${error}`);
				return;
			}
			book.note({ closed: { ...closed, open: closed.open?.filter((id) => id !== row.id) } });
		}
	}

	#end(command: Extract<Command, { type: "settle" | "release" | "expire" }>): Outcome {
		if (!this.#opened) return { kind: "unknown" };
		const outcome = this.#opened.book.decide(command);
		if (outcome.kind === "ended") this.ctx.waitUntil(this.#behindTheAnswer(this.#opened, outcome.row));
		return outcome;
	}

	async #behindTheAnswer({ book, provider }: Opened, row: RequestRow): Promise<void> {
		if (book.notes.closed) await this.#arm(Date.now());
		else if (isBilled(row.pool)) await this.#arm(Date.now() + REPORT_AFTER_MS);
		else await provider.readIfOld();
	}

	/** Sets the alarm for the earliest thing to do; none when there is nothing. */
	async #armForWork({ book, provider }: Opened): Promise<void> {
		const due = [endOfLifeMs(book), provider.dueMs()];
		for (const row of book.rows.values()) if (row.state === "held") due.push(row.expiresAtMs);
		const againMs = endedAfterClosing(book).length > 0 ? Date.now() + ALARM_AGAIN_MS : Number.POSITIVE_INFINITY;
		const earliest = Math.min(alarmTime(Math.min(...due)), againMs);
		if (Number.isFinite(earliest)) await this.#arm(earliest);
	}

	/** Makes sure that an alarm comes at this instant of the platform's or before; a set alarm is one row written. */
	async #arm(atMs: number): Promise<void> {
		if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
		this.#alarmAtMs = atMs;
		await this.ctx.storage.setAlarm(atMs);
		if (this.#opened) await noteForDevClock(this.#opened.book.key);
	}
}

function usageOf({ book, checkout, provider }: Opened, memberId: string | undefined): UsageAnswer {
	const share = memberId === undefined ? null : book.shareOf(memberId);
	return { ...book.standing(), share, unverified: provider.isUnverified(), checkoutOpen: checkout.isAwaited() };
}

function endOfLifeMs(book: LedgerBook): number {
	if (book.kind === "user" || book.kind === "organization") return Number.POSITIVE_INFINITY;
	return book.latestMs() + (book.kind === "network" ? NETWORK_LIFE_MS : GUEST_LIFE_MS);
}

/** Answers that were being written when their guest signed up, and have ended since. */
function endedAfterClosing({ notes, rows }: LedgerBook): RequestRow[] {
	const open = notes.closed?.open ?? [];
	return open.flatMap((id) => rows.get(id) ?? []).filter((row) => row.state !== "held");
}

function isBilled(pool: string): boolean {
	return subscriptionOf(pool) !== null;
}
