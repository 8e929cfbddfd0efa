import { deadLetters, isOwed, nextBatch, nextDueMs, type Report, type RequestRow, retryDelayMs, subscriptionOf } from "@parley/metering";
import { keepLedgerReport, type LedgerReport } from "../db/ledger-reports.ts";
import { billingProvider, isRefusal, isUnauthorized } from "../lib/payments/provider.ts";
import type { LedgerBook } from "./ledger-book.ts";

const REPORT_TIMEOUT_MS = 10_000;
/** What is owed is sent this long before a billing period ends, even in the middle of a back-off. */
const LAST_CALL_MS = 60_000;
/** After so many failures in a row someone should look. */
const FAILURES_WORTH_A_LOOK = 3;
const RESEND_BATCH = 50;
/** A report whose fate is unknown is looked for this long before the provider may have forgotten it. */
const FORGETS_SOONER_MS = 4 * 3_600_000;
const MINUTE_MS = 60_000;

/** What one ledger owes the billing provider, and how it gets there: counted requests are reported behind the answers, once each. */
export class Outbox {
	readonly #book: LedgerBook;
	readonly #background: (work: Promise<unknown>) => void;
	#flushing: Promise<boolean> | null = null;
	/** When the entitlement was last asked for, by the ledger's clock: nothing is acknowledged before it. */
	#readSentMs = 0;
	/** Reports sent by themselves: how many were begun, and how many of them are under way. */
	reportsBegun = 0;
	reportsUnderWay = 0;

	constructor(book: LedgerBook, background: (work: Promise<unknown>) => void) {
		this.#book = book;
		this.#background = background;
	}

	/** When something is to be sent, epoch milliseconds; infinity for never. */
	dueMs(): number {
		const { rows, notes } = this.#book;
		const owedMs = nextDueMs(rows.values());
		return owedMs === null ? Number.POSITIVE_INFINITY : Math.max(owedMs, notes.retry?.notBeforeMs ?? 0);
	}

	/** Whether something is owed that may be sent now. */
	isDue(): boolean {
		const { rows, notes } = this.#book;
		const nowMs = this.#book.nowMs();
		return nowMs >= (notes.retry?.notBeforeMs ?? 0) && nextBatch(rows.values(), nowMs).length > 0;
	}

	isFlushing(): boolean {
		return this.#flushing !== null;
	}

