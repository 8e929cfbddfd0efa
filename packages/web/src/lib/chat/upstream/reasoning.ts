import { type Fields, isFields } from "./choice.ts";

/**
 * The reasoning of a delta. Providers name it differently, and some send the same text in several of these fields, so only the first non-empty one
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

/** All text in a string, object or list, by field name. Excludes keys and signatures. */
function wordsIn(value: unknown): string {
	if (typeof value === "string") return value;
	if (Array.isArray(value)) return value.map(wordsIn).join("");
	if (!isFields(value)) return "";
	return [value.text, value.thinking, value.summary, value.reasoning, value.content].map(wordsIn).find((text) => text !== "") ?? "";
}
