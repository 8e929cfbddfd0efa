import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What a deployment is like without breaking a rule. */
interface Circumstances {
	/** Default 5. */
	guestLimit?: number;
	/** How long the model thinks before its first word, in ms. Default: 5, and 250 for what is to be interrupted. */
	firstTokenMs?: number;
	/** The network's pool has nothing left for guests. */
	poolUsedUp?: boolean;
	/** A guest who has no answer yet must show to be human. */
	wantsHumans?: boolean;
	/** Every answer fails, and is given back. */
	modelFails?: boolean;
	/** Answers are whole at once. */
	instantModel?: boolean;
	/** Sign-up answers 429, to be tried again in a minute. */
	signUpLimited?: boolean;
}

/** What it does wrong on purpose. */
interface Flaws {
	/** Says that it is failing. */
	isUnwell?: boolean;
	/** Lets scripts read the guest's cookie. */
	opensCookies?: boolean;
	/** Takes a message of any length. */
	takesAnyLength?: boolean;
	/** Answers a wrong verb with a page, as a framework does that does not know the route. */
	htmlForWrongVerb?: boolean;
	/** Answers an unknown address under /api with a page. */
	htmlForUnknown?: boolean;
	/** Believes pages of other sites. */
	trustsOtherSites?: boolean;
	/** Lets caches keep GET /api/usage. */
	cachesUsage?: boolean;
	/** Says that a guest's window ends. */
	inventsReset?: boolean;
	/** Shows billing to anyone. */
	opensBilling?: boolean;
	/** Lets one more through than the limit says. */
	admitsOneMore?: boolean;
	/** Looks only at what is counted already, so that requests at once overtake the limit. */
	forgetsHolds?: boolean;
	/** Refuses without saying what to do next. */
	namesNoNextStep?: boolean;
	/** Gives no cookie to a client that loaded no page. */
	needsPage?: boolean;
	/** Takes a guest's units along at every sign-in. */
	carriesAgain?: boolean;
	/** Counts a request again when it is sent again. */
	countsDuplicates?: boolean;
	/** Knows a request by its key only. */
	ignoresMessageId?: boolean;
	/** Does not look whether the same key comes with the same body. */
	ignoresBody?: boolean;
	/** Tells the answer of a deleted chat. */
	remembersDeleted?: boolean;
	/** Gives back what is counted when its chat is deleted. */
	refundsDeleted?: boolean;
	/** Lets anybody hear any chat. */
	sharesStreams?: boolean;
	/** Shows any chat's page to anybody. */
	sharesPages?: boolean;
	/** Forgets what was said when the page is loaded again. */
	forgetsOnReload?: boolean;
	/** Does not count another answer. */
	regeneratesFree?: boolean;
	/** A second tab hears the running answer from where it is. */
	joinsLate?: boolean;
	/** A second tab hears nothing until the end, and then everything at once. */
	buffersJoins?: boolean;
	/** Answers two requests of one chat at once. */
	answersMeanwhile?: boolean;
	/** Counts what was stopped before any output. */
	countsEarlyStops?: boolean;
	/** A stopped request is over for good. */
	neverTriesAgain?: boolean;
	/** Does not count what was stopped. */
	forgivesStops?: boolean;
	/** Stops when the one who asked goes away. */
	stopsWhenLeft?: boolean;
}

export type Traits = Circumstances & Flaws;

interface Account {
	tier: "guest" | "free";
	limit: number;
	used: number;
	held: number;
	closed: boolean;
}

interface Run {
	answerId: string;
	chatId: string;
	/** What was asked, as far as it tells one request from another. */
	asked: string;
	text: string;
	chunks: string[];
	output: string;
	state: "running" | "complete" | "stopped" | "failed";
	counted: boolean;
	stop: () => void;
	ears: Set<ServerResponse>;
	atEnd: (() => void)[];
}

interface Chat {
	owner: string;
	deleted: boolean;
	runs: Run[];
}

interface Body {
	id: string;
	messages: { id: string; role: string; parts: { text: string }[] }[];
	trigger?: string;
	messageId?: string;
	model?: string;
}

const WORDS = Array.from({ length: 12 }, (_, n) => `word${n} `);
/** What is to be interrupted takes its time; the rest is quick, so that the tests are. In ms. */
const SLOW = { firstTokenMs: 250, each: 40 };
const QUICK = { firstTokenMs: 5, each: 0 };
const STEP_MS = 2;
const FREE_LIMIT = 20;
const DAY_MS = 86_400_000;
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

