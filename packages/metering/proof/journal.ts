import type { Adjustment, Command, Limits, Member, Report, RequestRow, SubjectKind } from "../src/index.ts";
import type { Decision } from "../src/ledger.ts";
import { type Part, partsOf } from "../src/rows.ts";
import { isBilled, type Provider } from "./provider.ts";

/** A plan as the provider knows it. */
export type Plan =
	| { kind: "none" }
	| { kind: "balance"; subscriptionId: string; endMs: number }
	| { kind: "windowed"; subscriptionId: string; limit: number; startMs: number; endMs: number; listed: { id: string; units: number }[] };

interface Attempt {
	id: string;
	attempt: number;
	pool: string;
	parts: Part[];
	units: number;
	member: string | null;
	heldAtMs: number;
	end: RequestRow["state"];
	/** Settled while held, so its report is due at once. */
	prompt: boolean;
	acknowledged: boolean;
	refusals: number;
	refusedAtMs: number;
}

export const PERIOD_MS = 30 * 86_400_000;

const sum = (units: number[]) => units.reduce((all, one) => all + one, 0);

function must(holds: boolean, what: string, ...about: unknown[]): void {
	if (!holds) throw new Error(`${what} ${about.map((one) => JSON.stringify(one)).join(" ")}`);
}

/**
 * The model: a list of accepted commands, and filters over it. It knows the published rules and none of the code, and checks each decision
 * against everything recorded before.
 */
export class Journal {
	readonly attempts: Attempt[] = [];
	readonly adjustments: Adjustment[] = [];
	/** Commands that wrote an adjustment. */
	readonly #adjusting = new Set<string>();
	readonly #kind: SubjectKind;
	readonly #limits: Limits;
	readonly #provider: Provider;

	constructor(kind: SubjectKind, limits: Limits, provider: Provider) {
		this.#kind = kind;
		this.#limits = limits;
		this.#provider = provider;
	}

	/** Held or counted units on a pool, adjustments included. */
	on(pool: string): number {
		const alive = this.attempts.filter((one) => one.end !== "released");
		const parts = [...alive.flatMap((one) => one.parts), ...this.adjustments.flatMap((one) => partsOf(one))];
		return sum(parts.filter((part) => part.pool === pool).map((part) => part.units));
	}

	counted(): Attempt[] {
		return this.attempts.filter((one) => one.end === "settled" || one.end === "expired");
	}

