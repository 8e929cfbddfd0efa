import { z } from "zod";
import type { ChatMessage, ModelOption } from "../../view/chat.ts";
import { readJson } from "../http/api.ts";
import { refuse } from "../http/problem.ts";
import { allowedModels } from "./model.ts";

const BODY_BYTES_MAX = 1024 * 1024;
const MESSAGE_CHARS_MAX = 32 * 1024;

/** Ids of chats and messages; a requestId may also have colons. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const REQUEST_ID = /^[A-Za-z0-9_:-]{1,128}$/;

/** What useChat's default transport sends. Of `messages` only the last one of the user is read: the history is the server's own. */
const body = z.object({
	id: z.string().regex(ID),
	messages: z.array(z.unknown()).max(10_000),
	trigger: z.enum(["submit-message", "regenerate-message"]).default("submit-message"),
	messageId: z.string().regex(ID).optional(),
	model: z.string().optional(),
});

const userMessage = z.object({
	id: z.string().regex(ID),
	role: z.literal("user"),
	parts: z.array(z.object({ type: z.literal("text"), text: z.string() })).min(1),
});

export interface ChatRequest {
	chatId: string;
	model: ModelOption;
	ask: { kind: "message"; message: ChatMessage } | { kind: "regenerate"; answerId: string };
	requestId: string;
	/** Of what is asked, never of the history: the same requestId with another one is a mistake. */
	fingerprint: string;
}

/** Parses `POST /api/chat/ai`. Throws a problem (400, 413) for whatever cannot be answered; nothing has been held by then. */
export async function parseChatRequest(request: Request): Promise<ChatRequest> {
	const parsed = body.safeParse(await readJson(request, BODY_BYTES_MAX));
	if (!parsed.success) refuse("invalid-request", describe(parsed.error));
	const { id: chatId, messages, trigger, messageId, model: named } = parsed.data;
	const model = allowedModels().find((one) => named === undefined || one.id === named);
	if (!model) refuse("unknown-model", "This model is not offered here.");
	const ask = trigger === "regenerate-message" ? askAnew(messageId) : askFor(messages);
	const fingerprint = await digest([chatId, trigger, messageId ?? null, model.id, ask.kind === "message" ? ask.message.parts : null]);
	return { chatId, model, ask, requestId: requestIdOf(request, ask, messageId, fingerprint), fingerprint };
}

function askAnew(messageId: string | undefined): ChatRequest["ask"] {
	if (!messageId) refuse("invalid-request", "To write an answer anew, messageId must name it.");
	return { kind: "regenerate", answerId: messageId };
}

function askFor(messages: unknown[]): ChatRequest["ask"] {
	const last = messages.findLast(
		(message) => typeof message === "object" && message !== null && "role" in message && message.role === "user",
	);
	const parsed = userMessage.safeParse(last);
	if (!parsed.success) refuse("invalid-request", last ? describe(parsed.error) : "messages holds no message of the user.");
	const chars = parsed.data.parts.reduce((sum, part) => sum + part.text.length, 0);
	if (chars > MESSAGE_CHARS_MAX)
		refuse("message-too-long", `A message may have at most ${MESSAGE_CHARS_MAX} characters; this one has ${chars}.`);
	if (parsed.data.parts.every((part) => part.text.trim() === "")) refuse("invalid-request", "The message is empty.");
	return { kind: "message", message: parsed.data };
}

/** The Idempotency-Key; else what names the press of send as well as the body can (architecture, section 2). */
function requestIdOf(request: Request, ask: ChatRequest["ask"], messageId: string | undefined, fingerprint: string): string {
	const key = request.headers.get("idempotency-key");
	if (key !== null) {
		// The header is a structured string in the IETF draft: quotes around it are not part of it.
		const bare = key.replace(/^"(.*)"$/, "$1");
		if (!REQUEST_ID.test(bare) || bare.length > 64) refuse("invalid-request", "Idempotency-Key must match ^[A-Za-z0-9_:-]{1,64}$.");
		return bare;
	}
	if (ask.kind === "regenerate") return `regenerate:${ask.answerId}`;
	return messageId ? `${ask.message.id}:${fingerprint.slice(0, 16)}` : ask.message.id;
}

async function digest(value: unknown): Promise<string> {
	const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value)));
	return [...new Uint8Array(hash).slice(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is wrong with a body, by the names that the client used. */
export function describe(error: z.ZodError): string {
	return error.issues
		.slice(0, 3)
		.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`)
		.join("; ");
}

/** A chat's id from an address; 404 when it cannot be one. */
export function chatIdOf(params: Record<string, string | undefined>): string {
	const id = params.chatId ?? "";
	if (!ID.test(id)) noSuchChat();
	return id;
}

/** The same answer for a chat that does not exist and one of somebody else. */
export function noSuchChat(): never {
	refuse("chat-not-found", "There is no chat of yours with this id.");
}
