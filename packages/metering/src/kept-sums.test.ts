import { expect, test } from "vitest";
import { KeptSums, type Marks, type SumsSource } from "./kept-sums.ts";
import type { Adjustment, RequestRow } from "./rows.ts";
import type { PoolSums } from "./tally.ts";

const NOTHING: Marks = { latestMs: 0, acknowledgedMs: 0, usedMs: 0, sinceBaseline: {} };
const row = (id: string, change: Partial<RequestRow> = {}): RequestRow => ({
	id,
	fingerprint: "f",
	pool: "sub:s",
	units: 2,
	state: "settled",
	attempt: 1,
	forgiven: 0,
	chatId: null,
	member: "ada",
	heldAtMs: 100,
	expiresAtMs: 100,
	endedAtMs: 110,
	reportAfterMs: 110,
	reportedAtMs: 120,
	...change,
});
const poolSums = (change: Partial<PoolSums> = {}): PoolSums => ({
	pool: "sub:s",
	sinceMs: 0,
	entries: 1,
	earliestMs: 100,
	latestMs: 100,
	taken: 2,
	counted: 2,
	held: 0,
	forgiven: 0,
	adjusted: 0,
	adjustedParts: 0,
	members: new Map([["ada", { used: 2, held: 0 }]]),
	...change,
});
const unread = (): never => {
	throw new Error("nothing is read here");
};
const source = (change: Partial<SumsSource> = {}): SumsSource => ({
	sums: () => [],
	rows: unread,
	adjustments: unread,
	grants: () => [],
	days: () => [],
	...change,
});
const kept = (change: { source?: SumsSource; marks?: Marks; readMs?: number; baselineMs?: number | null; live?: RequestRow[] } = {}) =>
	new KeptSums(
		change.source ?? source(),
		change.marks ?? NOTHING,
		{ readMs: change.readMs ?? 0, baselineMs: change.baselineMs ?? null },
		change.live ?? [],
	);
const counted = (sums: KeptSums, startMs: number, endMs: number | null) => sums.usage("sub:s", { startMs, endMs }).counted;

test("reads a pool's stored sums once, and adds the live requests", () => {
	let reads = 0;
	const stored = (pool: string) => {
		reads += 1;
		return pool === "sub:s" ? [poolSums()] : [];
	};
	const sums = kept({ source: source({ sums: stored }), live: [row("a", { state: "held", reportedAtMs: null })] });
	expect(sums.taken("sub:s")).toBe(4);
	expect(sums.usage("sub:s", null)).toEqual({ counted: 2, held: 2, forgiven: 0, adjusted: 0 });
	expect(sums.share("sub:s", null, "ada")).toEqual({ used: 2, held: 2 });
	expect(sums.share("sub:s", null, "bob")).toEqual({ used: 0, held: 0 });
	expect(sums.taken("sub:t")).toBe(0);
	expect(reads).toBe(2);
});

test("divides a period without reading its rows if they all lie on one side", () => {
	const stored = [poolSums({ earliestMs: 100, latestMs: 199 })];
	const sums = kept({ source: source({ sums: () => stored }) });
	expect([counted(sums, 0, 100), counted(sums, 100, 200), counted(sums, 200, null)]).toEqual([0, 2, 0]);
	expect(sums.isChanged).toBe(true);
	expect(sums.takeChanged().map(({ sinceMs, entries, counted: units }) => [sinceMs, entries, units])).toEqual([
		[0, 0, 0],
		[100, 1, 2],
	]);
	expect(sums.isChanged).toBe(false);
	expect(counted(sums, 100, 200)).toBe(2);
});

test("sums a period again if its rows lie on both sides", () => {
	const spill = [{ pool: "grant:g", units: 1 }];
	const rows = [row("a", { spill }), row("b", { heldAtMs: 150, forgiven: 1 }), row("c", { heldAtMs: 151 })];
	const correction: Adjustment = { id: "x", pool: "sub:s", units: -2, spill: [{ pool: "grant:g", units: -1 }], atMs: 500, requestId: "a" };
	const uncorrected: Adjustment = { id: "y", pool: "sub:s", units: 5, atMs: 150 };
	let reads = 0;
	const sums = kept({
		source: source({
			sums: (pool) =>
				pool === "sub:s" ? [poolSums({ entries: 5, latestMs: 151, taken: 5, counted: 6, adjusted: 3, adjustedParts: 4 })] : [],
			rows: () => {
				reads += 1;
				return rows;
			},
			adjustments: () => [
				{ adjustment: correction, corrected: rows[0] },
				{ adjustment: uncorrected, corrected: undefined },
			],
		}),
	});
	expect(sums.usage("sub:s", { startMs: 0, endMs: 150 })).toEqual({ counted: 2, held: 0, forgiven: 0, adjusted: -2 });
	expect(sums.share("sub:s", { startMs: 0, endMs: 150 }, "ada")).toEqual({ used: 0, held: 0 });
	expect(sums.usage("sub:s", { startMs: 150, endMs: null })).toEqual({ counted: 4, held: 0, forgiven: 1, adjusted: 5 });
	expect([sums.taken("sub:s"), sums.adjusted("sub:s"), sums.adjusted("grant:g")]).toEqual([5, 4, 0]);
	expect(reads).toBe(1);
	expect(sums.takeChanged().map(({ sinceMs, entries, earliestMs, latestMs }) => [sinceMs, entries, earliestMs, latestMs])).toEqual([
		[0, 2, 100, 100],
		[150, 3, 150, 151],
	]);
});

