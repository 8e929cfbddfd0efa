import { type Fields, isFields } from "./choice.ts";

/** The text of a delta. Content is a string or a list of parts, of which only text parts count. */
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

/** The text of a refusal, which OpenAI sends instead of content. It is shown, and the answer ends as filtered. */
export function refusalOf({ refusal, content }: Fields): string {
	if (typeof refusal === "string") return refusal;
	const parts = Array.isArray(content) ? content.filter(isFields) : [];
	return parts.map((part) => (part.type === "refusal" && typeof part.refusal === "string" ? part.refusal : "")).join("");
}
