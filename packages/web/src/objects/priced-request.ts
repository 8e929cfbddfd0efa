import type { Terms } from "@parley/metering";
import type { UsageRefusal } from "../lib/billing.ts";
import { filesOf, messageTokens } from "../lib/chat/history.ts";
import { instructionsFor } from "../lib/chat/instructions.ts";
import { allowedModels, searchOffer } from "../lib/chat/model.ts";
import { type Asked, affordable, type Quote, quoteOf } from "../lib/chat/price.ts";
import type { ChatMessage, ModelOption, Price } from "../view/chat.ts";
import type { ChatPath, Place } from "./chat-path.ts";
import type { Ask } from "./conversation-calls.ts";
import { type ConversationStorage, isReleased } from "./conversation-storage.ts";

/** A request's place in the tree and its price. No other turn can begin before it is used. */
export interface Priced {
	place: Place;
	question: ChatMessage | null;
	asked: Asked;
	quote: Quote;
	/** The instructions before the chat. A later change of them applies to the next request. */
	told: { text: string; tokens: number };
	/** Tokens of the path before the question; null if it has unmeasured turns of an older version. */
	tokens: number | null;
}

/** The price of a request, which is that of its first attempt. Null if the message does not fit the model. */
export function pricedIn(
	stored: ConversationStorage,
	path: ChatPath,
	{ subject, model, effort, whole, instructions, folderInstructions, history, prompt, requestId, search }: Ask,
): Priced | null {
	const earlier = stored.ofRequest(requestId);
	const chat = stored.chat();
	const folder = chat ? chat.folderInstructions : folderInstructions;
	const told = instructionsFor(subject, { chat: instructions ?? chat?.instructions ?? "", folder: folder ?? "" });
	// A running or answered request keeps the instructions it was sent with.
	const tokensTold = earlier && !isReleased(earlier) ? (earlier.sold?.instructions ?? 0) : told.tokens;
	const place = history && prompt.kind === "message" ? loosePlace(prompt.message) : path.placeOf(prompt, earlier);
	const message = stored.question(place);
	const question = message ? messageTokens(message) : 0;
	const isWhole = whole ?? chat?.whole ?? false;
	// The path before the question matters only if all of it is sent, and then only up to the model's context window.
	const before = history
		? { tokens: history.reduce((sum, one) => sum + messageTokens(one), 0), isExact: false }
		: path.tokensTo(place.parent, isWhole ? Number.POSITIVE_INFINITY : 0, model.contextWindow);
	const offer = search ? searchOffer() : null;
	const asked = { model, effort, instructions: tokensTold, question, before: before.tokens, whole: isWhole, search: offer };
	const quote = quoteOf(asked);
	if (!quote) return null;
	const units = earlier?.sold?.units ?? quote.units;
	const tokens = before.isExact ? before.tokens : null;
	return { place, question: message, asked, quote: { ...quote, units }, told, tokens };
}

/** The place of a question in a temporary chat, whose earlier turns are not stored. */
const loosePlace = (question: ChatMessage): Place => ({ parent: null, versionOf: null, asks: null, question, extends: true, before: [] });

/** The requests the subject can still afford, on models that can read the question. Empty for the limit on answers in flight, which ends by itself. */
export function affordableAt({ policy, tier, remaining, freeDay }: UsageRefusal, { asked, question }: Priced): Price[] {
	if (policy === "in-flight") return [];
	const left = (model: ModelOption) => Math.max(remaining, model.tiers.includes("free") ? (freeDay?.remaining ?? 0) : 0);
	return affordable(
		asked,
		allowedModels().filter((model) => model.tiers.includes(tier) && (question === null || isReadableBy(model, question))),
		left,
	);
}

/** Whether instructions and message exceed the tokens the first attempt paid for: instructions may have grown since. */
export function outgrows({ asked: { model, question }, told }: Priced, terms: Terms | null): boolean {
	return terms !== null && told.tokens + question > terms.steps * model.inputStep;
}

/** The units of a request without an earlier attempt. */
export const newUnitsOf = ({ asked }: Priced): number => quoteOf(asked)?.units ?? 0;

/** Whether a model can read all of a message. Every model reads the text of files. */
export function isReadableBy({ accepts }: ModelOption, question: ChatMessage): boolean {
	return accepts.includes("image") || !filesOf(question).some(({ mediaType }) => mediaType.startsWith("image/"));
}