test("divides live requests in the same way", () => {
	const sums = kept({ live: [row("a", { state: "held", heldAtMs: 100 }), row("b", { state: "held", heldAtMs: 200, pool: "sub:t" })] });
	sums.put(row("c", { state: "held", heldAtMs: 300 }), undefined);
	expect(sums.usage("sub:s", { startMs: 200, endMs: null }).held).toBe(2);
	expect(sums.usage("sub:s", { startMs: 0, endMs: 200 }).held).toBe(2);
	expect(sums.usage("sub:t", null).held).toBe(2);
});

test("a free release leaves no trace; a forgiven one does", () => {
	const sums = kept();
	sums.put(row("a", { state: "released", reportedAtMs: null }), undefined);
	sums.put(row("b", { state: "released", forgiven: 1, reportedAtMs: null, spill: [{ pool: "grant:g", units: 1 }] }), undefined);
	sums.absorb(sums.next(2));
	expect(sums.takeChanged()).toMatchObject([{ pool: "sub:s", entries: 1, taken: 0, counted: 0, forgiven: 1 }]);
	expect(sums.taken("grant:g")).toBe(0);
	expect(sums.usage("sub:s", null).forgiven).toBe(1);
});

test("absorbs final requests in the order in which they became final, and skips open and newly acknowledged ones", () => {
	const sums = kept({
		readMs: 100,
		live: [
			row("held", { state: "held", reportedAtMs: null }),
			row("owed", { reportedAtMs: null }),
			row("new", { reportedAtMs: 100 }),
			row("known", { reportedAtMs: 99 }),
			row("free", { pool: "day:x", reportedAtMs: null }),
		],
	});
	expect(sums.waiting).toBe(2);
	expect(sums.next(9).map(({ id }) => id)).toEqual(["known", "free"]);
	expect(sums.next(1).map(({ id }) => id)).toEqual(["known"]);
	expect(sums.isChanged).toBe(false);
	sums.absorb(sums.next(1));
	expect(sums.isChanged).toBe(true);
	expect([...sums.live.keys()]).toEqual(["held", "owed", "new", "free"]);
	expect(sums.taken("sub:s")).toBe(8);
	expect(sums.unknownSince("sub:s", 100)).toBe(6);
	sums.follow({ readMs: 101, baselineMs: null });
	expect(sums.next(9).map(({ id }) => id)).toEqual(["free", "new"]);
	expect(sums.unknownSince("sub:s", 101)).toBe(4);
	sums.follow({ readMs: 100, baselineMs: null });
	expect(sums.unknownSince("sub:s", 100)).toBe(6);
	expect(sums.unknownSince("sub:t", 100)).toBe(0);
});

test("a late change of an absorbed request stays in the stored sums; a new attempt is live", () => {
	const sums = kept({ source: source({ sums: (pool) => (pool === "day:x" ? [poolSums({ pool, counted: 2 })] : []) }) });
	const expired = row("a", { pool: "day:x", state: "expired", reportedAtMs: null });
	sums.put({ ...expired, state: "settled", endedAtMs: 900 }, expired);
	expect([sums.live.size, sums.isChanged, sums.latestMs]).toEqual([0, true, 900]);
	expect(sums.usage("day:x", null).counted).toBe(2);
	sums.put({ ...expired, state: "released", forgiven: 1 }, { ...expired, state: "settled" });
	expect(sums.usage("day:x", null)).toMatchObject({ counted: 0, forgiven: 1 });
	sums.put({ ...expired, state: "held", attempt: 2, forgiven: 1 }, { ...expired, state: "released", forgiven: 1 });
	expect([...sums.live.keys()]).toEqual(["a"]);
	expect(sums.usage("day:x", null)).toMatchObject({ counted: 0, held: 2, forgiven: 1 });
	expect(sums.takeChanged()).toMatchObject([{ entries: 0, forgiven: 0, taken: 0 }]);
});

test("counts the holds of everyone and of one member", () => {
	const sums = kept({ live: [row("a", { state: "held" }), row("b", { state: "held", member: null }), row("c")] });
	expect([sums.inFlight(), sums.inFlight("ada"), sums.inFlight("bob")]).toEqual([2, 1, 0]);
	sums.put(row("a"), undefined);
	expect([sums.inFlight(), sums.inFlight("ada")]).toEqual([1, 0]);
});

