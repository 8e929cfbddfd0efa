import { DurableObject } from "cloudflare:workers";
import {
	type Command,
	decide,
	type Entitlement,
	foldable,
	type Heard,
	type HoldCommand,
	isCounted,
	isOver,
	isTrusted,
	type LedgerState,
	type Limits,
	nextBatch,
	nextDueMs,
	type Outcome,
	type Release,
	type Report,
	type RequestRow,
	retryDelayMs,
	type Standing,
	type SubjectKind,
	standing,
	subscriptionOf,
	utcDay,
} from "@parley/metering";
import { config } from "../config.ts";
import { isRefusal, readEntitlement, reportOne, reportUsage } from "../lib/flowglad.ts";
import { LedgerStorage } from "./ledger-storage.ts";

/** A refusal waits this long for a fresh entitlement; an accept never waits. */
const READ_AWAITED_MS = 1_500;
const READ_TIMEOUT_MS = 5_000;
const REPORT_TIMEOUT_MS = 10_000;
/** A refusal asks the provider at most this often, and while a checkout is open, this often. */
const READ_EVERY_MS = 10_000;
const READ_EVERY_IN_CHECKOUT_MS = 2_000;
const CHECKOUT_OPEN_MS = 30 * 60_000;
/** Reports of a paying subject leave this long after the answer, so that several share a call. */
const REPORT_AFTER_MS = 3_000;
/** A free user's copy is read again behind an answer when it is older than this. */
const COPY_AGE_MS = 60_000;
/** What is owed is sent this long before a billing period ends, even in the middle of a back-off. */
const LAST_CALL_MS = 60_000;
/** A copy that says nothing new is written this seldom. */
const COPY_WRITTEN_EVERY_MS = 3_600_000;
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
	/** The provider could not be asked, so that the tier may be too low. */
	unverified: boolean;
}

/**
 * The ledger of one subject: the shell that makes @parley/metering durable. `key` is the subject's (`user:…`, `guest:…`, `network:…`).
 * What decides and writes (`#decide`) has no `await`: the platform runs no other event in between, and lets no answer out before the write
 * is on disk. The other fields are memory that may be lost at any time.
 */
