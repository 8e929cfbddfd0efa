import { t } from "../../text/text.ts";
import type { UsageDay, UsageHistory } from "../../view/usage.ts";

/** The number of days in a chart. */
const DAYS = 31;
const DAY_MS = 86_400_000;
/** Models with a color of their own. The others share one. */
const MODELS_MAX = 4;

/** One part of a bar, from the bottom up. `from` and `to` are requests. */
interface Segment {
	series: number;
	from: number;
	to: number;
}

/** Requests by day and model, ready to be drawn. */
export interface UsageChart {
	bars: { day: string; total: number; segments: Segment[] }[];
	/** The models, most used first, with the total of each. */
	series: { label: string; units: number }[];
	/** The top of the scale: 1, 2 or 5 times a power of ten. */
	top: number;
	total: number;
}

/** Lays out a history as one bar for each of the last 31 days. `labelOf` names a model. */
export function chartOf({ today, days }: UsageHistory, labelOf: (model: string) => string): UsageChart {
	const shown = daysUntil(today);
	const within = days.filter(({ day, units }) => shown.includes(day) && units > 0);
	const ranked = [...totalsOf(within)].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([model]) => model);
	// A single extra model gets its own color, because it would be alone in the shared one.
	const own = ranked.slice(0, ranked.length === MODELS_MAX + 1 ? MODELS_MAX + 1 : MODELS_MAX);
	const hasOthers = own.length < ranked.length;
	const seriesOf = (model: string) => (own.includes(model) ? own.indexOf(model) : own.length);
	const series = [...own.map(labelOf), ...(hasOthers ? [t("usage_others")] : [])].map((label, at) => ({
		label,
		units: unitsOf(within.filter(({ model }) => seriesOf(model) === at)),
	}));
	const bars = shown.map((day) => {
		const ofDay = within.filter((one) => one.day === day);
		const segments: Segment[] = [];
		let from = 0;
		for (const at of series.keys()) {
			const to = from + unitsOf(ofDay.filter(({ model }) => seriesOf(model) === at));
			if (to > from) segments.push({ series: at, from, to });
			from = to;
		}
		return { day, total: from, segments };
	});
	return { bars, series, top: roundUp(Math.max(1, ...bars.map(({ total }) => total))), total: unitsOf(within) };
}

function daysUntil(today: string): string[] {
	const lastMs = Date.parse(today);
	return Array.from({ length: DAYS }, (_, at) => new Date(lastMs - (DAYS - 1 - at) * DAY_MS).toISOString().slice(0, 10));
}

function totalsOf(days: readonly UsageDay[]): Map<string, number> {
	const totals = new Map<string, number>();
	for (const { model, units } of days) totals.set(model, (totals.get(model) ?? 0) + units);
	return totals;
}

const unitsOf = (days: readonly UsageDay[]) => days.reduce((sum, { units }) => sum + units, 0);

function roundUp(units: number): number {
	const power = 10 ** Math.floor(Math.log10(units));
	return power * (units <= power ? 1 : units <= 2 * power ? 2 : units <= 5 * power ? 5 : 10);
}