export interface TinyServer {
	url: string;
	close: () => void;
	modelCalls: () => number;
	/** Chats that are not deleted. */
	chatsLeft: () => number;
	accounts: () => number;
}

/** A tiny chat that keeps the published rules, but for the flaws it is given. It shares no code with the app or the suite. */
export async function startServer(traits: Traits = {}): Promise<TinyServer> {
	const chat = new TinyChat(traits);
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
		chatsLeft: () => [...chat.chats.values()].filter((one) => !one.deleted).length,
		accounts: () => chat.logins.size,
		close: () => {
			server.close();
			server.closeAllConnections();
		},
	};
}

class TinyChat {
	modelCalls = 0;
	readonly chats = new Map<string, Chat>();
	readonly logins = new Map<string, string>();
	readonly #is: Traits;
	readonly #accounts = new Map<string, Account>();
	readonly #runs = new Map<string, Run>();

	constructor(traits: Traits) {
		this.#is = traits;
	}

	async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = new URL(request.url ?? "/", "http://tiny").pathname;
		let body = "";
		for await (const bytes of request) body += bytes;
		response.setHeader("cache-control", "private, no-store");
		const { subject, isNew } = this.#subjectOf(request);
		if (!path.startsWith("/api/")) return this.#page(response, path, subject, isNew);
		const allow = VERBS.find(([pattern]) => pattern.test(path))?.[1];
		if (!allow && this.#is.htmlForUnknown) return this.#page(response, "/", subject, isNew);
		if (!allow) return problem(response, 404, "Not found");
		if (!allow.includes(request.method ?? "")) {
			if (this.#is.htmlForWrongVerb) return this.#page(response, "/", subject, isNew);
			response.setHeader("allow", allow);
			return problem(response, 405, "Method not allowed");
		}
		const { origin } = request.headers;
		const foreign = (origin && origin !== `http://${request.headers.host}`) || request.headers["sec-fetch-site"] === "cross-site";
		if (foreign && request.method !== "GET" && !this.#is.trustsOtherSites) return problem(response, 403, "Foreign origin");
		if (path === "/api/health") return json(response, 200, { status: this.#is.isUnwell ? "failing" : "ok", build: "tiny" });
		if (path === "/api/usage") return this.#tellUsage(response, subject);
		if (path.startsWith("/api/flowglad") || path === "/api/usage-events")
			return this.#is.opensBilling ? json(response, 200, {}) : json(response, 401, { error: "Unauthorized" });
		if (path.startsWith("/api/auth/")) return this.#enter(request, response, subject, body);
		if (path === "/api/chat/ai") return this.#ask(request, response, subject, body, isNew);
		return this.#tend(request, response, subject, path);
	}

	/** What is asked of a chat that is there already. */
	#tend(request: IncomingMessage, response: ServerResponse, subject: string, path: string): void {
		const chatId = /^\/api\/chat\/([^/]+)(\/|$)/.exec(path)?.[1] ?? "";
		const chat = this.chats.get(chatId);
		const shared = this.#is.sharesStreams && path.endsWith("/stream");
		if (!chat || chat.deleted || (chat.owner !== subject && !shared)) {
			problem(response, 404, "Chat not found");
			return;
		}
		if (request.method === "DELETE") {
			chat.deleted = true;
			if (this.#is.refundsDeleted) this.#account(subject).used -= 1;
			response.writeHead(204).end();
			return;
		}
		const running = chat.runs.find((run) => run.state === "running");
		if (path.endsWith("/stop")) {
			running?.stop();
			json(response, 200, { stopped: running !== undefined });
			return;
		}
		if (!running) {
			response.writeHead(204).end();
			return;
		}
		if (this.#is.buffersJoins) {
			response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
			running.atEnd.push(() => listen(running, response, 0));
		} else listen(running, response, this.#is.joinsLate ? running.chunks.length : 0);
	}

	#page(response: ServerResponse, path: string, subject: string, isNew: boolean): void {
		if (isNew) this.#giveCookie(response, subject);
		const chatId = /^\/c\/(.+)$/.exec(path)?.[1];
		const chat = chatId === undefined ? undefined : this.chats.get(chatId);
		const mine = chat && !chat.deleted && (chat.owner === subject || this.#is.sharesPages);
		const said = mine && !this.#is.forgetsOnReload ? chat.runs.map((run) => `<p>${run.text}</p><p>${run.output}</p>`).join("") : "";
		response.writeHead(chatId === undefined || mine ? 200 : 404, { "content-type": "text/html" }).end(`<!doctype html>${said}`);
	}

	#giveCookie(response: ServerResponse, subject: string): void {
		response.setHeader("set-cookie", `tiny.guest=${subject}; Path=/; SameSite=Lax${this.#is.opensCookies ? "" : "; HttpOnly"}`);
	}

	#subjectOf(request: IncomingMessage): { subject: string; isNew: boolean } {
		const cookies = new Map((request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=") as [string, string]));
		const known = cookies.get("tiny.session") ?? cookies.get("tiny.guest");
		const genuine = /^(user|guest)-/.test(known ?? "");
		return { subject: genuine && known ? known : `guest-${crypto.randomUUID()}`, isNew: !genuine };
	}

	#account(subject: string): Account {
		const tier = subject.startsWith("user-") ? "free" : "guest";
		const limit = tier === "free" ? FREE_LIMIT : (this.#is.guestLimit ?? 5);
		const account = this.#accounts.get(subject) ?? { tier, limit, used: 0, held: 0, closed: false };
		this.#accounts.set(subject, account);
		return account;
	}

	#tellUsage(response: ServerResponse, subject: string): void {
		const { tier, limit, used, held, closed } = this.#account(subject);
		const none = closed || (tier === "guest" && this.#is.poolUsedUp);
		const startMs = Date.now() - (Date.now() % DAY_MS);
		const day = { start: new Date(startMs).toISOString(), end: new Date(startMs + DAY_MS).toISOString() };
		const window = tier === "free" ? day : { start: null, end: this.#is.inventsReset ? day.end : null };
		const remaining = none ? 0 : Math.max(0, limit - used - held);
		if (this.#is.cachesUsage) response.setHeader("cache-control", "max-age=60");
		json(response, 200, { tier, limit, used, held, remaining, topUps: 0, window, resetAt: window.end, unverified: false });
	}

	#enter(request: IncomingMessage, response: ServerResponse, subject: string, body: string): void {
		if (request.url?.endsWith("/sign-up/email") && this.#is.signUpLimited) {
			response.setHeader("x-retry-after", "60");
			json(response, 429, { message: "Too many requests" });
			return;
		}
		const { email = "" } = JSON.parse(body || "{}") as { email?: string };
		const user = this.logins.get(email) ?? `user-${crypto.randomUUID()}`;
		this.logins.set(email, user);
		const guest = this.#account(subject);
		if (guest.tier === "guest" && (!guest.closed || this.#is.carriesAgain)) {
			this.#account(user).used += guest.used;
			guest.closed = true;
			for (const chat of this.chats.values()) if (chat.owner === subject) chat.owner = user;
		}
		response.setHeader("set-cookie", [`tiny.session=${user}; Path=/; HttpOnly; SameSite=Lax`, "tiny.guest=; Path=/; Max-Age=0"]);
		json(response, 200, { user: { id: user } });
	}

	async #ask(request: IncomingMessage, response: ServerResponse, subject: string, body: string, isNew: boolean): Promise<void> {
		const refused = this.#refusalOf(body);
		if (refused) return problem(response, refused, "Invalid request");
		const { id: chatId, messages, trigger, messageId } = JSON.parse(body) as Body;
		const message = messages[0];
		const text = message?.parts[0]?.text ?? "";
		const asked = JSON.stringify([chatId, trigger, messageId, text]);
		const account = this.#account(subject);
		const chat = this.chats.get(chatId) ?? { owner: subject, deleted: false, runs: [] };
		if (chat.owner !== subject) return problem(response, 404, "Chat not found");
		if (chat.deleted && !this.#is.remembersDeleted) return problem(response, 410, "Chat deleted");
		const named = trigger === "regenerate-message" ? `again ${messageId}` : messageId ? `${messageId} ${text}` : message?.id;
		const header = request.headers["idempotency-key"];
		const key = `${subject} ${header ?? (this.#is.ignoresMessageId ? crypto.randomUUID() : named)}`;
		const earlier = this.#runs.get(key);
		rateLimit(response, account);
		const same = earlier && (earlier.asked === asked || (header === undefined && earlier.text === text));
		if (earlier && !same && !this.#is.ignoresBody) return problem(response, 409, "Request id already used");
		const over = earlier?.state === "stopped" && !earlier.counted && !this.#is.neverTriesAgain;
		if (earlier && !over) {
			if (this.#is.countsDuplicates) account.used += 1;
			return listen(earlier, response, 0);
		}
		if (chat.runs.some((run) => run.state === "running") && !this.#is.answersMeanwhile)
			return problem(response, 409, "An answer is being written");
		if (this.#is.wantsHumans && account.tier === "guest" && account.used === 0) return problem(response, 403, "Human check needed");
		const taken = this.#is.forgetsHolds ? account.used : account.used + account.held;
		if (taken >= account.limit + (this.#is.admitsOneMore ? 1 : 0) || account.closed) return this.#refuse(response, account);
		account.held += 1;
		rateLimit(response, account);
		if (isNew && !this.#is.needsPage) this.#giveCookie(response, subject);
		this.chats.set(chatId, chat);
		const stopping = new AbortController();
		const run: Run = {
			answerId: crypto.randomUUID(),
			chatId,
			asked,
			text,
			chunks: [],
			output: "",
			state: "running",
			counted: false,
			stop: () => stopping.abort(),
			ears: new Set(),
			atEnd: [],
		};
		chat.runs.push(run);
		this.#runs.set(key, run);
		listen(run, response, 0);
		if (this.#is.stopsWhenLeft) response.on("close", () => stopping.abort());
		await this.#write(run, account, stopping.signal, trigger === "regenerate-message" && this.#is.regeneratesFree === true);
	}

	async #write(run: Run, account: Account, stopping: AbortSignal, free: boolean): Promise<void> {
		this.modelCalls += 1;
		const pace = run.text.startsWith("Count") ? SLOW : QUICK;
		send(run, { type: "start", messageId: run.answerId });
		let state: Run["state"] = this.#is.modelFails ? "failed" : "complete";
		try {
			if (!this.#is.instantModel) await think(this.#is.firstTokenMs ?? pace.firstTokenMs, stopping);
			for (const delta of this.#is.modelFails ? [] : WORDS) {
				send(run, { type: "text-delta", id: "0", delta });
				run.output += delta;
				if (!this.#is.instantModel) await think(pace.each, stopping);
			}
		} catch {
			state = "stopped";
		}
		const countsStop = run.output === "" ? this.#is.countsEarlyStops === true : !this.#is.forgivesStops;
		run.counted = !free && (state === "complete" || (state === "stopped" && countsStop));
		account.held -= 1;
		if (run.counted) account.used += 1;
		run.state = state;
		send(run, { type: "message-metadata", messageMetadata: { state, counted: free || run.counted } });
		send(run, { type: { complete: "finish", stopped: "abort", failed: "error" }[state] });
		for (const ear of run.ears) ear.end();
		for (const then of run.atEnd) then();
	}

	#refusalOf(body: string): number | null {
		if (body.length > 1024 * 1024) return 413;
		try {
			const { id, messages, trigger = "submit-message", messageId, model }: Body = JSON.parse(body);
			if (typeof id !== "string" || !/^[\w-]+$/.test(id) || model !== undefined) return 400;
			if (trigger === "regenerate-message") return messageId === undefined ? 400 : null;
			const [message] = messages;
			const text = message?.parts[0]?.text ?? "";
			if (text.length > 32 * 1024 && !this.#is.takesAnyLength) return 413;
			return text.trim() !== "" && message?.role === "user" && trigger === "submit-message" ? null : 400;
		} catch {
			return 400;
		}
	}

	#refuse(response: ServerResponse, { tier, limit }: Account): void {
		const upgradeUrl = this.#is.namesNoNextStep ? undefined : "/sign-up";
		problem(response, 429, "Usage limit reached", { policy: tier, tier, limit, remaining: 0, resetAt: null, upgradeUrl });
	}
}

/**
 * Waits in many small steps. Where this process has too much to do, each of them is late, and so is the model, by as much as those who
 * want to stop or join it in time.
 */
async function think(ms: number, signal: AbortSignal): Promise<void> {
	for (let leftMs = ms; leftMs >= 0; leftMs -= STEP_MS) await sleep(Math.min(leftMs, STEP_MS), undefined, { signal });
}

function send(run: Run, chunk: object): void {
	const line = `data: ${JSON.stringify(chunk)}\n\n`;
	run.chunks.push(line);
	for (const ear of run.ears) ear.write(line);
}

function listen(run: Run, response: ServerResponse, from: number): void {
	if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
	response.write(run.chunks.slice(from).join(""));
	if (run.state === "running") run.ears.add(response);
	else response.end();
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
