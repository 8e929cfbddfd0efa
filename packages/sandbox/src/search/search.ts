/** Three search endpoints in the formats of SearXNG, Brave and Tavily. Every query returns pages, which do not exist. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { jsonOnly } from "../local-only.ts";
import type { Env, World } from "../world.ts";
import type { Page, SearchCall } from "./records.ts";

/** The key that the Brave and Tavily endpoints accept. */
const KEY = "search_key_sandbox";
const REMEMBERED = 50;
const QUERY_CHARS_MAX = 400;

const tavilyBody = z.looseObject({ query: z.string().min(1), max_results: z.int().min(0).max(20).default(5) });

/** The pages that a query finds. Deterministic. */
function pagesFor(query: string): Page[] {
	const words = encodeURIComponent(query.toLowerCase().replace(/\s+/g, "-")).slice(0, 60);
	const page = (host: string, title: string, snippet: string) => ({ url: `https://${host}/${words}`, title, snippet });
	return [
		page("news.example", `${query}: what is new`, `The newest about ${query}, as of today. It's short & made up.`),
		page("encyclopedia.example", `${query} – Encyclopedia`, `${query} explained from the beginning, with dates and names.`),
		page("journal.example", `A long look at ${query}`, `Why ${query} matters, and to whom.`),
		page("forum.example", `Question about ${query}`, `Someone asked about ${query}, and someone answered.`),
		page("shop.example", `Buy ${query}`, `${query} at a price.`),
		page("blog.example", `My week with ${query}`, "It rained."),
	];
}

/** The search endpoints, to mount at /search. */
export function searchRoutes(world: World) {
	function find(c: Context<Env>, kind: SearchCall["kind"], query: string): Page[] {
		const call = { atMs: world.nowMs(), kind, query, url: c.req.url, headers: c.req.header() };
		world.state.searches = [...world.state.searches, call].slice(-REMEMBERED);
		return world.state.faults.search?.pages ?? pagesFor(query);
	}

	return new Hono<Env>()
		.get("/searxng", (c) => {
			const query = c.req.query("q") ?? "";
			// Without a query SearXNG shows its page.
			if (query.trim() === "") return c.html("<!doctype html><title>SearXNG</title>");
			if (c.req.query("format") !== "json") return c.html("<!doctype html><title>SearXNG</title><p>Results</p>");
			const results = find(c, "searxng", query).map(({ url, title, snippet }, at) => {
				const { hostname, pathname } = new URL(url, "https://none.example");
				const parsed_url = ["https", hostname, pathname, "", "", ""];
				const found = { engine: "duckduckgo", engines: ["duckduckgo"], category: "general", positions: [at + 1], score: 1 / (at + 1) };
				return { url, title, content: snippet, parsed_url, template: "default.html", publishedDate: null, ...found };
			});
			const more = { answers: [], corrections: [], infoboxes: [], suggestions: [], unresponsive_engines: [] };
			return c.json({ query, number_of_results: 0, results, ...more });
		})
		.get("/brave", (c) => {
			const query = c.req.query("q") ?? "";
			if (c.req.header("x-subscription-token") !== KEY) return braveError(422, "SUBSCRIPTION_TOKEN_INVALID");
			const isValid = query !== "" && query.length <= QUERY_CHARS_MAX && query.split(/\s+/).length <= 50;
			const count = Number(c.req.query("count") ?? 20);
			if (!isValid || !(count >= 1 && count <= 20)) return braveError(422, "VALIDATION");
			const decorated = c.req.query("text_decorations") !== "false";
			const results = find(c, "brave", query)
				.slice(0, count)
				.map(({ url, title, snippet }) => ({
					title,
					url,
					description: braveHtml(snippet, decorated ? query : ""),
					is_source_local: false,
					is_source_both: false,
					language: "en",
					family_friendly: true,
					type: "search_result",
					subtype: "generic",
				}));
			const head = { type: "search", query: { original: query, more_results_available: false } };
			return c.json(results.length === 0 ? head : { ...head, mixed: { type: "mixed", main: [], top: [], side: [] }, web: webOf(results) });
		})
		.post("/tavily", jsonOnly(), async (c) => {
			if (c.req.header("authorization") !== `Bearer ${KEY}`) return tavilyError(401, "Unauthorized: missing or invalid API key.");
			const body = tavilyBody.safeParse(await c.req.json().catch(() => undefined));
			if (!body.success) return tavilyError(422, body.error.message);
			const { query, max_results } = body.data;
			if (query.length > QUERY_CHARS_MAX) return tavilyError(400, "Query is too long. Max query length is 400 characters.");
			const results = find(c, "tavily", query)
				.slice(0, max_results)
				.map(({ url, title, snippet }, at) => ({ url, title, content: snippet, score: 1 - at / 10, raw_content: null }));
			const more = { follow_up_questions: null, answer: null, images: [], response_time: 0.42, request_id: "00000000" };
			return c.json({ query, ...more, results });
		});
}

const webOf = (results: object[]) => ({ type: "search", results, family_friendly: true });

/** Brave escapes a few characters, and marks the query's words. */
function braveHtml(text: string, query: string): string {
	const escaped = text.replaceAll("&", "&amp;").replaceAll("'", "&#x27;");
	return query ? escaped.replaceAll(query, (words) => `<strong>${words}</strong>`) : escaped;
}

/** An endpoint's error body for an injected status, in its provider's format. */
export function injectedSearchFailure(kind: SearchCall["kind"]) {
	return (status: number, headers: Record<string, string>): Response => {
		if (kind === "brave") return braveError(status, status === 429 ? "RATE_LIMITED" : "INTERNAL", headers);
		if (kind === "tavily") return tavilyError(status, "Your request has been blocked due to excessive requests.", headers);
		return new Response("<!doctype html><title>Too Many Requests</title>", {
			status,
			headers: { ...headers, "content-type": "text/html" },
		});
	};
}

function braveError(status: number, code: string, headers: Record<string, string> = {}): Response {
	const error = { id: "00000000-0000-0000-0000-000000000000", status, code, detail: "Refused by the sandbox.", meta: {} };
	return Response.json({ type: "ErrorResponse", error, time: 1_767_225_600 }, { status, headers });
}

const tavilyError = (status: number, error: string, headers: Record<string, string> = {}) =>
	Response.json({ detail: { error } }, { status, headers });
