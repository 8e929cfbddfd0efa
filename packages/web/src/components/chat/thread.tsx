import type { FileUIPart } from "ai";
import { memo, Suspense, useDeferredValue, useRef, useState } from "react";
import { t } from "../../text/text.ts";
import type { Price } from "../../view/chat.ts";
import { unformattedCount } from "../answer-text/work-limits.ts";
import { inRequests } from "../frame/local-time.tsx";
import type { Next } from "./answer-actions.tsx";
import type { Phase } from "./conversation.ts";
import { Earlier } from "./earlier.tsx";
import type { LiveMessage } from "./live-chat.tsx";
import { AnswerMessage, UserMessage } from "./message.tsx";
import type { EditTerms, MessageEvents } from "./message-events.ts";
import { filesOf, textOf } from "./message-text.ts";
import { groupsOf } from "./turn-groups.ts";

export interface ThreadProps extends MessageEvents {
	messages: LiveMessage[];
	phase: Phase;
	/** The message of the viewer that is being edited. */
	editing: string | undefined;
	/** Whether the last turn gets enough space to stand at the top of the view. */
	roomy?: boolean;
	/** The price of a text: as a new message, or as an edit of the message with this id, with its files or others. */
	priceFor: (text: string, messageId?: string, files?: readonly FileUIPart[]) => Price;
	/** Why the chosen model cannot answer a question. Empty if it can. */
	unreadable: (message: LiveMessage) => string;
	/** Why it cannot read these files of a message. Empty if it can. */
	unreadableFiles: (files: readonly FileUIPart[]) => string;
	/** The name of a model. */
	labelOf: (model: string | undefined) => string;
	/** Set if earlier messages are not shown yet. */
	onEarlier?: (() => void) | undefined;
	onRegenerate: (messageId: string, price: Price) => void;
	/** Sends a new message. */
	onSend: (text: string, price: Price) => void;
	reading: ReadingProps;
}

/** The id of the oldest message in the last answer's context, if older ones were left out. A running answer does not move it yet. */
export const readFromOf = (messages: LiveMessage[]): string | undefined =>
	messages.findLast(({ metadata }) => metadata?.state)?.metadata?.readFrom;

/** The message that continues an answer after the output limit. */

interface Turn {
	question: LiveMessage | undefined;
	answer: LiveMessage | undefined;
}

const keyOf = ({ question, answer }: Turn) => question?.id ?? answer?.id;

/** The messages as question-and-answer turns. Either may be missing in a chat from an older version. */
function turnsOf(messages: readonly LiveMessage[]): Turn[] {
	const turns: Turn[] = [];
	for (const message of messages) {
		const last = turns.at(-1);
		if (message.role === "user") turns.push({ question: message, answer: undefined });
		else if (last && !last.answer) last.answer = message;
		else turns.push({ question: undefined, answer: message });
	}
	return turns;
}

/** The messages of a chat. Editing and regenerating are offered only while no answer is being written. */
export function Thread({
	messages,
	phase,
	editing,
	roomy,
	priceFor,
	unreadable,
	unreadableFiles,
	labelOf,
	onEarlier,
	onRegenerate,
	onSend,
	reading,
	...events
}: ThreadProps) {
	const last = messages.at(-1);
	const lastUserMessage = messages.findLast((message) => message.role === "user");
	const idle = phase === "idle";
	// The turns before the last follow in a later, interruptible render: each has buttons, and a long chat has hundreds of turns.
	const idleLater = useDeferredValue(idle);
	const answers = messages.filter((message) => message.role !== "user");
	const unformatted = new Set(answers.slice(0, unformattedCount(answers.map(textOf))));
	const stable = useStable(events);
	const prices = useWhile(idle, priceFor);
	const turns = turnsOf(messages);
	const anchor = useAnchor(turns.map(keyOf));

	function nextAfter(answer: LiveMessage): Next {
		const again = priceFor(lastUserMessage ? textOf(lastUserMessage) : "", lastUserMessage?.id);
		const more = priceFor(t("chat_continue"));
		return {
			regenerate: () => onRegenerate(answer.id, again),
			regenerateUnits: again.units,
			unreadable: lastUserMessage ? unreadable(lastUserMessage) : "",
			goOn: () => onSend(t("chat_continue"), more),
			goOnUnits: more.units,
		};
	}

	const termsOf = (messageId: string): EditTerms => ({
		priceFor: (text, files) => prices(text, messageId, files),
		unreadable: unreadableFiles,
	});

	function shownTurn(turn: Turn) {
		const { question, answer } = turn;
		const isLast = turn === turns.at(-1);
		const reads = reading.from !== undefined && (question?.id === reading.from || answer?.id === reading.from);
		return (
			// A version replaces another in the same element, which keeps the focus.
			<div key={keyOf(turn)} className={isLast && roomy ? "turn turn-roomy" : "turn"}>
				{reads && <Reading {...reading} />}
				<TurnMessages
					question={question}
					answer={answer}
					formatted={!answer || !unformatted.has(answer)}
					model={labelOf(answer?.metadata?.model)}
					editing={question && question.id === editing ? termsOf(question.id) : undefined}
					followed={!isLast}
					idle={isLast ? idle : idleLater}
					writing={isLast && !idle}
					next={isLast && idle && answer && answer === last ? nextAfter(answer) : undefined}
					events={stable}
				/>
				{isLast && idle && last && last === question && (
					<NoAnswer
						price={priceFor(textOf(last), last.id)}
						unreadable={unreadable(last)}
						onTryAgain={(price) => events.onEdit(last.id, textOf(last), price, filesOf(last))}
					/>
				)}
			</div>
		);
	}

	return (
		<div className="flex flex-col gap-6">
			{onEarlier && idle && <Earlier first={messages[0]?.id} onShow={onEarlier} />}
			{groupsOf(turns, anchor).map((group) => (
				<div key={group.key} className="turns">
					{/* Nothing suspends here. The boundary lets a page hydrate in steps. */}
					<Suspense>{group.turns.map(shownTurn)}</Suspense>
				</div>
			))}
		</div>
	);
}