test("sums the units acknowledged since the baseline, absorbed or not", () => {
	const sums = kept({ readMs: 300, baselineMs: 120, marks: { ...NOTHING, sinceBaseline: { s: 7 } } });
	const acknowledged = (untilMs: number) => Object.fromEntries(sums.acknowledgedSinceBaseline(untilMs));
	for (const [id, reportedAtMs] of [
		["early", 119],
		["first", 120],
		["late", 299],
	] as const)
		sums.put(row(id, { reportedAtMs }), undefined);
	sums.put(row("later", { reportedAtMs: 400, pool: "sub:t@5" }), undefined);
	sums.put(row("free", { pool: "day:x", reportedAtMs: null }), undefined);
	expect(acknowledged(500)).toEqual({ s: 11, t: 2 });
	expect(acknowledged(400)).toEqual({ s: 11 });
	expect(acknowledged(299)).toEqual({ s: 9 });
	sums.absorb(sums.next(9));
	expect(sums.marks).toEqual({ latestMs: 110, acknowledgedMs: 400, usedMs: 0, sinceBaseline: { s: 11 } });
	expect(acknowledged(500)).toEqual({ s: 11, t: 2 });
	sums.follow({ readMs: 350, baselineMs: 120 });
	expect(acknowledged(500)).toEqual({ s: 11, t: 2 });
	sums.follow({ readMs: 350, baselineMs: 350 });
	expect(acknowledged(500)).toEqual({ t: 2 });
	sums.follow({ readMs: 350, baselineMs: null });
	expect(acknowledged(500)).toEqual({});
});

test("an older ledger gets the same sums as if its requests had been absorbed or stayed live", () => {
	const sums = kept({ readMs: 200, baselineMs: 150 });
	const rows = [
		row("a", { reportedAtMs: 149 }),
		row("b", { reportedAtMs: 150 }),
		row("c", { reportedAtMs: 200 }),
		row("d", { state: "held" }),
	];
	for (const one of rows) sums.addUp(one);
	expect([...sums.live.keys()]).toEqual(["c", "d"]);
	expect(sums.marks).toEqual({ latestMs: 110, acknowledgedMs: 200, usedMs: 0, sinceBaseline: { s: 2 } });
	expect(sums.taken("sub:s")).toBe(8);
	sums.fold([row("a")]);
	expect(sums.taken("sub:s")).toBe(6);
});

test("lists the grants that adjustments touch", () => {
	const stored: Adjustment = { id: "grant:g", pool: "grant:g", units: -5, atMs: 1 };
	const sums = kept({ source: source({ grants: () => [["grant:g", stored]] }) });
	sums.adjust({
		adjustment: { id: "c", pool: "day:x", units: -2, spill: [{ pool: "grant:h", units: -1 }], atMs: 1 },
		corrected: undefined,
	});
	sums.adjust({ adjustment: { id: "d", pool: "grant:g", units: 3, atMs: 1 }, corrected: undefined });
	expect([...sums.grants()]).toEqual([
		["grant:g", stored],
		["grant:h", undefined],
	]);
	const late: Adjustment = { id: "grant:h", pool: "grant:h", units: -4, atMs: 2 };
	sums.adjust({ adjustment: late, corrected: undefined });
	expect(new Map(sums.grants()).get("grant:h")).toBe(late);
	expect([sums.adjusted("grant:g"), sums.adjusted("grant:h"), sums.adjusted("day:x")]).toEqual([3, -5, -1]);
	expect(sums.usage("day:x", null).adjusted).toBe(-2);
});

test("daily totals are the stored ones, the unstored ones and the live requests; folding keeps them", () => {
	const terms = { model: "m", effort: null, steps: 1, version: "v" };
	const asked = (id: string, change: Partial<RequestRow> = {}) => row(id, { terms, ...change });
	const numbers = { input: 0, cached: 0, output: 0, reasoning: 0, microDollars: 0, estimated: 0 };
	const of = (day: string, requests: number, units: number) => ({ day, model: "m", tier: "paid" as const, requests, units, ...numbers });
	const stored = [of("1970-01-01", 3, 9), of("1970-01-02", 1, 1)];
	const sums = kept({ source: source({ days: (fromDay) => stored.filter(({ day }) => day >= fromDay) }), readMs: 500 });
	sums.put(asked("a"), undefined);
	expect(sums.isChanged).toBe(false);
	expect(sums.days("")).toEqual([of("1970-01-01", 4, 11), of("1970-01-02", 1, 1)]);
	expect(sums.days("1970-01-02")).toEqual([of("1970-01-02", 1, 1)]);
	sums.absorb(sums.next(9));
	expect(sums.takeDays()).toEqual([of("1970-01-01", 1, 2)]);
	expect(sums.takeDays()).toEqual([]);
	sums.takeChanged();
	sums.put(asked("a", { state: "released" }), asked("a"));
	expect(sums.isChanged).toBe(true);
	expect(sums.takeDays()).toEqual([of("1970-01-01", -1, -2)]);
	sums.fold([asked("b")]);
	expect(sums.takeDays()).toEqual([]);
});

test("has the latest instant at which a request with a model was held or ended", () => {
	const terms = { model: "m", effort: null, steps: 1, version: "v" };
	const sums = kept({ marks: { ...NOTHING, usedMs: 7 }, live: [row("a")] });
	expect(sums.usedMs).toBe(7);
	sums.put(row("b", { terms, heldAtMs: 50, endedAtMs: 60 }), undefined);
	expect([sums.usedMs, sums.marks.usedMs]).toEqual([60, 60]);
});
