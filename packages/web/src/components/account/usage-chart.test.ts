import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UsageDay } from "../../view/usage.ts";
import { usageDay } from "../testing/views.ts";
import { chartOf } from "./usage-chart.ts";

const today = "2026-03-02";
const chart = (...days: UsageDay[]) => chartOf({ today, days }, (model) => model.toUpperCase());

describe("a chart of usage", () => {
	test("has one bar for each of the last 31 days, today last, also for days without usage", () => {
		const { bars, series, total } = chart();
		expect([bars.length, bars[0]?.day, bars.at(-1)?.day]).toEqual([31, "2026-01-31", today]);
		expect(bars.every(({ total, segments }) => total === 0 && segments.length === 0)).toBe(true);
		expect([series, total]).toEqual([[], 0]);
	});

	test("stacks the models of a day, the most used one at the bottom, and names them", () => {
		const { bars, series } = chart(
			usageDay({ day: "2026-03-01", model: "a", units: 1 }),
			usageDay({ day: "2026-03-01", model: "b", units: 5 }),
			usageDay({ day: today, model: "a", units: 2 }),
		);
		expect(series).toEqual([
			{ label: "B", units: 5 },
			{ label: "A", units: 3 },
		]);
		expect(bars.at(-2)?.segments).toEqual([
			{ series: 0, from: 0, to: 5 },
			{ series: 1, from: 5, to: 6 },
		]);
		expect(bars.at(-1)?.segments).toEqual([{ series: 1, from: 0, to: 2 }]);
	});

	test("groups models beyond the fourth, unless there is only one", () => {
		const models = (count: number) => Array.from({ length: count }, (_, n) => usageDay({ day: today, model: `m${n}`, units: 10 - n }));
		expect(chart(...models(5)).series.map(({ label }) => label)).toEqual(["M0", "M1", "M2", "M3", "M4"]);
		expect(chart(...models(6)).series.at(-1)).toEqual({ label: "Other models", units: 11 });
		expect(chart(...models(6)).series).toHaveLength(5);
	});

	test("leaves out models that used no requests, and older days", () => {
		expect(
			chart(usageDay({ day: today, model: "failed", units: 0 }), usageDay({ day: "2026-01-30", model: "old", units: 3 })).series,
		).toEqual([]);
	});

	test.each([
		[0, 1],
		[1, 1],
		[2, 2],
		[3, 5],
		[6, 10],
		[10, 10],
		[11, 20],
		[48, 50],
		[51, 100],
		[1_001, 2_000],
	])("with at most %i requests per day has a scale up to %i", (units, top) => {
		expect(chart(usageDay({ day: today, model: "a", units })).top).toBe(top);
	});

	test("draws each request once, and no bar above the scale", () => {
		const day = fc.integer({ min: 0, max: 30 }).map((n) => new Date(Date.parse(today) - n * 86_400_000).toISOString().slice(0, 10));
		const model = fc.integer({ min: 0, max: 8 }).map((n) => `m${n}`);
		const units = fc.integer({ min: 0, max: 3_000 });
		fc.assert(
			fc.property(fc.array(fc.record({ day, model, units }).map(usageDay), { maxLength: 80 }), (days) => {
				const { bars, series, top, total } = chart(...days);
				const all = days.reduce((sum, one) => sum + one.units, 0);
				expect(total).toBe(all);
				expect(series.reduce((sum, one) => sum + one.units, 0)).toBe(all);
				expect(bars.reduce((sum, bar) => sum + bar.segments.reduce((height, { from, to }) => height + to - from, 0), 0)).toBe(all);
				for (const bar of bars) expect(bar.total).toBeLessThanOrEqual(top);
			}),
		);
	});
});
