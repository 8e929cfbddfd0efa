import { createHash } from "node:crypto";
import { EFFORTS, type Effort } from "@parley/metering";
import { z } from "zod";
import { config } from "../../config.ts";
import { FILES_MAX, ID, MESSAGE_CHARS_MAX, REQUEST_ID } from "../../input.ts";
import { instructionFault, plainInstruction } from "../../instructions.ts";
import { t } from "../../text/text.ts";
import type { ChatMessage, ModelOption } from "../../view/chat.ts";
import { describe, readBody } from "../http/api.ts";
import { refuse } from "../http/problem.ts";
import { allowedModels } from "./model.ts";

const BODY_BYTES_MAX = 1024 * 1024;
const STOP_BYTES_MAX = 1024;

/** The body sent by useChat's default transport. Of `messages` only the user's last one is read: the server keeps the history. */
const body = z.object({
	id: z.string().regex(ID),
	messages: z.array(z.unknown()).max(10_000),
	trigger: z.enum(["submit-message", "regenerate-message"]).default("submit-message"),
	messageId: z.string().regex(ID).optional(),
	model: z.string().optional(),
	effort: z.enum(EFFORTS).nullable().default(null),
	maxUnits: z.int().min(1).optional(),
	maxHeldUnits: z.int().min(1).optional(),
	whole: z.boolean().optional(),
	instructions: z.string().optional(),
	seen: z.string().regex(ID).nullable().optional(),
	search: z.boolean().default(false),
	temporary: z.boolean().default(false),
	folder: z.string().regex(ID).optional(),
});

const earlierMessage = z.object({
	id: z.string().regex(ID),
	role: z.enum(["user", "assistant"]),
	parts: z.array(z.object({ type: z.string(), text: z.string().optional() })),
});

const userMessage = z.object({
	id: z.string().regex(ID),
	role: z.literal("user"),
	parts: z
		.array(
			z.discriminatedUnion("type", [
				z.object({ type: z.literal("text"), text: z.string() }),
				z.object({ type: z.literal("file"), url: z.string().max(1_000) }),
			]),
		)
		.min(1),
});

/**
 * What to answer: a new message, which `replaces` the one with its id, or the question of an earlier answer again. `files`: ids of files in the chat,
 * which the Conversation adds to the message.
 */
export type Prompt =
	| { kind: "message"; message: ChatMessage; files: string[]; replaces: boolean }
	| { kind: "regenerate"; answerId: string };

export interface ChatRequest {
	chatId: string;
	model: ModelOption;
	effort: Effort | null;
	/** The most this request may cost, units, including searches. Undefined if the client sets no limit. */
	maxUnits: number | undefined;
	/** The most the message alone may cost: the price shown to the sender. A higher price is refused. */
	maxHeldUnits: number | undefined;
	/** Whether the whole chat is sent, not only what fits into the message's steps. Undefined keeps the chat's setting. */
	whole: boolean | undefined;
	/** The chat's instructions to every model from this request on. Undefined keeps them. */
	instructions: string | undefined;
	/** The folder for a new chat. Ignored for an existing chat, and if the folder is gone. */
	folder: string | undefined;
	/** Whether the model may search the web. */
	search: boolean;
	/** In a temporary chat: the messages before the prompt, oldest first, since only the client has them. Null in a stored chat. */
	history: ChatMessage[] | null;
	prompt: Prompt;
	requestId: string;
	/**
	 * Hash of chat, model, effort, prompt, and the settings for whole chat and web search, but not the history.
	 * A repeated request id with another fingerprint is a conflict.
	 */
	fingerprint: string;
	/** The last message of the chat that the client has seen; null for none, undefined if it does not say. */
	seen: string | null | undefined;
}

/**
 * Parses `POST /api/chat/ai`. Nothing is held yet, so a refusal costs nothing.
 * @throws {ProblemError} 400 or 413 for an invalid request
 */
