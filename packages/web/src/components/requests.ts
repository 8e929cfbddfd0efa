import type { OwnInstructions } from "../instructions.ts";
import { t } from "../text/text.ts";
import type { ChatMarks, ChatView, FilePart } from "../view/chat.ts";
import type { Problem } from "../view/problem.ts";
import type { UsageView } from "../view/usage.ts";
import { fetchAsViewer } from "./session/page-viewer.ts";

/** The server refused a request. `message` is written for the viewer. */
export class Refused extends Error {
	override name = "Refused";
	readonly problem: Problem;
	constructor(problem: Problem) {
		super(problem.detail);
		this.problem = problem;
	}
}

/** The connection failed: whether the request arrived is unknown. */
export class Unreached extends Error {
	override name = "Unreached";
}

/** `fetch` that throws `Refused` for an error status and `Unreached` for a broken connection. Aborting rethrows the abort. */
export const fetchOrThrow: typeof fetch = async (input, init) => {
	let response: Response;
	try {
		response = await fetchAsViewer(input, init);
	} catch (cause) {
		if (init?.signal?.aborted) throw cause;
		throw new Unreached(t("request_unreached"), { cause });
	}
	if (!response.ok) throw new Refused(await problemOf(response));
	return response;
};

async function problemOf(response: Response): Promise<Problem> {
	const body: unknown = await response.json().catch(() => null);
	const plain = { type: "about:blank", title: response.statusText, status: response.status, detail: sentenceFor(response.status) };
	if (typeof body !== "object" || body === null) return plain;
	const hasDetail = "detail" in body && typeof body.detail === "string";
	return { ...plain, ...body, ...(hasDetail ? {} : { detail: plain.detail }) };
}

function sentenceFor(status: number): string {
	if (status === 401) return t("request_signed_out");
	if (status === 413) return t("request_too_long");
	// Not a response of ours, so it is unknown what was done before.
	if (status >= 500) return t("request_not_now");
	return t("request_refused");
}

/** The viewer's balance. Throws like `fetchOrThrow`. */
export async function readUsage(): Promise<UsageView> {
	return (await fetchOrThrow("/api/usage", { headers: { accept: "application/json" } })).json();
}

/** The viewer's balance, after the server has read the purchase from the billing provider. Throws like `fetchOrThrow`. */
export async function readUsageAfterCheckout(): Promise<UsageView> {
	return (await post("/api/billing/refresh", {})).json();
}

/** Stops the answer to a request, even before the request has arrived. Without a key, stops the running one. Throws like `fetchOrThrow`. */
export async function stopAnswer(chatId: string, requestId: string | undefined): Promise<void> {
	await post(`/api/chat/${chatId}/stop`, { requestId });
}

/** Shows another version of a question or an answer. @returns the newest page of the path after it. Throws like `fetchOrThrow` */
export async function showVersionOf(
	chatId: string,
	body: { turn: number; of: "question" | "answer"; seen: string | null },
): Promise<ChatView> {
	return (await post(`/api/chat/${chatId}/version`, body)).json();
}

/** Replaces a chat's instructions. @returns them as stored. Throws like `fetchOrThrow` */
export async function instructChat(chatId: string, instructions: string): Promise<{ instructions: string }> {
	return (await post(`/api/chat/${chatId}/instructions`, { instructions })).json();
}

/** Replaces the viewer's own instructions. @returns them as stored. Throws like `fetchOrThrow` */
export async function saveInstructions(own: OwnInstructions): Promise<OwnInstructions> {
	return (await post("/api/instructions", own)).json();
}

/** Copies a chat up to a message into the new chat `id`. Throws like `fetchOrThrow`. */
export async function branchChat(chatId: string, body: { messageId: string; id: string; seen: string | null }): Promise<void> {
	await post(`/api/chat/${chatId}/branch`, body);
}

const post = (path: string, body: object, method = "POST") =>
	fetchOrThrow(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Uploads a file to a chat, for an unsent message. Throws like `fetchOrThrow`. */
export async function uploadFile(chatId: string, name: string, body: Blob): Promise<FilePart> {
	const url = `/api/chat/${chatId}/files?name=${encodeURIComponent(name)}`;
	return (await fetchOrThrow(url, { method: "POST", headers: { "content-type": "application/octet-stream" }, body })).json();
}

/** Deletes an unsent file. Throws like `fetchOrThrow`. */
export async function deleteFile(url: string): Promise<void> {
	await fetchOrThrow(url, { method: "DELETE" });
}

/** Renames, pins, archives or deletes a chat, or undoes that. A deleted chat can be restored for 10 s. Throws like `fetchOrThrow`. */
export async function changeChat(chatId: string, change: ChatMarks & { title?: string }): Promise<void> {
	await post(`/api/chat/${chatId}`, change, "PATCH");
}

/** Deletes all chats, or restores those deleted within 10 s. Throws like `fetchOrThrow`. */
export async function changeAllChats(change: { deleted: boolean }): Promise<void> {
	await post("/api/chats", change, "PATCH");
}

/** A random 128-bit id in base64url, the form that the server accepts for chats, messages and keys. */
export function randomId(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "");
}
