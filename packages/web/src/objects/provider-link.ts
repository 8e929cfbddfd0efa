import {
	type Baseline,
	baselineOf,
	deadLetters,
	driftBetween,
	type Entitlement,
	isOver,
	isSamePeriod,
	isTrusted,
	type Refusal,
} from "@parley/metering";
import { within } from "../lib/payments/deadline.ts";
import { billingPort, capabilities } from "../lib/payments/provider.ts";
import { now } from "../lib/time/clock.ts";
import { logFailure, logNote } from "../log.ts";
import type { PlanNews } from "../view/usage.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { OpenCheckout } from "./open-checkout.ts";
import { Outbox } from "./outbox.ts";
import type { PlanMails } from "./plan-mails.ts";

/** How long a user waits for the provider; the read itself may take longer. */
const READ_AWAITED_MS = 1_500;
const READ_TIMEOUT_MS = 5_000;
/** Read interval for a waiting webhook: one purchase sends six of them within a second. */
const READ_EVERY_CHANGE_MS = 250;
/** The allowed difference between the provider's clock and ours. */
const CLOCKS_APART_MS = 5_000;
/** How long a webhook waits for the read. */
const CHANGE_AWAITED_MS = 15_000;
/** The minimum interval between reads: normally, and while a checkout is open. A page waiting for a checkout may read sooner. */
const READ_EVERY_MS = 10_000;
const READ_EVERY_IN_CHECKOUT_MS = 2_000;
/** For background reads by a page while the provider works. Twice this would show a grant too late (10 s from the next request). */
const READ_BEHIND_PAGE_EVERY_MS = 5_000;
/** The age from which a free user's copy is read again after an answer. */
const COPY_AGE_MS = 60_000;
/** How often an unchanged copy may be written to disk. */
const COPY_WRITTEN_EVERY_MS = 3_600_000;
/** How often usage is compared with the provider, for a subject with usage. */
const COMPARE_EVERY_MS = 86_400_000;

/**
 * Connects one ledger to the billing provider: reads the entitlement, reports usage, and compares the two counts. All of it runs after answers, and
 * its memory may be lost at any time.
 */
export class ProviderLink {
	readonly #book: LedgerBook;
	readonly #checkout: OpenCheckout;
	readonly #outbox: Outbox;
	readonly #background: (work: Promise<unknown>) => void;
	readonly #onNewTerms: () => void;
	readonly #mails: PlanMails;
	#reading: Promise<void> | null = null;
	#readingInTurn: Promise<void> | null = null;
	/** The last read, as a baseline for comparison. */
	#lastRead: Baseline | null = null;
	/** By the machine's clock: the provider's rate limit runs in real time. */
	#lastReadMs = 0;
	/** By the ledger's clock. */
	#readSentMs = 0;
	#lastReadFailed = false;
	#copyWrittenMs = 0;

	/** `background` keeps the object alive until background work is done. `onNewTerms`: a read found another plan than before, or a purchase. */
	constructor(
		book: LedgerBook,
		checkout: OpenCheckout,
		mails: PlanMails,
		background: (work: Promise<unknown>) => void,
		onNewTerms: () => void,
	) {
		this.#book = book;
		this.#checkout = checkout;
		this.#outbox = new Outbox(book, background);
		this.#background = background;
		this.#onNewTerms = onNewTerms;
		this.#mails = mails;
	}

	/** Whether the provider may be read now: one is configured, and the last read is long enough ago. */
	mayRead(): boolean {
		return this.#hasProvider() && this.#mayReadInMs() <= 0;
	}

