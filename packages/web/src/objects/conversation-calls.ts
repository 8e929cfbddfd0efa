// What is asked of a conversation, and what it answers.
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
	/** The most that the client agrees to pay, with searches; and for the message alone. Units, undefined where the client does not say. */
	maxUnits: number | undefined;
	maxHeldUnits: number | undefined;
	/** Whether the whole chat is sent; undefined for as before. */
	whole: boolean | undefined;
	/** The chat's instructions from this request on; undefined for as before. */
	instructions: string | undefined;
	/** The folder in which a new chat begins. */
	folder: string | undefined;
	/** What it tells every model; read by `start`. */
	folderInstructions?: string;
	/** Whether the model may search the web. */
	search: boolean;
	/** What was said before in a temporary chat, the oldest first; null in a chat that is kept. */
	history: ChatMessage[] | null;
	prompt: Prompt;
	/** The last message that the asking page has seen; null for an empty chat. Undefined where the client does not say. */
	seen: string | null | undefined;
	/** Address and headers of the HTTP request, for the check of a new guest. */
	url: string;
	headers: [string, string][];
}

/** Why a chat does not take a request. Decided before anything is held or stored. */
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
	/** The price is above the one that the client was shown. */
	| { kind: "price"; price: Price }
	/** The viewer's tier may not ask the model. */
	| { kind: "not-in-plan"; tier: Tier }
	| { kind: "challenge" | "conflict" }
	/** The chat has gone on since the asking page was read. */
	| { kind: "moved-on"; chat: ChatView }
	| { kind: ChatRefusal };

/** What became of a call that moves the shown path or copies it. */
export type PathResult =
	| { kind: "done"; chat: ChatView }
	| Extract<StartResult, { kind: "moved-on" }>
	| { kind: "too-many-branches" }
	| { kind: Extract<ChatRefusal, "not-found" | "busy" | "no-such-message"> };

/** Why a chat's path cannot be shared now. */
export type SnapshotRefusal = Extract<StartResult, { kind: "moved-on" }> | { kind: Extract<ChatRefusal, "not-found" | "busy"> };

/** What the asking page shows last, and whom what is written is for. */
export interface Seen {
	seen: string | null | undefined;
	reader: Reader;
}
