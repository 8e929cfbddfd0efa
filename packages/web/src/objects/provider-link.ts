import {
	type Baseline,
	baselineOf,
	deadLetters,
	driftBetween,
	type Entitlement,
	isDeadLetter,
	isOver,
	isOwed,
	isSamePeriod,
	isTrusted,
	nextBatch,
	nextDueMs,
	type Refusal,
	type Report,
	type RequestRow,
	retryDelayMs,
	subscriptionOf,
} from "@parley/metering";
import { config } from "../config.ts";
import { now } from "../lib/clock.ts";
import { isRefusal, isUnauthorized, readEntitlement, reportOne, reportUsage } from "../lib/flowglad.ts";
import { keepLedgerReport, type LedgerReport } from "../lib/ledger-reports.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { OpenCheckout } from "./open-checkout.ts";

/** A user waits this long for the provider at most; the read itself may take longer. */
const READ_AWAITED_MS = 1_500;
const READ_TIMEOUT_MS = 5_000;
const REPORT_TIMEOUT_MS = 10_000;
/** The provider is asked at most this often, and while a checkout is open, this often. A page that waits for one may ask sooner. */
const READ_EVERY_MS = 10_000;
const READ_EVERY_IN_CHECKOUT_MS = 2_000;
/** Where nobody waits for it and it does not fail, half as often would show a grant too late (10 s from the next request). */
const READ_BEHIND_PAGE_EVERY_MS = 5_000;
/** A free user's copy is read again behind an answer when it is older than this. */
const COPY_AGE_MS = 60_000;
/** A copy that says nothing new is written this seldom. */
const COPY_WRITTEN_EVERY_MS = 3_600_000;
/** What is owed is sent this long before a billing period ends, even in the middle of a back-off. */
const LAST_CALL_MS = 60_000;
/** The books of a subject that used something are compared this often. */
const COMPARE_EVERY_MS = 86_400_000;
/** After so many failures in a row someone should look. */
const FAILURES_WORTH_A_LOOK = 3;
const RESEND_BATCH = 50;

/**
 * What one ledger and the billing provider tell each other: the entitlement is read, usage is reported, the two books are compared. All of it
 * happens behind the answers; what is remembered here may be lost at any time.
 */
export class ProviderLink {
	readonly #book: LedgerBook;
	readonly #checkout: OpenCheckout;
	readonly #background: (work: Promise<unknown>) => void;
	#reading: Promise<void> | null = null;
	#readingInTurn: Promise<void> | null = null;
	#flushing: Promise<boolean> | null = null;
	/** Reports sent by themselves: how many were begun, and how many of them are under way. */
	#reportsBegun = 0;
	#reportsUnderWay = 0;
	/** What the last read said, as a baseline to compare with. */
	#lastSaid: Baseline | null = null;
	/** By the machine's clock: the provider is spared in real time. */
	#lastReadMs = 0;
	/** By the ledger's. */
	#readSentMs = 0;
	#lastReadFailed = false;
	#copyWrittenMs = 0;

	/** `background` keeps the object alive until work is done that nobody waits for. */
	constructor(book: LedgerBook, checkout: OpenCheckout, background: (work: Promise<unknown>) => void) {
		this.#book = book;
		this.#checkout = checkout;
		this.#background = background;
	}

