import type { AnswerMetadata } from "../../view/chat.ts";

/** How an answer ended, whether it was counted, and what to do next, in a sentence or two; null when nothing needs saying. */
export function sentenceOfEnd({ failure, retryAfterS, counted, note }: AnswerMetadata): string | null {
	const free = counted ? "" : ", so this didn’t count";
	switch (failure) {
		case "busy":
			return `The model is busy${free}. Try again in ${retryAfterS ? inWords(retryAfterS) : "a minute"}.`;
		case "too-long":
			return `This chat is too long for the model${free}. Choose a model that reads more, or start a new chat.`;
		case "unavailable":
			return `This model isn’t available right now${free}. Choose another one, or try again later.`;
		default:
			return note ?? null;
	}
}

/** Rounded up to minutes from two minutes on. */
function inWords(seconds: number): string {
	if (seconds >= 120) return `${Math.ceil(seconds / 60)} minutes`;
	return `${Math.ceil(seconds)} ${seconds > 1 ? "seconds" : "second"}`;
}