export async function parseChatRequest(request: Request): Promise<ChatRequest> {
	const {
		id: chatId,
		messages,
		trigger,
		messageId,
		model: modelId,
		effort,
		maxUnits,
		maxHeldUnits,
		whole,
		instructions,
		seen,
		search,
		temporary,
		folder,
	} = await readBody(request, body, BODY_BYTES_MAX);
	const model = allowedModels().find(({ id }) => modelId === undefined || id === modelId);
	if (!model) refuse("unknown-model", t("problem_model"));
	if (effort !== null && model.efforts[effort] === undefined) refuse("invalid-request", t("problem_effort", { model: model.id, effort }));
	if (search && !config().search) refuse("search-not-offered", t("problem_search"));
	// In a temporary chat the client keeps the messages, so a regeneration sends its question again.
	const isAgain = trigger === "regenerate-message" && !temporary;
	const prompt = isAgain ? regenerationOf(messageId) : lastMessageOf(messages, chatId, messageId !== undefined && !temporary);
	if (temporary && prompt.kind === "message" && prompt.files.length > 0) refuse("invalid-request", t("problem_temporary_files"));
	const asked = [chatId, trigger, messageId ?? null, model.id, prompt.kind === "message" ? prompt.message.parts : null];
	const sent = effort === null && whole === undefined ? [] : [effort, whole ?? null];
	const files = prompt.kind === "message" && prompt.files.length > 0 ? [{ files: prompt.files }] : [];
	const fingerprint = digest([...asked, ...sent, ...files, ...(search ? [{ search }] : []), ...(temporary ? [{ temporary }] : [])]);
	return {
		chatId,
		model,
		effort,
		maxUnits,
		maxHeldUnits,
		whole,
		instructions: instructions === undefined ? undefined : checkedInstructions(instructions),
		folder: temporary ? undefined : folder,
		search,
		history: temporary ? historyIn(messages) : null,
		seen,
		prompt,
		requestId: requestIdOf(request, prompt, messageId, fingerprint),
		fingerprint,
	};
}

/** @throws {ProblemError} 413 for a text that is too long */
function checkedInstructions(given: string): string {
	const text = plainInstruction(given);
	const fault = instructionFault("chat", text);
	return fault ? refuse("instructions-too-long", fault) : text;
}

function regenerationOf(messageId: string | undefined): Prompt {
	if (!messageId) refuse("invalid-request", t("problem_regenerate"));
	return { kind: "regenerate", answerId: messageId };
}

/** The texts before the user's last message. */
function historyIn(messages: unknown[]): ChatMessage[] {
	const parsed = z.array(earlierMessage).safeParse(messages);
	if (!parsed.success) refuse("invalid-request", describe(parsed.error));
	const last = parsed.data.findLastIndex(({ role }) => role === "user");
	return parsed.data.slice(0, last).map(({ id, role, parts }) => ({
		id,
		role,
		parts: parts.flatMap(({ type, text }) => (type === "text" && text ? [{ type, text: text.toWellFormed() }] : [])),
	}));
}

function lastMessageOf(messages: unknown[], chatId: string, replaces: boolean): Prompt {
	const last = messages.findLast(
		(message) => typeof message === "object" && message !== null && "role" in message && message.role === "user",
	);
	const parsed = userMessage.safeParse(last);
	if (!parsed.success) refuse("invalid-request", last ? describe(parsed.error) : t("problem_no_message"));
	const texts = parsed.data.parts.filter((part) => part.type === "text");
	const files = parsed.data.parts.flatMap((part) => (part.type === "file" ? [fileIdIn(part.url, chatId)] : []));
	if (files.length > FILES_MAX) refuse("too-many-files", t("problem_files_max", { max: String(FILES_MAX) }));
	if (new Set(files).size < files.length) refuse("invalid-request", t("problem_file_twice"));
	const chars = texts.reduce((sum, part) => sum + part.text.length, 0);
	if (chars > MESSAGE_CHARS_MAX)
		refuse("message-too-long", t("problem_chars_max", { max: String(MESSAGE_CHARS_MAX), chars: String(chars) }));
	if (files.length === 0 && texts.every((part) => part.text.trim() === "")) refuse("invalid-request", t("problem_empty"));
	// An unpaired surrogate is not valid UTF-8, and strict servers would refuse the whole chat.
	const parts = texts.map((part) => ({ ...part, text: part.text.toWellFormed() }));
	return { kind: "message", message: { ...parsed.data, parts }, files, replaces };
}

