import {
	allowanceOf,
	type Command,
	decide,
	type HoldCommand,
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
import { capIn } from "../lib/identity/member-limit.ts";
import type { Spender } from "../lib/identity/subject.ts";
import { countedIn, externalIdOf, isPool, kindOf } from "../lib/identity/subject-key.ts";
import { now } from "../lib/time/clock.ts";
import type { LedgerStorage, Notes } from "./ledger-storage.ts";

export interface Hold extends Omit<HoldCommand, "type" | "member"> {
	/** The member who spends. Their limit may be a share of what the plan grants at the moment of the decision. */
	member?: Spender | null;
	/** Hold nothing, and store nothing, in a ledger that has stored nothing yet: the outcome is `unknown`. */
	onlyIfStored?: boolean;
}

/**
 * The durable form of @parley/metering for one subject. Everything here must stay synchronous: the platform runs no other event between a
 * read and its write, and sends no answer before the write is on disk.
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

	/** Decides one command and writes the row or adjustment that the decision names. `atMs`: epoch milliseconds. */
	decide(command: Command, atMs = now()): Outcome {
		const { outcome, row, adjustment } = decide(this.state(), command, atMs);
		if (row) this.#stored.writeRow(this.key, row);
		if (adjustment) this.#stored.writeAdjustment(this.key, adjustment);
		return outcome;
	}

	/** Decides about a hold. A member's limit is judged by the plan as it is now. */
	hold({ member, onlyIfStored, ...hold }: Hold): Outcome {
		if (onlyIfStored && this.#stored.key === null) return { kind: "unknown" };
		const spender = member ? { id: member.id, cap: capIn(member.cap, this.standing().limit) } : null;
		return this.decide({ type: "hold", ...hold, member: spender });
	}

	/** Changes notes and writes them at once. */
	note(notes: Partial<Notes>): void {
		this.#stored.writeNotes(this.key, { ...this.notes, ...notes });
	}

	/** Changes notes in memory. With `isNews` they are written with the next row. */
	keepInMind(notes: Partial<Notes>, isNews: boolean): void {
		this.#stored.keepNotes({ ...this.notes, ...notes }, isNews);
	}

	/** Replaces old rows by checkpoints. No count changes. */
	fold(rows: RequestRow[]): void {
		if (rows.length > 0) this.#stored.foldRows(rows);
	}

	/** The pool that the next hold is taken from. */
	pool(): string {
		const { kind, entitlement, limits } = this.state();
		return allowanceOf(kind, entitlement, limits, this.nowMs()).pool;
	}

	/** What the subject has used, holds and has left now. */
	standing(): Standing {
		return standing(this.state(), now());
	}

	/** What one member of an organization has used and holds in the current window. */
	shareOf(memberId: string) {
		return shareOf(this.state(), memberId, now());
	}

	/** Everything that a decision depends on. */
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

	/** The ledger's time, epoch milliseconds: the clock's, but never earlier than the latest row. */
	nowMs(): number {
		return ledgerTimeMs({ latestMs: this.latestMs() }, now());
	}

	/** The latest instant at which a hold was taken or ended, epoch milliseconds. 0 without any. */
	latestMs(): number {
		let latest = 0;
		for (const row of this.rows.values()) latest = Math.max(latest, row.heldAtMs, row.endedAtMs ?? 0);
		return latest;
	}
}

/** Every pool is a network to @parley/metering, with a limit of its own. */
function limitsOf(key: string): Limits {
	const { limits } = config();
	return isPool(key) ? { ...limits, network: limits[countedIn(key)] ?? limits.network } : limits;
}
