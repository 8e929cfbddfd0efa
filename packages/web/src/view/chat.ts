// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

export interface ChatSummary {
	id: string;
	title: string;
	updatedAt: string;
}

export interface ModelOption {
	id: string;
	label: string;
	/** What one request of it counts as. */
	units: number;
}

/** How an answer ended. An answer without a state is being written. */
export type AnswerState = "complete" | "length" | "filtered" | "stopped" | "failed" | "interrupted";

/** `metadata` of an assistant's message, sent with the stream and kept with the message. */
export interface AnswerMetadata {
	model?: string;
	state?: AnswerState;
	/** Whether the answer was counted; absent while it is being written. */
	counted?: boolean;
	/** What there is to say of how it ended, who paid included; null where the answer speaks for itself. */
	note?: string | null;
}

/** A message in the AI SDK's UI form (`UIMessage`), narrowed to the parts that we keep: everything else is not for showing. */
export interface ChatMessage {
	id: string;
	role: "user" | "assistant";
	parts: { type: "text" | "reasoning"; text: string }[];
	metadata?: AnswerMetadata;
}

export interface ChatView {
	id: string;
	title: string;
	messages: ChatMessage[];
	/** An answer is being written: the page joins it through GET /api/chat/{id}/stream. */
	running: boolean;
}
