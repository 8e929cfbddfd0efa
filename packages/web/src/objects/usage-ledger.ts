import { DurableObject } from "cloudflare:workers";
import {
	type Command,
	decide,
	type Entitlement,
	foldable,
	type HoldCommand,
	isCounted,
	isTrusted,
	type LedgerState,
	nextBatch,
	nextDueMs,
	type Outcome,
	type Release,
	type RequestRow,
	retryDelayMs,
	type Standing,
	type SubjectKind,
	standing,
	subscriptionOf,
	utcDay,
} from "@parley/metering";
import { config } from "../config.ts";
import { readEntitlement, reportOne, reportUsage } from "../lib/flowglad.ts";
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
	#lastReadMs = 0;
	#readSentMs = 0;
	#lastReadFailed = false;
	#copyWrittenMs = 0;

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
			await this.#readAwaited(key);
			outcome = this.#decide(key, { type: "hold", ...hold });
		}
		if (outcome.kind === "held") {
			if (this.#copyIsUnsure()) this.ctx.waitUntil(this.#read(key));
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

	/** Reports one counted request now and answers the provider's event; null when the provider is silent: then the outbox sends it. */
	async reportNow(id: string, timeoutMs: number): Promise<unknown> {
		const { key, rows } = this.#stored;
		const row = rows.get(id);
		const [report] = row && key !== null ? nextBatch([{ ...row, reportedAtMs: null }], Date.now()) : [];
		if (key === null || !report) return null;
		try {
			const event = await reportOne(key, report, timeoutMs);
			this.#decide(key, { type: "acknowledge", id });
			return event;
		} catch (error) {
			console.error(`usage event ${key}:${id} waits in the outbox: ${error}`);
			return null;
		}
	}

	/** How the subject stands. Holds nothing; waits for the provider only while a checkout is open. */
	async usage(key: string): Promise<UsageAnswer> {
		if (this.#mayRead(key)) {
			if (this.#checkoutIsOpen()) await this.#readAwaited(key);
			else if (!this.#stored.notes.entitlement) this.ctx.waitUntil(this.#read(key));
		}
		return { ...this.#standing(key), unverified: this.#isUnverified(key) };
	}

	/** A checkout was opened: for 30 minutes the provider is asked more often. */
	noteCheckout(key: string): void {
		this.#stored.writeNotes(key, { ...this.#stored.notes, checkoutAtMs: Date.now() });
	}

	/** Reads the entitlement now, after something was changed at the provider. */
	async refresh(key: string): Promise<void> {
		await this.#readAwaited(key);
	}

	/**
	 * Closes a guest's ledger in favour of an account: nothing more is held.
	 * @returns the units counted in the present UTC day before it was closed (the same to each call), or null when it went to another account
	 */
	close(key: string, inFavourOf: string): number | null {
		const { notes, rows } = this.#stored;
		const closed = notes.closed ?? { inFavourOf, atMs: Date.now() };
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
	 * Expired holds, the outbox, the copy of the entitlement, old rows, in this order. Never throws for a failure outside: the platform drops an
	 * alarm that has failed six times.
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
		// The next alarm stands before anything leaves: should this run die, another comes.
		if (expired.length > 0 || owes) await this.#arm(Date.now() + ALARM_AGAIN_MS);
		for (const row of expired) this.#end({ type: "expire", id: row.id, heard: await this.#askChat(row) });
		if (owes && (await this.#flush(key))) await this.#read(key);
		const old = foldable(this.#stored.rows.values(), this.#standing(key).window, Date.now());
		if (old.length > 0) this.#stored.foldRows(old);
		await this.#armForWork();
	}

	/** Sends what is owed, batch by batch, until the provider fails. */
	async #flush(key: string): Promise<boolean> {
		const { rows, notes } = this.#stored;
		for (let batch = nextBatch(rows.values(), Date.now()); batch.length > 0; batch = nextBatch(rows.values(), Date.now())) {
			try {
				await reportUsage(key, batch, REPORT_TIMEOUT_MS);
			} catch (error) {
				const failures = (this.#stored.notes.retry?.failures ?? 0) + 1;
				const retry = { failures, notBeforeMs: Date.now() + retryDelayMs(failures, Math.random()) };
				this.#stored.writeNotes(key, { ...this.#stored.notes, retry });
				console.error(`outbox of ${key}: ${batch.length} reports wait after failure ${failures}: ${error}`);
				return false;
			}
			for (const report of batch) this.#decide(key, { type: "acknowledge", id: report.id });
		}
		if (notes.retry) {
			const { retry: _, ...others } = this.#stored.notes;
			this.#stored.writeNotes(key, others);
		}
		return true;
	}

	/** What the chat says of a hold that it has not ended in time. */
	async #askChat(row: RequestRow): Promise<"never-started" | "running" | "unreachable"> {
		if (row.chatId === null) return "unreachable";
		try {
			return await this.env.CONVERSATION.getByName(row.chatId).stateOf(row.id, row.attempt);
		} catch (error) {
			console.error(`chat ${row.chatId} could not be asked about ${row.id}: ${error}`);
			return "unreachable";
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
		const { closed } = this.#stored.notes;
		// An answer that was still being written when its guest signed up is counted where the guest went.
		if (closed && isCounted(row) && (row.endedAtMs ?? 0) >= closed.atMs) {
			await this.env.USAGE_LEDGER.getByName(closed.inFavourOf).carryOver(closed.inFavourOf, `${key}:${row.id}`, row.units);
		}
		if (isBilled(row.pool)) await this.#arm(Date.now() + REPORT_AFTER_MS);
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

	/** Nothing was ever read, or the period that was read is over. */
	#copyIsUnsure(): boolean {
		const { entitlement } = this.#stored.notes;
		return !entitlement || (entitlement.kind === "balance" && entitlement.periodEndMs !== null && Date.now() >= entitlement.periodEndMs);
	}

	#isUnverified(key: string): boolean {
		if (kindOf(key) !== "user" || config().billing.kind === "none") return false;
		const { entitlement } = this.#stored.notes;
		return entitlement ? entitlement.kind === "balance" && !isTrusted(entitlement, Date.now()) : this.#lastReadFailed;
	}

	async #readAwaited(key: string): Promise<void> {
		const read = this.#read(key);
		this.ctx.waitUntil(read);
		await Promise.race([read, scheduler.wait(READ_AWAITED_MS)]);
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
	 * Takes a fresh copy into memory, and writes it when it says something new. A copy that is not written is not missed: after an eviction
	 * the older one still answers the same, because it subtracts what was acknowledged since.
	 */
	#keep(key: string, entitlement: Entitlement): void {
		const { notes } = this.#stored;
		const before = this.#standing(key).remaining;
		this.#stored.notes = { ...notes, entitlement };
		const news = before !== this.#standing(key).remaining || terms(notes.entitlement) !== terms(entitlement);
		if (!news && Date.now() - this.#copyWrittenMs < COPY_WRITTEN_EVERY_MS) return;
		this.#copyWrittenMs = Date.now();
		this.#stored.writeNotes(key, this.#stored.notes);
	}

	#standing(key: string): Standing {
		return standing(this.#state(key), Date.now());
	}

	#state(key: string): LedgerState {
		const { rows, adjustments, notes } = this.#stored;
		return {
			kind: kindOf(key),
			limits: config().limits,
			entitlement: notes.entitlement ?? null,
			rows,
			adjustments,
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
		if (adjustment) this.#stored.writeAdjustment(key, adjustment);
		return outcome;
	}
}

function kindOf(key: string): SubjectKind {
	if (key.startsWith("user:")) return "user";
	return key.startsWith("network:") ? "network" : "guest";
}

function isBilled(pool: string): boolean {
	return subscriptionOf(pool) !== null;
}

/** What of an entitlement is more than a number. */
function terms(entitlement: Entitlement | undefined): string {
	if (entitlement?.kind !== "balance") return entitlement?.kind ?? "";
	return [entitlement.subscriptionId, entitlement.allowance, entitlement.periodStartMs, entitlement.periodEndMs].join(" ");
}
