import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { page } from "./list.ts";

const recordsOf = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `cus_${index}`, created: 1_000 + index }));
const newestFirst = (records: readonly { id: string }[]) => records.map(({ id }) => id).toReversed();
const someRecords = fc.integer({ min: 0, max: 60 }).map(recordsOf);
const someLimit = fc.integer({ min: 1, max: 20 });

/** The ids of all pages, read like the SDK does: until `has_more` is false. */
function readForward(records: () => readonly { id: string; created: number }[], limit: number, between: () => void = () => {}): string[][] {
	const pages: string[][] = [];
	for (let after: string | undefined; ; ) {
		const { data, has_more } = page("/v1/customers", records(), { limit, ...(after === undefined ? {} : { starting_after: after }) });
		pages.push(data.map(({ id }) => id));
		after = data.at(-1)?.id;
		if (!has_more) return pages;
		between();
	}
}

describe("a list", () => {
	it("read forward returns each record once, newest first, in full pages without an empty last page", () => {
		fc.assert(
			fc.property(someRecords, someLimit, (records, limit) => {
				const pages = readForward(() => records, limit);
				expect(pages.flat()).toEqual(newestFirst(records));
				expect(pages).toHaveLength(Math.max(1, Math.ceil(records.length / limit)));
				for (const full of pages.slice(0, -1)) expect(full).toHaveLength(limit);
			}),
		);
	});

	it("read backward from any record returns each newer record once, and ends at the newest", () => {
		fc.assert(
			fc.property(someRecords, someLimit, fc.nat(), (records, limit, from) => {
				fc.pre(records.length > 0);
				const ids = newestFirst(records);
				const at = from % ids.length;
				const read: string[] = [];
				for (let before = ids[at] ?? ""; ; ) {
					const { data, has_more } = page("/v1/customers", records, { limit, ending_before: before });
					expect(data.length).toBeLessThanOrEqual(limit);
					read.unshift(...data.map(({ id }) => id));
					before = data[0]?.id ?? "";
					if (!has_more) break;
				}
				expect(read).toEqual(ids.slice(0, at));
			}),
		);
	});

	it("neither repeats nor skips a record when records are created during paging", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 30 }), someLimit, (count, limit) => {
				let all = recordsOf(count);
				const grow = () => {
					all = recordsOf(all.length + 3);
				};
				expect(readForward(() => all, limit, grow).flat()).toEqual(newestFirst(recordsOf(count)));
			}),
		);
	});

	it("has ten records per page by default", () => {
		expect(page("/v1/customers", recordsOf(11), {})).toMatchObject({ object: "list", has_more: true, url: "/v1/customers" });
		expect(page("/v1/customers", recordsOf(11), {}).data).toHaveLength(10);
		expect(page("/v1/customers", recordsOf(10), {}).has_more).toBe(false);
	});

	it("filters by creation time with inclusive and exclusive bounds, and pages within the filter", () => {
		const records = recordsOf(10);
		const within = (created: Parameters<typeof page>[2]["created"]) =>
			page("/v1/customers", records, { created }).data.map((one) => one.created - 1_000);
		expect(within(1_004)).toEqual([4]);
		expect(within({ gt: 1_004 })).toEqual([9, 8, 7, 6, 5]);
		expect(within({ gte: 1_004, lt: 1_006 })).toEqual([5, 4]);
		expect(within({ gt: 1_006, lte: 1_008 })).toEqual([8, 7]);
		expect(within({ gt: 2_000 })).toEqual([]);
		const second = page("/v1/customers", records, { created: { lt: 1_005 }, limit: 2, starting_after: "cus_3" });
		expect([second.data.map(({ id }) => id), second.has_more]).toEqual([["cus_2", "cus_1"], true]);
	});

	it("refuses two cursors at once, and names the parameter of an unknown cursor", () => {
		const records = recordsOf(3);
		expect(() => page("/v1/customers", records, { starting_after: "cus_1", ending_before: "cus_2" })).toThrow("only one");
		for (const param of ["starting_after", "ending_before"] as const)
			expect(() => page("/v1/customers", records, { [param]: "cus_x" })).toThrow(
				expect.objectContaining({ status: 400, details: { code: "resource_missing", param } }),
			);
	});
});
