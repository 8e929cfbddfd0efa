// Plain data for pages. Instants are ISO 8601 in UTC. Types only.

import type { ChatMessage } from "./chat.ts";

/** What everyone with the link sees of a chat. */
export interface SharedChatView {
	title: string;
	sharedAt: string;
	messages: ChatMessage[];
	/** Whether older messages are left out. */
	isCut: boolean;
}

/** A chat that is shared, as its owner's list has it. */
export interface Share {
	/** Its page is `/s/{id}`. */
	id: string;
	chatId: string;
	title: string;
	sharedAt: string;
	/** How many messages everyone can read, and how many files. */
	messages: number;
	files: number;
	/** Set once the operator of the server has taken it down. */
	takenDown?: true;
}