	/** A window's remaining units, from the published limits alone. */
	#room(plan: Plan, pool: string, nowMs: number): number {
		if (this.#kind === "guest") return this.#limits.guest - this.on("guest");
		if (this.#kind === "network") return this.#limits.network - this.on(pool);
		if (!isBilled(pool)) return (this.#kind === "organization" ? 0 : this.#limits.free) - this.on(pool);
		if (plan.kind !== "windowed") throw new Error("only a plan with a window is counted here");
		if (nowMs < plan.endMs) return plan.limit - this.on(pool);
		return Math.min(this.#limits.free, plan.limit - this.on(`sub:${plan.subscriptionId}@${plan.startMs}`)) - this.on(pool);
	}

	/** Units left of unexpired grants, minus the debts of the others. */
	#credits(plan: Plan, nowMs: number): { pool: string; left: number; expiresAtMs: number }[] {
		const rows = this.adjustments.filter((one) => one.id === one.pool);
		const listed = plan.kind === "windowed" ? plan.listed.filter((one) => !rows.some((row) => row.id === `grant:${one.id}`)) : [];
		const known = [
			...rows.map((row) => ({ pool: row.pool, left: -this.on(row.pool), expiresAtMs: row.expiresAtMs ?? Number.POSITIVE_INFINITY })),
			...listed.map(({ id, units }) => ({
				pool: `grant:${id}`,
				left: units - this.on(`grant:${id}`),
				expiresAtMs: Number.POSITIVE_INFINITY,
			})),
		];
		// A refund before its grant, or after the grant is no longer listed, is a debt.
		const others = this.adjustments.filter((one) => one.pool.startsWith("grant:") && !known.some((grant) => grant.pool === one.pool));
		const debts = others.map((one) => ({ pool: one.pool, left: -one.units, expiresAtMs: 0 }));
		const back = this.adjustments.flatMap((one) => one.spill ?? []).filter((part) => !known.some((grant) => grant.pool === part.pool));
		const unlisted = [...debts, ...back.map((part) => ({ pool: part.pool, left: -part.units, expiresAtMs: 0 }))];
		const pools = new Set(unlisted.map((one) => one.pool));
		for (const pool of pools) {
			known.push({ pool, left: sum(unlisted.filter((one) => one.pool === pool).map((one) => one.left)), expiresAtMs: 0 });
		}
		return known.map((one) => (one.expiresAtMs > nowMs ? one : { ...one, left: Math.min(0, one.left) }));
	}

	/** A member's units in the plan's current period, from the list alone. */
	#taken(member: string, plan: Plan, pool: string, nowMs: number): number {
		const isPresent = ({ heldAtMs }: Attempt) => {
			if (plan.kind !== "balance") return true;
			return nowMs < plan.endMs ? heldAtMs >= plan.endMs - PERIOD_MS && heldAtMs < plan.endMs : heldAtMs >= plan.endMs;
		};
		const own = this.attempts.filter((one) => one.member === member && one.pool === pool && one.end !== "released" && isPresent(one));
		const corrected = this.adjustments.filter(({ requestId }) => own.some(({ id }) => id === requestId));
		return sum([...own, ...corrected].map(({ units }) => units));
	}

	/** A member is refused exactly the requests beyond the cap. */
	refusedMember({ id, cap }: Member, pool: string, units: number, plan: Plan, nowMs: number): void {
		const taken = this.#taken(id, plan, pool, nowMs);
		must(cap !== null && taken + units > cap, "a member is refused with room left", { id, cap, taken, units });
	}

	/** Checks I1 before an accepted hold is recorded. `plan` is the ledger's entitlement; null when it is not trusted. */
	#admit(row: RequestRow, member: Member | null | undefined, plan: Plan, nowMs: number): void {
		if (member && member.cap !== null) {
			const taken = this.#taken(member.id, plan, row.pool, nowMs);
			must(taken + row.units <= member.cap, "I1: a member's cap", row, member, taken);
		}
		const parts = partsOf(row);
		must(
			parts.every((part) => part.units >= 0 && Number.isInteger(part.units)) && sum(parts.map((part) => part.units)) === row.units,
			"I1: parts add up",
			row,
		);
		if (plan.kind === "balance" && row.pool === `sub:${plan.subscriptionId}`) {
			const alive = this.attempts.filter((one) => one.pool === row.pool && one.end !== "released");
			const back = this.adjustments.filter((one) => one.pool === row.pool && one.units < 0).map((one) => one.units);
			const taken = sum(alive.map((one) => one.units)) + row.units + sum(back);
			must(taken <= this.#provider.given(plan.subscriptionId), "I1: balance", taken, this.#provider.given(plan.subscriptionId));
			return;
		}
		const room = Math.max(0, this.#room(plan, row.pool, nowMs));
		const [main, ...spill] = parts;
		must(main?.units === Math.min(row.units, room), "I1: the window is spent first, and never beyond", row, room);
		const credits = this.#credits(plan, nowMs);
		must(sum(spill.map((part) => part.units)) <= Math.max(0, sum(credits.map((one) => one.left))), "I1: credits", row, credits);
		for (const part of spill) {
			const credit = credits.find((one) => one.pool === part.pool);
			must(credit !== undefined && part.units <= credit.left, "I1: a grant gives what it has", part, credits);
			const sooner = credits.filter((one) => credit && one.left > 0 && one.expiresAtMs < credit.expiresAtMs);
			for (const one of sooner) {
				must(
					sum(spill.filter((other) => other.pool === one.pool).map((other) => other.units)) === one.left,
					"I1: soonest first",
					spill,
					credits,
				);
			}
		}
	}

	/** Checks that no request is refused while units are left. */
	refused(pool: string, units: number, plan: Plan, nowMs: number): void {
		if (plan.kind === "balance" && isBilled(pool)) return;
		const credits = Math.max(0, sum(this.#credits(plan, nowMs).map((one) => one.left)));
		const left = Math.max(0, this.#room(plan, pool, nowMs)) + credits;
		must(units > left, "refused with room left", { pool, units, left });
	}

	/** Records a decision, and checks it against everything recorded before. */
	note(command: Command, { outcome, row, adjustment }: Decision, plan: Plan, nowMs: number): void {
		if (outcome.kind === "held") {
			must(row !== undefined, "a hold is written");
			must(command.type === "hold", "only a hold holds");
			this.#admit(outcome.row, command.type === "hold" ? command.member : null, plan, nowMs);
			const { id, attempt, pool, units, state, member = null, heldAtMs } = outcome.row;
			must(!this.attempts.some((one) => one.id === id && one.end !== "released"), "I2: one living attempt of an id", id);
			const unreported = { prompt: false, acknowledged: false, refusals: 0, refusedAtMs: 0 };
			this.attempts.push({ id, attempt, pool, units, member, heldAtMs, end: state, parts: partsOf(outcome.row), ...unreported });
		} else if (row) {
			const attempt = this.attempts.find((one) => one.id === row.id && one.attempt === row.attempt);
			must(attempt !== undefined, "a row has its attempt", row);
			if (attempt && attempt.end !== row.state) {
				must(attempt.end === "held" || (attempt.end === "expired" && row.state !== "held"), "I2: an attempt ends once", attempt, row);
				must(attempt.pool === row.pool && attempt.units === row.units, "a hold stays where it was taken", attempt, row);
				must(
					row.state !== "released" || !this.#provider.events.has(row.id),
					"I4: nothing that the provider knows is undone without a trace",
					row,
				);
				attempt.prompt = attempt.end === "held";
				attempt.end = row.state;
			}
			if (attempt && outcome.kind === "acknowledged") attempt.acknowledged = true;
			if (attempt && outcome.kind === "report-refused") {
				attempt.refusals += 1;
				attempt.refusedAtMs = nowMs;
				must(outcome.deadLetter === attempt.refusals >= 5, "a dead letter was refused five times", attempt, outcome);
			}
		}
		if (adjustment) {
			must(!this.adjustments.some((one) => one.id === adjustment.id), "an adjustment is written once", adjustment);
			const adjusts = command.type === "carry-over" || command.type === "grant" || command.type === "correct";
			must(!adjusts || !this.#adjusting.has(`${command.type} ${command.id}`), "units arrive once for each id", command, adjustment);
			this.#adjusting.add(`${command.type} ${command.id}`);
			this.adjustments.push(adjustment);
			if (adjustment.requestId) must(this.net(adjustment.requestId) >= 0, "no more is given back than was counted", adjustment);
		}
		if (outcome.kind === "ended") {
			must(outcome.counted === this.net(outcome.row.id) > 0 || !this.isPlain(outcome.row.id), "I2: the answer is what stands", outcome);
		}
	}

	/** Whether only the ledger itself corrected a request. An administrator's correction leaves `counted` unchanged. */
	isPlain(id: string): boolean {
		return !this.adjustments.some((one) => one.requestId === id && one.id.startsWith("correct:"));
	}

	/** The final units of a request. */
	net(id: string): number {
		const counted = this.counted().filter((one) => one.id === id);
		return sum([...counted.map((one) => one.units), ...this.adjustments.filter((one) => one.requestId === id).map((one) => one.units)]);
	}

	/** Checks that a sent batch is owed with its hold's units, and that a refused row is sent alone, after all others, a dead letter daily. */
	leaving(batch: readonly Report[], nowMs: number): void {
		const owed = this.counted().filter((one) => isBilled(one.pool) && !one.acknowledged);
		const sent = batch.map((report) => owed.find((one) => one.id === report.id && one.units === report.units));
		for (const one of sent) {
			must(one !== undefined, "I4: only what is owed is sent", batch);
			if (!one || one.refusals === 0) continue;
			must(batch.length === 1, "what was refused goes alone", batch);
			must(one.refusals < 5 || nowMs - one.refusedAtMs >= 86_400_000, "a dead letter is sent once a day", one, nowMs);
		}
		const waiting = owed.filter((one) => one.end === "settled" && one.prompt && one.refusals === 0 && !sent.includes(one));
		must(waiting.length === 0 || batch.length === 50, "nothing is held back", waiting, batch);
	}

	/** Checks I4 once everything is sent: the provider's events are exactly the counted attempts of subscriptions. */
	drained(): void {
		const owed = this.counted().filter((one) => isBilled(one.pool));
		must(owed.length === this.#provider.events.size, "I4: as many events as counted attempts", owed.length, this.#provider.events.size);
		for (const { id, pool, units } of owed) {
			const event = this.#provider.events.get(id);
			must(event?.units === units && pool.split("@")[0] === `sub:${event.subscriptionId}`, "I4: each with its units", id, event, pool);
		}
	}
}
