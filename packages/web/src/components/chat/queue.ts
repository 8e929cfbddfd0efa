import type { AnswerState, Price } from "../../view/chat.ts";
import { type PendingSend, sendFor } from "./draft.ts";

/** A message that is sent once the answers before it have ended well. Its ids stay the same, so that sending it again counts once. */
export type QueuedMessage = Omit<PendingSend, "refusedAtMs" | "price"> & { price: Price };

/**
 * How an answer, or the request for it, ended. `limit`: no request is left, which paying changes; `spent`: nor does paying. `none`: there is no answer, or
 * none that is known.
 */
export type End = AnswerState | "refused" | "limit" | "spent" | "unreached" | "none";

export interface Ended {
	end: End;
	/** Epoch milliseconds. */
	atMs: number;
	/** The queued message that was not taken, if that is what ended. */
	messageId?: string | undefined;
}

/** The messages that wait for an answer, in the order in which they are sent. */
export interface Queue {
	messages: QueuedMessage[];
	/** The first message from the start of its request to the end of its answer. It stays in the queue until the server has accepted it. */
	sending?: string | undefined;
	/** How the last answer ended; undefined while one is under way. The queue waits unless it is complete. */
	ended?: Ended | undefined;
}

export type QueueEvent =
	| { type: "added"; message: QueuedMessage }
	| { type: "removed"; messageId: string }
	/** The viewer has changed a message. */
	| { type: "changed"; messageId: string; to: QueuedMessage }
	/** The page shows the server's copy of the chat: what is in it was accepted. `end` is that of its last answer, undefined while one is written. */
	| { type: "read"; kept?: Queue; shown: readonly string[]; end: End | undefined; atMs: number }
	/** A request is on its way: of the queued message with this id, or another one. */
	| { type: "begun"; messageId: string | undefined }
	| { type: "accepted"; messageId: string }
	| { type: "ended"; end: End; atMs: number }
	/** The viewer sends the first message in spite of how the last answer ended, perhaps at another price. */
	| { type: "resumed"; price?: Price | undefined; atMs: number; newId: () => string }
	/** Something was bought, which lifts limits that were reached before. */
	| { type: "bought"; atMs: number };

export const emptyQueue: Queue = { messages: [] };

/** A message for the queue, with ids of its own. */
export const queuedMessage = (message: Omit<QueuedMessage, "key" | "messageId">, newId: () => string): QueuedMessage => ({
	...message,
	key: newId(),
	messageId: newId(),
});

/** Why the queue waits; undefined while an answer is under way, or where the next message may be sent. */
export const waitingOf = ({ ended }: Queue): Ended | undefined => (ended?.end === "complete" ? undefined : ended);

/** The message to send now. One that is being edited holds up those behind it. */
export const nextOf = ({ messages: [first], ended }: Queue, editing: string | undefined): QueuedMessage | undefined =>
	ended?.end === "complete" && first?.messageId !== editing ? first : undefined;

/** The queue after an event. A message leaves it only when the server has accepted it, or when the viewer removes it. */
export function queueAfter(queue: Queue, event: QueueEvent): Queue {
	const { messages, sending, ended } = queue;
	switch (event.type) {
		case "added":
			return { ...queue, messages: [...messages, event.message] };
		case "removed":
			// What is under way can only be stopped.
			return event.messageId === sending ? queue : without(queue, [event.messageId]);
		case "changed": {
			const { messageId, to } = event;
			if (messageId === sending) return queue;
			const isReason = ended?.messageId === messageId;
			return {
				...queue,
				messages: messages.map((one) => (one.messageId === messageId ? to : one)),
				ended: isReason ? { ...ended, messageId: to.messageId } : ended,
			};
		}
		case "read": {
			const { kept = queue, shown, end, atMs } = event;
			const left = without({ messages: kept.messages, ended: waitingOf(kept) }, shown);
			// A message that was accepted after all has an answer, whose end counts.
			const isStillWaiting = left.ended && left.ended.messageId === kept.ended?.messageId;
			return { messages: left.messages, ended: end && (isStillWaiting ? left.ended : { end, atMs }) };
		}
		case "begun":
			return { messages, sending: event.messageId };
		case "accepted":
			return without(queue, [event.messageId]);
		case "ended": {
			const { end, atMs } = event;
			const isUntaken = sending !== undefined && messages[0]?.messageId === sending;
			return { messages, ended: { end, atMs, messageId: isUntaken ? sending : undefined } };
		}
		case "resumed": {
			const [first, ...others] = messages;
			if (!first || !waitingOf(queue)) return queue;
			const { price = first.price, atMs, newId } = event;
			const next = { ...sendFor(first, { ...first, price }, newId), price };
			return { messages: [next, ...others], ended: { end: "complete", atMs } };
		}
		case "bought": {
			const { atMs } = event;
			return ended?.end === "limit" && ended.atMs < atMs ? { messages, ended: { end: "complete", atMs } } : queue;
		}
	}
}

function without({ messages, sending, ended }: Queue, gone: readonly string[]): Queue {
	const isGone = ended?.messageId !== undefined && gone.includes(ended.messageId);
	return {
		messages: messages.filter(({ messageId }) => !gone.includes(messageId)),
		sending,
		ended: isGone ? { ...ended, messageId: undefined } : ended,
	};
}