export class UsageLedger extends DurableObject<Cloudflare.Env> {
	#stored = new LedgerStorage(this.ctx.storage.sql);
	#alarmAtMs: number | null = null;
	#reading: Promise<void> | null = null;
	#flushing: Promise<boolean> | null = null;
	#lastReadMs = 0;
	#readSentMs = 0;
	#lastReadFailed = false;
	#copyWrittenMs = 0;
	/** The copy in memory says something that the one on disk does not. */
	#copyIsNews = false;

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env);
		void ctx.blockConcurrencyWhile(async () => {
			this.#alarmAtMs = await ctx.storage.getAlarm();
			// An alarm can be lost with the instance that was to set it.
			if (this.#alarmAtMs === null) await this.#armForWork();
		});
	}

	/** Takes a hold, or says why not. Only a refusal may wait for the provider, at most 1.5 s. */
	async hold(key: string, hold: Hold): Promise<HoldAnswer> {
		let outcome = this.#decide(key, { type: "hold", ...hold });
		if (outcome.kind === "refused" && outcome.refusal.policy !== "in-flight" && this.#mayRead(key)) {
			await this.#awaited(this.#read(key));
			outcome = this.#decide(key, { type: "hold", ...hold });
		}
		if (outcome.kind === "held") {
			if (this.#copyIsUnsure() && this.#mayRead(key)) this.ctx.waitUntil(this.#read(key));
			const { pool, expiresAtMs } = outcome.row;
			await this.#arm(isBilled(pool) ? Date.now() + 2 * REPORT_AFTER_MS : expiresAtMs);
		}
		return { outcome, standing: this.#standing(key) };
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
		if (this.#stored.key !== null) this.#decide(this.#stored.key, { type: "extend", id });
	}

	/** Holds and settles, for usage that is over when it is told. */
	async record(key: string, hold: Hold): Promise<HoldAnswer> {
		const answer = await this.hold(key, hold);
		const { outcome } = answer;
		const open = outcome.kind === "held" || (outcome.kind === "repeat" && outcome.row.state === "held");
		if (!open) return answer;
		return { outcome: this.settle(hold.id), standing: this.#standing(key) };
	}

	/**
	 * Reports one counted request now and answers the provider's event; null when the provider does not take it: then the outbox sends it.
	 * `refused`: the provider knows no such meter or subscription.
	 */
	async reportNow(id: string, timeoutMs: number): Promise<{ event: unknown; refused: boolean }> {
		const { key, rows } = this.#stored;
		const row = rows.get(id);
		const [report] = row && key !== null ? nextBatch([{ ...row, reportedAtMs: null }], Date.now()) : [];
		if (key === null || !report) return { event: null, refused: false };
		try {
			const event = await reportOne(key, report, timeoutMs);
			this.#decide(key, { type: "acknowledge", id });
			return { event, refused: false };
		} catch (error) {
			this.#noteFailure(key, error);
			return { event: null, refused: isRefusal(error) };
		}
	}

	/** How the subject stands. Holds nothing. Waits for the provider only while a checkout is open, or what it said last is no longer sure. */
	async usage(key: string): Promise<UsageAnswer> {
		if (this.#mayRead(key)) {
			const known = this.#stored.notes.entitlement !== undefined;
			if (this.#checkoutIsOpen() || (known && this.#copyIsUnsure())) await this.#awaited(this.#read(key));
			else if (!known) this.ctx.waitUntil(this.#read(key));
		}
		return { ...this.#standing(key), unverified: this.#isUnverified(key) };
	}

	/** A checkout was opened: for 30 minutes the provider is asked more often. */
	noteCheckout(key: string): void {
		this.#stored.writeNotes(key, { ...this.#stored.notes, checkoutAtMs: Date.now() });
	}

	/** Reads the entitlement now, after something was changed at the provider. */
	async refresh(key: string): Promise<void> {
		await this.#awaited(this.#readAfresh(key));
	}

	/**
	 * Closes a guest's ledger in favour of an account: nothing more is held.
	 * @returns the units counted in the present UTC day before it was closed (the same to each call), or null when it went to another account
	 */
	close(key: string, inFavourOf: string): number | null {
		const { notes, rows } = this.#stored;
		const open = [...rows.values()].filter((row) => row.state === "held").map((row) => row.id);
		const closed = notes.closed ?? { inFavourOf, atMs: Date.now(), open };
		if (closed.inFavourOf !== inFavourOf) return null;
		if (!notes.closed && this.#stored.key !== null) this.#stored.writeNotes(key, { ...notes, closed });
		const dayMs = utcDay(closed.atMs).startMs;
		let units = 0;
		for (const row of rows.values()) {
			if (isCounted(row) && row.heldAtMs >= dayMs && (row.endedAtMs ?? 0) < closed.atMs) units += row.units;
		}
		return units;
	}

	/** Counts into the present day what a guest used before it became this account; once for each `id`. */
	carryOver(key: string, id: string, units: number): void {
		this.#decide(key, { type: "carry-over", id, units });
	}

	/**
	 * Expired holds, what a closed guest's last answers came to, the outbox, the copy of the entitlement, old rows, in this order. Never throws
	 * for a failure outside: the platform drops an alarm that has failed six times.
	 */
	override async alarm(): Promise<void> {
		this.#alarmAtMs = null;
		const { key } = this.#stored;
		if (key === null) return;
		if (Date.now() >= this.#endOfLifeMs(key)) {
			await this.ctx.storage.deleteAll();
			this.#stored = new LedgerStorage(this.ctx.storage.sql);
			return;
		}
		const expired = [...this.#stored.rows.values()].filter((row) => row.state === "held" && row.expiresAtMs <= Date.now());
		const mayReport = Date.now() >= (this.#stored.notes.retry?.notBeforeMs ?? 0);
		const owes = mayReport && nextBatch(this.#stored.rows.values(), Date.now()).length > 0;
		const carries = this.#endedAfterClosing().length > 0;
		// The next alarm stands before anything leaves: should this run die, another comes.
		if (expired.length > 0 || owes || carries) await this.#arm(Date.now() + ALARM_AGAIN_MS);
		for (const row of expired) this.#end({ type: "expire", id: row.id, heard: await this.#askChat(key, row) });
		await this.#carryLateUnits(key);
		if (owes && (await this.#flush(key))) await this.#readAfresh(key);
		const old = foldable(this.#state(key), Date.now());
		if (old.length > 0) this.#stored.foldRows(old);
		await this.#armForWork();
	}

	/** Sends what is owed, until the provider fails; all who want it at once share one run. */
	#flush(key: string): Promise<boolean> {
		this.#flushing ??= this.#flushOnce(key).finally(() => {
			this.#flushing = null;
		});
		return this.#flushing;
	}

	async #flushOnce(key: string): Promise<boolean> {
		for (;;) {
			const batch = nextBatch(this.#stored.rows.values(), Date.now());
			if (batch.length === 0) break;
			for (const { id } of batch) this.#decide(key, { type: "dispatch", id });
			try {
				await this.#send(key, batch);
			} catch (error) {
				this.#noteFailure(key, error);
				return false;
			}
		}
		const { retry, ...others } = this.#stored.notes;
		if (retry) this.#stored.writeNotes(key, others);
		return true;
	}

	/**
	 * Sends a batch; refused as a whole, row by row, so that one that the provider does not take holds up none of the others.
	 * @throws when the provider fails in any other way: then it is not known what arrived
	 */
	async #send(key: string, batch: Report[]): Promise<void> {
		try {
			await reportUsage(key, batch, REPORT_TIMEOUT_MS);
			for (const { id } of batch) this.#decide(key, { type: "acknowledge", id });
		} catch (error) {
			if (!isRefusal(error)) throw error;
			if (batch.length > 1) for (const report of batch) await this.#send(key, [report]);
			else for (const { id } of batch) this.#refuseReport(key, id, error);
		}
	}

	#refuseReport(key: string, id: string, error: unknown): void {
		const outcome = this.#decide(key, { type: "refuse", id });
		const dead = outcome.kind === "report-refused" && outcome.deadLetter;
		console.error(`the provider refuses the report of ${key}:${id}${dead ? ", which is a dead letter now" : ""}: ${error}`);
	}

	#noteFailure(key: string, error: unknown): void {
		const failures = (this.#stored.notes.retry?.failures ?? 0) + 1;
		const nowMs = Date.now();
		let notBeforeMs = nowMs + retryDelayMs(failures, Math.random());
		const lastCallMs = (this.#standing(key).window.endMs ?? Number.POSITIVE_INFINITY) - LAST_CALL_MS;
		if (nowMs < lastCallMs) notBeforeMs = Math.min(notBeforeMs, lastCallMs);
		this.#stored.writeNotes(key, { ...this.#stored.notes, retry: { failures, notBeforeMs } });
		console.error(`outbox of ${key} waits after failure ${failures}: ${error}`);
	}

	/** What the chat says of a hold that it has not ended in time. */
	async #askChat(key: string, row: RequestRow): Promise<Heard> {
		if (row.chatId === null) return "unreachable";
		// A network's rows have the guest before the request, and attempts of their own: any attempt of the guest's speaks for them.
		const ofNetwork = kindOf(key) === "network";
		const requestId = ofNetwork ? row.id.replace(/^guest:[^:]+:/, "") : row.id;
		try {
			return await this.env.CONVERSATION.getByName(row.chatId).stateOf(requestId, ofNetwork ? 1 : row.attempt);
		} catch (error) {
			console.error(`chat ${row.chatId} could not be asked about ${row.id}: ${error}`);
			return "unreachable";
		}
	}

	/** Answers that were being written when their guest signed up, and have ended since. */
	#endedAfterClosing(): RequestRow[] {
		const open = this.#stored.notes.closed?.open ?? [];
		return open.flatMap((id) => this.#stored.rows.get(id) ?? []).filter((row) => row.state !== "held");
	}

	/** Counts them where the guest went. Told twice, the account counts once. */
	async #carryLateUnits(key: string): Promise<void> {
		for (const row of this.#endedAfterClosing()) {
			const { closed } = this.#stored.notes;
			if (!closed) return;
			try {
				const account = this.env.USAGE_LEDGER.getByName(closed.inFavourOf);
				if (isCounted(row)) await account.carryOver(closed.inFavourOf, `${key}:${row.id}`, row.units);
			} catch (error) {
				console.error(`a unit of ${key} could not be carried to ${closed.inFavourOf}: ${error}`);
				return;
			}
			const open = closed.open?.filter((id) => id !== row.id);
			this.#stored.writeNotes(key, { ...this.#stored.notes, closed: { ...closed, open } });
		}
	}

	#end(command: Extract<Command, { type: "settle" | "release" | "expire" }>): Outcome {
		const { key } = this.#stored;
		if (key === null) return { kind: "unknown" };
		const outcome = this.#decide(key, command);
		if (outcome.kind === "ended") this.ctx.waitUntil(this.#behindTheAnswer(key, outcome.row));
		return outcome;
	}

	async #behindTheAnswer(key: string, row: RequestRow): Promise<void> {
		if (this.#stored.notes.closed) await this.#arm(Date.now());
		else if (isBilled(row.pool)) await this.#arm(Date.now() + REPORT_AFTER_MS);
		else if (this.#mayRead(key) && Date.now() - this.#lastReadMs > COPY_AGE_MS) await this.#read(key);
	}

	/** Sets the alarm for the earliest thing to do; none when there is nothing. */
	async #armForWork(): Promise<void> {
		const { key, rows, notes } = this.#stored;
		if (key === null) return;
		const due = [this.#endOfLifeMs(key)];
		for (const row of rows.values()) if (row.state === "held") due.push(row.expiresAtMs);
		const owedMs = nextDueMs(rows.values());
		if (owedMs !== null) due.push(Math.max(owedMs, notes.retry?.notBeforeMs ?? 0));
		if (this.#endedAfterClosing().length > 0) due.push(Date.now() + ALARM_AGAIN_MS);
		const earliest = Math.min(...due);
		if (Number.isFinite(earliest)) await this.#arm(earliest);
	}

	/** Makes sure that an alarm comes at this instant or before; a set alarm is one row written. */
	async #arm(atMs: number): Promise<void> {
		if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
		this.#alarmAtMs = atMs;
		await this.ctx.storage.setAlarm(atMs);
	}

	#endOfLifeMs(key: string): number {
		const kind = kindOf(key);
		if (kind === "user") return Number.POSITIVE_INFINITY;
		return this.#latestMs() + (kind === "network" ? NETWORK_LIFE_MS : GUEST_LIFE_MS);
	}

	#checkoutIsOpen(): boolean {
		return Date.now() - (this.#stored.notes.checkoutAtMs ?? 0) < CHECKOUT_OPEN_MS;
	}

	#mayRead(key: string): boolean {
		if (kindOf(key) !== "user" || config().billing.kind === "none") return false;
		return Date.now() - this.#lastReadMs >= (this.#checkoutIsOpen() ? READ_EVERY_IN_CHECKOUT_MS : READ_EVERY_MS);
	}

	/** Nothing was ever read, or the period that was read is over, or it was read too long ago to be believed. */
	#copyIsUnsure(): boolean {
		const { entitlement } = this.#stored.notes;
		return !entitlement || isOver(entitlement, Date.now()) || !isTrusted(entitlement, Date.now());
	}

	#isUnverified(key: string): boolean {
		if (kindOf(key) !== "user" || config().billing.kind === "none" || !this.#lastReadFailed) return false;
		const { entitlement } = this.#stored.notes;
		return !entitlement || !isTrusted(entitlement, Date.now());
	}

	async #awaited(read: Promise<void>): Promise<void> {
		this.ctx.waitUntil(read);
		await Promise.race([read, scheduler.wait(READ_AWAITED_MS)]);
	}

	/** A read that is sent from now on, not one that is under way. */
	async #readAfresh(key: string): Promise<void> {
		await this.#reading;
		await this.#read(key);
	}

	/** Reads the entitlement; all who want it at once share one call. */
	#read(key: string): Promise<void> {
		this.#reading ??= this.#readOnce(key).finally(() => {
			this.#reading = null;
		});
		return this.#reading;
	}

	async #readOnce(key: string): Promise<void> {
		if (kindOf(key) !== "user" || config().billing.kind === "none") return;
		this.#lastReadMs = Date.now();
		// While it is not known which reports arrived, a number from the provider cannot be told apart from one that lacks them.
		if ((this.#flushing || this.#stored.notes.retry) && !(await this.#flush(key))) {
			this.#lastReadFailed = true;
			return;
		}
		// Later than each acknowledgement that is here already, and (in #decide) no later than each that is still to come: a Worker's clock
		// stands still between two events, so that the time of day alone cannot tell which came first.
		const acknowledged = [...this.#stored.rows.values()].map((row) => row.reportedAtMs ?? 0);
		this.#readSentMs = Math.max(Date.now(), ...acknowledged.map((atMs) => atMs + 1));
		try {
			const entitlement = await readEntitlement(key.slice("user:".length), this.#readSentMs, READ_TIMEOUT_MS);
			this.#lastReadFailed = false;
			if (entitlement) this.#keep(key, entitlement);
		} catch (error) {
			this.#lastReadFailed = true;
			console.error(`entitlement of ${key} could not be read: ${error}`);
		}
	}

	/**
	 * Takes a fresh copy into memory. On disk it goes at once when its terms are others, and with the next row when only its number says
	 * something new: to look at what is left writes nothing. A number that is lost is not missed, as the older one subtracts what was
	 * acknowledged since.
	 */
	#keep(key: string, entitlement: Entitlement): void {
		const { notes } = this.#stored;
		const before = this.#standing(key).remaining;
		this.#stored.notes = { ...notes, entitlement };
		const old = Date.now() - this.#copyWrittenMs >= COPY_WRITTEN_EVERY_MS;
		if (old || before !== this.#standing(key).remaining) this.#copyIsNews = true;
		if (terms(notes.entitlement) !== terms(entitlement)) this.#writeCopy(key);
	}

	#writeCopy(key: string): void {
		this.#copyIsNews = false;
		this.#copyWrittenMs = Date.now();
		this.#stored.writeNotes(key, this.#stored.notes);
	}

	#standing(key: string): Standing {
		return standing(this.#state(key), Date.now());
	}

	#state(key: string): LedgerState {
		const { rows, adjustments, checkpoints, notes } = this.#stored;
		return {
			kind: kindOf(key),
			limits: limitsOf(key),
			entitlement: notes.entitlement ?? null,
			rows,
			adjustments,
			checkpoints,
			closed: notes.closed !== undefined,
			latestMs: this.#latestMs(),
		};
	}

	#latestMs(): number {
		let latest = 0;
		for (const row of this.#stored.rows.values()) latest = Math.max(latest, row.heldAtMs, row.endedAtMs ?? 0);
		return latest;
	}

	/** Reads, decides and writes in one turn: there is no `await` in here, and must be none. */
	#decide(key: string, command: Command): Outcome {
		const atMs = command.type === "acknowledge" ? Math.max(Date.now(), this.#readSentMs) : Date.now();
		const { outcome, row, adjustment } = decide(this.#state(key), command, atMs);
		if (row) this.#stored.writeRow(key, row);
		if (row && this.#copyIsNews) this.#writeCopy(key);
		if (adjustment) this.#stored.writeAdjustment(key, adjustment);
		return outcome;
	}
}

function kindOf(key: string): SubjectKind {
	if (key.startsWith("user:")) return "user";
	return key.startsWith("network:") ? "network" : "guest";
}

/** The pool of all guests is a network without an outside. */
function limitsOf(key: string): Limits {
	const { limits } = config();
	return key.endsWith(":all") ? { ...limits, network: limits.everyGuest ?? limits.network } : limits;
}

function isBilled(pool: string): boolean {
	return subscriptionOf(pool) !== null;
}

/** What of an entitlement is more than a number. */
function terms(entitlement: Entitlement | undefined): string {
	if (!entitlement) return "";
	const { fetchedAtMs: _, ...said } = entitlement;
	return JSON.stringify("available" in said ? { ...said, available: null } : said);
}
