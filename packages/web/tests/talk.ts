import { env } from "cloudflare:workers";
import { type Answer, Client, hear } from "./client.ts";
import { messagesOf, textOf } from "./stored.ts";

const id = () => crypto.randomUUID();

export interface Sent {
	kind?: "new" | "edit" | "regenerate";
	messageId?: string;
	text?: string;
	key?: string;
	seen?: string | null;
	model?: string;
}

/** One user and one of their chats. */
export class Talk {
	readonly client = new Client();
	readonly chatId = id();
	owner = "";

	static async begin(): Promise<Talk> {
		const talk = new Talk();
		talk.owner = `user:${(await talk.client.signUp()).id}`;
		return talk;
	}

	get stub() {
		return env.CONVERSATION.getByName(this.chatId);
	}

	post({ kind = "new", messageId = id(), text = "Hello", key = id(), seen, model }: Sent = {}): Promise<Response> {
		const messages = kind === "regenerate" ? [] : [{ id: messageId, role: "user", parts: [{ type: "text", text }] }];
		const trigger = kind === "regenerate" ? "regenerate-message" : "submit-message";
		const body = { id: this.chatId, messages, trigger, seen, model, ...(kind === "new" ? {} : { messageId }) };
		return this.client.post("/api/chat/ai", body, { "idempotency-key": key });
	}

	async ask(sent: Sent = {}): Promise<Answer> {
		return hear(await this.post(sent));
	}

	/** Asks several questions, whose messages use their text as id. */
	async askAll(...texts: string[]): Promise<Answer[]> {
		const answers: Answer[] = [];
		for (const text of texts) answers.push(await this.ask({ text, messageId: text }));
		return answers;
	}

	stop(requestId?: string): Promise<Response> {
		return this.client.post(`/api/chat/${this.chatId}/stop`, { requestId });
	}

	/** The shown path: the questions' texts and the answers' ids. */
	async shown(): Promise<string[]> {
		return (await messagesOf(this.stub)).map((message) => (message.role === "user" ? textOf(message) : message.id));
	}
}

/** Reads an answer's stream until its first text delta. */
export async function begun(response: Response): Promise<Response> {
	const [first, rest] = response.body?.tee() ?? [];
	const reader = first?.pipeThrough(new TextDecoderStream()).getReader();
	for (let heard = ""; !heard.includes('"text-delta"'); ) {
		const { value, done } = (await reader?.read()) ?? { done: true };
		if (done) break;
		heard += value;
	}
	void reader?.cancel();
	return new Response(rest, response);
}
