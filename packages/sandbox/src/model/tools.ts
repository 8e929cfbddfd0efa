import type { ModelFaults } from "../faults/schema.ts";
import type { Message, ModelCall } from "./request.ts";

const TOOL = "web_search";
const NEW = /\b(?:newest|latest|news|today|search)\b/i;
/** "search 3 times" */
const TIMES = /\b(\d{1,2}) times\b/i;

const textOf = ({ content }: Message) => (typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join(""));

/** The results of this answer's searches, and the question. */
function searchedIn(messages: readonly Message[]): { question: string; results: string[] } {
	const at = messages.findLastIndex(({ role }) => role === "user");
	const results = messages.slice(at + 1).filter(({ role }) => role === "tool");
	return { question: messages[at] ? textOf(messages[at]).trim() : "", results: results.map(textOf) };
}

/** The model's next search query. A question about news gets one search, or as many as it requests. Null: the model answers. */
export function searchFor({ messages, fields }: ModelCall): string | null {
	const isOffered = Array.isArray(fields.tools) && JSON.stringify(fields.tools).includes(`"${TOOL}"`);
	const { question, results } = searchedIn(messages);
	if (!isOffered || !NEW.test(question)) return null;
	const times = Number(TIMES.exec(question)?.[1] ?? 1);
	if (results.length >= times) return null;
	const words = question.slice(0, 100).replace(/[?.!]+$/, "");
	return results.length === 0 ? words : `${words} (${results.length + 1})`;
}

/** An answer that cites the search results. Null if nothing was searched. */
export function answerFrom(messages: readonly Message[]): string | null {
	const { question, results } = searchedIn(messages);
	if (results.length === 0) return null;
	const titles = results.flatMap((text) => [...text.matchAll(/^\[(\d+)\] (.*)$/gm)]);
	const [first, second] = titles;
	if (!first) return `I could not search for “${question.slice(0, 100)}”, so this is what I know without it: nothing.`;
	const more = second ? ` Another page is “${second[2]}” [${second[1]}].` : "";
	return `I searched ${results.length === 1 ? "once" : `${results.length} times`}. The web says: “${first[2]}” [${first[1]}].${more} I am the sandbox model, and made none of it up; the sandbox did.`;
}

/** A tool call as stream deltas. */
export function toolCallDeltas(form: NonNullable<ModelFaults["toolCall"]>, query: string): object[] {
	const input = JSON.stringify({ query });
	const id = `call_${query.length}`;
	const whole = { index: 0, id, type: "function", function: { name: TOOL, arguments: input } };
	const half = Math.floor(input.length / 2);
	const callOf = (call: object) => ({ tool_calls: [call] });
	switch (form) {
		case "whole":
			return [callOf(whole)];
		case "no-index":
			return [
				callOf({ id, type: "function", function: { name: TOOL, arguments: input.slice(0, half) } }),
				callOf({ id, function: { arguments: input.slice(half) } }),
			];
		case "object":
			return [callOf({ id, type: "function", function: { name: TOOL, arguments: { query } } })];
		case "twice":
			return [callOf({ ...whole, function: { name: TOOL, arguments: JSON.stringify(input) } })];
		case "function-call":
			return [{ function_call: { name: TOOL, arguments: "" } }, { function_call: { arguments: input } }];
		case "broken":
			return [callOf({ ...whole, function: { name: TOOL, arguments: '{"query' } })];
		default:
			return [
				{ role: "assistant", content: null, ...callOf({ ...whole, function: { name: TOOL, arguments: "" } }) },
				callOf({ index: 0, function: { arguments: input.slice(0, half) } }),
				callOf({ index: 0, function: { arguments: input.slice(half) } }),
			];
	}
}
