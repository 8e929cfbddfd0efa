// The requests and results of a conversation's methods.
import type { Effort, Standing } from "@parley/metering";
import type { UsageRefusal } from "../lib/billing.ts";
import type { Prompt } from "../lib/chat/request.ts";
import type { Subject } from "../lib/identity/subject.ts";
import type { Reader } from "../text/writing-for.ts";
import type { ChatMessage, ChatView, ModelOption, Price } from "../view/chat.ts";
import type { Tier } from "../view/usage.ts";

/** A request for an answer, parsed. */
export interface Ask {
	chatId: string;
	subject: Subject;
	requestId: string;
	fingerprint: string;
	model: ModelOption;
	effort: Effort | null;
	/** The highest price the client accepts, with searches; and for the message alone. In units; undefined if the client sets none. */
	maxUnits: number | undefined;
	maxHeldUnits: number | undefined;
	/** Whether the whole chat is sent; undefined to keep the chat's setting. */
	whole: boolean | undefined;
	/** The chat's instructions from this request on; undefined to keep them. */
	instructions: string | undefined;
	/** The folder in which a new chat begins. */
	folder: string | undefined;
	/** The folder's instructions; `start` reads them. */
	folderInstructions?: string;
	/** Whether the model may search the web. */
	search: boolean;
	/** The earlier messages of a temporary chat, oldest first; null in a stored chat. */
	history: ChatMessage[] | null;
	prompt: Prompt;
	/** The last message the client has seen; null for an empty chat, undefined if the client does not report it. */
	seen: string | null | undefined;
	/** URL and headers of the HTTP request, for a new guest's human check. */
	url: string;
	headers: [string, string][];
}

/** Why a chat refuses a request. Decided before anything is held or stored. */
export type ChatRefusal =
	| "not-found"
	| "gone"
	| "busy"
	| "no-such-message"
	| "no-such-file"
	| "unreadable"
	| "too-many-files"
	| "too-many-readers"
	| "too-long";

export type StartResult =
	| { kind: "stream"; stream: ReadableStream<Uint8Array>; standing: Standing; setCookie: string | null }
	| { kind: "limit"; refusal: UsageRefusal; price: Price; affordable: Price[] }
	/** The price is above the one shown to the client. */
	| { kind: "price"; price: Price }
	/** The viewer's tier does not include the model. */
	| { kind: "not-in-plan"; tier: Tier }
	| { kind: "challenge" | "conflict" }
	/** The chat has changed since the client loaded it. */
	| { kind: "moved-on"; chat: ChatView }
	| { kind: ChatRefusal };

/** The result of a call that changes or copies the shown path. */
export type PathResult =
	| { kind: "done"; chat: ChatView }
	| Extract<StartResult, { kind: "moved-on" }>
	| { kind: "too-many-branches" }
	| { kind: Extract<ChatRefusal, "not-found" | "busy" | "no-such-message"> };

/** Why a chat's path cannot be shared now. */
export type SnapshotRefusal = Extract<StartResult, { kind: "moved-on" }> | { kind: Extract<ChatRefusal, "not-found" | "busy"> };

/** The last message the client shows, and the reader whose language texts are in. */
export interface Seen {
	seen: string | null | undefined;
	reader: Reader;
}
