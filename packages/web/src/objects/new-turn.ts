import type { Terms } from "@parley/metering";
import { generateId } from "ai";
import { chatTitle } from "../chat-title.ts";
import { config } from "../config.ts";
import { lowerUsage, raiseUsage, type UsageCheckResult, type UsageHold } from "../lib/billing.ts";
import { filesOf, type SentMessage, textOf, toModelMessages } from "../lib/chat/history.ts";
import { windowOf } from "../lib/chat/price.ts";
import type { Prompt } from "../lib/chat/request.ts";
import type { SearchTerms } from "../lib/chat/search/answer-with-search.ts";
import { budgetBesideSearch } from "../lib/chat/search/sources.ts";
import { readerOf } from "../lib/identity/reader.ts";
import { isPool } from "../lib/identity/subject-key.ts";
import { logFailure } from "../log.ts";
import { t } from "../text/text.ts";
import { writingFor } from "../text/writing-for.ts";
import type { ChatPath } from "./chat-path.ts";
import type { Ask } from "./conversation-calls.ts";
import { isReleased, type Turn } from "./conversation-storage.ts";
import type { Priced } from "./priced-request.ts";

/** The hold of a request, with the price of its first attempt. */
export type Held = Pick<Extract<UsageCheckResult, { allowed: true }>, "hold" | "units" | "terms">;

/** What a model is sent for a request. */
interface Sent {
	messages: SentMessage[];
	/** The oldest message sent, if older ones are omitted. */
	readFrom: string | null;
	/** Estimated tokens of the whole input. */
	input: number;
}

/** Whether a hold is for a new attempt after a release. Each ledger numbers its own attempts, so for another ledger the release itself decides. */
export function isRetry(earlier: Turn, hold: UsageHold): boolean {
	if (hold.attempt > earlier.attempt) return true;
	return isReleased(earlier) && isOtherLedger(hold, earlier.hold);
}

/** Whether the payer differs. Networks are ignored, because a network's key changes daily. */
function isOtherLedger(a: UsageHold, b: UsageHold): boolean {
	const payer = ({ takenFrom }: UsageHold) => takenFrom.find(({ ledger }) => !isPool(ledger))?.ledger;
	return payer(a) !== payer(b);
}

/** The chat created by its first request. */
export function newChat({ chatId, subject, history, prompt, folderInstructions = "", url, headers }: Ask) {
	return {
		id: chatId,
		owner: subject.key,
		title: history ? "" : writingFor(readerOf(new Request(url, { headers })), () => titleOf(prompt)),
		deleted: false,
		whole: null,
		instructions: "",
		folderInstructions,
		temporary: history !== null,
	};
}

function titleOf(prompt: Prompt): string {
	if (prompt.kind !== "message") return t("frame_new_chat");
	return chatTitle(textOf(prompt.message)) || filesOf(prompt.message)[0]?.filename || t("frame_new_chat");
}

/** The model's input, within the steps paid for by the first attempt: a later attempt gets no more. */
export function sentFor(path: ChatPath, { model, history, search }: Ask, { place, asked, quote, told }: Priced, terms: Terms | null): Sent {
	const paid = Math.min(quote.budget + asked.instructions, (terms?.steps ?? quote.steps) * model.inputStep);
	const budget = (search && config().search ? budgetBesideSearch(paid, model) : paid) - told.tokens;
	const before = history && place.question ? [place.question, ...history.toReversed()] : path.newestFirst(place);
	const { messages, tokens, readFrom } = toModelMessages(before, budget, quote.whole);
	return {
		messages: told.text === "" ? messages : [{ role: "system", content: told.text }, ...messages],
		readFrom,
		input: told.tokens + tokens,
	};
}

/**
 * The turn of an attempt, before its model is called.
 * @param earlier the attempt before
 * @param newest the chat's newest turn
 */
export function newTurn(
	{ requestId, model, effort }: Ask,
	{ place: { parent, versionOf, asks, question, ...place }, told, tokens }: Priced,
	{ hold, units }: Held,
	{ readFrom, input }: Sent,
	{ earlier, newest }: { earlier: Turn | null; newest: Turn | null },
): Turn {
	const seq = Math.max(0, newest?.seq ?? 0) + 1;
	return {
		...{ parent, versionOf, asks, question },
		shown: place.extends,
		seq,
		requestId,
		attempt: Math.max(hold.attempt, (earlier?.attempt ?? 0) + 1),
		answerId: `${generateId()}-${seq}`,
		model: model.id,
		sold: { units, effort, readFrom, input, instructions: told.tokens },
		hold,
		phase: "running",
		end: null,
		told: null,
		counted: null,
		startedAtMs: Date.now(),
		tokens,
		searched: null,
		pieces: 0,
		rest: [],
	};
}

/** How an answer may search the web, each search raising its hold; null if it may not. */
export function searchOf({ model, search }: Ask, hold: UsageHold, { input }: Sent): SearchTerms | null {
	const offer = search ? config().search : null;
	return (
		offer && {
			search: offer,
			input,
			window: windowOf(model),
			raise: (step, units) => raiseUsage(hold, step, units).catch(notRaised),
			lower: (step) => lowerUsage(hold, step),
		}
	);
}

/** If the ledger is unreachable, the answer continues without further searches. */
function notRaised(error: unknown): { raised: false } {
	logFailure("a search could not be charged", error);
	return { raised: false };
}
