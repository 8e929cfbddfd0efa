import {
	type Adjustment,
	type Checkpoint,
	type Command,
	DEFAULT_LIMITS,
	decide,
	type Entitlement,
	fold,
	foldable,
	type LedgerState,
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
import { Provider } from "./provider.ts";

/** Tighter than the real limits, so that a short game reaches them often. */
const LIMITS: Limits = { ...DEFAULT_LIMITS, free: 6, network: 8, inFlight: { ...DEFAULT_LIMITS.inFlight, organization: 9, member: 4 } };

const CAPS = [3, 7, null];

interface Tables {
	rows: Map<string, RequestRow>;
	adjustments: Map<string, Adjustment>;
	checkpoints: Map<string, Checkpoint>;
}

/** One ledger as its Durable Object keeps it: rows on disk, the rest in memory, and a journal that checks each decision. */
export class Subject {
	readonly provider = new Provider();
	readonly journal: Journal;
	readonly #disk = { rows: new Map<string, string>(), adjustments: new Map<string, string>(), checkpoints: new Map<string, string>() };
	readonly #kind: SubjectKind;
	#state: LedgerState & Tables;
	#plan: Plan = { kind: "none" };
	#readSentMs = 0;
	/** Incremented by each crash: a response to an earlier instance is lost. */
	instance = 0;

	constructor(kind: SubjectKind) {
		this.#kind = kind;
		this.journal = new Journal(kind, LIMITS, this.provider);
		this.#state = this.#empty();
	}

	#empty(): LedgerState & Tables {
		const tables: Tables = { rows: new Map(), adjustments: new Map(), checkpoints: new Map() };
		return { kind: this.#kind, limits: LIMITS, entitlement: null, closed: false, latestMs: 0, ...tables };
	}

	get rows(): ReadonlyMap<string, RequestRow> {
		return this.#state.rows;
	}

	/** The member who makes a request: one per id, some with a cap. */
	memberOf(requestId: string): Member | null {
		if (this.#kind !== "organization") return null;
		const one = [...requestId].reduce((all, letter) => all + letter.charCodeAt(0), 0) % CAPS.length;
		return { id: `m${one}`, cap: CAPS[one] ?? null };
	}

	/** Runs one command as the object does: decide, write, then respond. */
	run(command: Command, atMs: number): Outcome {
		const instantMs = command.type === "acknowledge" ? Math.max(atMs, this.#readSentMs) : atMs;
		const nowMs = ledgerTimeMs(this.#state, instantMs);
		const { kind, entitlement, limits } = this.#state;
		const allowance = allowanceOf(kind, entitlement, limits, nowMs);
		const plan: Plan = allowance.tier === "paid" ? this.#plan : { kind: "none" };
		const decision = decide(this.#state, command, instantMs);
		this.journal.note(command, decision, plan, nowMs);
		const { outcome, row, adjustment } = decision;
		if (outcome.kind === "refused" && command.type === "hold" && outcome.refusal.policy !== "in-flight") {
			const { member, units } = command;
			if (member && outcome.refusal.policy === "member") this.journal.refusedMember(member, allowance.pool, units, plan, nowMs);
			else this.journal.refused(allowance.pool, units, plan, nowMs);
		}
		if (row) this.#write("rows", row.id, row);
		if (adjustment) this.#write("adjustments", adjustment.id, adjustment);
		if (row || adjustment) this.check(atMs);
		return outcome;
	}

	#write<T extends keyof Tables>(table: T, key: string, entry: Parameters<Tables[T]["set"]>[1]): void {
		this.#disk[table].set(key, JSON.stringify(entry));
		this.#load(table, key, entry);
	}

	#load(table: keyof Tables, key: string, entry: RequestRow | Adjustment | Checkpoint): void {
		(this.#state[table] as Map<string, typeof entry>).set(key, entry);
		if ("state" in entry) this.#state.latestMs = Math.max(this.#state.latestMs, entry.heldAtMs, entry.endedAtMs ?? 0);
	}

	/** Folds old rows, and checks that the standing does not change. */
	retain(atMs: number): number {
		const old = foldable(this.#state, atMs);
		if (old.length === 0) return 0;
		const before = JSON.stringify(standing(this.#state, atMs));
		for (const checkpoint of fold(this.#state.checkpoints, old)) this.#write("checkpoints", checkpoint.pool, checkpoint);
		for (const { id } of old) {
			this.#disk.rows.delete(id);
			this.#state.rows.delete(id);
		}
		const after = JSON.stringify(standing(this.#state, atMs));
		if (after !== before) throw new Error(`I3: shown ${before}, and ${after} once ${old.length} rows are folded`);
		return old.length;
	}

	/** Checks I3: the standing follows from the list of accepted commands and is never negative. */
	check(atMs: number): void {
		const { used, held, remaining, topUps } = standing(this.#state, atMs);
		if (Math.min(used, held, remaining, topUps, remaining - topUps) < 0) throw new Error(`shown below zero: ${used} ${held} ${remaining}`);
		const nowMs = ledgerTimeMs(this.#state, atMs);
		const { pool, kind } = allowanceOf(this.#state.kind, this.#state.entitlement, this.#state.limits, nowMs);
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
		const { entitlement } = this.#state;
		this.#state = { ...this.#empty(), entitlement };
		this.#readSentMs = 0;
		for (const [key, text] of this.#disk.rows) this.#load("rows", key, JSON.parse(text));
		for (const [key, text] of this.#disk.adjustments) this.#load("adjustments", key, JSON.parse(text));
		for (const [key, text] of this.#disk.checkpoints) this.#load("checkpoints", key, JSON.parse(text));
	}

	/** The provider's response to a read sent now. `keep` stores it, perhaps later. */
	read(plan: Plan, atMs: number): { plan: Plan; entitlement: Entitlement } {
		const acknowledged = [...this.#state.rows.values()].map((row) => (row.reportedAtMs ?? -1) + 1);
		const fetchedAtMs = Math.max(ledgerTimeMs(this.#state, atMs), ...acknowledged);
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
		if (entitlement.fetchedAtMs < (this.#state.entitlement?.fetchedAtMs ?? 0)) return;
		this.#plan = plan;
		this.#state.entitlement = entitlement;
	}

	/** The next batch, with its rows marked as sent. */
	batch(atMs: number): Report[] {
		const nowMs = ledgerTimeMs(this.#state, atMs);
		const batch = nextBatch(this.#state.rows.values(), nowMs);
		this.journal.leaving(batch, nowMs);
		for (const { id } of batch) this.run({ type: "dispatch", id }, atMs);
		return batch;
	}

	/** Drains everything without failures, then compares with the provider. */
	drain(atMs: number): void {
		let nowMs = ledgerTimeMs(this.#state, atMs);
		for (let round = 0; round < 3; round += 1) {
			nowMs += 3_600_001;
			for (const row of [...this.#state.rows.values()]) {
				if (row.state === "held") this.run({ type: "expire", id: row.id, chatStatus: "unreachable" }, Math.max(nowMs, row.expiresAtMs));
			}
			nowMs = Math.max(nowMs, this.#state.latestMs);
		}
		// A dead letter waits for a day, by a clock that may have been two days ahead.
		nowMs += 3 * 86_400_001;
		this.provider.disliked.clear();
		let calls = 0;
		for (let batch = this.batch(nowMs); batch.length > 0; batch = this.batch(nowMs)) {
			this.provider.receive(batch);
			for (const { id } of batch) this.run({ type: "acknowledge", id }, nowMs);
			calls += 1;
			if (calls > this.#state.rows.size) throw new Error(`I4: still owed after ${calls} calls: ${JSON.stringify(batch)}`);
		}
		this.journal.drained();
	}
}
