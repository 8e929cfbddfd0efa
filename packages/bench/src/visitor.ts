import { Agent, type IncomingMessage, request } from "node:http";

export interface TimedAnswer {
	status: number;
	/** Time from the request to the first body chunk. For a chat, that is the first `data:` event. */
	firstByteMs: number;
	/** Time to the first chunk with model output; NaN without output. */
	firstWordMs: number;
	/** Time to the end of the body. */
	fullMs: number;
	body: string;
}

interface Ask {
	json?: unknown;
	headers?: Record<string, string>;
	method?: string;
	/** Called when the first body chunk, or the first model output, arrives. */
	onFirstByte?: () => void;
	onFirstWord?: () => void;
	/** Called with each chunk of the body. */
	onText?: (text: string) => void;
}

/** Keeps connections open, but closes them before workerd does (5 s); a request sent during that close would be lost. */
export function connections(options: { maxSockets?: number } = {}): Agent {
	return new Agent({ keepAlive: true, timeout: 2_000, ...options });
}

/** One browser with its connection and cookies. Uses node:http, because fetch itself takes a large part of a millisecond. */
export class Visitor {
	readonly cookies = new Map<string, string>();
	/** The account id, once signed up. */
	userId = "";
	readonly #origin: string;
	readonly #headers: Record<string, string>;
	readonly #agent: Agent;

	/** @param ip the address that the edge would report. Without one, requests come from loopback, whose guests have no network ledger */
	constructor(origin: string, { ip, agent }: { ip?: string; agent?: Agent } = {}) {
		this.#origin = origin;
		this.#headers = ip ? { "cf-connecting-ip": ip } : {};
		this.#agent = agent ?? connections();
	}

	ask(path: string, { json, headers, method, onFirstByte, onFirstWord, onText }: Ask = {}): Promise<TimedAnswer> {
		const body = json === undefined ? "" : JSON.stringify(json);
		const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
		return new Promise((resolve, reject) => {
			const outgoing = request(this.#origin + path, {
				agent: this.#agent,
				method: method ?? (json === undefined ? "GET" : "POST"),
				headers: {
					...this.#headers,
					...(cookie ? { cookie } : {}),
					...(body ? { "content-type": "application/json", "content-length": Buffer.byteLength(body) } : {}),
					...headers,
				},
			});
			const startedMs = performance.now();
			const since = () => performance.now() - startedMs;
			outgoing.on("error", reject).on("response", (response) => {
				this.#keepCookies(response);
				const answer = { status: response.statusCode ?? 0, firstByteMs: Number.NaN, firstWordMs: Number.NaN, body: "" };
				response.setEncoding("utf8").on("data", (text: string) => {
					if (answer.body === "") {
						answer.firstByteMs = since();
						onFirstByte?.();
					}
					answer.body += text;
					onText?.(text);
					if (Number.isNaN(answer.firstWordMs) && answer.body.includes('"text-delta"')) {
						answer.firstWordMs = since();
						onFirstWord?.();
					}
				});
				response.on("error", reject).on("end", () => resolve({ ...answer, fullMs: since() }));
			});
			outgoing.end(body);
		});
	}

	/** Sends a message as useChat does. */
	send(chatId: string, text: string, more: Ask = {}): Promise<TimedAnswer> {
		const message = { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] };
		return this.ask("/api/chat/ai", { json: { id: chatId, messages: [message], trigger: "submit-message" }, ...more });
	}

	/** Sends a message. Throws unless the answer is complete, because a failed answer would look like a fast one. */
	async chat(chatId: string, text: string, more: Ask = {}): Promise<TimedAnswer> {
		const answer = await this.send(chatId, text, more);
		if (answer.status !== 200 || !answer.body.includes('"finish"')) throw new Error(`chat: ${answer.status} ${answer.body.slice(-500)}`);
		return answer;
	}

	async signUp(): Promise<void> {
		const json = { name: "Bench", email: `${crypto.randomUUID()}@example.com`, password: "correct horse" };
		// Each sign-up uses its own address, because better-auth allows three a minute per address.
		const address = `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}`;
		const answer = await this.ask("/api/auth/sign-up/email", { json, headers: { "cf-connecting-ip": address } });
		if (answer.status !== 200) throw new Error(`sign-up: ${answer.status} ${answer.body}`);
		this.userId = JSON.parse(answer.body).user.id;
	}

	/** Signs up, and polls until the app reports the account as paid. */
	async subscribe(): Promise<this> {
		await this.signUp();
		for (let tries = 0; tries < 100; tries += 1) {
			const usage = JSON.parse((await this.ask("/api/usage")).body);
			if (usage.tier === "paid") return this;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		throw new Error("the account did not become a paying one");
	}

	#keepCookies(response: IncomingMessage): void {
		for (const line of response.headers["set-cookie"] ?? []) {
			const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
			if (value === "" || /max-age=0/i.test(line)) this.cookies.delete(name);
			else this.cookies.set(name, value);
		}
	}
}
