import type { SearchConfig } from "../../../config.ts";
import { type Fields, isFields } from "../upstream/choice.ts";

/** A result as sent by an endpoint. Every field is untrusted. */
export interface Found {
	title: string;
	url: string;
	snippet: string;
}

/** The request and response format of one kind of endpoint. */
interface Form {
	request: (search: SearchConfig, query: string, count: number) => { url: string; init: RequestInit };
	/** Null for a body that is not an answer of this kind. */
	results: (body: Fields) => unknown[] | null;
	/** Field names of a result, which differ between providers. */
	snippet: string;
}

/** Brave and Tavily refuse a longer query, and Brave also one with more words. */
const QUERY_CHARS_MAX = 400;
const QUERY_WORDS_MAX = 50;

const FORMS: Record<SearchConfig["kind"], Form> = {
	// https://docs.searxng.org/dev/search_api.html
	searxng: {
		request: ({ url, apiKey }, query) => ({
			url: withParameters(url, { q: query, format: "json" }),
			init: { headers: { accept: "application/json", ...(apiKey && { authorization: `Bearer ${apiKey}` }) } },
		}),
		results: ({ results }) => listOf(results),
		snippet: "content",
	},
	// https://api-dashboard.search.brave.com/app/documentation/web-search
	brave: {
		request: ({ url, apiKey = "" }, query, count) => ({
			url: withParameters(url, { q: query, count: String(count), text_decorations: "false", result_filter: "web" }),
			init: { headers: { accept: "application/json", "x-subscription-token": apiKey } },
		}),
		// An answer without pages has no `web`.
		results: ({ type, web }) => (isFields(web) ? listOf(web.results) : type === "search" ? [] : null),
		snippet: "description",
	},
	// https://docs.tavily.com/documentation/api-reference/endpoint/search
	tavily: {
		request: ({ url, apiKey = "" }, query, count) => ({
			url,
			init: {
				method: "POST",
				headers: { accept: "application/json", "content-type": "application/json", authorization: `Bearer ${apiKey}` },
				body: JSON.stringify({ query, max_results: count, search_depth: "basic" }),
			},
		}),
		results: ({ results }) => listOf(results),
		snippet: "content",
	},
};

/** The HTTP request of a search. */
export function searchRequest(search: SearchConfig, query: string, count: number): { url: string; init: RequestInit } {
	const words = query.trim().split(/\s+/).slice(0, QUERY_WORDS_MAX).join(" ");
	return FORMS[search.kind].request(search, words.slice(0, QUERY_CHARS_MAX).toWellFormed(), count);
}

/** The results in a response body; null if it is not an answer. */
export function resultsIn(kind: SearchConfig["kind"], body: unknown): Found[] | null {
	const form = FORMS[kind];
	const results = isFields(body) ? form.results(body) : null;
	return (
		results?.filter(isFields).map((result) => ({
			title: textOf(result.title),
			url: textOf(result.url),
			snippet: textOf(result[form.snippet]),
		})) ?? null
	);
}

const listOf = (value: unknown) => (Array.isArray(value) ? value : null);

const textOf = (value: unknown) => (typeof value === "string" ? value : "");

function withParameters(address: string, parameters: Record<string, string>): string {
	const url = new URL(address);
	for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
	return url.href;
}
