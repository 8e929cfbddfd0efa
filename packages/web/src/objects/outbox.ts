import { deadLetters, isOwed, nextBatch, nextDueMs, type RequestRow, retryDelayMs, subscriptionOf } from "@parley/metering";
import { keepLedgerReport, type LedgerReport } from "../db/ledger-reports.ts";
import { transactionIdOf } from "../lib/identity/subject-key.ts";
import { within } from "../lib/payments/deadline.ts";
import { isAnswered, isRefusal, isUnauthorized, RefusedReport } from "../lib/payments/errors.ts";
import type { UsageReport } from "../lib/payments/port.ts";
import { billingPort, billingProvider } from "../lib/payments/provider.ts";
import { logFailure, logNote } from "../log.ts";
import type { LedgerBook } from "./ledger-book.ts";

const REPORT_TIMEOUT_MS = 10_000;
/** For a batch, in which each report may be its own call. */
const BATCH_TIMEOUT_MS = 60_000;
/** Owed usage is sent this long before a billing period ends, even during a back-off. */
const LAST_CALL_MS = 60_000;
/** After this many consecutive failures, the state is published for operators. */
const FAILURES_WORTH_A_LOOK = 3;
/** Consecutive failures that count as a refusal, if the provider answers each one and other calls too. Flowglad refuses with 500. */
const FAILURES_OF_A_REFUSAL = 5;
const PROBE_TIMEOUT_MS = 5_000;
const RESEND_BATCH = 50;
/** A report in doubt is looked up this long before the provider may have forgotten it. */
const FORGETS_SOONER_MS = 4 * 3_600_000;
const MINUTE_MS = 60_000;

/** The usage one ledger owes the billing provider. Counted requests are reported after the answer, each exactly once. */
export class Outbox {
	readonly #book: LedgerBook;
	readonly #background: (work: Promise<unknown>) => void;
	#flushing: Promise<boolean> | null = null;
	/** When the entitlement was last requested, by the ledger's clock. No acknowledgement is dated before it. */
	#readSentMs = 0;
	/** Whether the provider answers calls other than reports; null until checked in this flush. */
	#answersOthers: boolean | null = null;
	/** Single reports (`reportNow`): how many were started, and how many are in flight. */
	reportsBegun = 0;
	reportsUnderWay = 0;

	constructor(book: LedgerBook, background: (work: Promise<unknown>) => void) {
		this.#book = book;
		this.#background = background;
	}

	/** When the next report is due, epoch milliseconds; infinity for never. */
	dueMs(): number {
		const { live, notes } = this.#book;
		const owedMs = nextDueMs(live.values());
		return owedMs === null ? Number.POSITIVE_INFINITY : Math.max(owedMs, notes.retry?.notBeforeMs ?? 0);
	}

	/** Whether a report may be sent now. */
	isDue(): boolean {
		return this.dueMs() <= this.#book.nowMs();
	}

	isFlushing(): boolean {
		return this.#flushing !== null;
	}

	/**
	 * Dates a read of the entitlement after every acknowledgement so far, and not after any later one. A Worker's clock does not advance between two
	 * events, so the time alone does not order them.
	 */
	markRead(): number {
		const { notes, sums } = this.#book;
		this.#readSentMs = Math.max(this.#book.nowMs(), notes.changedAtMs ?? 0, sums.acknowledgedMs + 1);
		return this.#readSentMs;
	}

	/** Whether a subscription has reports that were sent with an unknown outcome. A report answered with an error has not arrived. */
	isInDoubt(subscriptionId: string): boolean {
		const { retry } = this.#book.notes;
		if (!retry || retry.isAnswered) return false;
		const nowMs = this.#book.nowMs();
		for (const row of this.#book.live.values()) {
			if (isOwed(row) && (row.reportAfterMs ?? 0) <= nowMs && subscriptionOf(row.pool) === subscriptionId) return true;
		}
		return false;
	}

