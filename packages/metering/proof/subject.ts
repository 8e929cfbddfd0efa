import {
	type Adjustment,
	allowanceOf,
	type Command,
	DEFAULT_LIMITS,
	decide,
	type Entitlement,
	type LedgerState,
	ledgerTimeMs,
	nextBatch,
	type Outcome,
	type Report,
	type RequestRow,
	type SubjectKind,
	standing,
} from "../src/index.ts";
import { Journal, type Plan } from "./journal.ts";
import { Provider } from "./provider.ts";

/** One ledger as its Durable Object keeps it: rows on disk, the rest in memory, and a model that hears all that it decides. */
export class Subject {
	readonly provider = new Provider();
	readonly journal: Journal;
	readonly #disk = new Map<string, string>();
	readonly #kind: SubjectKind;
	#state: LedgerState & { rows: Map<string, RequestRow>; adjustments: Map<string, Adjustment> };
	#plan: Plan = { kind: "none" };
	#readSentMs = 0;
	/** Grows with each crash: an answer to an earlier instance reaches nobody. */
	instance = 0;

	constructor(kind: SubjectKind) {
		this.#kind = kind;
		this.journal = new Journal(kind, DEFAULT_LIMITS, this.provider);
		this.#state = this.#empty();
	}

	#empty() {
		const { rows, adjustments } = { rows: new Map<string, RequestRow>(), adjustments: new Map<string, Adjustment>() };
		return { kind: this.#kind, limits: DEFAULT_LIMITS, entitlement: null, rows, adjustments, closed: false, latestMs: 0 };
	}

	get rows(): ReadonlyMap<string, RequestRow> {
		return this.#state.rows;
	}

	/** One command, as the object runs it: decided, written, and only then answered. */
	run(command: Command, atMs: number): Outcome {
		const instantMs = command.type === "acknowledge" ? Math.max(atMs, this.#readSentMs) : atMs;
		const nowMs = ledgerTimeMs(this.#state, instantMs);
		const { kind, entitlement, limits } = this.#state;
		const allowance = allowanceOf(kind, entitlement, limits, nowMs);
		const plan: Plan = allowance.tier === "paid" ? this.#plan : { kind: "none" };
		const decision = decide(this.#state, command, instantMs);
		this.journal.note(decision, plan, nowMs);
		const { outcome, row, adjustment } = decision;
		if (outcome.kind === "refused" && command.type === "hold" && outcome.refusal.policy !== "in-flight") {
			this.journal.refused(allowance.pool, command.units, plan, nowMs);
		}
		if (row) this.#write("rows", row);
		if (adjustment) this.#write("adjustments", adjustment);
		if (row || adjustment) this.check(atMs);
		return outcome;
	}

	#write(table: "rows" | "adjustments", entry: RequestRow | Adjustment): void {
		this.#disk.set(`${table} ${entry.id}`, JSON.stringify(entry));
		if ("state" in entry) {
			this.#state.rows.set(entry.id, entry);
			this.#state.latestMs = Math.max(this.#state.latestMs, entry.heldAtMs, entry.endedAtMs ?? 0);
		} else this.#state.adjustments.set(entry.id, entry);
	}

	/** I3: what is shown follows from the list of what was accepted, and is never negative. */
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

	/** All memory is lost; what was written comes back. */
	crash(): void {
		this.instance += 1;
		const { entitlement } = this.#state;
		this.#state = { ...this.#empty(), entitlement };
		this.#readSentMs = 0;
		for (const [name, text] of this.#disk) this.#write(name.startsWith("rows") ? "rows" : "adjustments", JSON.parse(text));
	}

	/** What the seller answers to a read that is sent now; `keep` takes it in, perhaps later. */
	read(plan: Plan, atMs: number): { plan: Plan; entitlement: Entitlement } {
		const acknowledged = [...this.#state.rows.values()].map((row) => (row.reportedAtMs ?? -1) + 1);
		const fetchedAtMs = Math.max(ledgerTimeMs(this.#state, atMs), ...acknowledged);
		this.#readSentMs = fetchedAtMs;
		if (plan.kind === "none") return { plan, entitlement: { kind: "none", fetchedAtMs } };
		if (plan.kind === "windowed") {
			const { subscriptionId, limit, startMs, endMs } = plan;
			const grants = plan.listed.map(({ id, units }) => ({ id, units, expiresAtMs: null }));
			return { plan, entitlement: { kind: "windowed", subscriptionId, limit, startMs, endMs, grants, fetchedAtMs } };
		}
		const available = this.provider.available(plan.subscriptionId);
		const { subscriptionId, endMs } = plan;
		const periodStartMs = endMs - 30 * 86_400_000;
		return {
			plan,
			entitlement: { kind: "balance", subscriptionId, available, allowance: 40, periodStartMs, periodEndMs: endMs, fetchedAtMs },
		};
	}

	/** Takes an answer in, unless a later one is here already. */
	keep({ plan, entitlement }: { plan: Plan; entitlement: Entitlement }): void {
		if (entitlement.fetchedAtMs < (this.#state.entitlement?.fetchedAtMs ?? 0)) return;
		this.#plan = plan;
		this.#state.entitlement = entitlement;
	}

	/** The next batch, written down as leaving. */
	batch(atMs: number): Report[] {
		const batch = nextBatch(this.#state.rows.values(), ledgerTimeMs(this.#state, atMs));
		for (const { id } of batch) this.run({ type: "dispatch", id }, atMs);
		return batch;
	}

	/** Brings everything to its end with a healthy world, then compares with the provider. */
	drain(atMs: number): void {
		let nowMs = ledgerTimeMs(this.#state, atMs);
		for (let round = 0; round < 3; round += 1) {
			nowMs += 3_600_001;
			for (const row of [...this.#state.rows.values()]) {
				if (row.state === "held") this.run({ type: "expire", id: row.id, heard: "unreachable" }, Math.max(nowMs, row.expiresAtMs));
			}
			nowMs = Math.max(nowMs, this.#state.latestMs);
		}
		nowMs += 3_600_001;
		for (let batch = this.batch(nowMs); batch.length > 0; batch = this.batch(nowMs)) {
			this.provider.receive(batch);
			for (const { id } of batch) this.run({ type: "acknowledge", id }, nowMs);
		}
		this.journal.drained();
	}
}
