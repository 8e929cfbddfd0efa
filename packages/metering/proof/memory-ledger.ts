import { expect } from "vitest";
import { standing } from "../src/balance.ts";
import { type Command, type CorrectCommand, decide } from "../src/ledger.ts";
import type { Adjustment, Checkpoint, LedgerState, RequestRow } from "../src/rows.ts";
import { DEFAULT_LIMITS, type Entitlement, type Limits, type SubjectKind } from "../src/tier.ts";
import { KeptLedger } from "./kept-ledger.ts";

export const NOON = Date.UTC(2026, 10, 21, 12);
export const DAY_MS = 86_400_000;
export const END = NOON + DAY_MS;

type Windowed = Extract<Entitlement, { kind: "windowed" }>;
type Balance = Extract<Entitlement, { kind: "balance" }>;

/** A plan of three requests from noon to noon, counted by the ledger. */
export const windowed = (change: Partial<Windowed> = {}): Windowed => ({
	kind: "windowed",
	subscriptionId: "sub_1",
	limit: 3,
	startMs: NOON,
	endMs: END,
	grants: [],
	fetchedAtMs: NOON,
	...change,
});

/** A plan of a hundred requests from noon to noon, counted by the provider. */
export const balance = (change: Partial<Balance> = {}): Balance => ({
	kind: "balance",
	subscriptionId: "sub_1",
	available: 100,
	allowance: 100,
	periodStartMs: NOON,
	periodEndMs: END,
	fetchedAtMs: NOON,
	...change,
});

export const hold = (id: string, units = 1): Command => ({ type: "hold", id, fingerprint: "f", units, chatId: "c" });
export const grant = (id: string, units: number, expiresAtMs: number | null = null): Command => ({ type: "grant", id, units, expiresAtMs });
export const correct = (id: string, of: CorrectCommand["of"], units: number): Command => ({ type: "correct", id, of, units });

/** A ledger that applies its decisions like the Durable Object does. Compares each decision with the oracle's. */
export class MemoryLedger {
	readonly #kept: KeptLedger;
	readonly kind: SubjectKind;
	readonly limits: Limits;
	entitlement: Entitlement | null;
	closed = false;
	paidKeepsFreeDay = true;

	constructor(entitlement: Entitlement | null, kind: SubjectKind = "user", limits: Limits = DEFAULT_LIMITS) {
		this.entitlement = entitlement;
		this.kind = kind;
		this.limits = limits;
		this.#kept = new KeptLedger(() => ({
			kind,
			limits,
			entitlement: this.entitlement,
			closed: this.closed,
			paidKeepsFreeDay: this.paidKeepsFreeDay,
		}));
	}

	get rows(): ReadonlyMap<string, RequestRow> {
		return this.#kept.rows;
	}

	get adjustments(): ReadonlyMap<string, Adjustment> {
		return this.#kept.adjustments;
	}

	get checkpoints(): ReadonlyMap<string, Checkpoint> {
		return this.#kept.checkpoints;
	}

	get state(): LedgerState {
		return this.#kept.state;
	}

	run(command: Command, atMs = NOON) {
		const decision = decide(this.state, command, atMs);
		expect(decision).toEqual(decide(this.#kept.recomputed, command, atMs));
		if (decision.row) this.#kept.write(decision.row);
		if (decision.adjustment) this.#kept.adjust(decision.adjustment);
		this.#kept.compare(atMs);
		return decision;
	}

	/** Holds and settles. Returns the outcome of the hold. */
	use(id: string, units = 1, atMs = NOON) {
		const held = this.run(hold(id, units), atMs);
		this.run({ type: "settle", id }, atMs);
		return held.outcome.kind;
	}

	stands(atMs = NOON) {
		return standing(this.state, atMs);
	}
}