	/**
	 * Sends everything due until the provider fails, and returns whether all of it arrived. Concurrent callers share one run, which always ends.
	 * Never throws.
	 */
	flush(): Promise<boolean> {
		this.#flushing ??= this.#flushOnce().finally(() => {
			this.#flushing = null;
		});
		return this.#flushing;
	}

	/**
	 * Reports one counted request now and returns the provider's event. Null if the provider did not accept it; the request is then sent with the
	 * others. `refused`: the provider has no such meter or subscription.
	 */
	async reportNow(id: string, timeoutMs: number): Promise<{ event: unknown; refused: boolean }> {
		const row = this.#book.stored.row(id);
		const [report] = row ? this.#batch([{ ...row, reportedAtMs: null }]) : [];
		if (!report) return { event: null, refused: false };
		this.reportsBegun += 1;
		this.reportsUnderWay += 1;
		try {
			const event = await within(timeoutMs, async () => {
				return (await billingPort("usage")).reportOne(this.#book.externalId, report, timeoutMs);
			});
			this.#acknowledge(report);
			return { event, refused: false };
		} catch (error) {
			await this.#noteFailure(error, [report]);
			return { event: null, refused: isRefusal(error) };
		} finally {
			this.reportsUnderWay -= 1;
		}
	}

	/**
	 * Resends a subscription's rows acknowledged since an instant, in batches: the provider ignores those it has.
	 * @returns how many it accepted; null if it failed. Never throws
	 */
	async resend(subscriptionId: string, fromMs: number): Promise<number | null> {
		let resent = 0;
		try {
			let page = this.#acknowledgedAfter("", fromMs);
			while (page.length > 0) {
				const own = page.filter((row) => subscriptionOf(row.pool) === subscriptionId);
				const again = own.map((row) => ({ ...row, reportedAtMs: null, reportAfterMs: null, refusals: 0 }));
				if (again.length > 0) await this.#report(this.#batch(again), () => {});
				resent += again.length;
				page = this.#acknowledgedAfter(page.at(-1)?.id ?? "", fromMs);
			}
			return resent;
		} catch (error) {
			await this.#noteFailure(error, []);
			return null;
		}
	}

	#acknowledgedAfter(id: string, fromMs: number): RequestRow[] {
		return this.#book.stored.finalAfter(id, RESEND_BATCH, "AND reported_at_ms >= ?", fromMs);
	}

	/** Publishes this ledger's state for an operator (`GET /api/admin/ledgers`). */
	async publish(news: Pick<LedgerReport, "provider"> & Partial<LedgerReport>): Promise<void> {
		const { key, live } = this.#book;
		let owed = 0;
		for (const row of live.values()) if (isOwed(row)) owed += 1;
		await keepLedgerReport({ subject: key, owed, deadLetters: deadLetters(live.values()).length, ...news });
	}

	#batch(rows: Iterable<RequestRow>): UsageReport[] {
		return nextBatch(rows, this.#book.nowMs()).map((report) => ({ ...report, transactionId: transactionIdOf(this.#book.key, report.id) }));
	}

	async #flushOnce(): Promise<boolean> {
		this.#answersOthers = null;
		for (;;) {
			const batch = this.#batch(this.#book.live.values());
			if (batch.length === 0) break;
			for (const { id } of batch) this.#book.decide({ type: "dispatch", id });
			try {
				await this.#lookUpOld(batch);
				await this.#send(batch.filter(({ id }) => this.#isOwed(id)));
			} catch (error) {
				await this.#noteFailure(
					error,
					batch.filter(({ id }) => this.#isOwed(id)),
				);
				return false;
			}
		}
		const { retry } = this.#book.notes;
		if (!retry) return true;
		this.#book.note({ retry: undefined });
		// In the background, so that the run ends whatever D1 does.
		this.#background(this.publish({ provider: "ok" }));
		return true;
	}

	#isOwed(id: string): boolean {
		const row = this.#book.live.get(id);
		return row !== undefined && isOwed(row);
	}

	/**
	 * Once the deduplication window may have passed, checks the provider's count for a report's minute before resending. Any units beyond the
	 * acknowledged ones are the oldest reports in doubt, since reports are sent in order.
	 */
	async #lookUpOld(batch: UsageReport[]): Promise<void> {
		const { deduplication } = await billingPort("usage");
		const { sentAtMs = {} } = this.#book.notes.retry ?? {};
		if (!deduplication) return;
		const oldMs = this.#book.nowMs() - deduplication.forgetsReportsAfterMs + FORGETS_SOONER_MS;
		const old = batch.filter(({ id }) => (sentAtMs[id] ?? Number.POSITIVE_INFINITY) <= oldMs);
		const minutes = old.map(({ usedAtMs }) => usedAtMs - (usedAtMs % MINUTE_MS));
		if (old.length === 0) return;
		const known = this.#book.stored.acknowledgedByMinute(Math.min(...minutes), Math.max(...minutes) + MINUTE_MS, MINUTE_MS);
		for (const report of old) {
			const fromMs = report.usedAtMs - (report.usedAtMs % MINUTE_MS);
			const there = await within(REPORT_TIMEOUT_MS, () =>
				deduplication.unitsReported(this.#book.externalId, fromMs, fromMs + MINUTE_MS, REPORT_TIMEOUT_MS),
			);
			const units = (known.get(fromMs) ?? 0) + report.units;
			const isKnown = there >= units;
			logNote(`report ${report.transactionId} is old and in doubt: ${isKnown ? "the provider has it" : "sending it again"}`);
			if (!isKnown) continue;
			known.set(fromMs, units);
			this.#acknowledge(report);
		}
	}

	/**
	 * Sends a batch, one subscription at a time, so that a subscription whose reports fail (its customer is archived) does not block the others.
	 * @throws the first failure, after all subscriptions were tried
	 */
	async #send(batch: UsageReport[]): Promise<void> {
		const failures: unknown[] = [];
		for (const subscription of new Set(batch.map(({ subscriptionId }) => subscriptionId))) {
			const reports = batch.filter(({ subscriptionId }) => subscriptionId === subscription);
			await this.#sendTogether(reports).catch((error: unknown) => failures.push(error));
		}
		if (failures.length > 0) throw failures.find((failure) => !isAnswered(failure)) ?? failures[0];
	}

	/** A batch that is refused as a whole is sent row by row, so that one bad row does not block the others. */
	async #sendTogether(batch: UsageReport[]): Promise<void> {
		const left = new Set(batch);
		try {
			await this.#report(batch, (report) => {
				this.#acknowledge(report);
				left.delete(report);
			});
		} catch (error) {
			if (!isRefusal(error) && !(await this.#isRefusedAgain(error, batch))) throw error;
			if (batch.length > 1 && !(error instanceof RefusedReport)) for (const report of left) await this.#sendTogether([report]);
			else for (const report of left) this.#noteRefusal(report, error);
		}
	}

	/**
	 * Whether a possible refusal really is one: the provider repeatedly gives the same answer and answers other calls. Never for a provider
	 * that forgets reports, because it could count a late repeat twice.
	 */
	async #isRefusedAgain(error: unknown, batch: UsageReport[]): Promise<boolean> {
		const usage = await billingPort("usage");
		if (!isAnswered(error) || usage.deduplication) return false;
		const wasRefused = batch.every(({ id }) => (this.#book.live.get(id)?.refusals ?? 0) > 0);
		const failures = (this.#book.notes.retry?.failures ?? 0) + 1;
		if (!wasRefused && failures < FAILURES_OF_A_REFUSAL) return false;
		const probe = () => usage.readEntitlement(this.#book.externalId, this.#book.nowMs(), PROBE_TIMEOUT_MS);
		this.#answersOthers ??= await within(PROBE_TIMEOUT_MS, probe).then(
			() => true,
			() => false,
		);
		return this.#answersOthers;
	}

	async #report(batch: UsageReport[], onReported: (report: UsageReport) => void): Promise<void> {
		await within(BATCH_TIMEOUT_MS, async () => {
			await (await billingPort("usage")).reportUsage(this.#book.externalId, batch, REPORT_TIMEOUT_MS, onReported);
		});
	}

	#acknowledge({ id }: UsageReport): void {
		this.#book.decide({ type: "acknowledge", id }, Math.max(this.#book.nowMs(), this.#readSentMs));
	}

	#noteRefusal({ id, transactionId }: UsageReport, error: unknown): void {
		const outcome = this.#book.decide({ type: "refuse", id });
		const isDead = outcome.kind === "report-refused" && outcome.deadLetter;
		if (isDead) this.#background(this.publish({ provider: "ok" }));
		logFailure(`the provider refused report ${transactionId}${isDead ? ", now a dead letter" : ""}`, error);
	}

	/** @param inDoubt reports that were sent and may have arrived */
	async #noteFailure(error: unknown, inDoubt: UsageReport[]): Promise<void> {
		const { key, notes } = this.#book;
		const failures = (notes.retry?.failures ?? 0) + 1;
		const nowMs = this.#book.nowMs();
		let notBeforeMs = nowMs + retryDelayMs(failures, Math.random());
		const lastCallMs = (this.#book.standing().window.endMs ?? Number.POSITIVE_INFINITY) - LAST_CALL_MS;
		if (nowMs < lastCallMs) notBeforeMs = Math.min(notBeforeMs, lastCallMs);
		const sentAtMs = await this.#firstSentAt(inDoubt, nowMs);
		this.#book.note({ retry: { failures, notBeforeMs, isAnswered: isAnswered(error), ...sentAtMs } });
		logFailure(`outbox of ${key} waits after failure ${failures}`, error);
		if (isUnauthorized(error)) this.#background(this.publish({ provider: "unauthorized" }));
		else if (failures >= FAILURES_WORTH_A_LOOK) this.#background(this.publish({ provider: "failing" }));
	}

	/** When each report in doubt was first sent, for a provider that forgets reports. */
	async #firstSentAt(inDoubt: UsageReport[], nowMs: number): Promise<{ sentAtMs?: Record<string, number> }> {
		const { usage } = await billingProvider();
		if (!usage?.deduplication) return {};
		const sentAtMs: Record<string, number> = {};
		const before = Object.entries(this.#book.notes.retry?.sentAtMs ?? {}).filter(([id]) => this.#isOwed(id));
		for (const { id } of inDoubt) sentAtMs[id] = nowMs;
		return { sentAtMs: { ...sentAtMs, ...Object.fromEntries(before) } };
	}
}
