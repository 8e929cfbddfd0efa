import {
	type Command,
	DEFAULT_LIMITS,
	decide,
	type Entitlement,
	foldable,
	type Limits,
	ledgerTimeMs,
	type Member,
	nextBatch,
	type Outcome,
	type Report,
	type RequestRow,
	type SubjectKind,
	standing,
} from "../src/index.ts";
import { allowanceOf } from "../src/tier.ts";
import { Journal, PERIOD_MS, type Plan } from "./journal.ts";
import { KeptLedger } from "./kept-ledger.ts";
import { Provider } from "./provider.ts";

/** The number of commands that a whole proof compares at least, in games and in worlds each: together a million. */
export const LEAST_COMPARED = process.env.PROVE === "whole" ? 500_000 : 1;
/** A longer proof counts as hung. The whole one takes minutes on an idle machine. */
export const PROOF_MAX_MS = 3_600_000;

/** Tighter than the real limits, so that a short game reaches them often. */
const LIMITS: Limits = { ...DEFAULT_LIMITS, free: 6, network: 8, inFlight: { ...DEFAULT_LIMITS.inFlight, organization: 9, member: 4 } };

const CAPS = [3, 7, null];

/** One ledger as its Durable Object keeps it, with a journal and an oracle that check each decision. */
export class Subject {
	readonly provider = new Provider();
	readonly journal: Journal;
	readonly #kind: SubjectKind;
	readonly #kept: KeptLedger;
	#entitlement: Entitlement | null = null;
	#baselineMs: number | null = null;
	#plan: Plan = { kind: "none" };
	#readSentMs = 0;
	/** Incremented by each crash. Responses to an earlier instance are lost. */
	instance = 0;
	/** How many decisions were compared with the oracle's. */
	compared = 0;

