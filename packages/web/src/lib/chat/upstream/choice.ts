export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** What a chunk says of the first answer: the new part of its message, and why it ended. */
export interface Choice {
	delta: Fields;
	finish: unknown;
}

/**
 * The first choice of a chunk. `choices` may be absent, null or empty, as in chunks with usage only. A whole `message` stands for a delta, and
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
