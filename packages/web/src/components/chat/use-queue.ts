import { useEffect, useEffectEvent, useReducer, useState } from "react";
import type { ChatView, Price } from "../../view/chat.ts";
import { randomId } from "../requests.ts";
import { hearTabs, tellTabs } from "../tabs.ts";
import { type Conversation, type Phase, readEvent, sendQueued } from "./conversation.ts";
import { keepQueue, readQueue } from "./kept-queue.ts";
import { emptyQueue, nextOf, type Queue, type QueuedMessage, type QueueEvent, queueAfter } from "./queue.ts";

/** The queue of a chat on the page. */
export interface QueueOfChat {
	queue: Queue;
	/** The queued message that is being edited. */
	editing: string | undefined;
	onEditing: (messageId: string | undefined) => void;
	tell: (event: QueueEvent) => void;
}

/** A chat's queue, kept in session storage: it survives a reload, and no other tab sends it. */
export function useQueue(chat: ChatView): QueueOfChat {
	const [queue, tell] = useReducer(queueAfter, emptyQueue);
	const [editing, onEditing] = useState<string>();
	const { id } = chat;
	const opened = useEffectEvent(() => tell({ ...readEvent(chat), kept: readQueue(id) }));
	useEffect(() => {
		opened();
		// A duplicated tab has a copy of the queue.
		return hearTabs("queued", (messageId) => tell({ type: "removed", messageId }));
	}, []);
	useEffect(() => {
		if (queue !== emptyQueue) keepQueue(id, queue);
	}, [id, queue]);
	return {
		queue,
		editing,
		onEditing,
		tell: (event) => {
			tell(event);
			if ("messageId" in event && event.type !== "begun" && holds(queue, event.messageId)) tellTabs("queued", event.messageId);
		},
	};
}

/** The event of sending the first message in spite of how the last answer ended, perhaps at another price. */
export const resumed = (price?: Price): QueueEvent => ({ type: "resumed", price, atMs: Date.now(), newId: randomId });

const holds = ({ messages }: Queue, messageId: string) => messages.some((one) => one.messageId === messageId);

interface SendingProps extends QueueOfChat {
	conversation: Conversation;
	phase: Phase;
	/** Whether no requests are left, and whether paying lifts that. */
	spent: false | "limit" | "spent";
	/** When something was last bought, in epoch milliseconds; 0 if never. */
	boughtAtMs: number;
	onSend: (message: QueuedMessage) => void;
}

/** Sends queued messages one at a time, each once the answer before it is complete. */
export function useSendQueue({ queue, editing, tell, conversation, phase, spent, boughtAtMs, onSend }: SendingProps): void {
	const next = phase === "idle" ? nextOf(queue, editing) : undefined;
	const send = useEffectEvent((message: QueuedMessage) => {
		if (spent) return tell({ type: "ended", end: spent, atMs: Date.now() });
		if (sendQueued(conversation, message)) onSend(message);
	});
	useEffect(() => {
		if (next) send(next);
	}, [next]);
	const bought = useEffectEvent((atMs: number) => tell({ type: "bought", atMs }));
	useEffect(() => {
		if (boughtAtMs > 0 && !spent) bought(boughtAtMs);
	}, [boughtAtMs, spent]);
}
