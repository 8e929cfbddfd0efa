import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What the server below does wrong on purpose. */
export interface Flaws {
	/** Lets one more through than the limit says. */
	admitsOneMore?: boolean;
	/** Answers a wrong verb with a page, as a framework does that does not know the route. */
	htmlForWrongVerb?: boolean;
	/** Counts a request again when it is sent again. */
	countsDuplicates?: boolean;
	/** A second tab hears the running answer from where it is. */
	joinsLate?: boolean;
	/** Counts what was stopped before any output. */
	countsEarlyStops?: boolean;
	/** The network's pool has nothing left for guests. */
	poolUsedUp?: boolean;
	/** Every answer fails, and is given back. */
	modelFails?: boolean;
	/** Answers are whole at once. */
	instantModel?: boolean;
	/** Sign-up answers 429, to be tried again in a minute. */
	signUpLimited?: boolean;
}

interface Account {
	tier: "guest" | "free";
	limit: number;
	used: number;
	held: number;
	closed: boolean;
}

interface Run {
	chatId: string;
	text: string;
	chunks: string[];
	ended: boolean;
	stop: () => void;
	ears: Set<ServerResponse>;
}

interface Chat {
	owner: string;
	deleted: boolean;
}

const WORDS = Array.from({ length: 12 }, (_, n) => `word${n} `);
/** What is to be interrupted takes its time; the rest is quick, so that the tests are. In ms. */
const SLOW = { first: 300, each: 15 };
const QUICK = { first: 5, each: 0 };
const LIMITS = { guest: 5, free: 20 };
const VERBS: [path: RegExp, allow: string][] = [
	[/^\/api\/chat\/ai$/, "POST"],
	[/^\/api\/chat\/[^/]+\/stream$/, "GET"],
	[/^\/api\/chat\/[^/]+\/stop$/, "POST"],
	[/^\/api\/chat\/[^/]+$/, "DELETE"],
	[/^\/api\/(usage|health)$/, "GET"],
	[/^\/api\/usage-events$/, "POST"],
	[/^\/api\/flowglad\/.+$/, "GET, POST"],
	[/^\/api\/auth\/.+$/, "GET, POST"],
];