	/** Whether there is something to ask, and it was not asked a moment ago. */
	mayRead(): boolean {
		if (!this.#isAskable()) return false;
		return this.#mayReadInMs() <= 0;
	}

	/** Whether a read that is waited for may turn a refusal into an accept. */
	mayChangeMind({ policy }: Refusal): boolean {
		if (policy === "in-flight" || policy === "member" || !this.mayRead()) return false;
		// An organization that is known to have no plan refuses every time, and its members' own allowances answer: nobody waits for that.
		if (policy !== "organization" || this.#isUnsure() || this.#checkout.isAwaited()) return true;
		this.#background(this.readIfOld());
		return false;
	}

	/** A read that the caller waits for, at most 1.5 s. */
	async readAwaited(): Promise<void> {
		await this.#awaited(this.read());
	}

	/** The same, sent from now on: not one that is under way. */
	async readAfreshAwaited(): Promise<void> {
		await this.#awaited(this.#readAfresh());
	}

	/** For a page that waits for what was bought: asks at once where it may be forced, else as often as anyone's refusal may ask. */
	async readForBuyer(): Promise<void> {
		if (this.#isAskable() && (this.#checkout.takeForcedRead() || this.mayRead())) await this.readAwaited();
	}

	/** Beside an accepted request: reads where what was said last is not sure. */
	readIfUnsure(): void {
		if (this.#isUnsure() && this.mayRead()) this.#background(this.read());
	}

	/** Behind an answer: reads where the copy is no longer young. */
	async readIfOld(): Promise<void> {
		if (this.mayRead() && Date.now() - this.#lastReadMs > COPY_AGE_MS) await this.read();
	}

	/**
	 * Before a page is told what is left: waits only while a checkout is open, or what was said last is no longer sure. A sure copy of a plan is
	 * read again behind the page, so that what was granted elsewhere shows at its next look, also while a long answer is written.
	 */
	async readForPage(): Promise<void> {
		const { entitlement } = this.#book.notes;
		const isSure = entitlement !== undefined && !this.#isUnsure();
		if (this.mayRead() && (this.#checkout.isAwaited() || (entitlement && !isSure))) await this.readAwaited();
		else if (this.mayRead() && !entitlement) this.#background(this.read());
		else if (isSure && entitlement.kind !== "none" && !this.#lastReadFailed && this.#isAskable()) {
			if (Date.now() - this.#lastReadMs >= READ_BEHIND_PAGE_EVERY_MS) this.#background(this.read());
		}
	}

	/**
	 * Something changed at the provider: what was asked for before is not sure any more, and is read again behind. However often this is told,
	 * the provider is asked no more often than ever. A copy that cannot be replaced stays; the next request reads beside it.
	 */
	noteChange(): void {
		const { entitlement, changedAtMs = 0 } = this.#book.notes;
		// Nothing was read, so that there is nothing to forget, nor to store.
		if (!this.#isAskable() || (!entitlement && !this.#reading)) return;
		const askedMs = Math.max(this.#readSentMs, entitlement?.fetchedAtMs ?? 0);
		if (changedAtMs <= askedMs) this.#book.note({ changedAtMs: Math.max(this.#book.nowMs(), askedMs + 1) });
		this.#background(this.#readInTurn());
	}

	/** The clock of development was moved: what was read belongs to another time, however short ago it was. */
	async clockMoved(): Promise<void> {
		if (this.#isAskable() && this.#book.notes.entitlement) await this.#readAfresh();
	}

	/** Whether the tier may be too low because the provider could not be asked. */
	isUnverified(): boolean {
		const { entitlement } = this.#book.notes;
		return this.#isAskable() && this.#lastReadFailed && (!entitlement || !isTrusted(entitlement, now()));
	}

	/** When there is something to do here by itself, epoch milliseconds; infinity for never. */
	dueMs(): number {
		const { rows, notes } = this.#book;
		const owedMs = nextDueMs(rows.values());
		const reportMs = owedMs === null ? Number.POSITIVE_INFINITY : Math.max(owedMs, notes.retry?.notBeforeMs ?? 0);
		return Math.min(reportMs, this.#compareDueMs());
	}

	/** Sends what is owed and due, reads what the provider makes of it, and compares the books when it is time. Never throws. */
	async work(): Promise<void> {
		const mayReport = this.#book.nowMs() >= (this.#book.notes.retry?.notBeforeMs ?? 0);
		const owes = mayReport && nextBatch(this.#book.rows.values(), this.#book.nowMs()).length > 0;
		if (owes && (await this.#flush())) await this.#readAfresh();
		if (this.#book.nowMs() >= this.#compareDueMs()) await this.#compareBooks();
	}

	/**
	 * Reports one counted request now and answers the provider's event; null when the provider does not take it: then the outbox sends it.
	 * `refused`: the provider knows no such meter or subscription.
	 */
	async reportNow(id: string, timeoutMs: number): Promise<{ event: unknown; refused: boolean }> {
		const row = this.#book.rows.get(id);
		const [report] = row ? nextBatch([{ ...row, reportedAtMs: null }], this.#book.nowMs()) : [];
		if (!report) return { event: null, refused: false };
		this.#reportsBegun += 1;
		this.#reportsUnderWay += 1;
		try {
			const event = await reportOne(this.#book.key, report, timeoutMs);
			this.#acknowledge([report]);
			return { event, refused: false };
		} catch (error) {
			this.#noteFailure(error);
			return { event: null, refused: isRefusal(error) };
		} finally {
			this.#reportsUnderWay -= 1;
		}
	}

	#isAskable(): boolean {
		return (this.#book.kind === "user" || this.#book.kind === "organization") && config().billing.kind !== "none";
	}

	/** Nothing was ever read, or the period that was read is over, or it was read too long ago to be believed, or before something changed. */
	#isUnsure(): boolean {
		const { entitlement } = this.#book.notes;
		return !entitlement || isOver(entitlement, now()) || !isTrusted(entitlement, now()) || this.#isOutdated();
	}

	#isOutdated(): boolean {
		const { entitlement, changedAtMs = 0 } = this.#book.notes;
		return (entitlement?.fetchedAtMs ?? 0) < changedAtMs;
	}

	/** How long until the provider may be asked again, milliseconds of real time; 0 or less for now. */
	#mayReadInMs(): number {
		return this.#lastReadMs + (this.#checkout.isAwaited() ? READ_EVERY_IN_CHECKOUT_MS : READ_EVERY_MS) - Date.now();
	}

	/** Reads what is outdated, after a read that is under way and no sooner than the provider may be asked; all share one turn. */
	#readInTurn(): Promise<void> {
		this.#readingInTurn ??= this.#readWhileOutdated().finally(() => {
			this.#readingInTurn = null;
		});
		return this.#readingInTurn;
	}

	async #readWhileOutdated(): Promise<void> {
		do {
			await this.#reading;
			if (this.#isOutdated()) await scheduler.wait(Math.max(0, this.#mayReadInMs()));
			if (this.#isOutdated()) await this.read();
		} while (this.#isOutdated() && !this.#lastReadFailed);
	}

	async #awaited(read: Promise<void>): Promise<void> {
		this.#background(read);
		await Promise.race([read, scheduler.wait(READ_AWAITED_MS)]);
	}

	async #readAfresh(): Promise<void> {
		await this.#reading;
		await this.read();
	}

	/** Reads the entitlement; all who want it at once share one call. Never throws. */
	read(): Promise<void> {
		this.#reading ??= this.#readOnce().finally(() => {
			this.#reading = null;
		});
		return this.#reading;
	}

	async #readOnce(): Promise<void> {
		if (!this.#isAskable()) return;
		this.#lastReadMs = Date.now();
		if (this.#flushing || this.#book.notes.retry) await this.#flush();
		// Later than each acknowledgement that is here already, and (in #acknowledge) no later than each that is still to come: a Worker's
		// clock stands still between two events, so that the time of day alone cannot tell which came first.
		const acknowledged = [...this.#book.rows.values()].map((row) => (row.reportedAtMs ?? 0) + 1);
		this.#readSentMs = Math.max(this.#book.nowMs(), this.#book.notes.changedAtMs ?? 0, ...acknowledged);
		try {
			const said = await readEntitlement(this.#book.externalId, this.#readSentMs, READ_TIMEOUT_MS);
			this.#lastReadFailed = false;
			if (!said) return;
			// While it is not known which reports arrived, a number from the provider cannot be told apart from one that lacks them.
			if (said.entitlement.kind === "balance" && this.#isInDoubt(said.entitlement.subscriptionId)) {
				this.#lastReadFailed = true;
				return;
			}
			this.#lastSaid = baselineOf(said.entitlement, said.creditsBought);
			this.#keep(said.entitlement);
			this.#checkout.hear(said.entitlement, said.creditsBought);
		} catch (error) {
			this.#lastReadFailed = true;
			console.error(`entitlement of ${this.#book.key} could not be read: ${error}`);
		}
	}

	/** Whether reports of a subscription may have been sent of which it is not known what became. */
	#isInDoubt(subscriptionId: string): boolean {
		if (!this.#book.notes.retry) return false;
		const isDue = (row: RequestRow) => isOwed(row) && (row.reportAfterMs ?? 0) <= this.#book.nowMs();
		return [...this.#book.rows.values()].some((row) => isDue(row) && subscriptionOf(row.pool) === subscriptionId);
	}

	/**
	 * Takes a fresh copy into memory. On disk it goes at once when its terms are others or the last was in doubt, and with the next row when
	 * only its number says something new: to look at what is left writes nothing. A number that is lost is not missed, as the older one
	 * subtracts what was acknowledged since.
	 */
	#keep(entitlement: Entitlement): void {
		const before = { ...this.#book.notes, remaining: this.#book.standing().remaining };
		const wasDoubted = this.#isOutdated();
		const isOld = Date.now() - this.#copyWrittenMs >= COPY_WRITTEN_EVERY_MS;
		this.#book.keepInMind({ entitlement, baseline: this.#baselineFrom(before.baseline) }, isOld);
		if (wasDoubted || terms(before.entitlement) !== terms(entitlement)) this.#book.note({});
		else if (before.remaining !== this.#book.standing().remaining) this.#book.keepInMind({}, true);
		if (isOld) this.#copyWrittenMs = Date.now();
	}

	/** The present one for as long as its period lasts; then the first number of the next that nothing under way can blur. */
	#baselineFrom(present: Baseline | undefined): Baseline | undefined {
		if (present && this.#lastSaid && isSamePeriod(present, this.#lastSaid)) return present;
		return this.#reportsUnderWay === 0 ? (this.#lastSaid ?? undefined) : present;
	}

	#acknowledge(reports: Report[]): void {
		for (const { id } of reports) this.#book.decide({ type: "acknowledge", id }, Math.max(this.#book.nowMs(), this.#readSentMs));
	}

	/** Sends what is owed, until the provider fails; all who want it at once share one run. */
	#flush(): Promise<boolean> {
		this.#flushing ??= this.#flushOnce().finally(() => {
			this.#flushing = null;
		});
		return this.#flushing;
	}

	async #flushOnce(): Promise<boolean> {
		for (;;) {
			const batch = nextBatch(this.#book.rows.values(), this.#book.nowMs());
			if (batch.length === 0) break;
			for (const { id } of batch) this.#book.decide({ type: "dispatch", id });
			try {
				await this.#send(batch);
			} catch (error) {
				this.#noteFailure(error);
				return false;
			}
		}
		const { retry } = this.#book.notes;
		if (!retry) return true;
		this.#book.note({ retry: undefined });
		await this.#tell({ provider: "ok" });
		return true;
	}

	/**
	 * Sends a batch, each subscription's reports by themselves: what the provider will not hear of one (its customer is archived) holds up no other.
	 * @throws when the provider fails for any of them: then it is not known what arrived
	 */
	async #send(batch: Report[]): Promise<void> {
		const failures: unknown[] = [];
		for (const subscription of new Set(batch.map(({ subscriptionId }) => subscriptionId))) {
			const reports = batch.filter(({ subscriptionId }) => subscriptionId === subscription);
			await this.#sendTogether(reports).catch((error: unknown) => failures.push(error));
		}
		if (failures.length > 0) throw failures[0];
	}

	/** Refused as a whole, a batch goes row by row, so that one that the provider does not take holds up none of the others. */
	async #sendTogether(batch: Report[]): Promise<void> {
		try {
			await reportUsage(this.#book.key, batch, REPORT_TIMEOUT_MS);
			this.#acknowledge(batch);
		} catch (error) {
			if (!isRefusal(error)) throw error;
			if (batch.length > 1) for (const report of batch) await this.#sendTogether([report]);
			else for (const { id } of batch) this.#noteRefusal(id, error);
		}
	}

	#noteRefusal(id: string, error: unknown): void {
		const outcome = this.#book.decide({ type: "refuse", id });
		const isDead = outcome.kind === "report-refused" && outcome.deadLetter;
		if (isDead) this.#background(this.#tell({ provider: "ok" }));
		console.error(`the provider refuses the report of ${this.#book.key}:${id}${isDead ? ", which is a dead letter now" : ""}: ${error}`);
	}

	#noteFailure(error: unknown): void {
		const { key, notes } = this.#book;
		const failures = (notes.retry?.failures ?? 0) + 1;
		const nowMs = this.#book.nowMs();
		let notBeforeMs = nowMs + retryDelayMs(failures, Math.random());
		const lastCallMs = (this.#book.standing().window.endMs ?? Number.POSITIVE_INFINITY) - LAST_CALL_MS;
		if (nowMs < lastCallMs) notBeforeMs = Math.min(notBeforeMs, lastCallMs);
		this.#book.note({ retry: { failures, notBeforeMs } });
		console.error(`outbox of ${key} waits after failure ${failures}: ${error}`);
		if (isUnauthorized(error)) this.#background(this.#tell({ provider: "unauthorized" }));
		else if (failures >= FAILURES_WORTH_A_LOOK) this.#background(this.#tell({ provider: "failing" }));
	}

	/** When the books are to be compared again; never while nothing was reported since. */
	#compareDueMs(): number {
		const { notes, rows } = this.#book;
		const { baseline, comparedAtMs = baseline?.atMs ?? 0 } = notes;
		const isDue = (row: RequestRow) => baseline !== undefined && ((row.reportedAtMs ?? 0) >= baseline.atMs || isDeadLetter(row));
		return [...rows.values()].some(isDue) ? comparedAtMs + COMPARE_EVERY_MS : Number.POSITIVE_INFINITY;
	}

	/**
	 * Compares the provider's book with ours. Where it lacks usage, what was acknowledged is sent once more: it keeps what it has and takes
	 * what it lost. Ours is not changed. What is left of the drift stands in the log and in the ledger's report, and the next comparison
	 * starts from here.
	 */
	async #compareBooks(): Promise<void> {
		// Whatever becomes of it, the next one is a day away.
		this.#book.note({ comparedAtMs: this.#book.nowMs() });
		const found = await this.#drift();
		if (found === null) return;
		const lost = found > 0 ? [...this.#book.rows.values()].filter((row) => this.#isSinceBaseline(row)) : [];
		try {
			for (let at = 0; at < lost.length; at += RESEND_BATCH) {
				const again = lost.slice(at, at + RESEND_BATCH).map((row) => ({ ...row, reportedAtMs: null, reportAfterMs: null }));
				await reportUsage(this.#book.key, nextBatch(again, this.#book.nowMs()), REPORT_TIMEOUT_MS);
			}
		} catch (error) {
			this.#noteFailure(error);
			return;
		}
		const drift = lost.length > 0 ? await this.#drift() : found;
		if (drift === null || this.#lastSaid === null) return;
		if (found !== 0) {
			console.error(`drift of ${this.#book.key}: ${found} units; ${lost.length} reports sent again; ${drift} left`);
		}
		this.#book.note({ baseline: this.#lastSaid });
		// A dead letter is usage that the provider lacks, too.
		const refused = deadLetters(this.#book.rows.values()).reduce((units, row) => units + row.units, 0);
		await this.#tell({ provider: "ok", drift: drift + refused, resent: lost.length, comparedAt: new Date(this.#book.nowMs()) });
	}

	/** The drift since the baseline, from a read with nothing under way; null when there was no such read, or a new period has begun. */
	async #drift(): Promise<number | null> {
		const begun = this.#reportsBegun;
		if (this.#reportsUnderWay > 0) return null;
		await this.#readAfresh();
		const { baseline } = this.#book.notes;
		const isDisturbed = this.#lastReadFailed || this.#reportsBegun !== begun || this.#flushing !== null;
		if (isDisturbed || !baseline || !this.#lastSaid || !isSamePeriod(baseline, this.#lastSaid)) return null;
		return driftBetween(baseline, this.#lastSaid, this.#book.rows.values());
	}

	#isSinceBaseline(row: RequestRow): boolean {
		const { baseline } = this.#book.notes;
		return baseline !== undefined && subscriptionOf(row.pool) === baseline.subscriptionId && (row.reportedAtMs ?? 0) >= baseline.atMs;
	}

	async #tell(news: Pick<LedgerReport, "provider"> & Partial<LedgerReport>): Promise<void> {
		const rows = [...this.#book.rows.values()];
		const { key } = this.#book;
		await keepLedgerReport({ subject: key, owed: rows.filter(isOwed).length, deadLetters: deadLetters(rows).length, ...news });
	}
}

/** What of an entitlement is more than a number. */
function terms(entitlement: Entitlement | undefined): string {
	if (!entitlement) return "";
	const { fetchedAtMs: _, ...said } = entitlement;
	return JSON.stringify("available" in said ? { ...said, available: null } : said);
}