	constructor(kind: SubjectKind) {
		this.#kind = kind;
		this.journal = new Journal(kind, LIMITS, this.provider);
		this.#kept = new KeptLedger(() => ({
			kind,
			limits: LIMITS,
			entitlement: this.#entitlement,
			closed: false,
			paidKeepsFreeDay: true,
			baselineMs: this.#baselineMs,
		}));
	}

	get rows(): ReadonlyMap<string, RequestRow> {
		return this.#kept.rows;
	}

	/** The member making a request: one per id, some with a cap. */
	memberOf(requestId: string): Member | null {
		if (this.#kind !== "organization") return null;
		const one = [...requestId].reduce((all, letter) => all + letter.charCodeAt(0), 0) % CAPS.length;
		return { id: `m${one}`, cap: CAPS[one] ?? null };
	}

	/** The cap named by a request's raises. */
	capOf(requestId: string): number | null {
		return this.memberOf(requestId)?.cap ?? null;
	}

	/** Runs one command like the object does: decide, write, then respond. */
	run(command: Command, atMs: number): Outcome {
		const instantMs = command.type === "acknowledge" ? Math.max(atMs, this.#readSentMs) : atMs;
		const nowMs = ledgerTimeMs(this.#kept, instantMs);
		const allowance = allowanceOf(this.#kind, this.#entitlement, LIMITS, nowMs);
		const plan: Plan = allowance.tier === "paid" ? this.#plan : { kind: "none" };
		const decision = decide(this.#kept.state, command, instantMs);
		const recomputed = { ...this.#kept.recomputed };
		// Folding may remove the latest row, but not reset ledger time.
		const expected = decide(recomputed, command, nowMs);
		if (JSON.stringify(decision) !== JSON.stringify(expected)) {
			throw new Error(`I3: decided ${JSON.stringify(decision)}, and from all rows ${JSON.stringify(expected)}`);
		}
		this.compared += 1;
		this.journal.note(command, decision, plan, nowMs);
		const { outcome, row, adjustment } = decision;
		if (outcome.kind === "refused" && command.type === "hold" && outcome.refusal.policy !== "in-flight") {
			const { refusal } = outcome;
			if (command.member && refusal.policy === "member") this.journal.refusedMember(command, allowance.pool, plan, nowMs);
			else this.journal.refused(command, allowance.pool, refusal, plan, nowMs);
		}
		if (row) this.#kept.write(row);
		if (adjustment) this.#kept.adjust(adjustment);
		if (row || adjustment) this.check(atMs);
		return outcome;
	}

	/** Folds old rows, and checks that this does not change the standing. */
	retain(atMs: number): number {
		const old = foldable(this.#kept.state, this.rows.values(), atMs);
		if (old.length === 0) return 0;
		const before = JSON.stringify(standing(this.#kept.state, atMs));
		// Comparisons are daily, so no folded row is younger than its baseline.
		this.#baselineMs = null;
		this.#kept.fold(old);
		const after = JSON.stringify(standing(this.#kept.state, atMs));
		if (after !== before) throw new Error(`I3: shown ${before}, and ${after} once ${old.length} rows are folded`);
		this.#kept.compare(atMs);
		return old.length;
	}

	/** Checks I3: the standing follows from the list of accepted commands and is never negative. */
	check(atMs: number): void {
		this.#kept.compare(atMs);
		const { used, held, remaining, topUps, freeDay } = standing(this.#kept.state, atMs);
		if (Math.min(used, held, remaining, topUps, remaining - topUps) < 0) throw new Error(`shown below zero: ${used} ${held} ${remaining}`);
		const nowMs = ledgerTimeMs(this.#kept, atMs);
		this.journal.shownDays(this.#kept.sums.days(""));
		const { pool, kind, tier } = allowanceOf(this.#kind, this.#entitlement, LIMITS, nowMs);
		this.journal.shownFreeDay(freeDay, tier === "paid" ? this.#plan : { kind: "none" }, nowMs);
		if (kind === "balance") return;
		const alive = this.journal.attempts.filter((one) => one.pool === pool && one.end !== "released");
		const adjusted = this.journal.adjustments.filter((one) => one.pool === pool);
		const all = [...alive, ...adjusted].reduce((units, one) => units + one.units, 0);
		const open = alive.filter((one) => one.end === "held").reduce((units, one) => units + one.units, 0);
		if (held !== open || used !== Math.max(0, all - open)) throw new Error(`I3: shown ${used}+${held}, accepted ${all} with ${open} open`);
	}

	/** Crashes: memory is lost, written rows remain. */
	crash(): void {
		this.instance += 1;
		this.#readSentMs = 0;
		this.#kept.crash();
	}

	/** The provider's response to a read sent now. `keep` stores it, perhaps later. */
	read(plan: Plan, atMs: number): { plan: Plan; entitlement: Entitlement } {
		const fetchedAtMs = Math.max(ledgerTimeMs(this.#kept, atMs), this.#kept.sums.acknowledgedMs + 1);
		// The latest of all reads in flight, by a clock that may have jumped back since.
		this.#readSentMs = Math.max(this.#readSentMs, fetchedAtMs);
		if (plan.kind === "none") return { plan, entitlement: { kind: "none", fetchedAtMs } };
		if (plan.kind === "windowed") {
			const { subscriptionId, limit, startMs, endMs } = plan;
			const grants = plan.listed.map(({ id, units }) => ({ id, units, expiresAtMs: null }));
			return { plan, entitlement: { kind: "windowed", subscriptionId, limit, startMs, endMs, grants, fetchedAtMs } };
		}
		const available = this.provider.available(plan.subscriptionId);
		const { subscriptionId, endMs } = plan;
		const periodStartMs = endMs - PERIOD_MS;
		return {
			plan,
			entitlement: { kind: "balance", subscriptionId, available, allowance: 40, periodStartMs, periodEndMs: endMs, fetchedAtMs },
		};
	}

	/** Stores a response, unless a later one is stored already. */
	keep({ plan, entitlement }: { plan: Plan; entitlement: Entitlement }): void {
		if (entitlement.fetchedAtMs < (this.#entitlement?.fetchedAtMs ?? 0)) return;
		this.#plan = plan;
		this.#entitlement = entitlement;
		// Every other read starts a new comparison.
		if (entitlement.fetchedAtMs % 2 === 0) this.#baselineMs = entitlement.fetchedAtMs;
	}

	/** The next batch, with its rows marked as sent. */
	batch(atMs: number): Report[] {
		const nowMs = ledgerTimeMs(this.#kept, atMs);
		const batch = nextBatch(this.#kept.sums.live.values(), nowMs);
		this.journal.leaving(batch, nowMs);
		for (const { id } of batch) this.run({ type: "dispatch", id }, atMs);
		return batch;
	}

	/** Drains everything without failures, then compares with the provider. */
	drain(atMs: number): void {
		let nowMs = ledgerTimeMs(this.#kept, atMs);
		for (let round = 0; round < 3; round += 1) {
			nowMs += 3_600_001;
			for (const row of [...this.rows.values()]) {
				if (row.state === "held") this.run({ type: "expire", id: row.id, chatStatus: "unreachable" }, Math.max(nowMs, row.expiresAtMs));
			}
			nowMs = Math.max(nowMs, this.#kept.sums.latestMs);
		}
		// A refused report's retry time may be ahead of a clock that has jumped back since.
		for (const { reportAfterMs } of this.rows.values()) nowMs = Math.max(nowMs, reportAfterMs ?? 0);
		this.provider.disliked.clear();
		let calls = 0;
		for (let batch = this.batch(nowMs); batch.length > 0; batch = this.batch(nowMs)) {
			this.provider.receive(batch);
			for (const { id } of batch) this.run({ type: "acknowledge", id }, nowMs);
			calls += 1;
			if (calls > this.rows.size) throw new Error(`I4: still owed after ${calls} calls: ${JSON.stringify(batch)}`);
		}
		this.journal.drained();
	}
}
