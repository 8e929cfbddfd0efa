import { MESSAGE_TOKENS, priceOf, tokensOf } from "@parley/metering/price";
import { MESSAGE_CHARS_MAX } from "../../input.ts";
import { t } from "../../text/text.ts";
import type { Effort, Price } from "../../view/chat.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { filesOf, textOf, tokensOfFiles } from "./message-text.ts";
import type { Choice } from "./use-choice.ts";

/** A request's model and effort, and the tokens of the instructions that it sends. */
export type AskedOf = Choice & { instructions: number };

/**
 * The price of sending `text`, as the server computes it.
 * @param before the estimated tokens of the messages before it. Free unless the whole chat is sent: they only fill the last paid step
 * @param ofFiles the tokens of its files, as the server counted them
 */
export function priceOfSend(
	{ model, effort, instructions, search }: AskedOf,
	whole: boolean,
	before: number,
	text: string,
	ofFiles = 0,
): Price {
	// A longer text cannot be sent, so typing never measures more than this.
	const least = instructions + MESSAGE_TOKENS + tokensOf(text.slice(0, MESSAGE_CHARS_MAX)) + ofFiles;
	const tokens = whole ? Math.min(before + least, model.contextWindow - model.maxOutput) : least;
	const { units } = priceOf(model, effort, tokens);
	return { units, model: model.id, effort, whole, ...(search && { search: true, upTo: units + search.max * search.units }) };
}

/**
 * The estimated tokens of messages and of those before them: the server's count at the last answer that has one, plus the messages after it.
 * @param hidden the tokens of the messages before these
 */
export function tokensUpTo(messages: readonly LiveMessage[], hidden: () => number): number {
	const known = messages.findLastIndex(({ metadata }) => metadata?.tokens !== undefined);
	return (messages[known]?.metadata?.tokens ?? hidden()) + tokensIn(messages.slice(known + 1));
}

function tokensOfMessage(text: string, ofFiles: number): number {
	const content = (text.trim() ? tokensOf(text) : 0) + ofFiles;
	return content === 0 ? 0 : content + MESSAGE_TOKENS;
}

/** An effort's name, for use within a sentence. */
export function effortName(effort: Effort): string {
	switch (effort) {
		case "low":
			return t("chat_effort_low");
		case "medium":
			return t("chat_effort_medium");
		case "high":
			return t("chat_effort_high");
	}
}

const measured = new WeakMap<LiveMessage, number>();

/** The estimated tokens of messages. Empty messages are not sent to a model. */
export function tokensIn(messages: readonly LiveMessage[]): number {
	let sum = 0;
	for (const message of messages) {
		const text = textOf(message);
		const tokens = measured.get(message) ?? tokensOfMessage(text, tokensOfFiles(filesOf(message)));
		measured.set(message, tokens);
		sum += tokens;
	}
	return sum;
}
