import { type Fields, isFields } from "./choice.ts";

/** The words of a delta. Content may be a text, or a list of parts of which only those of type text are words. */
export function textOf({ content }: Fields): string {
	if (typeof content === "string") return content;
	const parts = Array.isArray(content) ? content : [content];
	return parts.map(textOfPart).join("");
}

function textOfPart(part: unknown): string {
	if (typeof part === "string") return part;
	if (!isFields(part) || (part.type !== undefined && part.type !== "text" && part.type !== "output_text")) return "";
	return typeof part.text === "string" ? part.text : "";
}

/** The words of a refusal, which OpenAI sends in place of content. They are shown, and the answer ends as filtered. */
export function refusalOf({ refusal, content }: Fields): string {
	if (typeof refusal === "string") return refusal;
	const parts = Array.isArray(content) ? content.filter(isFields) : [];
	return parts.map((part) => (part.type === "refusal" && typeof part.refusal === "string" ? part.refusal : "")).join("");
}
