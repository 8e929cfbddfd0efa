import { describe, expect, it } from "vitest";
import { runSandbox, type TestSandbox } from "../testing/harness.ts";

const KEY = "search_key_sandbox";

const asked = {
	searxng: (sandbox: TestSandbox, query: string) => fetch(`${sandbox.url}/search/searxng?format=json&q=${encodeURIComponent(query)}`),
	brave: (sandbox: TestSandbox, query: string) =>
		fetch(`${sandbox.url}/search/brave?q=${encodeURIComponent(query)}`, { headers: { "x-subscription-token": KEY } }),
	tavily: (sandbox: TestSandbox, query: string) =>
		sandbox.send("POST", "/search/tavily", { query, max_results: 3 }, { authorization: `Bearer ${KEY}` }),
};

it("answers as SearXNG does, with an HTML page unless JSON is requested", async () => {
	const sandbox = await runSandbox();
	expect(await (await asked.searxng(sandbox, "Etna")).json()).toMatchObject({
		query: "Etna",
		results: [
			{ url: "https://news.example/etna", title: "Etna: what is new", content: expect.any(String), engine: "duckduckgo" },
			{},
			{},
			{},
			{},
			{},
		],
		unresponsive_engines: [],
	});
	expect((await fetch(`${sandbox.url}/search/searxng?q=Etna`)).headers.get("content-type")).toMatch("text/html");
});

it("answers as Brave does, with marked and escaped descriptions", async () => {
	const sandbox = await runSandbox();
	const description = "The newest about <strong>Etna</strong>, as of today. It&#x27;s short &amp; made up.";
	const results = [{ description }, {}, {}, {}, {}, {}];
	expect(await (await asked.brave(sandbox, "Etna")).json()).toMatchObject({ type: "search", web: { results } });
	await sandbox.faults({ search: { pages: [] } });
	expect(await (await asked.brave(sandbox, "Etna")).json()).not.toHaveProperty("web");
});

it("answers as Tavily does", async () => {
	const sandbox = await runSandbox();
	expect(await (await asked.tavily(sandbox, "Etna")).json()).toMatchObject({
		query: "Etna",
		results: [{ title: "Etna: what is new", score: 1 }, {}, {}],
	});
});

it("refuses a wrong key, a query that is too long, and a form instead of JSON", async () => {
	const sandbox = await runSandbox();
	const brave = await fetch(`${sandbox.url}/search/brave?q=Etna`, { headers: { "x-subscription-token": "wrong" } });
	expect(brave.status).toBe(422);
	expect(await brave.json()).toMatchObject({ type: "ErrorResponse", error: { code: "SUBSCRIPTION_TOKEN_INVALID" } });
	expect((await asked.brave(sandbox, "word ".repeat(51))).status).toBe(422);
	expect((await sandbox.send("POST", "/search/tavily", { query: "Etna" }, { authorization: "Bearer wrong" })).status).toBe(401);
	expect((await asked.tavily(sandbox, "x".repeat(401))).status).toBe(400);
	const form = { method: "POST", headers: { authorization: `Bearer ${KEY}` }, body: new URLSearchParams({ query: "Etna" }) };
	expect((await fetch(`${sandbox.url}/search/tavily`, form)).status).toBe(415);
	expect((await sandbox.state()).searches).toEqual([]);
});

describe.each(["searxng", "brave", "tavily"] as const)("the faults of %s", (kind) => {
	it("answer as the provider would and are counted, and the query is recorded", async () => {
		const sandbox = await runSandbox();
		await sandbox.faults({ api: [{ path: `/search/${kind}`, status: 429, times: 1 }] });
		const refused = await asked[kind](sandbox, "Etna");
		expect(refused.status).toBe(429);
		expect(refused.headers.get("content-type")).toMatch(kind === "searxng" ? "text/html" : "application/json");
		expect((await asked[kind](sandbox, "Etna")).status).toBe(200);
		const { calls, searches } = await sandbox.state();
		expect(Object.entries(calls).filter(([name]) => name.includes("/search/"))).toEqual([[expect.stringContaining(kind), 2]]);
		expect(searches).toMatchObject([{ kind, query: "Etna" }]);
	});
});
