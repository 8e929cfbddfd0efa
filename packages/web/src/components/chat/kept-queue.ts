import { isPending, readJson, writeItem } from "./draft.ts";
import type { Ended, Queue, QueuedMessage } from "./queue.ts";

const item = (chatId: string) => `parley:queue:${chatId}`;

/** A chat's queue in session storage, without damaged messages. */
export function readQueue(chatId: string): Queue {
	const kept = readJson(item(chatId));
	if (typeof kept !== "object" || kept === null || !("messages" in kept) || !Array.isArray(kept.messages)) return { messages: [] };
	const messages = kept.messages.filter(isQueued);
	return "ended" in kept && isEnded(kept.ended) ? { messages, ended: kept.ended } : { messages };
}

const isQueued = (value: unknown): value is QueuedMessage =>
	isPending(value) && value.price !== undefined && value.price !== null && Number.isInteger(value.price.units);

const isEnded = (value: unknown): value is Ended =>
	typeof value === "object" && value !== null && "end" in value && typeof value.end === "string" && "atMs" in value;

/** Keeps a chat's queue. An empty queue is removed. */
export const keepQueue = (chatId: string, { messages, ended }: Queue): void =>
	writeItem(item(chatId), messages.length > 0 ? JSON.stringify({ messages, ended }) : undefined);
