import type { AnswerState, Price } from "../../view/chat.ts";
import { type PendingSend, sendFor } from "./draft.ts";

/** A message that is sent once the answers before it are complete. Its ids never change, so that resending it counts once. */
export type QueuedMessage = Omit<PendingSend, "refusedAtMs" | "price"> & { price: Price };

/**
 * How an answer, or its request, ended. `limit`: no requests are left, and paying lifts the limit. `spent`: paying does not. `none`: there is no
 * answer, or no known one.
 */
export type End = AnswerState | "refused" | "limit" | "spent" | "unreached" | "none";

export interface Ended {
	end: End;
	/** Epoch milliseconds. */
	atMs: number;
	/** The id of the queued message that was not accepted, if its request is what ended. */
	messageId?: string | undefined;
}

/** The messages that wait for an answer, in the order in which they are sent. */
export interface Queue {
	messages: QueuedMessage[];
	/** The id of the first message, from its request to the end of its answer. It stays in the queue until the server has accepted it. */
	sending?: string | undefined;
	/** How the last answer ended. Undefined while one is running. The queue waits unless it is complete. */
	ended?: Ended | undefined;
}

export type QueueEvent =
	| { type: "added"; message: QueuedMessage }
	| { type: "removed"; messageId: string }
	/** The viewer has changed a message. */
	| { type: "changed"; messageId: string; to: QueuedMessage }
	/** The page shows the server's copy: its messages were accepted. `end` is the last answer's end, undefined while it is running. */
	| { type: "read"; kept?: Queue; shown: readonly string[]; end: End | undefined; atMs: number }
	/** A request began, for the queued message with this id or for another one. */
	| { type: "begun"; messageId: string | undefined }
	| { type: "accepted"; messageId: string }
	| { type: "ended"; end: End; atMs: number }
	/** The viewer sends the first message despite how the last answer ended, perhaps at another price. */
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

/** The message to send now. A first message that is being edited blocks those behind it. */
export const nextOf = ({ messages: [first], ended }: Queue, editing: string | undefined): QueuedMessage | undefined =>
	ended?.end === "complete" && first?.messageId !== editing ? first : undefined;

/** The queue after an event. A message leaves it only when the server has accepted it or the viewer removes it. */
export function queueAfter(queue: Queue, event: QueueEvent): Queue {
	const { messages, sending, ended } = queue;
	switch (event.type) {
		case "added":
			return { ...queue, messages: [...messages, event.message] };
		case "removed":
			// A message in flight can only be stopped.
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
			// If the message was accepted after all, its answer's end decides.
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
