import type { Price } from "../../view/chat.ts";
import { unformattedCount } from "../answer-text/work-limits.ts";
import { inRequests } from "../frame/local-time.tsx";
import type { Next } from "./answer-actions.tsx";
import type { Phase } from "./conversation.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { AnswerMessage, UserMessage } from "./message.tsx";
import { textOf } from "./message-text.ts";

export interface ThreadProps {
	messages: LiveMessage[];
	phase: Phase;
	/** What sending a text costs: as a new message, or in place of the message with this id. */
	priceFor: (text: string, messageId?: string) => Price;
	/** The name of a model. */
	labelOf: (model: string | undefined) => string;
	/** Set where earlier messages are not shown yet. */
	onEarlier?: (() => void) | undefined;
	onEdit: (messageId: string, text: string, price: Price) => void;
	onRegenerate: (messageId: string, price: Price) => void;
	/** Sends a new message. */
	onSend: (text: string, price: Price) => void;
	reading: ReadingProps;
}

/** The id of the oldest message that the last answer was written from, where older ones were left out. An answer under way does not move it yet. */
export const readFromOf = (messages: LiveMessage[]): string | undefined =>
	messages.findLast(({ metadata }) => metadata?.state)?.metadata?.readFrom;

/** What is sent to continue an answer that reached the output limit. */
const CONTINUE = "Continue";

/** The messages of a chat. Editing and regenerating are offered only while no answer is being written. */
export function Thread({ messages, phase, priceFor, labelOf, onEarlier, onEdit, onRegenerate, onSend, reading }: ThreadProps) {
	const last = messages.at(-1);
	const lastUserMessage = messages.findLast((message) => message.role === "user");
	const idle = phase === "idle";
	const answers = messages.filter((message) => message.role !== "user");
	const unformatted = new Set(answers.slice(0, unformattedCount(answers.map(textOf))));

	function nextAfter(answer: LiveMessage): Next {
		const again = priceFor(lastUserMessage ? textOf(lastUserMessage) : "", lastUserMessage?.id);
		const more = priceFor(CONTINUE);
		return {
			regenerate: () => onRegenerate(answer.id, again),
			regenerateUnits: again.units,
			goOn: () => onSend(CONTINUE, more),
			goOnUnits: more.units,
		};
	}

	return (
		<div className="flex flex-col gap-9">
			{onEarlier && idle && (
				<button type="button" className="button-plain self-center" onClick={onEarlier}>
					Show earlier messages
				</button>
			)}
			{messages.flatMap((message) => [
				message.id === reading.from && <Reading key="reading" {...reading} />,
				message.role === "user" ? (
					<UserMessage
						key={message.id}
						message={message}
						followed={message !== lastUserMessage}
						priceFor={(text) => priceFor(text, message.id)}
						onEdit={idle ? (text, price) => onEdit(message.id, text, price) : undefined}
					/>
				) : (
					<AnswerMessage
						key={message.id}
						message={message}
						formatted={!unformatted.has(message)}
						model={labelOf(message.metadata?.model)}
						writing={!idle && message === last}
						next={idle && message === last ? nextAfter(message) : undefined}
					/>
				),
			])}
			{last?.role === "user" &&
				(idle ? (
					<NoAnswer price={priceFor(textOf(last), last.id)} onTryAgain={(price) => onEdit(last.id, textOf(last), price)} />
				) : (
					<AnswerMessage message={notBegun} model="" writing />
				))}
		</div>
	);
}

/** Reserves the space of the answer that is about to begin. */
const notBegun: LiveMessage = { id: "", role: "assistant", parts: [] };

/** Shown when the last message has no answer: it failed before it began, or was stopped. Whether that counts depends on how often it happened. */
function NoAnswer({ price, onTryAgain }: { price: Price; onTryAgain: (price: Price) => void }) {
	return (
		<div className="flex flex-wrap items-center gap-x-4 gap-y-2">
			<p className="text-soft">There is no answer to this yet.</p>
			<button type="button" className="button-plain" onClick={() => onTryAgain(price)}>
				Try again{price.units > 1 && ` · ${inRequests(price.units)}`}
			</button>
		</div>
	);
}

interface ReadingProps {
	/** The first message that is read; undefined where all are. */
	from: string | undefined;
	/** `newest`: older messages are left out. `whole`: they no longer are from the next request on. `full`: the model reads no more than this. */
	reads: "newest" | "whole" | "full";
	/** Requests of the next message, if this is changed. */
	otherUnits: number;
	onWhole: (whole: boolean) => void;
}

/** Where the model's reading began at the last answer. */
function Reading({ reads, otherUnits, onWhole }: Omit<ReadingProps, "from">) {
	return (
		<div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-t pt-2 text-small text-soft">
			<p>
				{reads === "newest" && "The model reads from here."}
				{reads === "whole" && "Your next message includes the whole chat."}
				{reads === "full" && "This chat is longer than the model can read. It reads from here."}
			</p>
			{reads !== "full" && (
				<button type="button" className="link py-1 pointer-coarse:py-3" onClick={() => onWhole(reads === "newest")}>
					{reads === "newest" ? "Include the whole chat" : "Only the newest messages"} · {inRequests(otherUnits)} each
				</button>
			)}
		</div>
	);
}
