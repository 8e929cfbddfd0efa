export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** The first choice of a chunk: the new part of its message, and why it ended. */
export interface Choice {
	delta: Fields;
	finish: unknown;
}

/**
 * Reads the first choice of a chunk. `choices` may be absent, null or empty, as in usage-only chunks. A whole `message` counts as a delta, and
 * Workers AI's older models send `response` without choices.
 */
export function choiceOf(chunk: Fields): Choice {
	const choices = Array.isArray(chunk.choices) ? chunk.choices.filter(isFields) : [];
	const choice = choices.find(({ index }) => index === 0) ?? choices.find(({ index }) => typeof index !== "number");
	if (choice) {
		const delta = isFields(choice.delta) ? choice.delta : isFields(choice.message) ? choice.message : { content: choice.text };
		return { delta, finish: choice.finish_reason };
	}
	return { delta: { content: chunk.response }, finish: undefined };
}
