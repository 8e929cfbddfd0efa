import { z } from "zod";
import { MESSAGE_CHARS_MAX } from "./input.ts";
import type { SuggestedPrompt } from "./view/chat.ts";

const PROMPTS_MAX = 6;
const LABEL_CHARS_MAX = 120;

const label = z.string().trim().min(1, "is empty").max(LABEL_CHARS_MAX, `is longer than ${LABEL_CHARS_MAX} characters`);
const text = z.string().trim().min(1, "is empty").max(MESSAGE_CHARS_MAX, `is longer than ${MESSAGE_CHARS_MAX} characters`);
const prompts = z.array(z.union([label, z.strictObject({ label, text })])).max(PROMPTS_MAX, `has more than ${PROMPTS_MAX} prompts`);

/**
 * Parses the suggested prompts from the JSON of SUGGESTED_PROMPTS. Null without any: the brand's are in the reader's language.
 * @throws {Error} describing what is wrong with the JSON
 */
export const suggestedPrompts = (json: string | undefined): SuggestedPrompt[] | null =>
	json === undefined ? null : promptList(parse(json));

/**
 * Parses a list of texts, or of labels with texts. An empty list suggests nothing.
 * @throws {Error} describing what is wrong with it
 */
export function promptList(given: unknown): SuggestedPrompt[] {
	const parsed = prompts.safeParse(given);
	if (!parsed.success) throw new Error(parsed.error.issues.map(faultOf).join("; "));
	const list = parsed.data.map((one) => (typeof one === "string" ? { label: one, text: one } : one));
	const twice = list.find((one, at) => list.findIndex((other) => other.label === one.label) < at);
	if (twice) throw new Error(`has the label "${twice.label}" twice`);
	return list;
}

function parse(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		throw new Error("is not JSON");
	}
}

function faultOf({ path, message, code }: z.core.$ZodIssue): string {
	const at = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
	const what = code === "invalid_union" ? `is neither a text of at most ${LABEL_CHARS_MAX} characters nor {"label", "text"}` : message;
	return `${at} ${what}`.trim();
}
