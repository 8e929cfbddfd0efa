// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

import type { Tier } from "./usage.ts";

export interface ChatSummary {
	id: string;
	title: string;
	updatedAt: string;
	/** Absent means false. */
	pinned?: true;
	archived?: true;
	/** Its folder, in the list of all chats. */
	folder?: string | undefined;
}

/** The changes a viewer may make to a chat in their list. A deleted one can be restored for some seconds. */
export interface ChatMarks {
	pinned?: boolean | undefined;
	archived?: boolean | undefined;
	deleted?: boolean | undefined;
	/** Its new folder; null for none. */
	folder?: string | null | undefined;
}

/** A chat folder, as shown in lists. */
export interface FolderName {
	id: string;
	name: string;
	/** Estimated tokens of its instructions; absent if it has none. */
	tokens?: number;
}

export interface Folder extends Omit<FolderName, "tokens"> {
	/** The folder's instructions to every model in its chats; "" for none. */
	instructions: string;
}

/** A piece of a chat's text, split where the searched words start and end. */
export type Passage = { text: string; isFound: boolean }[];

/** A chat found by a search. `passage` is null if its title contains all words. */
export interface FoundChat extends ChatSummary {
	passage: Passage | null;
}

export interface FoundChats {
	chats: FoundChat[];
	/** False if there was more text than one search reads: older chats are then found only by their titles. */
	isComplete: boolean;
}

export type Effort = "low" | "medium" | "high";

/** A model as shown in the picker. The page computes prices from it with `priceOf` of @parley/metering, as the server does. */
export interface ModelOption {
	id: string;
	label: string;
	description: string | null;
	/** Price of one step of input without an effort, units. */
	weight: number;
	/** Price factor of each effort. Empty for a model without efforts. */
	efforts: Partial<Record<Effort, number>>;
	/** Tokens: of input covered by one step, of an answer at most, and of both together at most. */
	inputStep: number;
	maxOutput: number;
	contextWindow: number;
	/** The tiers that may use it, at any of its efforts. */
	tiers: Tier[];
	/** The inputs it accepts. Text files are sent as text to every model. */
	accepts: ("text" | "image" | "file")[];
}

/** A model in the answer of `GET /api/models`. */
export interface OfferedModel extends ModelOption {
	/** Whether the viewer's tier may use it. */
	allowed: boolean;
	/** Price of a one-step message at the model's lowest effort, which is the picker's default. */
	units: number;
}

/** The actual or quoted price of a request. */
export interface Price {
	units: number;
	model: string;
	effort: Effort | null;
	/** Whether the whole chat is sent, instead of only the newest messages that fit into one step. */
	whole: boolean;
	/** Set if the model may search the web, which costs extra per search: `upTo` is the price with the most searches an answer may have. */
	search?: boolean;
	upTo?: number;
}

/** The price of web search here. */
export interface SearchOffer {
	/** Units of one search. */
	units: number;
	/** Searches that an answer may have. */
	max: number;
}

/** Why an answer failed, as far as known. `busy`: every upstream was overloaded. `unavailable`: a deployer's fault, named in the log. */
export type Failure = "busy" | "too-long" | "unavailable" | "failed" | "interrupted";

/** How an answer ended. An answer in progress has no state. */
export type AnswerState = "complete" | "length" | "filtered" | "stopped" | "failed" | "interrupted";

/** The `metadata` of an assistant message, sent with the stream and stored with the message. */
export interface AnswerMetadata {
	model?: string;
	state?: AnswerState;
	/** Whether the answer was counted; absent while it is in progress, and for an imported one. */
	counted?: boolean;
	/** Set for an imported answer, which counted nothing here. */
	imported?: true;
	/** The units held for the request, including its searches. */
	units?: number;
	/** Charged searches. Absent if there were none. */
	searches?: number;
	/** The query being searched; null once the search has ended. */
	searching?: string | null;
	/** Estimated tokens a request sends for the chat up to and including this message. */
	tokens?: number;
	effort?: Effort | null;
	/** When it was requested, ISO 8601 in UTC; absent for answers of an older version. */
	askedAt?: string;
	/** How long the answer took, milliseconds; absent for one that was cut off. */
	tookMs?: number;
	/** How long the model reasoned before its first text, milliseconds; absent if it did not. */
	thoughtMs?: number;
	/** The oldest message sent to the model, if older ones were left out. */
	readFrom?: string;
	/** For a failed answer. */
	failure?: Failure;
	/** For `busy`: when to retry, by the provider, seconds from the end of the answer. */
	retryAfterS?: number;
	/** The rule that decided whether it was counted: a row of the published table (who pays). */
	rule?: string;
	/** Estimated tokens of the instructions that were sent before the chat; absent for none. */
	instructions?: number;
	/** Input and output tokens of the model, as far as known. */
	spent?: { input: number; output: number; estimated: boolean };
	/** A failed answer's reference in the log: its request id. */
	reference?: string;
	/** Also set on a question. Absent if there is only one version. */
	versions?: Versions;
}

/** The versions of a question or answer, oldest first: the turns to switch to, and the position of the shown one. */
export interface Versions {
	turns: number[];
	at: number;
}

export interface TextPart {
	type: "text" | "reasoning";
	text: string;
}

/** A web page found by a search. */
export interface Source {
	/** http or https. */
	url: string;
	title: string;
}

/** A source of an answer, in the AI SDK's `SourceUrlUIPart` format. `sourceId` is its citation number: `[1]`. */
export interface SourcePart extends Source {
	type: "source-url";
	sourceId: string;
}

/** A file of a message, in the AI SDK's `FileUIPart` format. Only the chat's owner can load its `url`. */
export interface FilePart {
	type: "file";
	url: string;
	/** `image/…`, or `text/plain` for all text files. */
	mediaType: string;
	filename: string;
	/** Measured by the server: its size, and its estimated tokens in a request. */
	providerMetadata: { parley: { bytes: number; tokens: number } };
}

/** A tier's limits for attachments: files per message, and bytes per file. */
export interface FileLimit {
	count: number;
	bytes: number;
}

/** A message in the AI SDK's `UIMessage` format, with only the parts that are stored and shown. */
export interface ChatMessage {
	id: string;
	role: "user" | "assistant";
	parts: (TextPart | FilePart | SourcePart)[];
	metadata?: AnswerMetadata;
}

/** A suggested prompt for a new chat: `text` fills the composer. */
export interface SuggestedPrompt {
	label: string;
	text: string;
}

/** A page of a subject's chats, newest first. The first page starts with all pinned ones. */
export interface ChatPage {
	chats: ChatSummary[];
	/** Where the next page starts; null after the last. */
	next: string | null;
}

/** A page of a chat: at most 50 messages. */
export interface ChatView {
	id: string;
	title: string;
	messages: ChatMessage[];
	/** Where the previous page starts; null on the first. */
	earlier: number | null;
	/** The reader has already seen the last message, so no messages are sent. */
	unchanged?: boolean;
	/** Estimated tokens of the shown path. Too low for a long chat of an older version, until a request sends all of it. */
	tokens: number;
	/** Whether this chat's requests send all of it. */
	whole: boolean;
	/** The chat's instructions to every model; absent for none. */
	instructions?: string;
	/** Estimated tokens of its folder's instructions; absent for none. */
	folderTokens?: number;
	/** The folder a new chat starts in. */
	folder?: FolderName;
	/** Set for a temporary chat, of which the server keeps at most the last answer. */
	temporary?: true;
	/** Whether an answer is in progress. The page joins it through GET /api/chat/{id}/stream. */
	running: boolean;
}
