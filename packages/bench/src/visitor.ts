import { Agent, type IncomingMessage, request } from "node:http";

export interface TimedAnswer {
	status: number;
	/** From sending to the first chunk of the body: for a chat, the first `data:` of the stream. */
	firstByteMs: number;
	/** To the first chunk with words of the model; NaN when there was none. */
	firstWordMs: number;
	/** To the end of the body. */
	fullMs: number;
	body: string;
}

interface Ask {
	json?: unknown;
	headers?: Record<string, string>;
	method?: string;
	/** Called as soon as the first chunk of the body, or of the model's words, is here. */
	onFirstByte?: () => void;
	onFirstWord?: () => void;
}

/** Connections that are kept open, but given up before workerd gives them up (5 s): a request that crosses that end would be lost. */
export function connections(options: { maxSockets?: number } = {}): Agent {
	return new Agent({ keepAlive: true, timeout: 2_000, ...options });
}

/** One browser: it keeps its connection and its cookies. node:http, because fetch takes a large part of a millisecond itself. */
export class Visitor {
	readonly cookies = new Map<string, string>();
	/** The account's id, where one was opened. */
	userId = "";
	readonly #origin: string;
	readonly #headers: Record<string, string>;
	readonly #agent: Agent;

	/** @param ip what the edge would say of the visitor; without it, the machine itself, whose guests have no network ledger */
	constructor(origin: string, { ip, agent }: { ip?: string; agent?: Agent } = {}) {
		this.#origin = origin;
		this.#headers = ip ? { "cf-connecting-ip": ip } : {};
		this.#agent = agent ?? connections();
	}

	ask(path: string, { json, headers, method, onFirstByte, onFirstWord }: Ask = {}): Promise<TimedAnswer> {
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

	/** Sends a message, and insists on a whole answer: a failed one must not end up as a fast one in the figures. */
	async chat(chatId: string, text: string, more: Ask = {}): Promise<TimedAnswer> {
		const answer = await this.send(chatId, text, more);
		if (answer.status !== 200 || !answer.body.includes('"finish"')) throw new Error(`chat: ${answer.status} ${answer.body.slice(-500)}`);
		return answer;
	}

	/** Opens an account, and asks until the app knows it as a paying one. */
	async subscribe(): Promise<this> {
		const json = { name: "Bench", email: `${crypto.randomUUID()}@example.com`, password: "correct horse" };
		// Each from an address of its own: better-auth lets three a minute through.
		const address = `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}`;
		const answer = await this.ask("/api/auth/sign-up/email", { json, headers: { "cf-connecting-ip": address } });
		if (answer.status !== 200) throw new Error(`sign-up: ${answer.status} ${answer.body}`);
		this.userId = JSON.parse(answer.body).user.id;
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
