import fc from "fast-check";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { Env } from "../world.ts";
import { type Page, pageOf } from "./page.ts";

const recordsOf = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `cust_${index}` }));
const someLimit = fc.integer({ min: 1, max: 20 });

/** Reads one page of `records` over HTTP, as the API does. */
async function read(records: readonly { id: string }[], query: Record<string, string>): Promise<Page<{ id: string }>> {
	const app = new Hono<Env>().get("/", (c) => c.json(pageOf(c, records)));
	app.onError((_, c) => c.body(null, 400));
	const response = await app.request(`/?${new URLSearchParams(query)}`);
	if (!response.ok) throw new Error(String(response.status));
	return (await response.json()) as Page<{ id: string }>;
}

/** Follows `nextCursor` to the last page. */
async function readAll(records: () => readonly { id: string }[], limit: number, between: () => void = () => {}) {
	const pages: Page<{ id: string }>[] = [];
	for (let cursor = ""; ; ) {
		const next = await read(records(), { limit: String(limit), ...(cursor === "" ? {} : { cursor }) });
		pages.push(next);
		if (next.nextCursor === undefined) return pages;
		cursor = next.nextCursor;
		between();
	}
}

describe("Flowglad's pages", () => {
	it("contain each record once, oldest first, and have a next cursor exactly if more records follow", async () => {
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 0, max: 40 }).map(recordsOf), someLimit, async (records, limit) => {
				const pages = await readAll(() => records, limit);
				expect(pages.flatMap(({ data }) => data)).toEqual(records);
				expect(pages).toHaveLength(Math.max(1, Math.ceil(records.length / limit)));
				for (const { hasMore, nextCursor, total } of pages) expect([hasMore, total]).toEqual([nextCursor !== undefined, records.length]);
			}),
			{ numRuns: 30 },
		);
	});

	it("include records created during paging, once and at the end", async () => {
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1, max: 30 }), someLimit, fc.integer({ min: 1, max: 3 }), async (count, limit, more) => {
				let all = recordsOf(count);
				let created = 0;
				const pages = await readAll(
					() => all,
					limit,
					() => {
						// Create fewer records per page read than a page holds, so that paging reaches the end.
						if (created < 9) all = recordsOf(all.length + more);
						created += more;
					},
				);
				expect(pages.flatMap(({ data }) => data)).toEqual(all);
			}),
			{ numRuns: 30 },
		);
	});

	it("return the cursor they were requested with, so that a client can request a page again", async () => {
		const records = recordsOf(5);
		const first = await read(records, { limit: "2" });
		const second = await read(records, { limit: "2", cursor: first.nextCursor ?? "" });
		expect(first).not.toHaveProperty("currentCursor");
		expect(second).toMatchObject({ currentCursor: first.nextCursor, data: [{ id: "cust_2" }, { id: "cust_3" }] });
	});

	it("default to ten records, and refuse a limit that is not an integer from 1 to 100", async () => {
		expect((await read(recordsOf(11), {})).data).toHaveLength(10);
		expect((await read(recordsOf(101), { limit: "100" })).data).toHaveLength(100);
		for (const limit of ["0", "101", "1.5", "-1", "many"]) await expect(read(recordsOf(3), { limit })).rejects.toThrow("400");
	});
});
