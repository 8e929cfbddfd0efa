import {
	type Baseline,
	baselineOf,
	deadLetters,
	driftBetween,
	type Entitlement,
	isDeadLetter,
	isOver,
	isSamePeriod,
	isTrusted,
	type Refusal,
	type RequestRow,
	subscriptionOf,
} from "@parley/metering";
import { config } from "../config.ts";
import { billingProvider } from "../lib/payments/provider.ts";
import { now } from "../lib/time/clock.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { OpenCheckout } from "./open-checkout.ts";
import { Outbox } from "./outbox.ts";

/** A user waits this long for the provider at most; the read itself may take longer. */
const READ_AWAITED_MS = 1_500;
const READ_TIMEOUT_MS = 5_000;
/** For a webhook that waits for it: six of them belong to one purchase, within a second. */
const READ_EVERY_CHANGE_MS = 250;
/** The provider's clock and ours may be apart by this much. */
const CLOCKS_APART_MS = 5_000;
/** A webhook waits this long at most for what it changed to be read. */
const CHANGE_AWAITED_MS = 15_000;
/** The provider is asked at most this often, and while a checkout is open, this often. A page that waits for one may ask sooner. */
const READ_EVERY_MS = 10_000;
const READ_EVERY_IN_CHECKOUT_MS = 2_000;
/** Where nobody waits for it and it does not fail, half as often would show a grant too late (10 s from the next request). */
const READ_BEHIND_PAGE_EVERY_MS = 5_000;
/** A free user's copy is read again behind an answer when it is older than this. */
const COPY_AGE_MS = 60_000;
/** A copy that says nothing new is written this seldom. */
const COPY_WRITTEN_EVERY_MS = 3_600_000;
/** The books of a subject that used something are compared this often. */
const COMPARE_EVERY_MS = 86_400_000;

/**
 * What one ledger and the billing provider tell each other: the entitlement is read, usage is reported, the two books are compared. All of it
 * happens behind the answers; what is remembered here may be lost at any time.
 */
export class ProviderLink {
	readonly #book: LedgerBook;
	readonly #checkout: OpenCheckout;
	readonly #outbox: Outbox;
	readonly #background: (work: Promise<unknown>) => void;
	#reading: Promise<void> | null = null;
	#readingInTurn: Promise<void> | null = null;
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
		this.#outbox = new Outbox(book, background);
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
		if (this.#noteIfKnown()) this.#background(this.#readInTurn());
	}

