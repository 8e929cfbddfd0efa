import {
	allowanceOf,
	type Command,
	type DayTotals,
	decide,
	foldable,
	type HoldCommand,
	type KeptSums,
	type LedgerState,
	type Limits,
	ledgerTimeMs,
	type Outcome,
	type RaiseCommand,
	type RequestRow,
	type Standing,
	type SubjectKind,
	shareOf,
	standing,
} from "@parley/metering";
import { config } from "../config.ts";
import type { HoldOutcome } from "../lib/billing.ts";
import { keyWindowOf } from "../lib/identity/key-window.ts";
import { capIn, type MemberLimit } from "../lib/identity/member-limit.ts";
import type { Spender } from "../lib/identity/subject.ts";
import { countedIn, externalIdOf, isKeyPool, isPool, kindOf } from "../lib/identity/subject-key.ts";
import { now } from "../lib/time/clock.ts";
import type { KeyLimit } from "../view/api-key.ts";
import type { Tier } from "../view/usage.ts";
import { ABSORBED_TOGETHER, type LedgerStorage } from "./ledger-storage.ts";
import type { Notes } from "./ledger-tables.ts";

/** The most batches of requests that one alarm adds to the sums. */
const TIDIED_BATCHES = 20;

export interface Hold extends Omit<HoldCommand, "type" | "member"> {
	/** The member who spends. Their limit may be a share of the plan's grant at the moment of the decision. */
	member?: Spender | null;
	/** The API key used, whose limit counts in a pool. The paying ledger names that pool, because it knows the window. */
	keyLimit?: (Pick<KeyLimit, "per"> & { id: string }) | null | undefined;
	/** For an API key's pool: the end of its window, if known. */
	windowEndMs?: number | null | undefined;
	/** If the ledger has stored nothing yet, hold and store nothing: the outcome is `unknown`. */
	onlyIfStored?: boolean;
	/** The tiers that may use the model; absent for all. */
	tiers?: readonly Tier[] | undefined;
}

export interface Raise extends Omit<RaiseCommand, "type" | "id" | "cap"> {
	/** The limit of the spending member. */
	cap?: MemberLimit | undefined;
}

/**
 * The durable form of @parley/metering for one subject. Everything here must stay synchronous: the platform then runs no other event between a
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

	/** Requests by id that are held, owed, or not yet in the sums on disk. */
	get live(): ReadonlyMap<string, RequestRow> {
		return this.#stored.sums.live;
	}

	/** The sums of all requests. */
	get sums(): KeptSums {
		return this.#stored.sums;
	}

	/** The rows on disk. */
	get stored(): LedgerStorage {
		return this.#stored;
	}

	get notes(): Readonly<Notes> {
		return this.#stored.notes;
	}

	/** Decides one command, and writes the resulting row or adjustment. `atMs`: epoch milliseconds. */
	decide(command: Command, atMs = now()): Outcome {
		const { outcome, row, adjustment } = decide(this.state(), command, atMs);
		if (row) this.#stored.writeRow(this.key, row);
		if (adjustment) this.#stored.writeAdjustment(this.key, adjustment);
		return outcome;
	}

	/** Decides a hold. A member's limit is based on the present plan. */
	hold({ member, onlyIfStored, tiers, keyLimit, windowEndMs = null, ...hold }: Hold): HoldOutcome {
		if (onlyIfStored && this.#stored.key === null) return { kind: "unknown" };
		// One instant for both, so that the key's pool and the hold use the same window.
		const atMs = this.nowMs();
		const present = standing(this.state(), atMs);
		const { tier, limit } = present;
		// An organization without a plan has no limit, and leaves the decision to its member's own ledger.
		if (tiers && limit > 0 && !tiers.includes(tier) && !this.#stored.row(hold.id)) return { kind: "not-in-plan" };
		const spender = member ? { id: member.id, cap: capIn(member.cap, limit) } : null;
		const keyPools = keyLimit ? [keyWindowOf(keyLimit.id, keyLimit, this.kind, present, atMs).pool] : [];
		const sharedWith = hold.sharedWith || keyLimit ? [...(hold.sharedWith ?? []), ...keyPools] : null;
		// Written together with the hold's row.
		if (windowEndMs !== null && windowEndMs !== this.notes.endsAtMs) this.keepInMind({ endsAtMs: windowEndMs }, true);
		return this.decide({ type: "hold", ...hold, sharedWith, member: spender }, atMs);
	}

	/** Decides a raise of an open hold. A member's limit is based on the present plan. */
	raise(id: string, { cap = null, ...raise }: Raise): Outcome {
		return this.decide({ type: "raise", id, ...raise, cap: capIn(cap, this.standing().limit) });
	}

	/** Changes notes and writes them at once. */
	note(notes: Partial<Notes>): void {
		this.#stored.writeNotes(this.key, { ...this.notes, ...notes });
	}

	/** Changes notes in memory. With `isNews` they are written with the next row. */
	keepInMind(notes: Partial<Notes>, isNews: boolean): void {
		this.#stored.keepNotes({ ...this.notes, ...notes }, isNews);
	}

	/**
	 * Adds some final requests to the sums on disk, replaces some old ones by checkpoints, and drops some old days. Changes no count.
	 * @returns whether more are left to add
	 */
	tidy(): boolean {
		let isMore = this.#stored.sums.waiting >= ABSORBED_TOGETHER;
		for (let batch = 0; isMore && batch < TIDIED_BATCHES; batch += 1) isMore = this.#stored.absorb();
		const nowMs = this.nowMs();
		this.#stored.fold((rows) => foldable(this.state(), rows, nowMs), nowMs);
		this.#stored.dropOldDays(nowMs);
		return isMore;
	}

	/** The pool the next hold is taken from. */
	pool(): string {
		const { kind, entitlement, limits } = this.state();
		return allowanceOf(kind, entitlement, limits, this.nowMs()).pool;
	}

	/** The subject's present used, held and remaining units. */
	standing(): Standing {
		return standing(this.state(), now());
	}

	/** The used and held units of one member of an organization in the current window. */
	shareOf(memberId: string) {
		return shareOf(this.state(), memberId, now());
	}

	/** The daily totals since a UTC day. */
	days(fromDay: string): DayTotals[] {
		return this.#stored.sums.days(fromDay);
	}

	/** Everything that a decision depends on. */
	state(): LedgerState {
		const { notes } = this.#stored;
		return {
			kind: this.kind,
			limits: limitsOf(this.key),
			entitlement: notes.entitlement ?? null,
			closed: notes.closed !== undefined,
			paidKeepsFreeDay: config().paidKeepsFreeDay,
			entries: this.#stored,
			sums: this.#stored.sums,
		};
	}

	/** The ledger's time, epoch milliseconds: the clock's, but never before the latest row. */
	nowMs(): number {
		return ledgerTimeMs(this.#stored, now());
	}
}

/** @parley/metering treats every pool as a network with its own limit. */
function limitsOf(key: string): Limits {
	const { limits } = config();
	return isPool(key) && !isKeyPool(key) ? { ...limits, network: limits[countedIn(key)] ?? limits.network } : limits;
}