/** A tiny chat that keeps the published rules, but for the flaws it is given. It shares no code with the app or the suite. */
export async function startServer(flaws: Flaws = {}): Promise<{ url: string; close: () => void; modelCalls: () => number }> {
	const chat = new TinyChat(flaws);
	const server = createServer((request, response) => {
		chat.answer(request, response).catch((error) => {
			console.error(error);
			response.destroy();
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		modelCalls: () => chat.modelCalls,
		close: () => {
			server.close();
			server.closeAllConnections();
		},
	};
}

class TinyChat {
	modelCalls = 0;
	readonly #flaws: Flaws;
	readonly #accounts = new Map<string, Account>();
	readonly #logins = new Map<string, string>();
	readonly #runs = new Map<string, Run>();
	readonly #chats = new Map<string, Chat>();

	constructor(flaws: Flaws) {
		this.#flaws = flaws;
	}

	async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = new URL(request.url ?? "/", "http://tiny").pathname;
		let body = "";
		for await (const bytes of request) body += bytes;
		response.setHeader("cache-control", "private, no-store");
		if (!path.startsWith("/api/")) return this.#page(response);
		const allow = VERBS.find(([pattern]) => pattern.test(path))?.[1];
		if (!allow) return problem(response, 404, "Not found");
		if (!allow.includes(request.method ?? "")) {
			if (this.#flaws.htmlForWrongVerb) return this.#page(response);
			response.setHeader("allow", allow);
			return problem(response, 405, "Method not allowed");
		}
		const { origin } = request.headers;
		const foreign = (origin && origin !== `http://${request.headers.host}`) || request.headers["sec-fetch-site"] === "cross-site";
		if (foreign && request.method !== "GET") return problem(response, 403, "Foreign origin");
		const subject = this.#subjectOf(request);
		const chatId = /^\/api\/chat\/([^/]+)(\/|$)/.exec(path)?.[1] ?? "";
		if (path === "/api/health") return json(response, 200, { status: "ok", build: "tiny" });
		if (path === "/api/usage") return json(response, 200, this.#usage(subject));
		if (path.startsWith("/api/flowglad") || path === "/api/usage-events") return json(response, 401, { error: "Unauthorized" });
		if (path.startsWith("/api/auth/")) return this.#enter(request, response, subject, body);
		if (path === "/api/chat/ai") return this.#ask(request, response, subject, body);
		const owned = this.#chats.get(chatId);
		if (owned?.owner !== subject || owned.deleted) return problem(response, 404, "Chat not found");
		if (request.method === "DELETE") {
			owned.deleted = true;
			response.writeHead(204).end();
			return;
		}
		const running = [...this.#runs.values()].find((run) => run.chatId === chatId && !run.ended);
		if (path.endsWith("/stop")) {
			running?.stop();
			return json(response, 200, { stopped: running !== undefined });
		}
		if (running) return listen(running, response, this.#flaws.joinsLate ? running.chunks.length : 0);
		response.writeHead(204).end();
	}

	#page(response: ServerResponse): void {
		const cookie = `tiny.guest=guest-${crypto.randomUUID()}; Path=/; HttpOnly`;
		response.writeHead(200, { "content-type": "text/html", "set-cookie": cookie }).end("<!doctype html>");
	}

	#subjectOf(request: IncomingMessage): string {
		const cookies = new Map((request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=") as [string, string]));
		return cookies.get("tiny.session") ?? (/^guest-/.test(cookies.get("tiny.guest") ?? "") ? (cookies.get("tiny.guest") ?? "") : "nobody");
	}

	#account(subject: string): Account {
		const tier = subject.startsWith("user-") ? "free" : "guest";
		const account = this.#accounts.get(subject) ?? { tier, limit: LIMITS[tier], used: 0, held: 0, closed: false };
		this.#accounts.set(subject, account);
		return account;
	}

	#usage(subject: string) {
		const { tier, limit, used, held, closed } = this.#account(subject);
		const none = closed || (tier === "guest" && this.#flaws.poolUsedUp);
		return { tier, limit, used, held, remaining: none ? 0 : Math.max(0, limit - used - held), window: { start: null, end: null } };
	}

	#enter(request: IncomingMessage, response: ServerResponse, subject: string, body: string): void {
		if (request.url?.endsWith("/sign-up/email") && this.#flaws.signUpLimited) {
			response.setHeader("x-retry-after", "60");
			json(response, 429, { message: "Too many requests" });
			return;
		}
		const { email = "" } = JSON.parse(body || "{}") as { email?: string };
		const user = this.#logins.get(email) ?? `user-${crypto.randomUUID()}`;
		this.#logins.set(email, user);
		const guest = this.#account(subject);
		if (guest.tier === "guest" && !guest.closed) {
			this.#account(user).used += guest.used;
			guest.closed = true;
		}
		response.setHeader("set-cookie", [`tiny.session=${user}; Path=/`, "tiny.guest=; Path=/; Max-Age=0"]);
		json(response, 200, { user: { id: user } });
	}

	async #ask(request: IncomingMessage, response: ServerResponse, subject: string, body: string): Promise<void> {
		const refused = refusalOf(body);
		if (refused) return problem(response, refused, "Invalid request");
		const { id: chatId, messages } = JSON.parse(body) as { id: string; messages: { id: string; parts: { text: string }[] }[] };
		const text = messages[0]?.parts[0]?.text ?? "";
		const account = this.#account(subject);
		const chat = this.#chats.get(chatId);
		if (chat && chat.owner !== subject) return problem(response, 404, "Chat not found");
		if (chat?.deleted) return problem(response, 410, "Chat deleted");
		const key = `${subject} ${request.headers["idempotency-key"] ?? messages[0]?.id}`;
		const earlier = this.#runs.get(key);
		rateLimit(response, account);
		if (earlier && (earlier.text !== text || earlier.chatId !== chatId)) return problem(response, 409, "Request id already used");
		if (earlier) {
			if (this.#flaws.countsDuplicates) account.used += 1;
			return listen(earlier, response, 0);
		}
		const limit = account.limit + (this.#flaws.admitsOneMore ? 1 : 0);
		if (account.used + account.held >= limit || account.closed) return refuse(response, account);
		account.held += 1;
		rateLimit(response, account);
		this.#chats.set(chatId, { owner: subject, deleted: false });
		const stopping = new AbortController();
		const run: Run = { chatId, text, chunks: [], ended: false, stop: () => stopping.abort(), ears: new Set() };
		this.#runs.set(key, run);
		listen(run, response, 0);
		await this.#write(run, account, stopping.signal);
	}

	async #write(run: Run, account: Account, stopping: AbortSignal): Promise<void> {
		this.modelCalls += 1;
		const pace = run.text.startsWith("Count") ? SLOW : QUICK;
		send(run, { type: "start" });
		let words = 0;
		let state = this.#flaws.modelFails ? "failed" : "complete";
		try {
			if (!this.#flaws.instantModel) await sleep(pace.first, undefined, { signal: stopping });
			for (const delta of this.#flaws.modelFails ? [] : WORDS) {
				send(run, { type: "text-delta", id: "0", delta });
				words += 1;
				if (!this.#flaws.instantModel) await sleep(pace.each, undefined, { signal: stopping });
			}
		} catch {
			state = "stopped";
		}
		const counted = state === "complete" || (state === "stopped" && (words > 0 || this.#flaws.countsEarlyStops === true));
		account.held -= 1;
		if (counted) account.used += 1;
		const type = { complete: "finish", stopped: "abort" }[state] ?? "error";
		send(run, { type: "message-metadata", messageMetadata: { state, counted } });
		send(run, { type });
		run.ended = true;
		for (const ear of run.ears) ear.end();
	}
}

function send(run: Run, chunk: object): void {
	const line = `data: ${JSON.stringify(chunk)}\n\n`;
	run.chunks.push(line);
	for (const ear of run.ears) ear.write(line);
}

function listen(run: Run, response: ServerResponse, from: number): void {
	response.writeHead(200, { "content-type": "text/event-stream" });
	response.write(run.chunks.slice(from).join(""));
	if (run.ended) response.end();
	else run.ears.add(response);
}

function refusalOf(body: string): number | null {
	if (body.length > 1024 * 1024) return 413;
	try {
		const { id, messages, trigger = "submit-message", model } = JSON.parse(body);
		const text = messages[0].parts[0].text;
		if (text.length > 32 * 1024) return 413;
		const fine = /^[\w-]+$/.test(id) && typeof id === "string" && text.trim() !== "" && messages[0].role === "user";
		return fine && trigger === "submit-message" && model === undefined ? null : 400;
	} catch {
		return 400;
	}
}

function refuse(response: ServerResponse, { tier, limit }: Account): void {
	problem(response, 429, "Usage limit reached", { policy: tier, tier, limit, remaining: 0, resetAt: null, upgradeUrl: "/sign-up" });
}

function rateLimit(response: ServerResponse, { tier, limit, used, held }: Account): void {
	response.setHeader("ratelimit", `"${tier}";r=${Math.max(0, limit - used - held)}`);
	response.setHeader("ratelimit-policy", `"${tier}";q=${limit}`);
}

function problem(response: ServerResponse, status: number, title: string, more: object = {}): void {
	const body = JSON.stringify({ type: "about:blank", title, status, detail: title, ...more });
	response.writeHead(status, { "content-type": "application/problem+json" }).end(body);
}

function json(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