	/**
	 * The same for who is to be told when it has been read, within 15 s; whether it was. The provider itself has called, and is asked sooner; not at
	 * all for what happened before the last time that it answered.
	 */
	async readChange(happenedAtMs: number): Promise<boolean> {
		const { entitlement } = this.#book.notes;
		if (!this.#isOutdated() && happenedAtMs + CLOCKS_APART_MS < (entitlement?.fetchedAtMs ?? 0)) return true;
		if (this.#noteIfKnown()) {
			const read = this.#readWhileOutdated(READ_EVERY_CHANGE_MS);
			this.#background(read);
			await Promise.race([read, scheduler.wait(CHANGE_AWAITED_MS)]);
		}
		return !this.#isOutdated();
	}

	/** Notes that something changed; false where nothing was read, so that there is nothing to forget, nor to store. */
	#noteIfKnown(): boolean {
		const { entitlement, changedAtMs = 0 } = this.#book.notes;
		if (!this.#isAskable() || (!entitlement && !this.#reading)) return false;
		const askedMs = Math.max(this.#readSentMs, entitlement?.fetchedAtMs ?? 0);
		if (changedAtMs <= askedMs) this.#book.note({ changedAtMs: Math.max(this.#book.nowMs(), askedMs + 1) });
		return true;
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
		return Math.min(this.#outbox.dueMs(), this.#compareDueMs());
	}

	/** Sends what is owed and due, reads what the provider makes of it, and compares the books when it is time. Never throws. */
	async work(): Promise<void> {
		if (this.#outbox.isDue() && (await this.#outbox.flush())) await this.#readAfresh();
		if (this.#book.nowMs() >= this.#compareDueMs()) await this.#compareBooks();
	}

	/** See Outbox. */
	reportNow(id: string, timeoutMs: number): Promise<{ event: unknown; refused: boolean }> {
		return this.#outbox.reportNow(id, timeoutMs);
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
	#mayReadInMs(everyMs = this.#checkout.isAwaited() ? READ_EVERY_IN_CHECKOUT_MS : READ_EVERY_MS): number {
		return this.#lastReadMs + everyMs - Date.now();
	}

	/** Reads what is outdated, after a read that is under way and no sooner than the provider may be asked; all share one turn. */
	#readInTurn(): Promise<void> {
		this.#readingInTurn ??= this.#readWhileOutdated().finally(() => {
			this.#readingInTurn = null;
		});
		return this.#readingInTurn;
	}

	async #readWhileOutdated(everyMs?: number): Promise<void> {
		do {
			await this.#reading;
			if (this.#isOutdated()) await scheduler.wait(Math.max(0, this.#mayReadInMs(everyMs)));
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
		if (this.#outbox.isFlushing() || this.#book.notes.retry) await this.#outbox.flush();
		this.#readSentMs = this.#outbox.markRead();
		try {
			const provider = await billingProvider();
			const said = await provider.readEntitlement(this.#book.externalId, this.#readSentMs, READ_TIMEOUT_MS);
			this.#lastReadFailed = false;
			// While it is not known which reports arrived, a number from the provider cannot be told apart from one that lacks them.
			if (said.entitlement.kind === "balance" && this.#outbox.isInDoubt(said.entitlement.subscriptionId)) {
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
		return this.#outbox.reportsUnderWay === 0 ? (this.#lastSaid ?? undefined) : present;
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
		if (!(await this.#outbox.resend(lost))) return;
		const drift = lost.length > 0 ? await this.#drift() : found;
		if (drift === null || this.#lastSaid === null) return;
		if (found !== 0) {
			console.error(`drift of ${this.#book.key}: ${found} units; ${lost.length} reports sent again; ${drift} left`);
		}
		this.#book.note({ baseline: this.#lastSaid });
		// A dead letter is usage that the provider lacks, too.
		const refused = deadLetters(this.#book.rows.values()).reduce((units, row) => units + row.units, 0);
		await this.#outbox.tell({ provider: "ok", drift: drift + refused, resent: lost.length, comparedAt: new Date(this.#book.nowMs()) });
	}

	/** The drift since the baseline, from a read with nothing under way; null when there was no such read, or a new period has begun. */
	async #drift(): Promise<number | null> {
		const begun = this.#outbox.reportsBegun;
		if (this.#outbox.reportsUnderWay > 0) return null;
		await this.#readAfresh();
		const { baseline } = this.#book.notes;
		const isDisturbed = this.#lastReadFailed || this.#outbox.reportsBegun !== begun || this.#outbox.isFlushing();
		if (isDisturbed || !baseline || !this.#lastSaid || !isSamePeriod(baseline, this.#lastSaid)) return null;
		return driftBetween(baseline, this.#lastSaid, this.#book.rows.values());
	}

	#isSinceBaseline(row: RequestRow): boolean {
		const { baseline } = this.#book.notes;
		return baseline !== undefined && subscriptionOf(row.pool) === baseline.subscriptionId && (row.reportedAtMs ?? 0) >= baseline.atMs;
	}
}

/** What of an entitlement is more than a number. */
function terms(entitlement: Entitlement | undefined): string {
	if (!entitlement) return "";
	const { fetchedAtMs: _, ...said } = entitlement;
	return JSON.stringify("available" in said ? { ...said, available: null } : said);
}
