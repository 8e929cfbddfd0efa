import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startSandbox } from "@parley/sandbox";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { SearchConfig } from "../../../config.ts";
import { searchWeb } from "./search.ts";

// Each kind of endpoint, as simulated by the sandbox.

const KINDS = ["searxng", "brave", "tavily"] as const;
const PATIENCE = { timeout: 4_000 };
const never = new AbortController().signal;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;

beforeEach(async () => {
	vi.spyOn(console, "error").mockImplementation(() => {});
	vi.spyOn(console, "warn").mockImplementation(() => {});
	sandbox = await startSandbox({ port: 0, secretKey: "sk_test_sandbox" });
	return () => sandbox.close();
});
afterEach(() => vi.restoreAllMocks());

const endpoint = (kind: SearchConfig["kind"], more: Partial<SearchConfig> = {}): SearchConfig => ({
	kind,
	url: `${sandbox.url}/search/${kind}`,
	apiKey: "search_key_sandbox",
	units: 1,
	...more,
});

/** A server that answers every request this way. @returns its origin */
async function serverThat(answer: Parameters<typeof createServer>[1]): Promise<string> {
	const server = createServer(answer).listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.each(KINDS)("a search at a %s endpoint", (kind) => {
	test("returns pages with title, address and text", async () => {
		const found = await searchWeb(endpoint(kind), "the Etna & its height", never);
		expect(found?.length).toBeGreaterThanOrEqual(5);
		expect(found?.[0]).toMatchObject({
			url: expect.stringMatching(/^https:\/\/news\.example\//),
			title: "the Etna & its height: what is new",
		});
		expect(found?.[0]?.snippet).toContain("The newest about the Etna");
		expect(sandbox.world.state.searches).toMatchObject([{ kind, query: "the Etna & its height" }]);
	});

	test("shortens a query to what the provider accepts", async () => {
		expect(await searchWeb(endpoint(kind), "word ".repeat(300), never)).not.toBeNull();
		expect(sandbox.world.state.searches[0]?.query.length).toBeLessThanOrEqual(400);
	});

	test("may return nothing", async () => {
		sandbox.world.state.faults = { search: { pages: [] } };
		expect(await searchWeb(endpoint(kind), "nothing", never)).toEqual([]);
	});

	test.each([429, 401, 500])("fails with %i", async (status) => {
		sandbox.world.state.faults = { api: [{ path: `/search/${kind}`, status }] };
		expect(await searchWeb(endpoint(kind), "Etna", never)).toBeNull();
	});

	test("fails if the answer is incomplete or lost", async () => {
		sandbox.world.state.faults = { api: [{ path: `/search/${kind}`, invalidJson: true }] };
		expect(await searchWeb(endpoint(kind), "Etna", never)).toBeNull();
		sandbox.world.state.faults = { api: [{ path: `/search/${kind}`, dropAfterCommit: true }] };
		expect(await searchWeb(endpoint(kind), "Etna", never)).toBeNull();
	});

	test("fails if the endpoint answers in another format", async () => {
		const url = await serverThat((_, response) => response.end('{"message":"hello"}'));
		expect(await searchWeb(endpoint(kind, { url }), "Etna", never)).toBeNull();
	});

	test("ends when stopped", async () => {
		sandbox.world.state.faults = { api: [{ path: `/search/${kind}`, hang: true }] };
		const stop = new AbortController();
		const searching = searchWeb(endpoint(kind), "Etna", stop.signal);
		await vi.waitFor(() => expect(Object.values(sandbox.world.state.calls)).toEqual([1]), PATIENCE);
		stop.abort(new Error("stopped"));
		await expect(searching).rejects.toThrow("stopped");
	});
});

test.each(["brave", "tavily"] as const)("%s needs its key", async (kind) => {
	expect(await searchWeb(endpoint(kind, { apiKey: "another" }), "Etna", never)).toBeNull();
	expect(sandbox.world.state.searches).toEqual([]);
});

test("a redirect is followed only on the same host", async () => {
	let foreignCalls = 0;
	const foreign = await serverThat((_, response) => {
		foreignCalls += 1;
		response.end('{"results":[]}');
	});
	const own = await serverThat((request, response) => {
		if (request.url?.startsWith("/search")) response.end('{"results":[]}');
		else response.writeHead(302, { location: request.url?.startsWith("/near") ? "/search?q=x" : `${foreign}/search` }).end();
	});
	expect(await searchWeb(endpoint("searxng", { url: `${own}/near` }), "Etna", never)).toEqual([]);
	expect(await searchWeb(endpoint("searxng", { url: `${own}/far` }), "Etna", never)).toBeNull();
	// This redirect would turn a POST into a GET.
	expect(await searchWeb(endpoint("tavily", { url: `${own}/near` }), "Etna", never)).toBeNull();
	expect(foreignCalls).toBe(0);
});

test("an endless body is abandoned", async () => {
	let hasLeft = false;
	const url = await serverThat((_, response) => {
		const more = () => response.write(" ".repeat(100_000)) || response.once("drain", more);
		const timer = setInterval(more, 1);
		response.once("close", () => {
			hasLeft = true;
			clearInterval(timer);
		});
	});
	expect(await searchWeb(endpoint("searxng", { url }), "Etna", never)).toBeNull();
	await vi.waitFor(() => expect(hasLeft).toBe(true), PATIENCE);
});
