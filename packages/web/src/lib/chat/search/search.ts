import type { SearchConfig } from "../../../config.ts";
import { logFailure, OwnError } from "../../../log.ts";
import { within } from "../upstream/silence.ts";
import { type Found, resultsIn, searchRequest } from "./form.ts";
import { RESULTS_MAX } from "./limits.ts";

/** Time limit of a search, including its body. */
const SEARCH_MS = 10_000;
/** A page of results is about 50 KB. */
const BODY_BYTES_MAX = 1_000_000;
const REDIRECTS_MAX = 3;

/**
 * Searches through the configured endpoint and no other host. Failures are logged here and never thrown.
 * @returns the results, possibly none; null for a failed search
 * @throws the signal's reason when it aborts
 */
export async function searchWeb(search: SearchConfig, query: string, signal: AbortSignal): Promise<Found[] | null> {
	const leave = new AbortController();
	try {
		const { url, init } = searchRequest(search, query, RESULTS_MAX);
		const stopped = AbortSignal.any([signal, leave.signal]);
		const body = await within(SEARCH_MS, bodyOf(url, { ...init, signal: stopped }));
		const results = resultsIn(search.kind, body);
		if (!results) throw new OwnError(`${new URL(url).host} answered something else than results`);
		return results;
	} catch (error) {
		signal.throwIfAborted();
		logFailure("a web search failed", error);
		return null;
	} finally {
		leave.abort();
	}
}

async function bodyOf(url: string, init: RequestInit): Promise<unknown> {
	const response = await follow(url, init);
	const { host } = new URL(url);
	if (!response.ok) {
		await response.body?.cancel();
		throw new OwnError(`${host} answered ${response.status}`);
	}
	return JSON.parse(await textOf(response, host));
}

/** Follows redirects to the same origin only: any other would disclose query and key. */
async function follow(url: string, init: RequestInit, left = REDIRECTS_MAX): Promise<Response> {
	const response = await fetch(url, { ...init, redirect: "manual" });
	if (response.status < 300 || response.status >= 400) return response;
	await response.body?.cancel();
	const { host, origin } = new URL(url);
	const to = URL.parse(response.headers.get("location") ?? "", url);
	// Other statuses turn a POST into a GET.
	const isKept = init.method === undefined || response.status === 307 || response.status === 308;
	if (to?.origin === origin && isKept && left > 0) return follow(to.href, init, left - 1);
	throw new OwnError(`${host} answered ${response.status}, which is not followed`);
}

async function textOf({ body }: Response, host: string): Promise<string> {
	const decoder = new TextDecoder();
	let text = "";
	let bytes = 0;
	for await (const chunk of body ?? []) {
		bytes += chunk.byteLength;
		if (bytes > BODY_BYTES_MAX) throw new OwnError(`${host} answered more than ${BODY_BYTES_MAX} bytes`);
		text += decoder.decode(chunk, { stream: true });
	}
	return text + decoder.decode();
}
