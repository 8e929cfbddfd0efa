import { dayOf } from "@parley/metering";
import { COPIES_KEPT_MS, keepUsageDays } from "../db/usage-days.ts";
import type { LedgerBook } from "./ledger-book.ts";

/** How often a ledger copies its daily totals. Each copy writes a few rows. */
const COPY_EVERY_MS = 3_600_000;
/** Each copy overlaps the last one by this much, to include late results and corrections. */
const COPIED_AGAIN_MS = 7 * 86_400_000;

/** Copies one ledger's daily totals to D1, for the sums over all subjects (`GET /api/admin/usage`). Runs in alarms only. */
export class UsageCopy {
	readonly #book: LedgerBook;
	/** After a failure, and while a copy is in progress. */
	#notBeforeMs = 0;

	constructor(book: LedgerBook) {
		this.#book = book;
	}

	/** When the next copy is due, epoch milliseconds; infinity if nothing was used since the last one. */
	dueMs(): number {
		const { notes, sums } = this.#book;
		// A request may have ended after the copy within the same millisecond.
		if (sums.usedMs === 0 || sums.usedMs < (notes.copiedAtMs ?? 0)) return Number.POSITIVE_INFINITY;
		return Math.max((notes.copiedAtMs ?? this.#firstUsedMs()) + COPY_EVERY_MS, this.#notBeforeMs);
	}

	/** Copies what is due. Never throws. */
	async work(): Promise<void> {
		const atMs = this.#book.nowMs();
		if (atMs < this.dueMs()) return;
		this.#notBeforeMs = atMs + COPY_EVERY_MS;
		const { copiedAtMs = 0 } = this.#book.notes;
		const days = this.#book.days(dayOf(Math.max(copiedAtMs - COPIED_AGAIN_MS, atMs - COPIES_KEPT_MS)));
		if (await keepUsageDays(this.#book.key, days)) this.#book.note({ copiedAtMs: atMs });
	}

	/** When a never-copied ledger was first used, as far as its live requests show. */
	#firstUsedMs(): number {
		const { live, stored } = this.#book;
		let firstMs = stored.hasStoredDays ? 0 : Number.POSITIVE_INFINITY;
		for (const { terms, heldAtMs } of live.values()) if (terms) firstMs = Math.min(firstMs, heldAtMs);
		return firstMs;
	}
}
