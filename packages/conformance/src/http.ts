import { Answer, parseJson } from "./answer.ts";

/** The deployment under test, and the bounds on what is sent to it. */
export interface Site {
	/** Scheme, host and port. Nothing is sent anywhere else. */
	origin: string;
	/** Aborts every request when the run's time limit is reached. */
	deadline: AbortSignal;
	/** Timeout of a response that needs no model, in ms. */
	requestMs: number;
	/** Timeout of a model's answer up to its last chunk, in ms. */
	answerMs: number;
	/** Requests sent to the chat endpoint so far, and their bound. Each may cost the operator a model call. */
	chatRequests: number;
	chatRequestsMax: number;
	/** Requests resent because a local start's proxy lost them. */
	sentAgain: number;
	/** Counted requests of guests that have since signed up, whose usage can no longer be read. */
	guestRequestsMoved: number;
	/** Every chat with an answer, and its owner. All are deleted at the end. */
	chats: Map<string, Client>;
}

/** A complete response of an endpoint that does not stream. `json` is undefined for a body that is not JSON. */
export interface Reply {
	status: number;
	headers: Headers;
	body: string;
	json: unknown;
}

export interface Send {
	method?: string;
	headers?: Record<string, string>;
	body?: string;
	json?: unknown;
}

export interface Question {
	chatId: string;
	/** Both the Idempotency-Key and the message id. */
	key: string;
	text: string;
}

/** Options of a message. Without them, the default model answers at any price. */
export interface Choice {
	model: string;
	effort: string | null;
	/** The maximum price of the request, in units. */
	maxUnits?: number;
}

const CHAT = "/api/chat/ai";
const TRIES_MAX = 4;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether this response comes from the proxy of `wrangler dev` instead of the Worker. The proxy reuses a connection that was closed because
 * a refused request's body was not read. The edge has no such proxy, so a remote https origin is never treated this way.
 */
async function isLostByProxy(origin: string, response: Response): Promise<boolean> {
	const { protocol, hostname } = new URL(origin);
	if (response.status !== 500 || (protocol === "https:" && !LOOPBACK.has(hostname))) return false;
	if (!response.headers.get("content-type")?.startsWith("text/plain")) return false;
	return (await response.clone().text()).startsWith("Error: Network connection lost.");
}

const messageOf = ({ key, text }: Question) => ({ id: key, role: "user", parts: [{ type: "text", text }] });

/** One browser. It keeps cookies and follows no redirect, which could lead to another origin. */
export class Client {
	readonly cookies = new Map<string, string>();
	readonly #site: Site;

	constructor(site: Site) {
		this.#site = site;
	}

	/** Requests a path and reads the whole response. */
	async read(path: string, send: Send = {}): Promise<Reply> {
		const response = await this.#fetch(path, send, AbortSignal.timeout(this.#site.requestMs));
		const body = await response.text();
		return { status: response.status, headers: response.headers, body, json: parseJson(body) };
	}

	post(path: string, json: unknown, headers: Record<string, string> = {}): Promise<Reply> {
		return this.read(path, { method: "POST", json, headers });
	}

	/** Sends a message as the page does. The answer is read in the background. */
	ask(question: Question, choice?: Choice): Promise<Answer> {
		return this.#chat(question.chatId, { messages: [messageOf(question)], ...choice }, { "idempotency-key": question.key });
	}

	/** Sends a message without a key, as useChat's transport does. The message id identifies the request. */
	askWithoutKey(question: Question): Promise<Answer> {
		return this.#chat(question.chatId, { messages: [messageOf(question)] });
	}

	/** Requests a new answer in place of an existing one. */
	regenerate({ chatId }: Question, answerId: string): Promise<Answer> {
		return this.#chat(chatId, { messages: [], trigger: "regenerate-message", messageId: answerId });
	}

	/** Resends a message with an edited text. */
	edit(question: Question, text: string): Promise<Answer> {
		return this.#chat(question.chatId, { messages: [messageOf({ ...question, text })], messageId: question.key });
	}

	/** Joins the running answer of a chat. */
	join(chatId: string): Promise<Answer> {
		return this.#stream(`/api/chat/${chatId}/stream`, {});
	}

	async #chat(id: string, fields: object, headers: Record<string, string> = {}): Promise<Answer> {
		const answer = await this.#stream(CHAT, { method: "POST", json: { id, trigger: "submit-message", ...fields }, headers });
		if (answer.status === 200 && !this.#site.chats.has(id)) this.#site.chats.set(id, this);
		return answer;
	}

	async #stream(path: string, send: Send): Promise<Answer> {
		const leaving = new AbortController();
		const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(this.#site.answerMs)]);
		return new Answer(await this.#fetch(path, send, signal), () => leaving.abort());
	}

	/** Sends a request. Resends it if a local start's proxy lost it. */
	async #fetch(path: string, send: Send, signal: AbortSignal): Promise<Response> {
		for (let tries = 1; ; tries += 1) {
			const response = await this.#fetchOnce(path, send, signal);
			if (tries === TRIES_MAX || !(await isLostByProxy(this.#site.origin, response))) return response;
			this.#site.sentAgain += 1;
		}
	}

	async #fetchOnce(path: string, { method = "GET", headers = {}, body, json }: Send, signal: AbortSignal): Promise<Response> {
		const url = new URL(path, this.#site.origin);
		if (url.origin !== this.#site.origin) throw new Error(`invariant: ${url.href} is not part of ${this.#site.origin}`);
		if (path === CHAT && method === "POST") {
			if (this.#site.chatRequests >= this.#site.chatRequestsMax)
				throw new Error(`more than ${this.#site.chatRequestsMax} requests to the chat endpoint`);
			this.#site.chatRequests += 1;
		}
		const all = new Headers(headers);
		if (this.cookies.size > 0) all.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
		if (json !== undefined && !all.has("content-type")) all.set("content-type", "application/json");
		const response = await fetch(url, {
			method,
			headers: all,
			body: json === undefined ? body : JSON.stringify(json),
			redirect: "manual",
			signal: AbortSignal.any([this.#site.deadline, signal]),
		});
		this.#keepCookies(response.headers);
		return response;
	}

	#keepCookies(headers: Headers): void {
		for (const line of headers.getSetCookie()) {
			const [, name = "", value = ""] = /^\s*([^=;\s]+)=([^;]*)/.exec(line) ?? [];
			if (value === "" || /;\s*max-age=0\s*(;|$)/i.test(line)) this.cookies.delete(name);
			else this.cookies.set(name, value);
		}
	}
}