/** Returns the same functions for the component's lifetime. Each calls the latest one passed. */
function useStable(events: MessageEvents): MessageEvents {
	const latest = useRef(events);
	latest.current = events;
	const [stable] = useState<MessageEvents>(() => ({
		onEditing: (...args) => latest.current.onEditing(...args),
		onEdit: (...args) => latest.current.onEdit(...args),
		onVersion: (...args) => latest.current.onVersion(...args),
		onBranch: events.onBranch && ((...args) => latest.current.onBranch?.(...args)),
	}));
	return stable;
}

/** The index of the turn that was first when the thread was mounted. Once it is gone, another takes its place. */
function useAnchor(keys: readonly (string | undefined)[]): number {
	const anchor = useRef(keys[0]);
	if (!keys.includes(anchor.current)) anchor.current = keys[0];
	return keys.indexOf(anchor.current);
}

/** The last value passed while `current`, so that prices are not recomputed with each word of an answer. */
function useWhile<T>(current: boolean, value: T): T {
	const kept = useRef(value);
	if (current) kept.current = value;
	return kept.current;
}

interface TurnMessagesProps extends Turn {
	formatted: boolean;
	model: string;
	editing: EditTerms | undefined;
	followed: boolean;
	idle: boolean;
	writing: boolean;
	next: Next | undefined;
	events: MessageEvents;
}

/** Memoized, so that a streaming answer does not re-render the turns before it. */
const TurnMessages = memo(function TurnMessages({ question, answer, events, idle, followed, editing, ...props }: TurnMessagesProps) {
	return (
		<>
			{question && <UserMessage message={question} followed={followed} editing={editing} idle={idle} events={events} />}
			{(answer || props.writing) && <AnswerMessage {...props} message={answer ?? notBegun} events={idle ? events : undefined} />}
		</>
	);
});

/** Reserves the space of the answer about to begin. */
const notBegun: LiveMessage = { id: "", role: "assistant", parts: [] };

/** Shown if the last message has no answer: it failed before it began, or was stopped. Whether that counts depends on how often it happened. */
function NoAnswer({ price, unreadable, onTryAgain }: { price: Price; unreadable: string; onTryAgain: (price: Price) => void }) {
	return (
		<div className="flex flex-wrap items-center gap-x-4 gap-y-2">
			<p className="text-soft">{t("chat_no_answer")}</p>
			{unreadable ? (
				<p className="text-small text-soft">{unreadable}</p>
			) : (
				<button type="button" className="button-plain" onClick={() => onTryAgain(price)}>
					{t("frame_try_again")}
					{price.units > 1 && ` · ${inRequests(price.units)}`}
				</button>
			)}
		</div>
	);
}

interface ReadingProps {
	/** The first message in the context. Undefined if all are. */
	from: string | undefined;
	/** `newest`: older messages are left out. `whole`: they are included from the next request on. `full`: the model's context holds no more. */
	reads: "newest" | "whole" | "full";
	/** The price of the next message with the other setting, in requests. */
	otherUnits: number;
	onWhole: (whole: boolean) => void;
}

/** A divider where the last answer's context begins. */
function Reading({ reads, otherUnits, onWhole }: Omit<ReadingProps, "from">) {
	return (
		<div className="mb-6 flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-t pt-2 text-small text-soft">
			<p>
				{reads === "newest" && t("chat_reads_from_here")}
				{reads === "whole" && t("chat_reads_whole")}
				{reads === "full" && t("chat_reads_full")}
			</p>
			{reads !== "full" && (
				<button type="button" className="link py-1 pointer-coarse:py-3" onClick={() => onWhole(reads === "newest")}>
					{reads === "newest"
						? t("chat_include_whole_each", { price: inRequests(otherUnits) })
						: t("chat_only_newest_each", { price: inRequests(otherUnits) })}
				</button>
			)}
		</div>
	);
}
