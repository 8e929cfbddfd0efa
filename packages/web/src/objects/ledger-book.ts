import {
	allowanceOf,
	type Command,
	decide,
	type LedgerState,
	type Limits,
	ledgerTimeMs,
	type Outcome,
	type RequestRow,
	type Standing,
	type SubjectKind,
	shareOf,
	standing,
} from "@parley/metering";
import { config } from "../config.ts";
import { externalIdOf, isEveryGuestKey, kindOf } from "../lib/identity/subject-key.ts";
import { now } from "../lib/time/clock.ts";
import type { LedgerStorage, Notes } from "./ledger-storage.ts";

/**
 * The book of one subject: @parley/metering, made durable. Everything here is synchronous and must stay so: between reading and writing the
 * platform runs no other event, and it lets no answer out before what was written is on disk.
 */
export class LedgerBook {
	/** The subject's key (lib/identity/subject-key.ts). */
	readonly key: string;
	readonly kind: SubjectKind;
	readonly #stored: LedgerStorage;

	constructor(key: string, stored: LedgerStorage) {
		this.key = key;
		this.kind = kindOf(key);
		this.#stored = stored;
	}

	/** The subject's id at the billing provider. */
	get externalId(): string {
		return externalIdOf(this.key);
	}

	get rows() {
		return this.#stored.rows;
	}

	get notes(): Readonly<Notes> {
		return this.#stored.notes;
	}

	/** Decides one command and writes what it names. */
	decide(command: Command, atMs = now()): Outcome {
		const { outcome, row, adjustment } = decide(this.state(), command, atMs);
		if (row) this.#stored.writeRow(this.key, row);
		if (adjustment) this.#stored.writeAdjustment(this.key, adjustment);
		return outcome;
	}

	note(notes: Partial<Notes>): void {
		this.#stored.writeNotes(this.key, { ...this.notes, ...notes });
	}

	/** Takes notes into memory; those that are news are written with the next row. */
	keepInMind(notes: Partial<Notes>, isNews: boolean): void {
		this.#stored.keepNotes({ ...this.notes, ...notes }, isNews);
	}

	fold(rows: RequestRow[]): void {
		if (rows.length > 0) this.#stored.foldRows(rows);
	}

	/** The pool that the next hold is taken from. */
	pool(): string {
		const { kind, entitlement, limits } = this.state();
		return allowanceOf(kind, entitlement, limits, this.nowMs()).pool;
	}

	standing(): Standing {
		return standing(this.state(), now());
	}

	shareOf(memberId: string) {
		return shareOf(this.state(), memberId, now());
	}

	state(): LedgerState {
		const { rows, adjustments, checkpoints, notes } = this.#stored;
		return {
			kind: this.kind,
			limits: limitsOf(this.key),
			entitlement: notes.entitlement ?? null,
			rows,
			adjustments,
			checkpoints,
			closed: notes.closed !== undefined,
			latestMs: this.latestMs(),
		};
	}

	/** The ledger's own time, epoch milliseconds: the clock's, but for one that was put back. */
	nowMs(): number {
		return ledgerTimeMs({ latestMs: this.latestMs() }, now());
	}

	/** When the subject last did anything. */
	latestMs(): number {
		let latest = 0;
		for (const row of this.rows.values()) latest = Math.max(latest, row.heldAtMs, row.endedAtMs ?? 0);
		return latest;
	}
}

/** The pool of all guests is a network without an outside. */
function limitsOf(key: string): Limits {
	const { limits } = config();
	return isEveryGuestKey(key) ? { ...limits, network: limits.everyGuest ?? limits.network } : limits;
}
