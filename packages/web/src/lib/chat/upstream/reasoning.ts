import { type Fields, isFields } from "./choice.ts";

/**
 * The reasoning of a delta. Providers name it differently, and some send the same text in several of these fields at once, so the first that has any
 * is read.
 */
export function reasoningOf({ reasoning_content, reasoning, thinking, reasoning_details, content }: Fields): string {
	const inContent = Array.isArray(content)
		? content.filter((part) => isFields(part) && /^(thinking|reasoning)/.test(String(part.type)))
		: [];
	for (const field of [reasoning_content, reasoning, thinking, reasoning_details, inContent]) {
		const text = wordsIn(field);
		if (text) return text;
	}
	return "";
}

/** All words of a text, an object or a list, by the names that they have. A key or a signature is none. */
function wordsIn(value: unknown): string {
	if (typeof value === "string") return value;
	if (Array.isArray(value)) return value.map(wordsIn).join("");
	if (!isFields(value)) return "";
	return [value.text, value.thinking, value.summary, value.reasoning, value.content].map(wordsIn).find((text) => text !== "") ?? "";
}
