import type {
	Adjustment,
	Command,
	DayTotals,
	FreeDay,
	HoldCommand,
	Limits,
	Refusal,
	Report,
	RequestRow,
	Spent,
	SubjectKind,
	Terms,
} from "../src/index.ts";
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
	terms: Terms | null;
	/** What its first end reported. */
	spent: Spent | null;
	hasEnd: boolean;
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
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const dayPool = (atMs: number) => `day:${new Date(atMs).toISOString().slice(0, 10)}`;
const NUMBERS = ["input", "cached", "output", "reasoning", "microDollars"] as const;

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

	/** The first attempt of an id that has a price. Later ones keep it. */
	#first(id: string): Attempt | undefined {
		return this.attempts.find((one) => one.id === id && one.terms !== null);
	}

	/** Units left of the free day beside a paid plan; null for everyone who has none. */
	#freeDay(plan: Plan, nowMs: number): number | null {
		if (this.#kind !== "user" || plan.kind === "none") return null;
		return Math.max(0, this.#limits.free - Math.max(this.on(dayPool(nowMs)), this.#onTrust(plan, nowMs)));
	}

	/** Units that a plan gave after the end of its period, which may be over for good. */
	#onTrust(plan: Exclude<Plan, { kind: "none" }>, nowMs: number): number {
		if (nowMs < plan.endMs) return 0;
		if (plan.kind === "windowed") return this.on(`sub:${plan.subscriptionId}@${plan.endMs}`);
		const own = this.attempts.filter(({ pool }) => pool === `sub:${plan.subscriptionId}`);
		return sum(own.filter(({ end, heldAtMs }) => end !== "released" && heldAtMs >= plan.endMs).map(({ units }) => units));
	}

	/** A member is refused exactly the requests beyond the cap. */
	refusedMember({ id, member, units }: HoldCommand, pool: string, plan: Plan, nowMs: number): void {
		const taken = member ? this.#taken(member.id, plan, pool, nowMs) : 0;
		const cap = member?.cap ?? null;
		const price = this.#first(id)?.units ?? units;
		must(cap !== null && taken + price > cap, "a member is refused with room left", { member, taken, price });
	}

	/** Checks that an attempt costs what the first one of its id did (P6). */
	#priced({ id, units, terms = null }: RequestRow, command: HoldCommand): void {
		const first = this.#first(id) ?? { units: command.units, terms: command.terms ?? null };
		must(units === first.units && same(terms, first.terms), "P6: a request keeps its first price", id, units, terms, first);
	}

	/** Checks I1 before an accepted hold is recorded. `plan` is the ledger's entitlement; null when it is not trusted. */
	#admit(row: RequestRow, { member, freeDay }: HoldCommand, plan: Plan, nowMs: number): void {
		const open = this.attempts.filter((one) => one.end === "held");
		const { inFlight } = this.#limits;
		const ofTier = this.#kind === "guest" ? inFlight.guest : plan.kind === "none" ? inFlight.free : inFlight.paid;
		const most = this.#kind === "organization" ? inFlight.organization : ofTier;
		must(this.#kind === "network" || open.length < most, "I1: in flight", row, open.length, most);
		if (plan.kind !== "none" && !isBilled(row.pool)) {
			const left = this.#freeDay(plan, nowMs);
			must(freeDay === true && left !== null, "P10: only a person's request to a free model takes from the free day", row);
			must(row.pool === dayPool(nowMs) && !row.spill && row.units <= (left ?? 0), "P10: never more than the free day has", row, left);
			if (plan.kind === "windowed") must(row.units > this.#leftOf(plan, nowMs), "P10: the plan pays first", row);
			return;
		}
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

	/** Units left of a plan that is counted here, grants included. */
	#leftOf(plan: Extract<Plan, { kind: "windowed" }>, nowMs: number): number {
		const startMs = nowMs < plan.endMs ? plan.startMs : plan.endMs;
		return this.#left(plan, `sub:${plan.subscriptionId}@${startMs}`, nowMs);
	}

	#left(plan: Plan, pool: string, nowMs: number): number {
		const credits = Math.max(0, sum(this.#credits(plan, nowMs).map((one) => one.left)));
		return Math.max(0, this.#room(plan, pool, nowMs)) + credits;
	}

	/** Checks that no request is refused while units are left, and that the refusal says how many are. */
	refused({ id, units, freeDay, member }: HoldCommand, pool: string, refusal: Refusal, plan: Plan, nowMs: number): void {
		const price = this.#first(id)?.units ?? units;
		const ofDay = this.#freeDay(plan, nowMs);
		must((refusal.freeDay?.remaining ?? null) === ofDay, "a refusal says what the free day has", refusal, ofDay);
		must(!freeDay || ofDay === null || price > ofDay, "P10: refused with a free day left", { price, ofDay });
		if (plan.kind === "balance" && isBilled(pool)) return;
		const left = this.#left(plan, pool, nowMs);
		must(price > left, "refused with room left", { pool, price, left });
		const ofMember = member && member.cap !== null ? Math.max(0, member.cap - this.#taken(member.id, plan, pool, nowMs)) : left;
		must(refusal.remaining === Math.min(left, ofMember), "a refusal says what is left", refusal, left, ofMember);
	}

	/** Checks the free day that a subscriber is shown. */
	shownFreeDay(freeDay: FreeDay | null, plan: Plan, nowMs: number): void {
		const remaining = this.#freeDay(plan, nowMs);
		must((freeDay === null) === (remaining === null), "P10: a subscriber is shown a free day", freeDay, plan);
		if (freeDay === null) return;
		const pool = dayPool(nowMs);
		const held = sum(this.attempts.filter((one) => one.pool === pool && one.end === "held").map((one) => one.units));
		const used = Math.max(0, this.on(pool) - held);
		const expected = { limit: this.#limits.free, used, held, remaining };
		must(same(freeDay, expected), "P10: the free day is shown as it is", freeDay, expected);
	}

	/** Checks P7 as a whole: the daily totals have what each attempt reported once. */
	shownDays(days: readonly DayTotals[]): void {
		const shown = NUMBERS.map((number) => sum(days.map((one) => one[number])));
		const reported = NUMBERS.map((number) => sum(this.attempts.map(({ spent }) => spent?.[number] ?? 0)));
		must(same(shown, reported), "P7: the totals are what was reported", shown, reported);
	}

	/** Records a decision, and checks it against everything recorded before. */
	note(command: Command, { outcome, row, adjustment }: Decision, plan: Plan, nowMs: number): void {
		if (outcome.kind === "held") {
			must(row !== undefined, "a hold is written");
			if (command.type !== "hold") throw new Error("only a hold holds");
			this.#admit(outcome.row, command, plan, nowMs);
			this.#priced(outcome.row, command);
			const { id, attempt, pool, units, state, member = null, terms = null, heldAtMs } = outcome.row;
			must(!this.attempts.some((one) => one.id === id && one.end !== "released"), "I2: one living attempt of an id", id);
			const unreported = { prompt: false, acknowledged: false, refusals: 0, refusedAtMs: 0 };
			const unmeasured = { spent: null, hasEnd: false };
			this.attempts.push({
				id,
				attempt,
				pool,
				units,
				member,
				terms,
				heldAtMs,
				end: state,
				parts: partsOf(outcome.row),
				...unreported,
				...unmeasured,
			});
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
			if (attempt && (command.type === "settle" || command.type === "release")) {
				must(!attempt.hasEnd, "P7: an attempt reports once", attempt, command);
				attempt.hasEnd = true;
				attempt.spent = command.spent ?? null;
			}
			if (attempt && outcome.kind === "acknowledged") attempt.acknowledged = true;
			if (attempt && outcome.kind === "report-refused") {
				attempt.refusals += 1;
				attempt.refusedAtMs = nowMs;
				must(outcome.deadLetter === attempt.refusals >= 5, "a dead letter was refused five times", attempt, outcome);
			}
		}
		if (row) this.#measured(row);
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

	/** Checks that a row has the sum of what its attempts reported (P7). */
	#measured({ id, spent = null }: RequestRow): void {
		const reported = this.attempts.filter((one) => one.id === id).flatMap((one) => one.spent ?? []);
		const total = (number: (typeof NUMBERS)[number]) => sum(reported.map((one) => one[number]));
		const expected = NUMBERS.map(total);
		must(same(spent ? NUMBERS.map((number) => spent[number]) : [], reported.length > 0 ? expected : []), "P7: tokens", id, spent, reported);
		must((spent?.estimated ?? false) === reported.some((one) => one.estimated), "P7: an estimate is marked", id, spent, reported);
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
