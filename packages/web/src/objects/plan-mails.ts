import { type PlanEvent, planGoesOn, tellByMail } from "../lib/identity/email/subject-mails.ts";
import { logFailure } from "../log.ts";
import type { PlanNews } from "../view/usage.ts";
import type { LedgerBook } from "./ledger-book.ts";

/**
 * The mails about a ledger's plan. They are derived from the ledger's reads and counts, so a lost webhook loses none. An event may be sent repeatedly,
 * because the outbox deduplicates. The memory of this object only saves lookups, and may be lost.
 */
export class PlanMails {
	readonly #book: LedgerBook;
	readonly #background: (work: Promise<unknown>) => void;
	readonly #told = new Set<string>();

	constructor(book: LedgerBook, background: (work: Promise<unknown>) => void) {
		this.#book = book;
		this.#background = background;
	}

	/** Called after each read of the plan. `news` is null if there is nothing to report. */
	noteNews(news: PlanNews | null): void {
		const { owedSinceMs, endsAt } = this.#book.notes;
		const isOwed = news?.state === "owed" || news?.state === "unpaid";
		// Written before the mail, so that a crash in between repeats the same failure rather than reporting a new one.
		if (isOwed && owedSinceMs === undefined) this.#book.note({ owedSinceMs: this.#book.nowMs() });
		if (!isOwed && owedSinceMs !== undefined) this.#book.note({ owedSinceMs: undefined });
		if (isOwed) this.#tell({ kind: "payment-failed", since: this.#book.notes.owedSinceMs ?? 0 });
		const ends = news?.state === "ending" ? news.at : null;
		if (endsAt !== undefined && endsAt !== ends) this.#withdraw(ends);
		else if (ends !== null) this.#tellEnd(ends);
	}

	/** Called after each counted request. */
	noteUsage(): void {
		if (this.#book.kind !== "user" && this.#book.kind !== "organization") return;
		const { used, limit, tier, window } = this.#book.standing();
		if (limit <= 0) return;
		if (used * 100 < limit * 80) return;
		// If one answer passes both marks, only the higher one is sent.
		const percent = used < limit ? 80 : 100;
		const until = window.endMs === null ? null : new Date(window.endMs).toISOString();
		const windowStart = new Date(window.startMs).toISOString();
		this.#tell({ kind: "used", percent, used, limit, windowStart, until, isPlan: tier === "paid" });
	}

	#tellEnd(at: string): void {
		if (this.#book.notes.endsAt === undefined) this.#book.note({ endsAt: at });
		this.#tell({ kind: "plan-ends", at });
	}

	/** Withdraws the mail: the plan continues, or ends at another time. The note stays until the outbox has withdrawn it. */
	#withdraw(ends: string | null): void {
		const withdrawn = planGoesOn(this.#book.key).then(() => {
			this.#told.clear();
			this.#book.note({ endsAt: undefined });
			if (ends !== null) this.#tellEnd(ends);
		});
		this.#background(withdrawn.catch((error) => logFailure(`a mail about the plan of ${this.#book.key} could not be taken back`, error)));
	}

	#tell(event: PlanEvent): void {
		const name = event.kind === "used" ? `${event.percent}/${event.windowStart}` : JSON.stringify(event);
		if (this.#told.has(name)) return;
		this.#told.add(name);
		const told = tellByMail(this.#book.key, event).then((isKept) => {
			if (!isKept) this.#told.delete(name);
		});
		this.#background(
			told.catch((error) => {
				this.#told.delete(name);
				logFailure(`a mail about the plan of ${this.#book.key} could not be written`, error);
			}),
		);
	}
}
