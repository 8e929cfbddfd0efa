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

/** Where a request's turn belongs, and its price. No other turn can begin in between. */
export interface Priced {
	place: Place;
	question: ChatMessage | null;
	asked: Asked;
	quote: Quote;
	/** What the model is told before the chat. A later change of the chat's instructions is for the next request. */
	told: { text: string; tokens: number };
	/** Tokens of the path before the question; null where turns of an older version are not measured. */
	tokens: number | null;
}

/** The price of a request: that of its first attempt, if there was one. Null for a message that the model cannot take. */
export function pricedIn(
	stored: ConversationStorage,
	path: ChatPath,
	{ subject, model, effort, whole, instructions, folderInstructions, history, prompt, requestId, search }: Ask,
): Priced | null {
	const earlier = stored.ofRequest(requestId);
	const chat = stored.chat();
	const folder = chat ? chat.folderInstructions : folderInstructions;
	const told = instructionsFor(subject, { chat: instructions ?? chat?.instructions ?? "", folder: folder ?? "" });
	// A request that runs or was answered was sent those of its time.
	const tokensTold = earlier && !isReleased(earlier) ? (earlier.sold?.instructions ?? 0) : told.tokens;
	const place = history && prompt.kind === "message" ? loosePlace(prompt.message) : path.placeOf(prompt, earlier);
	const message = stored.question(place);
	const question = message ? messageTokens(message) : 0;
	const isWhole = whole ?? chat?.whole ?? false;
	// What is before the question decides nothing unless all of it is sent, and then no more than the model takes.
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

/** Where a question belongs in a temporary chat, of which nobody has the turns before. */
const loosePlace = (question: ChatMessage): Place => ({ parent: null, versionOf: null, asks: null, question, extends: true, before: [] });

/** What the subject could send instead, to models that can read it. None at a limit of answers in flight, which ends by itself. */
export function affordableAt({ policy, tier, remaining, freeDay }: UsageRefusal, { asked, question }: Priced): Price[] {
	if (policy === "in-flight") return [];
	const left = (model: ModelOption) => Math.max(remaining, model.tiers.includes("free") ? (freeDay?.remaining ?? 0) : 0);
	return affordable(
		asked,
		allowedModels().filter((model) => model.tiers.includes(tier) && (question === null || isReadableBy(model, question))),
		left,
	);
}

/** Whether instructions and message have more tokens than the first attempt of a request paid for: instructions may have grown since. */
export function outgrows({ asked: { model, question }, told }: Priced, terms: Terms | null): boolean {
	return terms !== null && told.tokens + question > terms.steps * model.inputStep;
}

/** The units of a request that has no earlier attempt. */
export const newUnitsOf = ({ asked }: Priced): number => quoteOf(asked)?.units ?? 0;

/** Whether a model can read all of a message. The text of files is text to every model. */
export function isReadableBy({ accepts }: ModelOption, question: ChatMessage): boolean {
	return accepts.includes("image") || !filesOf(question).some(({ mediaType }) => mediaType.startsWith("image/"));
}
