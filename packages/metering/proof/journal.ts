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
import type { LowerCommand, RaiseCommand, RaiseOutcome } from "../src/raise.ts";
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
	/** The units of its hold, without raises. */
	price: number;
	/** Units by step. */
	raises: Map<number, number>;
	member: string | null;
	terms: Terms | null;
	/** The usage that its first end reported. */
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
 * The model: a list of accepted commands, and filters over it. It is written from the published rules, independent of the code, and checks each
 * decision against everything recorded before.
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

	/** A window's remaining units, computed from the published limits only. */
	#room(plan: Plan, pool: string, nowMs: number): number {
		if (this.#kind === "guest") return this.#limits.guest - this.on("guest");
		if (this.#kind === "network") return this.#limits.network - this.on(pool);
		if (!isBilled(pool)) return (this.#kind === "organization" ? 0 : this.#limits.free) - this.on(pool);
		if (plan.kind !== "windowed") throw new Error("only a plan with a window is counted here");
		if (nowMs < plan.endMs) return plan.limit - this.on(pool);
		return Math.min(this.#limits.free, plan.limit - this.on(`sub:${plan.subscriptionId}@${plan.startMs}`)) - this.on(pool);
	}

	/** Remaining units of unexpired grants, minus the debts of the others. */
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

	/** A member's units in the plan's current period, from the list only. */
	#taken(member: string, plan: Plan, pool: string, nowMs: number): number {
		const isPresent = ({ heldAtMs }: Attempt) => {
			if (plan.kind !== "balance") return true;
			return nowMs < plan.endMs ? heldAtMs >= plan.endMs - PERIOD_MS && heldAtMs < plan.endMs : heldAtMs >= plan.endMs;
		};
		const own = this.attempts.filter((one) => one.member === member && one.pool === pool && one.end !== "released" && isPresent(one));
		const corrected = this.adjustments.filter(({ requestId }) => own.some(({ id }) => id === requestId));
		return sum([...own, ...corrected].map(({ units }) => units));
	}

	/** The first attempt of an id with a price. All later attempts keep that price. */
	#first(id: string): Attempt | undefined {
		return this.attempts.find((one) => one.id === id && one.terms !== null);
	}

	/** Remaining units of the free day beside a paid plan. Null for everyone without one. */
	#freeDay(plan: Plan, nowMs: number): number | null {
		if (this.#kind !== "user" || plan.kind === "none") return null;
		return Math.max(0, this.#limits.free - Math.max(this.on(dayPool(nowMs)), this.#onTrust(plan, nowMs)));
	}

	/** Units taken from a plan on trust after its period's end. */
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
		const price = this.#first(id)?.price ?? units;
		must(cap !== null && taken + price > cap, "a member is refused with room left", { member, taken, price });
	}

	/** Checks that all attempts of an id have the first attempt's price (P6). */
	#priced({ id, units, terms = null }: RequestRow, command: HoldCommand): void {
		const first = this.#first(id) ?? { price: command.units, terms: command.terms ?? null };
		must(units === first.price && same(terms, first.terms), "P6: a request keeps its first price", id, units, terms, first);
	}

	/** Checks I1 before an accepted hold is recorded. `plan` is the ledger's entitlement; null if it is not trusted. */
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
		if (plan.kind === "balance" && row.pool === `sub:${plan.subscriptionId}`) this.#fromBalance(row, plan.subscriptionId);
		else this.#fromWindow(row.units, partsOf(row), this.#room(plan, row.pool, nowMs), plan, nowMs);
	}

	/** Checks that a provider's balance covers the units of a hold or raise. */
	#fromBalance({ pool, units }: { pool: string; units: number }, subscriptionId: string): void {
		const alive = this.attempts.filter((one) => one.pool === pool && one.end !== "released");
		const back = this.adjustments.filter((one) => one.pool === pool && one.units < 0).map((one) => one.units);
		const taken = sum(alive.map((one) => one.units)) + units + sum(back);
		must(taken <= this.#provider.given(subscriptionId), "I1: balance", taken, this.#provider.given(subscriptionId));
	}

	/** Checks that the window pays first, and grants pay the rest, the soonest to expire first. */
	#fromWindow(units: number, parts: readonly Part[], left: number, plan: Plan, nowMs: number): void {
		must(
			parts.every((part) => part.units >= 0 && Number.isInteger(part.units)) && sum(parts.map((part) => part.units)) === units,
			"I1: parts add up",
			units,
			parts,
		);
		const room = Math.max(0, left);
		const [main, ...spill] = parts;
		must(main?.units === Math.min(units, room), "I1: the window is spent first, and never beyond", units, parts, room);
		const credits = this.#credits(plan, nowMs);
		must(sum(spill.map((part) => part.units)) <= Math.max(0, sum(credits.map((one) => one.left))), "I1: credits", parts, credits);
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

	/**
	 * Units by which a raise may grow: from the window of its attempt's hold (`room`), and from grants (`credits`). Null where the provider counts,
	 * because only its number bounds them. 0 once the window is over and no longer known.
	 */
	#leftForRaise({ pool, heldAtMs }: Attempt, plan: Plan, nowMs: number): { room: number; credits: number } | null {
		const nothing = { room: 0, credits: 0 };
		const credits = Math.max(0, sum(this.#credits(plan, nowMs).map((one) => one.left)));
		if (this.#kind === "guest" || this.#kind === "network" || (plan.kind === "none" && !isBilled(pool))) {
			return { room: Math.max(0, this.#room(plan, pool, heldAtMs)), credits };
		}
		if (plan.kind === "none") return nothing;
		if (!isBilled(pool)) {
			const room = this.#limits.free - Math.max(this.on(pool), this.#onTrust(plan, nowMs));
			return this.#kind === "user" ? { room: Math.max(0, room), credits: 0 } : nothing;
		}
		if (plan.kind === "balance") return pool === `sub:${plan.subscriptionId}` && heldAtMs >= plan.endMs - PERIOD_MS ? null : nothing;
		const wasOpen = heldAtMs < plan.endMs;
		if (pool !== `sub:${plan.subscriptionId}@${wasOpen ? plan.startMs : plan.endMs}`) return nothing;
		const since = wasOpen && nowMs >= plan.endMs ? Math.max(0, this.on(`sub:${plan.subscriptionId}@${plan.endMs}`)) : 0;
		return { room: Math.max(0, this.#room(plan, pool, heldAtMs) - since), credits };
	}

	/** The open attempt that a raise or lower names. */
	#open({ id, attempt }: { id: string; attempt: number }): Attempt | undefined {
		return this.attempts.find((one) => one.id === id && one.attempt === attempt && one.end === "held");
	}

	/** Checks a raise, accepted or not, against the rules of a hold. */
	#raising(command: RaiseCommand, outcome: RaiseOutcome, plan: Plan, nowMs: number): void {
		const { step, units, maxUnits = null, cap = null } = command;
		const open = this.#open(command);
		const earlier = open?.raises.get(step);
		if (outcome.kind === "not-raised") {
			const agreed = open && maxUnits !== null ? Math.max(0, maxUnits - open.units) : 0;
			const reasons = {
				ended: !open,
				conflict: earlier !== undefined && earlier !== units,
				"too-many": step > 8,
				"max-units": maxUnits !== null && units > agreed,
			};
			must(reasons[outcome.reason], "a raise is refused for its reason", command, outcome, open);
			must(outcome.left === (outcome.reason === "max-units" ? agreed : 0), "a raise says what is left", command, outcome, open);
			return;
		}
		if (!open) throw new Error("only an open hold is raised");
		if (earlier !== undefined) {
			must(outcome.kind === "raised" && earlier === units, "a raise of the same step adds nothing", command, outcome, open);
			return;
		}
		const left = this.#leftForRaise(open, plan, nowMs);
		const ofMember = open.member !== null && cap !== null ? cap - this.#taken(open.member, plan, open.pool, open.heldAtMs) : null;
		if (outcome.kind === "refused") {
			const { policy, remaining } = outcome.refusal;
			if (policy === "member") must(ofMember !== null && units > ofMember, "a member is refused a raise with room left", command);
			if (policy === "member" || left === null) return;
			const all = left.room + left.credits;
			must(units > all, "a raise is refused with room left", command, open, left);
			must(remaining === Math.min(all, Math.max(0, ofMember ?? all)), "a refused raise says what is left", outcome, left, ofMember);
			return;
		}
		must(step >= 1 && step <= 8 && open.units + units <= (maxUnits ?? Number.POSITIVE_INFINITY), "a raise is bounded", command, open);
		must(ofMember === null || units <= ofMember, "I1: a member's cap bounds raises", command, ofMember);
		const before = new Map(open.parts.map((part) => [part.pool, part.units]));
		const added = partsOf(outcome.row).map(({ pool, units: after }) => ({ pool, units: after - (before.get(pool) ?? 0) }));
		if (left === null) this.#fromBalance({ pool: open.pool, units }, open.pool.slice("sub:".length));
		else {
			must(units <= left.room + left.credits, "I1: a raise has room", command, open, left);
			const [main, ...spill] = added;
			const parts = spill.filter((part) => part.units !== 0);
			this.#fromWindow(units, main ? [main, ...parts] : parts, left.room, plan, nowMs);
		}
		open.raises.set(step, units);
		this.#changed(open, outcome.row);
	}

	/** Checks that a lowered attempt keeps exactly its other raises, and returned units to grants before the window. */
	#lowering(command: LowerCommand, row: RequestRow | undefined): void {
		const open = this.#open(command);
		must((row !== undefined) === (open?.raises.has(command.step) ?? false), "only a raise is lowered", command, open);
		if (!row || !open) return;
		open.raises.delete(command.step);
		this.#changed(open, row);
	}

	/** Updates an attempt's units, which are its price and its raises. */
	#changed(attempt: Attempt, row: RequestRow): void {
		const [mainBefore, mainAfter] = [attempt.parts[0]?.units ?? 0, partsOf(row)[0].units];
		must(row.units === attempt.price + sum([...attempt.raises.values()]), "a request costs its price and its raises", attempt, row);
		must(mainAfter >= mainBefore || !row.spill, "grants are given back first", attempt, row);
		must(row.pool === attempt.pool && (row.state === "held") === (attempt.end === "held"), "a raise changes nothing else", attempt, row);
		attempt.units = row.units;
		attempt.parts = partsOf(row);
	}

	/** Remaining units of a plan that the ledger counts, grants included. */
	#leftOf(plan: Extract<Plan, { kind: "windowed" }>, nowMs: number): number {
		const startMs = nowMs < plan.endMs ? plan.startMs : plan.endMs;
		return this.#left(plan, `sub:${plan.subscriptionId}@${startMs}`, nowMs);
	}

	#left(plan: Plan, pool: string, nowMs: number): number {
		const credits = Math.max(0, sum(this.#credits(plan, nowMs).map((one) => one.left)));
		return Math.max(0, this.#room(plan, pool, nowMs)) + credits;
	}

	/** Checks that a request is refused only if it does not fit, and that the refusal has the right remaining units. */
	refused({ id, units, freeDay, member }: HoldCommand, pool: string, refusal: Refusal, plan: Plan, nowMs: number): void {
		const price = this.#first(id)?.price ?? units;
		const ofDay = this.#freeDay(plan, nowMs);
		must((refusal.freeDay?.remaining ?? null) === ofDay, "a refusal says what the free day has", refusal, ofDay);
		must(!freeDay || ofDay === null || price > ofDay, "P10: refused with a free day left", { price, ofDay });
		if (plan.kind === "balance" && isBilled(pool)) return;
		const left = this.#left(plan, pool, nowMs);
		must(price > left, "refused with room left", { pool, price, left });
		const ofMember = member && member.cap !== null ? Math.max(0, member.cap - this.#taken(member.id, plan, pool, nowMs)) : left;
		must(refusal.remaining === Math.min(left, ofMember), "a refusal says what is left", refusal, left, ofMember);
	}

	/** Checks the free day shown to a subscriber. */
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

	/** Checks P7 as a whole: the daily totals contain each attempt's reported usage once. */
	shownDays(days: readonly DayTotals[]): void {
		const shown = NUMBERS.map((number) => sum(days.map((one) => one[number])));
		const reported = NUMBERS.map((number) => sum(this.attempts.map(({ spent }) => spent?.[number] ?? 0)));
		must(same(shown, reported), "P7: the totals are what was reported", shown, reported);
	}

	/** Records a decision, and checks it against everything recorded before. */
	note(command: Command, { outcome, row, adjustment }: Decision, plan: Plan, nowMs: number): void {
		if (command.type === "raise" && (outcome.kind === "raised" || outcome.kind === "not-raised" || outcome.kind === "refused"))
			this.#raising(command, outcome, plan, nowMs);
		if (command.type === "lower") this.#lowering(command, row);
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
				price: units,
				raises: new Map(),
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
			if (attempt && row.state === "settled" && attempt.end !== row.state && "raised" in command)
				this.#countsOnly(attempt, command.raised, row);
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

	/** Drops the raises that an attempt's end does not count. An expired attempt keeps all, because the provider may know them. */
	#countsOnly(attempt: Attempt, steps: readonly number[] | undefined, row: RequestRow): void {
		if (!steps || (attempt.end === "expired" && isBilled(attempt.pool) && row.units === attempt.units)) return;
		for (const step of attempt.raises.keys()) if (!steps.includes(step)) attempt.raises.delete(step);
		must(
			row.units === attempt.price + sum([...attempt.raises.values()]),
			"a request costs its price and the raises that count",
			attempt,
			row,
		);
		attempt.units = row.units;
		attempt.parts = partsOf(row);
	}

	/** Checks that a row has the sum of its attempts' reported usage (P7). */
	#measured({ id, spent = null }: RequestRow): void {
		const reported = this.attempts.filter((one) => one.id === id).flatMap((one) => one.spent ?? []);
		const total = (number: (typeof NUMBERS)[number]) => sum(reported.map((one) => one[number]));
		const expected = NUMBERS.map(total);
		must(same(spent ? NUMBERS.map((number) => spent[number]) : [], reported.length > 0 ? expected : []), "P7: tokens", id, spent, reported);
		must((spent?.estimated ?? false) === reported.some((one) => one.estimated), "P7: an estimate is marked", id, spent, reported);
	}

	/** Whether no administrator corrected the request. Such a correction leaves `counted` unchanged. */
	isPlain(id: string): boolean {
		return !this.adjustments.some((one) => one.requestId === id && one.id.startsWith("correct:"));
	}

	/** The final units of a request. */
	net(id: string): number {
		const counted = this.counted().filter((one) => one.id === id);
		return sum([...counted.map((one) => one.units), ...this.adjustments.filter((one) => one.requestId === id).map((one) => one.units)]);
	}

	/** Checks that a sent batch is owed, with its holds' units, and that a refused row is sent alone, last, and daily as a dead letter. */
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
