// Plain data for pages. Instants are ISO 8601 in UTC. Types only.

import type { ChatMessage } from "./chat.ts";

/** A shared chat, as seen by anyone with the link. */
export interface SharedChatView {
	title: string;
	sharedAt: string;
	messages: ChatMessage[];
	/** Whether older messages are left out. */
	isCut: boolean;
}

/** A shared chat, as its owner sees it in the list. */
export interface Share {
	/** Its page is `/s/{id}`. */
	id: string;
	chatId: string;
	title: string;
	sharedAt: string;
	/** The number of shared messages, and of files. */
	messages: number;
	files: number;
	/** Set if the operator of the server has taken it down. */
	takenDown?: true;
}
