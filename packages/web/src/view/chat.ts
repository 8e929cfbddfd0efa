// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

export interface ChatSummary {
	id: string;
	title: string;
	updatedAt: string;
}

export interface ModelOption {
	id: string;
	label: string;
	/** How many requests one answer counts as. */
	units: number;
}

/** How an answer ended. While it is being written it has no state. */
export type AnswerState = "complete" | "length" | "filtered" | "stopped" | "failed" | "interrupted";

/** The `metadata` of an assistant message, sent with the stream and stored with the message. */
export interface AnswerMetadata {
	model?: string;
	state?: AnswerState;
	/** Whether the answer was counted; absent while it is being written. */
	counted?: boolean;
	/** A sentence on how it ended and whether it was counted; null when nothing needs saying. */
	note?: string | null;
}

/** A message in the AI SDK's `UIMessage` format, with only the parts that are stored and shown. */
export interface ChatMessage {
	id: string;
	role: "user" | "assistant";
	parts: { type: "text" | "reasoning"; text: string }[];
	metadata?: AnswerMetadata;
}

/** A page of a subject's chats, the newest first. */
export interface ChatPage {
	chats: ChatSummary[];
	/** Where the next page begins; null after the last. */
	next: string | null;
}

/** A page of a chat: at most 50 messages. */
export interface ChatView {
	id: string;
	title: string;
	messages: ChatMessage[];
	/** Where the page before begins; null on the first. */
	earlier: number | null;
	/** The reader has seen the last message already, so no messages are sent. */
	unchanged?: boolean;
	/** Whether an answer is being written. The page joins it through GET /api/chat/{id}/stream. */
	running: boolean;
}