	/**
	 * The entitlement is asked for now: answers an instant later than each acknowledgement that is here already, and no later than each that
	 * is still to come. A Worker's clock stands still between two events, so that the time of day alone cannot tell which came first.
	 */
	markRead(): number {
		const acknowledged = [...this.#book.rows.values()].map((row) => (row.reportedAtMs ?? 0) + 1);
		this.#readSentMs = Math.max(this.#book.nowMs(), this.#book.notes.changedAtMs ?? 0, ...acknowledged);
		return this.#readSentMs;
	}

	/** Whether reports of a subscription may have been sent of which it is not known what became. */
	isInDoubt(subscriptionId: string): boolean {
		if (!this.#book.notes.retry) return false;
		const isDue = (row: RequestRow) => isOwed(row) && (row.reportAfterMs ?? 0) <= this.#book.nowMs();
		return [...this.#book.rows.values()].some((row) => isDue(row) && subscriptionOf(row.pool) === subscriptionId);
	}

	/** Sends what is owed, until the provider fails; all who want it at once share one run. Whether all of it is there. Never throws. */
	flush(): Promise<boolean> {
		this.#flushing ??= this.#flushOnce().finally(() => {
			this.#flushing = null;
		});
		return this.#flushing;
	}

	/**
	 * Reports one counted request now and answers the provider's event; null when the provider does not take it: then it is sent with the others.
	 * `refused`: the provider knows no such meter or subscription.
	 */
	async reportNow(id: string, timeoutMs: number): Promise<{ event: unknown; refused: boolean }> {
		const row = this.#book.rows.get(id);
		const [report] = row ? nextBatch([{ ...row, reportedAtMs: null }], this.#book.nowMs()) : [];
		if (!report) return { event: null, refused: false };
		this.reportsBegun += 1;
		this.reportsUnderWay += 1;
		try {
			const event = await (await billingProvider()).reportOne(this.#book.key, report, timeoutMs);
			this.#acknowledge(report);
			return { event, refused: false };
		} catch (error) {
			await this.#noteFailure(error, [report]);
			return { event: null, refused: isRefusal(error) };
		} finally {
			this.reportsUnderWay -= 1;
		}
	}

	/** Sends acknowledged rows once more: the provider keeps what it has and takes what it lost. Whether it took all. Never throws. */
	async resend(rows: RequestRow[]): Promise<boolean> {
		const provider = await billingProvider();
		try {
			for (let at = 0; at < rows.length; at += RESEND_BATCH) {
				const again = rows.slice(at, at + RESEND_BATCH).map((row) => ({ ...row, reportedAtMs: null, reportAfterMs: null }));
				await provider.reportUsage(this.#book.key, nextBatch(again, this.#book.nowMs()), REPORT_TIMEOUT_MS, () => {});
			}
			return true;
		} catch (error) {
			await this.#noteFailure(error, []);
			return false;
		}
	}

	/** Keeps what is to be said of this ledger's dealings with the provider. */
	async tell(news: Pick<LedgerReport, "provider"> & Partial<LedgerReport>): Promise<void> {
		const rows = [...this.#book.rows.values()];
		const { key } = this.#book;
		await keepLedgerReport({ subject: key, owed: rows.filter(isOwed).length, deadLetters: deadLetters(rows).length, ...news });
	}

	async #flushOnce(): Promise<boolean> {
		for (;;) {
			const batch = nextBatch(this.#book.rows.values(), this.#book.nowMs());
			if (batch.length === 0) break;
			for (const { id } of batch) this.#book.decide({ type: "dispatch", id });
			try {
				await this.#lookForOld(batch);
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
		await this.tell({ provider: "ok" });
		return true;
	}

	#isOwed(id: string): boolean {
		const row = this.#book.rows.get(id);
		return row !== undefined && isOwed(row);
	}

	/**
	 * Before a report is sent again that the provider may have and have forgotten (it would count it twice), asks it for what it has of that minute.
	 * What is more than was acknowledged are the oldest of those reports: they were sent in that order.
	 */
	async #lookForOld(batch: Report[]): Promise<void> {
		const provider = await billingProvider();
		const { sentAtMs = {} } = this.#book.notes.retry ?? {};
		if (provider.forgetsReportsAfterMs === null) return;
		const oldMs = this.#book.nowMs() - provider.forgetsReportsAfterMs + FORGETS_SOONER_MS;
		for (const report of batch) {
			if ((sentAtMs[report.id] ?? Number.POSITIVE_INFINITY) > oldMs) continue;
			const fromMs = report.usedAtMs - (report.usedAtMs % MINUTE_MS);
			const toMs = fromMs + MINUTE_MS;
			const there = await provider.unitsReported(this.#book.externalId, fromMs, toMs, REPORT_TIMEOUT_MS);
			const isKnown = there >= this.#acknowledgedIn(fromMs, toMs) + report.units;
			console.error(`report ${this.#book.key}:${report.id} is old and in doubt: ${isKnown ? "the provider has it" : "it is sent again"}`);
			if (isKnown) this.#acknowledge(report);
		}
	}

	#acknowledgedIn(fromMs: number, toMs: number): number {
		let units = 0;
		for (const row of this.#book.rows.values()) {
			const isThere = row.reportedAtMs !== null && subscriptionOf(row.pool) !== null;
			if (isThere && row.heldAtMs >= fromMs && row.heldAtMs < toMs) units += row.units;
		}
		return units;
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
		const provider = await billingProvider();
		const left = new Set(batch);
		try {
			await provider.reportUsage(this.#book.key, batch, REPORT_TIMEOUT_MS, (report) => {
				this.#acknowledge(report);
				left.delete(report);
			});
		} catch (error) {
			if (!isRefusal(error)) throw error;
			if (batch.length > 1) for (const report of left) await this.#sendTogether([report]);
			else for (const { id } of left) this.#noteRefusal(id, error);
		}
	}

	#acknowledge({ id }: Report): void {
		this.#book.decide({ type: "acknowledge", id }, Math.max(this.#book.nowMs(), this.#readSentMs));
	}

	#noteRefusal(id: string, error: unknown): void {
		const outcome = this.#book.decide({ type: "refuse", id });
		const isDead = outcome.kind === "report-refused" && outcome.deadLetter;
		if (isDead) this.#background(this.tell({ provider: "ok" }));
		console.error(`the provider refuses the report of ${this.#book.key}:${id}${isDead ? ", which is a dead letter now" : ""}: ${error}`);
	}

	/** `sent` are those of which it is not known whether they arrived. */
	async #noteFailure(error: unknown, sent: Report[]): Promise<void> {
		const { key, notes } = this.#book;
		const failures = (notes.retry?.failures ?? 0) + 1;
		const nowMs = this.#book.nowMs();
		let notBeforeMs = nowMs + retryDelayMs(failures, Math.random());
		const lastCallMs = (this.#book.standing().window.endMs ?? Number.POSITIVE_INFINITY) - LAST_CALL_MS;
		if (nowMs < lastCallMs) notBeforeMs = Math.min(notBeforeMs, lastCallMs);
		this.#book.note({ retry: { failures, notBeforeMs, ...(await this.#sentAt(sent, nowMs)) } });
		console.error(`outbox of ${key} waits after failure ${failures}: ${error}`);
		if (isUnauthorized(error)) this.#background(this.tell({ provider: "unauthorized" }));
		else if (failures >= FAILURES_WORTH_A_LOOK) this.#background(this.tell({ provider: "failing" }));
	}

	/** When each report in doubt was first sent, where the provider forgets them. */
	async #sentAt(sent: Report[], nowMs: number): Promise<{ sentAtMs?: Record<string, number> }> {
		if ((await billingProvider()).forgetsReportsAfterMs === null) return {};
		const sentAtMs: Record<string, number> = {};
		const before = Object.entries(this.#book.notes.retry?.sentAtMs ?? {}).filter(([id]) => this.#isOwed(id));
		for (const { id } of sent) sentAtMs[id] = nowMs;
		return { sentAtMs: { ...sentAtMs, ...Object.fromEntries(before) } };
	}
}
