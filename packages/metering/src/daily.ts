import type { Spent } from "./price.ts";
import { type DayTotals, isCounted, type RequestRow } from "./rows.ts";
import type { Adjusted } from "./tally.ts";
import { tierOf } from "./tier.ts";
import { dayOf } from "./window.ts";

const NOTHING = { requests: 0, units: 0, input: 0, cached: 0, output: 0, reasoning: 0, microDollars: 0, estimated: 0 };
const NUMBERS = Object.keys(NOTHING) as (keyof typeof NOTHING)[];

/** Adds up requests and corrections by day, model and tier. */
export class DailyTotals {
	readonly #totals = new Map<string, DayTotals>();

	/** Adds a request, or removes it with `sign` -1. */
	add(row: RequestRow, sign: 1 | -1): void {
		const counted = isCounted(row) ? { requests: 1, units: row.units } : {};
		const { estimated = false, ...spent } = row.spent ?? {};
		this.#add(row, { ...NOTHING, ...counted, ...spent, estimated: Number(estimated) }, sign);
	}

	/** Adds an adjustment if it corrects a request. It counts in that request's day, model and tier. */
	adjust({ adjustment, corrected }: Adjusted): void {
		if (corrected) this.#add(corrected, { ...NOTHING, units: adjustment.units }, 1);
	}

	/** Adds earlier totals. */
	include(totals: DayTotals): void {
		const key = JSON.stringify([totals.day, totals.model, totals.tier]);
		const before = this.#totals.get(key);
		const after = before ? sumOfTotals(before, totals) : totals;
		if (NUMBERS.some((number) => after[number] !== 0)) this.#totals.set(key, after);
		else this.#totals.delete(key);
	}

	get isEmpty(): boolean {
		return this.#totals.size === 0;
	}

	/** The non-zero totals, sorted by day, model and tier. */
	all(): DayTotals[] {
		return [...this.#totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, totals]) => totals);
	}

	/** Returns the same totals and resets them. */
	take(): DayTotals[] {
		const all = this.all();
		this.#totals.clear();
		return all;
	}

	#add({ terms, heldAtMs, pool }: RequestRow, amounts: typeof NOTHING, sign: 1 | -1): void {
		if (!terms) return;
		const signed = { ...NOTHING };
		for (const number of NUMBERS) signed[number] = sign * amounts[number];
		this.include({ day: dayOf(heldAtMs), model: terms.model, tier: tierOf(pool), ...signed });
	}
}

/** The sum of two totals of the same day, model and tier. */
export function sumOfTotals(a: DayTotals, b: DayTotals): DayTotals {
	const sum = { ...a };
	for (const number of NUMBERS) sum[number] += b[number];
	return sum;
}

/** The sum of two usages; null if both are unknown. Numbers are rounded to non-negative integers, so that sums are exact in any order. */
export function spentTogether(a: Spent | null | undefined, b: Spent | null | undefined): Spent | null {
	if (!a && !b) return null;
	const sum = (of: (spent: Spent) => number) => (a ? whole(of(a)) : 0) + (b ? whole(of(b)) : 0);
	return {
		input: sum(({ input }) => input),
		cached: sum(({ cached }) => cached),
		output: sum(({ output }) => output),
		reasoning: sum(({ reasoning }) => reasoning),
		microDollars: sum(({ microDollars }) => microDollars),
		estimated: Boolean(a?.estimated || b?.estimated),
	};
}

/** A provider may send any number, but a ledger must be able to store it. */
function whole(number: number): number {
	return Number.isFinite(number) ? Math.max(0, Math.ceil(number)) : 0;
}
