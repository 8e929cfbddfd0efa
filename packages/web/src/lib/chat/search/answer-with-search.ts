import { MESSAGE_TOKENS, tokensOf } from "@parley/metering";
import type { SearchConfig } from "../../../config.ts";
import { OwnError } from "../../../log.ts";
import type { Source } from "../../../view/chat.ts";
import { type AskedOfModel, type CalledTool, openAnswer, type Prompt, type Tool, type UpstreamPart } from "../upstream/open-answer.ts";
import type { Usage } from "../upstream/usage.ts";
import { RESULT_TOKENS_MAX, RESULT_TOKENS_MIN, SEARCHES_MAX, UNPAID_MAX } from "./limits.ts";
import { plainText } from "./plain-text.ts";
import { searchWeb } from "./search.ts";
import { type Results, readResults } from "./sources.ts";

const WEB_SEARCH: Tool = {
	name: "web_search",
	description:
		"Searches the web and returns a few pages with a short text of each. Use it for what is new, or for facts that you do not know for certain. Each search costs the user money, so search once with good words. Name the pages that you use as [1], [2] in your answer.",
	inputSchema: {
		type: "object",
		properties: { query: { type: "string", description: "What to search for, as you would type it into a search engine." } },
		required: ["query"],
		additionalProperties: false,
	},
};

/** The tool result when there are no search results. */
const FAILED = "The search failed, and nothing was charged. Answer with what you have, and say so.";
const NOTHING = "Nothing was found, and nothing was charged.";
const AT_LIMIT = "Not searched: the user's limit is reached. Answer with what you have, and say so.";
const NO_QUERY = 'Not searched: call web_search with {"query": "…"}.';
const NO_MORE = "Not searched: this answer may not search any more. Answer with what you have.";

/** The search settings of an answer. */
export interface SearchTerms {
	search: SearchConfig;
	/** Estimated tokens of the messages, and (`window`) the most that may be sent besides the answer. */
	input: number;
	window: number;
	/** Adds a search to the hold, or reports that a limit refuses it. */
	raise: (step: number, units: number) => Promise<{ raised: boolean }>;
	/** Releases a search from the hold. @throws if that cannot be confirmed; the answer must then fail */
	lower: (step: number) => Promise<void>;
}

/** Totals of an answer's searches. */
export interface Searched {
	/** Charged searches, and their units. */
	count: number;
	units: number;
	/** Estimated input tokens of all model calls, including the next one. */
	input: number;
	/** In citation order. */
	sources: Source[];
}

export type SearchingPart =
	| Exclude<UpstreamPart, { type: "call" | "usage" }>
	/** Usage of one model call. `estimated`: the provider reported none. */
	| ({ type: "usage"; estimated: boolean } & Usage)
	/** A search starts. */
	| { type: "searching"; query: string }
	/** A search ended. The last one precedes the next model call, which sends `nextInput` tokens. */
	| { type: "searched"; searched: Searched; nextInput: number };

/**
 * Runs a model that may search the web: performs the searches it calls for and calls it again with the results, until it answers. Without
 * `terms` it may not search. The output limit applies to all calls together.
 * @throws the signal's reason when it aborts
 */
export async function* answerWithSearch(asked: AskedOfModel, terms: SearchTerms | null): AsyncGenerator<SearchingPart, void> {
	const searches = terms && new Searches(terms, asked.signal);
	const steps: Prompt[] = [];
	let maxOutput = asked.maxOutput;
	let hasText = false;
	for (;;) {
		const mayCall = searches?.mayGoOn ? { tools: [WEB_SEARCH] } : {};
		const said = { text: "", reasoning: "" };
		const calls: CalledTool[] = [];
		let usage: Usage | null = null;
		for await (const part of openAnswer({ ...asked, maxOutput, steps, ...mayCall })) {
			if (part.type === "call") calls.push(part.call);
			else if (part.type === "usage") usage = part;
			else if (part.type === "text" || part.type === "reasoning") {
				// Text written before a search becomes a paragraph of its own.
				if (part.type === "text" && said.text === "" && hasText) yield { type: "text", delta: "\n\n" };
				said[part.type] += part.delta;
				yield part;
			} else if (part.type !== "end" || part.end !== "complete" || calls.length === 0) {
				if (usage) yield { ...usage, type: "usage", estimated: false };
				return yield part;
			}
		}
		if (!searches) throw new OwnError("invariant: a model without tools calls none");
		const written = tokensOf([said.text, said.reasoning, ...calls.map(({ input }) => input)].join(" "));
		const used = usage ?? { input: searches.nextInput, cached: 0, output: Math.max(1, written), reasoning: 0 };
		yield { ...used, type: "usage", estimated: usage === null };
		hasText ||= said.text.trim() !== "";
		maxOutput -= Math.max(1, used.output);
		if (maxOutput <= 0) return yield { type: "end", end: "length" };

		searches.begin(written);
		const results: string[] = [];
		for (const call of calls) {
			const query = queryOf(call);
			if (query !== null && searches.mayGoOn) yield { type: "searching", query };
			results.push(await searches.run(query));
			yield { type: "searched", searched: searches.searched, nextInput: searches.nextInput };
			asked.signal.throwIfAborted();
		}
		steps.push(...exchangeOf(said, calls, results));
	}
}

