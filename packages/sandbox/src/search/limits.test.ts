import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyState } from "../state.ts";
import type { World } from "../world.ts";
import { searchRoutes } from "./search.ts";

const KEY = "search_key_sandbox";

/** The search endpoints, without a server. */
function searching() {
	const state = emptyState();
	const app = searchRoutes({ state, nowMs: () => 5 } as unknown as World);
	const get = (path: string, query: Record<string, string>) =>
		app.request(`http://localhost${path}?${new URLSearchParams(query)}`, { headers: { "x-subscription-token": KEY } });
	const tavily = (body: unknown, headers: Record<string, string> = {}) =>
		app.request("http://localhost/tavily", {
			method: "POST",
			headers: { "content-type": "application/json", authorization: `Bearer ${KEY}`, ...headers },
			body: JSON.stringify(body),
		});
	const urlsOf = {
		searxng: async (q: string) => urls(((await (await get("/searxng", { q, format: "json" })).json()) as Found).results),
		brave: async (q: string) => urls(((await (await get("/brave", { q })).json()) as { web: Found }).web.results),
		tavily: async (query: string) => urls(((await (await tavily({ query, max_results: 20 })).json()) as Found).results),
	};
	return { state, get, tavily, urlsOf };
}

interface Found {
	results: { url: string; description?: string }[];
}

const urls = (results: Found["results"]) => results.map(({ url }) => url);

describe("a search", () => {
	it("returns the same six pages at each provider, with valid URLs, for any query", async () => {
		const { urlsOf } = searching();
		const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 25 }).filter((text) => text.trim() !== "");
		await fc.assert(
			fc.asyncProperty(words, async (query) => {
				const found = await urlsOf.searxng(query);
				expect(found).toHaveLength(6);
				for (const url of found) expect(new URL(url).protocol).toBe("https:");
				expect(await urlsOf.brave(query)).toEqual(found);
				expect(await urlsOf.tavily(query)).toEqual(found);
			}),
			{ numRuns: 60 },
		);
	});

	it("is recorded with its provider, query and headers; the last fifty are kept", async () => {
		const { state, get } = searching();
		for (let index = 0; index < 52; index += 1) await get("/brave", { q: `word ${index}` });
		expect(state.searches).toHaveLength(50);
		expect(state.searches[0]).toMatchObject({ atMs: 5, kind: "brave", query: "word 2", headers: { "x-subscription-token": KEY } });
	});

	it("is not recorded if it is refused", async () => {
		const { state, get, tavily } = searching();
		await get("/searxng", { q: " ", format: "json" });
		await get("/searxng", { q: "Etna" });
		await get("/brave", { q: "" });
		await get("/brave", { q: "Etna", count: "21" });
		await tavily({ query: "" });
		await tavily({ query: "Etna", max_results: 21 });
		expect(state.searches).toEqual([]);
	});
});

describe("Brave", () => {
	it.each([
		["400 characters", "x".repeat(400), 200],
		["401 characters", "x".repeat(401), 422],
		["50 words", Array(50).fill("w").join(" "), 200],
		["51 words", Array(51).fill("w").join(" "), 422],
		["nothing", "", 422],
	])("answers a query of %s like the real service", async (_, q, status) => {
		expect((await searching().get("/brave", { q })).status).toBe(status);
	});

	it.each([
		["0", 422],
		["1", 1],
		["6", 6],
		["20", 6],
		["21", 422],
		["many", 422],
	])("handles a count of %s", async (count, expected) => {
		const response = await searching().get("/brave", { q: "Etna", count });
		const found = response.ok ? ((await response.json()) as { web: Found }).web.results.length : response.status;
		expect(found).toBe(expected);
	});

	it("marks the words of the query unless told not to, and treats regex characters literally", async () => {
		const { get } = searching();
		const described = async (query: Record<string, string>) =>
			((await (await get("/brave", query)).json()) as { web: Found }).web.results[0]?.description;
		expect(await described({ q: "C$$++ (new)?" })).toContain("<strong>C$$++ (new)?</strong>");
		expect(await described({ q: "Etna", text_decorations: "false" })).not.toContain("<strong>");
	});
});

describe("Tavily", () => {
	it("returns five pages by default, or the requested number", async () => {
		const { tavily } = searching();
		const count = async (more: object) => ((await (await tavily({ query: "Etna", ...more })).json()) as Found).results.length;
		expect([await count({}), await count({ max_results: 0 }), await count({ max_results: 3 }), await count({ max_results: 20 })]).toEqual([
			5, 0, 3, 6,
		]);
	});

	it.each<[string, unknown, Record<string, string>, number]>([
		["no key", { query: "Etna" }, { authorization: "" }, 401],
		["a key of another kind", { query: "Etna" }, { authorization: KEY }, 401],
		["no query", {}, {}, 422],
		["a query that is no text", { query: 5 }, {}, 422],
		["a list", [], {}, 422],
		["401 characters", { query: "x".repeat(401) }, {}, 400],
	])("refuses %s", async (_, body, headers, status) => {
		expect((await searching().tavily(body, headers)).status).toBe(status);
	});
});