/** The id of a file in this chat. Other addresses and data URLs are refused. */
function fileIdIn(url: string, chatId: string): string {
	const [, chat, id = ""] = /^\/api\/chat\/([^/]+)\/files\/([^/]+)$/.exec(url) ?? [];
	if (chat !== chatId || !ID.test(id)) refuse("invalid-request", t("problem_upload_first", { id: "{id}" }));
	return id;
}

/** The `Idempotency-Key` header, or the best identifier the body offers (docs/architecture.md). */
function requestIdOf(request: Request, prompt: Prompt, messageId: string | undefined, fingerprint: string): string {
	const key = request.headers.get("idempotency-key");
	if (key !== null) {
		// The IETF draft defines the header as a structured string, so surrounding quotes are not part of the value.
		const bare = key.replace(/^"(.*)"$/, "$1");
		if (!REQUEST_ID.test(bare)) refuse("invalid-request", t("problem_key_form", { pattern: "^[A-Za-z0-9_:-]{1,64}$" }));
		return bare;
	}
	if (prompt.kind === "regenerate") return `regenerate:${prompt.answerId}`;
	// An edit keeps the message's id, so the request id must include its new text.
	return messageId ? `${prompt.message.id}:${fingerprint.slice(0, 16)}` : prompt.message.id;
}

/** The first 128 bits of a SHA-256, as hex. */
function digest(value: unknown): string {
	return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}

/** The message for a page that is behind. */
export const movedOn = (): string => t("problem_moved_on");

const instructionsBody = z.object({ instructions: z.string() });

/**
 * Parses `POST /api/chat/{id}/instructions` into stored form.
 * @throws {ProblemError} 400 for an invalid body, 413 for a text that is too long
 */
export async function parseInstructions(request: Request): Promise<string> {
	return checkedInstructions((await readBody(request, instructionsBody)).instructions);
}

const stopBody = z.object({ requestId: z.string().regex(REQUEST_ID).optional() });

/**
 * The request that `POST /api/chat/{id}/stop` stops; null for whichever is running.
 * @throws {ProblemError} 400 for an invalid id
 */
export async function parseStop(request: Request): Promise<string | null> {
	if (!request.headers.get("content-type")) return null;
	return (await readBody(request, stopBody, STOP_BYTES_MAX)).requestId ?? null;
}

/**
 * The chat id in a path.
 * @throws {ProblemError} 404 for an invalid id
 */
export function chatIdOf(params: Record<string, string | undefined>): string {
	const id = params.chatId ?? "";
	if (!ID.test(id)) noSuchChat();
	return id;
}

/**
 * The ids in a file's path.
 * @throws {ProblemError} 404 for invalid ids
 */
export function fileIdsOf(params: Record<string, string | undefined>): { chatId: string; fileId: string } {
	const fileId = params.fileId ?? "";
	if (!ID.test(fileId)) noSuchFile();
	return { chatId: chatIdOf(params), fileId };
}

/**
 * The answer for both a missing file and someone else's.
 * @throws {ProblemError} always, 404
 */
export function noSuchFile(): never {
	refuse("file-not-found", t("problem_no_file"));
}

/**
 * The answer for both a missing chat and someone else's.
 * @throws {ProblemError} always, 404
 */
export function noSuchChat(): never {
	refuse("chat-not-found", t("problem_no_chat"));
}

/**
 * Refuses another reader of answers.
 * @throws {ProblemError} always, 429
 */
export function tooManyReaders(): never {
	refuse("too-many-readers", t("problem_readers"), { "retry-after": "60" });
}
