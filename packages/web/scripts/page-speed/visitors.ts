// A guest with long chats, and a user.
import type { APIRequestContext } from "playwright-core";

/** Opens an account. */
export async function signUp(app: string, request: APIRequestContext): Promise<void> {
	await post(request, `${app}/api/auth/sign-up/email`, { name: "Ada", email: "ada@example.com", password: "correct horse" });
}

/** A chat of the guest, and its last answer. */
export interface SpeedChat {
	id: string;
	lastAnswer: string;
}

/** Asks the model until a new chat has so many messages. */
export async function makeChat(app: string, request: APIRequestContext, messages: number): Promise<SpeedChat> {
	// The first page brings the guest's cookie.
	await request.get(app);
	const id = crypto.randomUUID();
	let lastAnswer = "";
	for (let turn = 1; turn <= messages / 2; turn += 1) {
		const message = { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text: `Question ${turn}: what happens to a hold?` }] };
		const answer = await post(request, `${app}/api/chat/ai`, { id, messages: [message] });
		lastAnswer = /"messageId":"([^"]+)"/.exec(answer)?.[1] ?? "";
	}
	return { id, lastAnswer };
}

/** Copies a chat, so that what a measurement writes does not change the next one. @returns the copy's address */
export async function copyOf(app: string, request: APIRequestContext, { id, lastAnswer }: SpeedChat): Promise<string> {
	const copy = crypto.randomUUID();
	await post(request, `${app}/api/chat/${id}/branch`, { messageId: lastAnswer, id: copy });
	return `${app}/c/${copy}`;
}

/** @throws {Error} with the answer, if it is a refusal */
async function post(request: APIRequestContext, url: string, data: object): Promise<string> {
	const response = await request.post(url, { data });
	const text = await response.text();
	if (!response.ok()) throw new Error(`${url}: ${response.status()} ${text}`);
	return text;
}