/**
 * The searches of one answer. Each is added to the hold before it runs, so none is free, and released unless the model receives its results,
 * so no failure is charged. A crash in between ends the request, and a hold that cannot be lowered fails the answer.
 */
class Searches {
	readonly #terms: SearchTerms;
	readonly #signal: AbortSignal;
	#searched: Searched;
	#nextInput: number;
	#attempts = 0;
	#unpaid = 0;

	constructor(terms: SearchTerms, signal: AbortSignal) {
		this.#terms = terms;
		this.#signal = signal;
		this.#nextInput = terms.input;
		this.#searched = { count: 0, units: 0, input: 0, sources: [] };
	}

	get searched(): Searched {
		return { ...this.#searched, input: this.#searched.input + this.#nextInput };
	}

	/** Estimated input tokens of the next model call. */
	get nextInput(): number {
		return this.#nextInput;
	}

	get mayGoOn(): boolean {
		return this.#attempts < SEARCHES_MAX && this.#unpaid < UNPAID_MAX && this.#room >= RESULT_TOKENS_MIN;
	}

	get #room(): number {
		return Math.min(RESULT_TOKENS_MAX, this.#terms.window - this.#nextInput);
	}

	/** Call after a model call has ended: the next call sends the same input again, plus the output written. */
	begin(written: number): void {
		this.#searched.input += this.#nextInput;
		this.#nextInput += written + 2 * MESSAGE_TOKENS;
	}

	/** Searches, unless the answer has no searches left. @returns the tool result for the model */
	async run(query: string | null): Promise<string> {
		const result = this.mayGoOn ? await this.#search(query) : NO_MORE;
		this.#nextInput += tokensOf(result) + MESSAGE_TOKENS;
		return result;
	}

	async #search(query: string | null): Promise<string> {
		const { search, raise, lower } = this.#terms;
		this.#attempts += 1;
		this.#unpaid += 1;
		const step = this.#attempts;
		if (query === null) return NO_QUERY;
		if (!(await raise(step, search.units)).raised) return AT_LIMIT;
		let results: Results | null = null;
		try {
			const found = await searchWeb(search, query, this.#signal);
			if (!found) return FAILED;
			results = readResults(found, this.#searched.sources, this.#room);
			if (!results) return NOTHING;
		} finally {
			if (!results) await lower(step);
		}
		this.#unpaid -= 1;
		const { count, units } = this.#searched;
		this.#searched = { ...this.#searched, count: count + 1, units: units + search.units, sources: results.sources };
		return results.text;
	}
}

/** The query of a call; null if it has none or calls something else. Models double-encode the JSON or leave its end out. */
function queryOf({ name, input }: CalledTool): string | null {
	if (!/search/i.test(name)) return null;
	const text = input.includes('\\"query\\"') ? input.replaceAll('\\"', '"') : input;
	const [, quoted] = /"query"\s*:\s*("(?:[^"\\]|\\.)*")/s.exec(text) ?? [];
	try {
		const query = plainText(JSON.parse(quoted ?? '""'));
		return query === "" ? null : query.slice(0, QUERY_CHARS_MAX).toWellFormed();
	} catch {
		return null;
	}
}

/** Longer queries are cut before they are shown, stored and sent. */
const QUERY_CHARS_MAX = 400;

/** The calls with their results, in the form sent to the model. The model's own JSON may be broken, which strict servers refuse. */
function exchangeOf(said: { text: string; reasoning: string }, calls: readonly CalledTool[], results: readonly string[]): Prompt[] {
	const keepsReasoning = calls.some((call) => call.keepsReasoning);
	return [
		{
			role: "assistant",
			content: [
				...(keepsReasoning && said.reasoning ? [{ type: "reasoning" as const, text: said.reasoning }] : []),
				...(said.text ? [{ type: "text" as const, text: said.text }] : []),
				...calls.map((call) => {
					const { id: toolCallId, name: toolName, providerOptions } = call;
					const input = { query: queryOf(call) ?? "" };
					return { type: "tool-call" as const, toolCallId, toolName, input, ...(providerOptions && { providerOptions }) };
				}),
			],
		},
		{
			role: "tool",
			content: calls.map(({ id: toolCallId, name: toolName }, at) => {
				return { type: "tool-result" as const, toolCallId, toolName, output: { type: "text" as const, value: results[at] ?? "" } };
			}),
		},
	];
}