	/** Whether waiting for a read may turn a refusal into an accept. */
	mayChangeMind({ policy }: Refusal): boolean {
		if (policy === "in-flight" || policy === "member" || !this.mayRead()) return false;
		// An organization without a plan refuses every request, and its members' own allowances follow, so waiting is pointless.
		if (policy !== "organization" || this.#isUnsure() || this.#checkout.isAwaited()) return true;
		this.#background(this.readIfOld());
		return false;
	}

	/** Reads the entitlement; the caller waits at most 1.5 s. */
	async readAwaited(): Promise<void> {
		await this.#awaited(this.read());
	}

	/** Like `readAwaited`, but always sends a new read instead of joining one in flight. */
	async readAfreshAwaited(): Promise<void> {
		await this.#awaited(this.#readAfresh());
	}

	/** For a page that waits for a purchase: reads at once if it may force a read, otherwise at the normal rate for refusals. */
	async readForBuyer(): Promise<void> {
		if (this.#hasProvider() && (this.#checkout.takeForcedRead() || this.mayRead())) await this.readAwaited();
	}

	/** Alongside an accepted request: reads if the copy is unreliable. */
	readIfUnsure(): void {
		if (this.#isUnsure() && this.mayRead()) this.#background(this.read());
	}

	/** After an answer: reads if the copy is old. */
	async readIfOld(): Promise<void> {
		if (this.mayRead() && Date.now() - this.#lastReadMs > COPY_AGE_MS) await this.read();
	}

	/**
	 * Before a page shows the balance. It waits only while a checkout is open or the copy is unreliable. A reliable copy of a plan is refreshed in the
	 * background, so that a grant made elsewhere shows on the next view, even during a long answer.
	 */
	async readForPage(): Promise<void> {
		const { entitlement } = this.#book.notes;
		const isSure = entitlement !== undefined && !this.#isUnsure();
		if (this.mayRead() && (this.#checkout.isAwaited() || (entitlement && !isSure))) await this.readAwaited();
		else if (this.mayRead() && !entitlement) this.#background(this.read());
		else if (isSure && entitlement.kind !== "none" && !this.#lastReadFailed && this.#hasProvider()) {
			if (Date.now() - this.#lastReadMs >= READ_BEHIND_PAGE_EVERY_MS) this.#background(this.read());
		}
	}

	/**
	 * Marks the copy as outdated after a change at the provider, and reads it again in the background, within the normal read rate. The old copy
	 * stays until it is replaced.
	 */
	noteChange(): void {
		if (this.#noteIfKnown()) this.#background(this.#readInTurn());
	}

	/**
	 * The same for a webhook, which waits up to 15 s and learns whether the change was read. It may read sooner than others, and skips events
	 * older than the last answer.
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

	/** Records a change; false if nothing was ever read, so there is nothing to discard or store. */
	#noteIfKnown(): boolean {
		const { entitlement, changedAtMs = 0 } = this.#book.notes;
		if (!this.#hasProvider() || (!entitlement && !this.#reading)) return false;
		const sentMs = Math.max(this.#readSentMs, entitlement?.fetchedAtMs ?? 0);
		if (changedAtMs <= sentMs) this.#book.note({ changedAtMs: Math.max(this.#book.nowMs(), sentMs + 1) });
		return true;
	}

	/** After the development clock moves: the copy belongs to another time, however recent it is. */
	async clockMoved(): Promise<void> {
		if (this.#hasProvider() && this.#book.notes.entitlement) await this.#readAfresh();
	}

	/** Whether the tier may be too low because the provider could not be read. */
	isUnverified(): boolean {
		const { entitlement } = this.#book.notes;
		return this.#hasProvider() && this.#lastReadFailed && (!entitlement || !isTrusted(entitlement, now()));
	}

	/** When the next work is due, epoch milliseconds; infinity for never. */
	dueMs(): number {
		return Math.min(this.#outbox.dueMs(), this.#compareDueMs());
	}

	/** Sends due reports, reads the resulting balance, and compares the counts when due. Never throws. */
	async work(): Promise<void> {
		if (this.#outbox.isDue() && (await this.#outbox.flush())) await this.#readAfresh();
		if (this.#book.nowMs() >= this.#compareDueMs()) await this.#compareCounts();
	}

	/** See Outbox. */
	reportNow(id: string, timeoutMs: number): Promise<{ event: unknown; refused: boolean }> {
		return this.#outbox.reportNow(id, timeoutMs);
	}

	#hasProvider(): boolean {
		return (this.#book.kind === "user" || this.#book.kind === "organization") && capabilities().sells;
	}

	/** Whether the copy is missing, past its period, too old to trust, or outdated by a change. */
	#isUnsure(): boolean {
		const { entitlement } = this.#book.notes;
		return !entitlement || isOver(entitlement, now()) || !isTrusted(entitlement, now()) || this.#isOutdated();
	}

	#isOutdated(): boolean {
		const { entitlement, changedAtMs = 0 } = this.#book.notes;
		return (entitlement?.fetchedAtMs ?? 0) < changedAtMs;
	}

	/** Milliseconds of real time until the provider may be read again; 0 or less for now. */
	#mayReadInMs(everyMs = this.#checkout.isAwaited() ? READ_EVERY_IN_CHECKOUT_MS : READ_EVERY_MS): number {
		return this.#lastReadMs + everyMs - Date.now();
	}

	/** Reads an outdated copy, after any read in flight and within the rate limit. Concurrent callers share one run. */
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

	/** Reads the entitlement. Concurrent callers share one call, which always ends. Never throws. */
	read(): Promise<void> {
		this.#reading ??= this.#readOnce().finally(() => {
			this.#reading = null;
		});
		return this.#reading;
	}

	async #readOnce(): Promise<void> {
		if (!this.#hasProvider()) return;
		this.#lastReadMs = Date.now();
		if (this.#outbox.isFlushing() || this.#book.notes.retry) await this.#outbox.flush();
		this.#readSentMs = this.#outbox.markRead();
		try {
			const { entitlement, news, creditsBought } = await within(READ_TIMEOUT_MS, async () => {
				const { comingChange } = this.#book.notes;
				return (await billingPort("usage")).readEntitlement(this.#book.externalId, this.#readSentMs, READ_TIMEOUT_MS, comingChange);
			});
			this.#lastReadFailed = false;
			// While reports are in doubt, a balance may or may not include them, so it cannot be used.
			if (entitlement.kind === "balance" && this.#outbox.isInDoubt(entitlement.subscriptionId)) {
				this.#lastReadFailed = true;
				return;
			}
			this.#lastRead = baselineOf(entitlement, creditsBought);
			this.#keep(entitlement, news ?? undefined);
			this.#mails.noteNews(news);
			if (this.#checkout.noteRead(entitlement, creditsBought)) this.#onNewTerms();
		} catch (error) {
			this.#lastReadFailed = true;
			logFailure(`entitlement of ${this.#book.key} could not be read`, error);
		}
	}

	/**
	 * Keeps a fresh copy in memory. Written at once if its terms changed or the old copy was outdated, and with the next row if only its number
	 * changed, so viewing a balance writes nothing. A lost number is harmless, since the older one subtracts units acknowledged since.
	 */
	#keep(entitlement: Entitlement, plan: PlanNews | undefined): void {
		const before = { ...this.#book.notes, remaining: this.#book.standing().remaining };
		const wasOutdated = this.#isOutdated();
		const isOld = Date.now() - this.#copyWrittenMs >= COPY_WRITTEN_EVERY_MS;
		this.#book.keepInMind({ entitlement, plan, baseline: this.#baselineFrom(before.baseline) }, isOld);
		const hasNewTerms = terms(before.entitlement) !== terms(entitlement) || JSON.stringify(before.plan) !== JSON.stringify(plan);
		if (hasNewTerms) this.#onNewTerms();
		if (wasOutdated || hasNewTerms) this.#book.note({});
		else if (before.remaining !== this.#book.standing().remaining) this.#book.keepInMind({}, true);
		if (isOld) this.#copyWrittenMs = Date.now();
	}

	/** Keeps the baseline for its period, then replaces it with the first read that had no report in flight. */
	#baselineFrom(present: Baseline | undefined): Baseline | undefined {
		if (present && this.#lastRead && isSamePeriod(present, this.#lastRead)) return present;
		return this.#outbox.reportsUnderWay === 0 ? (this.#lastRead ?? undefined) : present;
	}

	/** When the counts are compared next; infinity if nothing was reported since the last time. */
	#compareDueMs(): number {
		const { notes, sums, live } = this.#book;
		const { baseline, comparedAtMs = baseline?.atMs ?? 0 } = notes;
		if (!baseline) return Number.POSITIVE_INFINITY;
		const isDue = sums.acknowledgedSinceBaseline(Number.POSITIVE_INFINITY).size > 0 || deadLetters(live.values()).length > 0;
		return isDue ? comparedAtMs + COMPARE_EVERY_MS : Number.POSITIVE_INFINITY;
	}

	/**
	 * Compares the provider's count with ours. If the provider lacks usage, acknowledged reports are resent; it ignores those it has. Our count never
	 * changes. The remaining drift is logged and published, and the next comparison starts from here.
	 */
	async #compareCounts(): Promise<void> {
		// Written first: whatever the result, the next comparison is a day away.
		this.#book.note({ comparedAtMs: this.#book.nowMs() });
		const found = await this.#drift();
		if (found === null) return;
		const { baseline } = this.#book.notes;
		const resent = found > 0 && baseline ? await this.#outbox.resend(baseline.subscriptionId, baseline.atMs) : 0;
		if (resent === null) return;
		const drift = resent > 0 ? await this.#drift() : found;
		if (drift === null || this.#lastRead === null) return;
		if (found !== 0) {
			logNote(`drift of ${this.#book.key}: ${found} units; ${resent} reports sent again; ${drift} left`);
		}
		this.#book.note({ baseline: this.#lastRead });
		// The provider also lacks the usage of dead letters.
		const refused = deadLetters(this.#book.live.values()).reduce((units, row) => units + row.units, 0);
		await this.#outbox.publish({ provider: "ok", drift: drift + refused, resent, comparedAt: new Date(this.#book.nowMs()) });
	}

	/** The drift since the baseline, from a read with no report in flight; null without such a read, or if a new period began. */
	async #drift(): Promise<number | null> {
		const begun = this.#outbox.reportsBegun;
		if (this.#outbox.reportsUnderWay > 0) return null;
		await this.#readAfresh();
		const { baseline } = this.#book.notes;
		const isDisturbed = this.#lastReadFailed || this.#outbox.reportsBegun !== begun || this.#outbox.isFlushing();
		if (isDisturbed || !baseline || !this.#lastRead || !isSamePeriod(baseline, this.#lastRead)) return null;
		const acknowledged = this.#book.sums.acknowledgedSinceBaseline(this.#lastRead.atMs).get(baseline.subscriptionId) ?? 0;
		return driftBetween(baseline, this.#lastRead, acknowledged);
	}
}

/** An entitlement without its balance: the terms of the plan. */
function terms(entitlement: Entitlement | undefined): string {
	if (!entitlement) return "";
	const { fetchedAtMs: _, ...rest } = entitlement;
	return JSON.stringify("available" in rest ? { ...rest, available: null } : rest);
}
