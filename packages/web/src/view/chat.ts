// Plain data for pages. Instants are ISO 8601 in UTC, usage is in requests, money in cents. Types only.

import type { Tier } from "./usage.ts";

export interface ChatSummary {
	id: string;
	title: string;
	updatedAt: string;
	/** Absent for no. */
	pinned?: true;
	archived?: true;
	/** The folder that it is in, in the list of all chats. */
	folder?: string | undefined;
}

/** What a viewer may change about a chat in their list. A deleted one can be brought back for some seconds. */
export interface ChatMarks {
	pinned?: boolean | undefined;
	archived?: boolean | undefined;
	deleted?: boolean | undefined;
	/** The folder that it is in from now on; null for none. */
	folder?: string | null | undefined;
}

/** A folder of chats, as lists name it. */
export interface FolderName {
	id: string;
	name: string;
	/** The estimated tokens of what it tells every model; absent for nothing. */
	tokens?: number;
}

export interface Folder extends Omit<FolderName, "tokens"> {
	/** What it tells every model in its chats; "" for nothing. */
	instructions: string;
}

/** A piece of a chat's text, cut where the words of a search begin and end. */
export type Passage = { text: string; isFound: boolean }[];

/** A chat that a search has found. `passage` is null where its title has all of the words. */
export interface FoundChat extends ChatSummary {
	passage: Passage | null;
}

export interface FoundChats {
	chats: FoundChat[];
	/** False where there was more text than one search reads: older chats are then found by their titles only. */
	isComplete: boolean;
}

export type Effort = "low" | "medium" | "high";

/** A model as the picker shows it. The page computes prices from it with `priceOf` of @parley/metering, as the server does. */
export interface ModelOption {
	id: string;
	label: string;
	description: string | null;
	/** Requests that one step of input costs, without an effort. */
	weight: number;
	/** What each effort multiplies the price by. Empty for a model without efforts. */
	efforts: Partial<Record<Effort, number>>;
	/** Tokens of input that one step covers, that an answer may have, and that both together may have. */
	inputStep: number;
	maxOutput: number;
	contextWindow: number;
	/** The tiers whose requests may ask it, at any of its efforts. */
	tiers: Tier[];
	/** What it reads. The text of files is text to every model. */
	accepts: ("text" | "image" | "file")[];
}

/** A model in the answer of `GET /api/models`. */
export interface OfferedModel extends ModelOption {
	/** Whether the viewer's tier may ask it. */
	allowed: boolean;
	/** Requests that a message of one step costs at the model's lowest effort, with which a picker begins. */
	units: number;
}

/** What a request costs, or would cost. */
export interface Price {
	units: number;
	model: string;
	effort: Effort | null;
	/** Whether the whole chat is sent, instead of the newest messages that fit into one step. */
	whole: boolean;
	/** Set where the model may search the web, which costs more for each search: `upTo` is the price with as many searches as an answer may have. */
	search?: boolean;
	upTo?: number;
}

/** What web search costs here. */
export interface SearchOffer {
	/** Units of one search. */
	units: number;
	/** Searches that an answer may have. */
	max: number;
}

/** Why an answer failed, as far as it is known. `busy`: every upstream had no room. `unavailable`: the deployer's fault, named in the log. */
export type Failure = "busy" | "too-long" | "unavailable" | "failed" | "interrupted";

/** How an answer ended. While it is being written it has no state. */
export type AnswerState = "complete" | "length" | "filtered" | "stopped" | "failed" | "interrupted";

/** The `metadata` of an assistant message, sent with the stream and stored with the message. */
export interface AnswerMetadata {
	model?: string;
	state?: AnswerState;
	/** Whether the answer was counted; absent while it is being written, and for an imported one. */
	counted?: boolean;
	/** Set for an answer that was written elsewhere: it counted nothing here. */
	imported?: true;
	/** What the request was held for, and its searches. */
	units?: number;
	/** Searches that were charged. Absent without any. */
	searches?: number;
	/** What is being searched for; null once that has ended. */
	searching?: string | null;
	/** The estimated tokens that a request sends of the chat up to and with this message. */
	tokens?: number;
	effort?: Effort | null;
	/** When it was asked for, ISO 8601 in UTC; absent for an answer of an older version. */
	askedAt?: string;
	/** How long the answer took, milliseconds; absent for one that was cut off. */
	tookMs?: number;
	/** How long the model thought before its first word, milliseconds; absent for one that did not. */
	thoughtMs?: number;
	/** The oldest message that the model was sent, when older ones were left out. */
	readFrom?: string;
	/** For a failed answer. */
	failure?: Failure;
	/** For `busy`: when the provider wants to be asked again, seconds from the end of the answer. */
	retryAfterS?: number;
	/** The rule by which it was counted or not: a row of the published table (who pays). */
	rule?: string;
	/** Estimated tokens of the instructions that were sent before the chat; absent for none. */
	instructions?: number;
	/** Tokens that the model read and wrote, as far as they are known. */
	spent?: { input: number; output: number; estimated: boolean };
	/** Names a failed answer in the log: the id of its request. */
	reference?: string;
	/** Of a question too. Absent where there is one version only. */
	versions?: Versions;
}

/** The versions of a question or an answer, the oldest first: the turns to switch to, and the place of the one that is shown. */
export interface Versions {
	turns: number[];
	at: number;
}

export interface TextPart {
	type: "text" | "reasoning";
	text: string;
}

/** A page of the web that a search has found. */
export interface Source {
	/** http or https. */
	url: string;
	title: string;
}

/** A source of an answer, in the AI SDK's `SourceUrlUIPart` format. `sourceId` is its number, by which the answer names it: `[1]`. */
export interface SourcePart extends Source {
	type: "source-url";
	sourceId: string;
}

/** A file of a message, in the AI SDK's `FileUIPart` format. Its bytes are at `url`, for the owner of the chat. */
export interface FilePart {
	type: "file";
	url: string;
	/** `image/…`, or `text/plain` for everything that is text. */
	mediaType: string;
	filename: string;
	/** What the server found: its size, and the estimated tokens that it counts in a request. */
	providerMetadata: { parley: { bytes: number; tokens: number } };
}

/** What a tier may attach: files to a message, and bytes of each. */
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

/** A prompt that a new chat suggests: `text` fills the composer. */
export interface SuggestedPrompt {
	label: string;
	text: string;
}

/** A page of a subject's chats, the newest first. The first page begins with all that are pinned. */
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
	/** The estimated tokens of the shown path. Too few for a long one of an older version, until a request sends all of it. */
	tokens: number;
	/** Whether requests of this chat send all of it. */
	whole: boolean;
	/** What the chat tells every model; absent for nothing. */
	instructions?: string;
	/** The estimated tokens of what its folder tells every model; absent for nothing. */
	folderTokens?: number;
	/** The folder in which a new chat begins. */
	folder?: FolderName;
	/** Set for a temporary chat, of which the server has at most the last answer. */
	temporary?: true;
	/** Whether an answer is being written. The page joins it through GET /api/chat/{id}/stream. */
	running: boolean;
}
