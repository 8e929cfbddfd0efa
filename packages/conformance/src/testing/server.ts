import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Properties of a conforming deployment. */
interface Circumstances {
	/** Default 5. */
	guestLimit?: number;
	/** The model's delay before its first word, in ms. Default: 5, and 250 for long answers. */
	firstTokenMs?: number;
	/** The network's pool has nothing left for guests. */
	poolUsedUp?: boolean;
	/** A guest without an answer needs a human check. */
	wantsHumans?: boolean;
	/** Every answer fails, and its unit is released. */
	modelFails?: boolean;
	/** Answers are complete at once. */
	instantModel?: boolean;
	/** Sign-up returns 429 with a retry in a minute. */
	signUpLimited?: boolean;
	/** Units of each model. Default 1 and 2. The last one has an effort that doubles its price. */
	weights?: number[];
}

/** Deliberate breaches. */
interface Flaws {
	/** Reports failing health. */
	isUnwell?: boolean;
	/** Lets scripts read the guest's cookie. */
	opensCookies?: boolean;
	/** Accepts a message of any length. */
	takesAnyLength?: boolean;
	/** Returns a page for a wrong method, as a framework does for an unknown route. */
	htmlForWrongVerb?: boolean;
	/** Returns a page for an unknown address under /api. */
	htmlForUnknown?: boolean;
	/** Accepts requests from pages of other sites. */
	trustsOtherSites?: boolean;
	/** Lets caches store GET /api/usage. */
	cachesUsage?: boolean;
	/** Gives a guest's window an end. */
	inventsReset?: boolean;
	/** Opens billing to anyone. */
	opensBilling?: boolean;
	/** Admits one more than the limit. */
	admitsOneMore?: boolean;
	/** Ignores holds, so that concurrent requests exceed the limit. */
	forgetsHolds?: boolean;
	/** Refuses without an upgrade URL. */
	namesNoNextStep?: boolean;
	/** Gives no cookie to a client that loaded no page. */
	needsPage?: boolean;
	/** Moves a guest's units at every sign-in. */
	carriesAgain?: boolean;
	/** Counts a resent request again. */
	countsDuplicates?: boolean;
	/** Identifies a request by its key only. */
	ignoresMessageId?: boolean;
	/** Does not compare the body of a resent key. */
	ignoresBody?: boolean;
	/** Returns the answer of a deleted chat. */
	remembersDeleted?: boolean;
	/** Refunds counted units when their chat is deleted. */
	refundsDeleted?: boolean;
	/** Lets any client join any chat's stream. */
	sharesStreams?: boolean;
	/** Shows any chat's page to any client. */
	sharesPages?: boolean;
	/** Omits the messages when the page is reloaded. */
	forgetsOnReload?: boolean;
	/** Does not count a regenerated answer. */
	regeneratesFree?: boolean;
	/** A second tab gets the running answer from its current position. */
	joinsLate?: boolean;
	/** A second tab gets nothing until the end, then everything at once. */
	buffersJoins?: boolean;
	/** Answers two messages of one chat concurrently. */
	answersMeanwhile?: boolean;
	/** Counts an answer stopped before its output. */
	countsEarlyStops?: boolean;
	/** Does not allow a new attempt after a stop. */
	neverTriesAgain?: boolean;
	/** Does not count an answer stopped after output. */
	forgivesStops?: boolean;
	/** Stops the answer when its client disconnects. */
	stopsWhenLeft?: boolean;
	/** Names no build in its health. */
	namesNoBuild?: boolean;
	/** Lets caches store its pages. */
	cachesPages?: boolean;
	/** Gives no guest cookie with the page. */
	givesNoCookie?: boolean;
	/** Refuses in plain JSON instead of problem+json. */
	plainProblems?: boolean;
	/** Does not say which methods an address supports. */
	hidesAllow?: boolean;
	/** Counts each reading of the usage. */
	countsReadings?: boolean;
	/** Reports more remaining than the limit leaves. */
	inflatesRemaining?: boolean;
	/** Gives a forged cookie an account. */
	trustsForgedCookies?: boolean;
	/** Describes why billing is closed. */
	explainsBilling?: boolean;
	/** Counts an invalid request. */
	countsBadInput?: boolean;
	/** Sends no RateLimit fields. */
	hidesRateLimit?: boolean;
	/** Admits one fewer than the limit. */
	admitsOneFewer?: boolean;
	/** Counts a refused request. */
	countsRefusals?: boolean;
	/** Lets scripts read the session cookie. */
	opensSession?: boolean;
	/** Leaves a guest's chats behind at sign-up. */
	leavesChats?: boolean;
	/** Leaves a guest's allowance open after sign-up. */
	keepsGuestOpen?: boolean;
	/** Gives free accounts a window of an hour. */
	shortensDay?: boolean;
	/** Lets any client delete any chat. */
	sharesDeletion?: boolean;
	/** Streams a finished answer again, instead of 204. */
	replaysFinished?: boolean;
	/** Ends a stopped answer like a finished one. */
	finishesStops?: boolean;
	/** Does not say whether a stop found an answer to stop. */
	stopsSilently?: boolean;
	/** Does not compare the price with `maxUnits`. */
	ignoresMaxUnits?: boolean;
	/** Refuses above `maxUnits` without the price. */
	hidesPrice?: boolean;
	/** Counts a request above its `maxUnits`. */
	countsAboveMaxUnits?: boolean;
	/** Leaves the units of a request above its `maxUnits` held. */
	holdsAboveMaxUnits?: boolean;
	/** Stores the chat of a request above its `maxUnits`. */
	storesAboveMaxUnits?: boolean;
	/** Counts one unit for every request. */
	countsOne?: boolean;
	/** Admits a request of any price while one unit is left. */
	admitsAtOneLeft?: boolean;
	/** Admits a request of any price while one unit is left, and counts what is left. */
	takesWhatIsLeft?: boolean;
	/** Refuses every request of more than one unit. */
	refusesDear?: boolean;
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
	/** Identifies the request's content. */
	asked: string;
	text: string;
	units: number;
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
	effort?: string | null;
	maxUnits?: number;
}

interface Model {
	id: string;
	weight: number;
	efforts: Partial<Record<string, number>>;
	allowed: true;
}

const WORDS = Array.from({ length: 12 }, (_, n) => `word${n} `);
/** Long answers are slow enough to interrupt; short ones are quick, to keep the tests quick. In ms. */
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
	[/^\/api\/(usage|models|health)$/, "GET"],
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

/** Starts a tiny chat that keeps the published rules except for the given flaws. It shares no code with the app or the suite. */
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
	readonly #models: Model[];
	readonly #accounts = new Map<string, Account>();
	readonly #runs = new Map<string, Run>();

	constructor(traits: Traits) {
		this.#is = traits;
		const weights = traits.weights ?? [1, 2];
		this.#models = weights.map((weight, n) => ({
			id: `model-${n}`,
			weight,
			efforts: n > 0 && n === weights.length - 1 ? { low: 1, high: 2 } : {},
			allowed: true,
		}));
	}

	async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = new URL(request.url ?? "/", "http://tiny").pathname;
		let body = "";
		for await (const bytes of request) body += bytes;
		response.setHeader("cache-control", "private, no-store");
		if (this.#is.plainProblems) response.setHeader("x-plain", "1");
		const { subject, isNew } = this.#subjectOf(request);
		if (!path.startsWith("/api/")) return this.#page(response, path, subject, isNew);
		const allow = VERBS.find(([pattern]) => pattern.test(path))?.[1];
		if (!allow && this.#is.htmlForUnknown) return this.#page(response, "/", subject, isNew);
		if (!allow) return problem(response, 404, "Not found");
		if (!allow.includes(request.method ?? "")) {
			if (this.#is.htmlForWrongVerb) return this.#page(response, "/", subject, isNew);
			if (!this.#is.hidesAllow) response.setHeader("allow", allow);
			return problem(response, 405, "Method not allowed");
		}
		const { origin } = request.headers;
		const foreign = (origin && origin !== `http://${request.headers.host}`) || request.headers["sec-fetch-site"] === "cross-site";
		if (foreign && request.method !== "GET" && !this.#is.trustsOtherSites) return problem(response, 403, "Foreign origin");
		if (path === "/api/health")
			return json(response, 200, { status: this.#is.isUnwell ? "failing" : "ok", build: this.#is.namesNoBuild ? "" : "tiny" });
		if (path === "/api/usage") return this.#sendUsage(response, subject);
		if (path === "/api/models") return json(response, 200, { version: "tiny", models: this.#models });
		if (path.startsWith("/api/flowglad") || path === "/api/usage-events")
			return this.#is.opensBilling
				? json(response, 200, {})
				: json(response, 401, { error: this.#is.explainsBilling ? "Please sign in" : "Unauthorized" });
		if (path.startsWith("/api/auth/")) return this.#authenticate(request, response, subject, body);
		if (path === "/api/chat/ai") return this.#ask(request, response, subject, body, isNew);
		return this.#existingChat(request, response, subject, path);
	}

	/** Handles stream, stop and delete of an existing chat. */
	#existingChat(request: IncomingMessage, response: ServerResponse, subject: string, path: string): void {
		const chatId = /^\/api\/chat\/([^/]+)(\/|$)/.exec(path)?.[1] ?? "";
		const chat = this.chats.get(chatId);
		const shared = (this.#is.sharesStreams && path.endsWith("/stream")) || (this.#is.sharesDeletion && request.method === "DELETE");
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
			json(response, 200, this.#is.stopsSilently ? {} : { stopped: running !== undefined });
			return;
		}
		const finished = chat.runs.at(-1);
		if (!running && finished && this.#is.replaysFinished) {
			listen(finished, response, 0);
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
		if (isNew && !this.#is.givesNoCookie) this.#giveCookie(response, subject);
		if (this.#is.cachesPages) response.setHeader("cache-control", "max-age=60");
		const chatId = /^\/c\/(.+)$/.exec(path)?.[1];
		const chat = chatId === undefined ? undefined : this.chats.get(chatId);
		const mine = chat && !chat.deleted && (chat.owner === subject || this.#is.sharesPages);
		const messages = mine && !this.#is.forgetsOnReload ? chat.runs.map((run) => `<p>${run.text}</p><p>${run.output}</p>`).join("") : "";
		response.writeHead(chatId === undefined || mine ? 200 : 404, { "content-type": "text/html" }).end(`<!doctype html>${messages}`);
	}

	#giveCookie(response: ServerResponse, subject: string): void {
		response.setHeader("set-cookie", `tiny.guest=${subject}; Path=/; SameSite=Lax${this.#is.opensCookies ? "" : "; HttpOnly"}`);
	}

	#subjectOf(request: IncomingMessage): { subject: string; isNew: boolean } {
		const cookies = new Map((request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=") as [string, string]));
		const known = cookies.get("tiny.session") ?? cookies.get("tiny.guest");
		if (known && this.#is.trustsForgedCookies && !/^(user|guest)-/.test(known)) return { subject: "user-forged", isNew: false };
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

	#sendUsage(response: ServerResponse, subject: string): void {
		if (this.#is.countsReadings) this.#account(subject).used += 1;
		const { tier, limit, used, held, closed } = this.#account(subject);
		const none = closed || (tier === "guest" && this.#is.poolUsedUp);
		const day = dayAround(Date.now(), this.#is.shortensDay ? DAY_MS / 24 : DAY_MS);
		const window = tier === "free" ? day : { start: null, end: this.#is.inventsReset ? day.end : null };
		const remaining = none ? 0 : Math.max(0, limit - used - held) + (this.#is.inflatesRemaining ? 1 : 0);
		if (this.#is.cachesUsage) response.setHeader("cache-control", "max-age=60");
		json(response, 200, { tier, limit, used, held, remaining, topUps: 0, window, resetAt: window.end, unverified: false });
	}

	#authenticate(request: IncomingMessage, response: ServerResponse, subject: string, body: string): void {
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
			guest.closed = !this.#is.keepsGuestOpen;
			for (const chat of this.chats.values()) if (chat.owner === subject && !this.#is.leavesChats) chat.owner = user;
		}
		response.setHeader("set-cookie", [
			`tiny.session=${user}; Path=/; SameSite=Lax${this.#is.opensSession ? "" : "; HttpOnly"}`,
			"tiny.guest=; Path=/; Max-Age=0",
		]);
		json(response, 200, { user: { id: user } });
	}

	async #ask(request: IncomingMessage, response: ServerResponse, subject: string, body: string, isNew: boolean): Promise<void> {
		const refused = this.#refusalOf(body);
		if (refused && this.#is.countsBadInput) this.#account(subject).used += 1;
		if (refused) return problem(response, refused, "Invalid request");
		const { id: chatId, messages, trigger, messageId, model, effort, maxUnits } = JSON.parse(body) as Body;
		const units = this.#priceOf(model, effort);
		const message = messages[0];
		const text = message?.parts[0]?.text ?? "";
		const asked = JSON.stringify([chatId, trigger, messageId, text, model, effort]);
		const account = this.#account(subject);
		const chat = this.chats.get(chatId) ?? { owner: subject, deleted: false, runs: [] };
		if (chat.owner !== subject) return problem(response, 404, "Chat not found");
		if (chat.deleted && !this.#is.remembersDeleted) return problem(response, 410, "Chat deleted");
		const named = trigger === "regenerate-message" ? `again ${messageId}` : messageId ? `${messageId} ${text}` : message?.id;
		const header = request.headers["idempotency-key"];
		const key = `${subject} ${header ?? (this.#is.ignoresMessageId ? crypto.randomUUID() : named)}`;
		const earlier = this.#runs.get(key);
		if (!this.#is.hidesRateLimit) rateLimit(response, account);
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
		if (units > (maxUnits ?? units) && !this.#is.ignoresMaxUnits) {
			if (this.#is.countsAboveMaxUnits) account.used += units;
			if (this.#is.holdsAboveMaxUnits) account.held += units;
			if (this.#is.storesAboveMaxUnits) this.chats.set(chatId, chat);
			return problem(response, 409, "Price has changed", this.#is.hidesPrice ? {} : { price: { units, model, effort } });
		}
		const taken = this.#is.forgetsHolds ? account.used : account.used + account.held;
		const left = account.limit - taken + (this.#is.admitsOneMore ? 1 : 0) - (this.#is.admitsOneFewer ? 1 : 0);
		const needed = this.#is.admitsAtOneLeft || this.#is.takesWhatIsLeft ? 1 : units;
		if (left < needed || account.closed || (this.#is.refusesDear && units > 1)) return this.#refuse(response, account);
		const held = this.#is.countsOne ? 1 : this.#is.takesWhatIsLeft ? Math.min(units, left) : units;
		account.held += held;
		if (!this.#is.hidesRateLimit) rateLimit(response, account);
		if (isNew && !this.#is.needsPage) this.#giveCookie(response, subject);
		this.chats.set(chatId, chat);
		const stopping = new AbortController();
		const run: Run = {
			answerId: crypto.randomUUID(),
			chatId,
			asked,
			text,
			units: held,
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
		account.held -= run.units;
		if (run.counted) account.used += run.units;
		run.state = state;
		send(run, { type: "message-metadata", messageMetadata: { state, counted: free || run.counted } });
		send(run, { type: { complete: "finish", stopped: this.#is.finishesStops ? "finish" : "abort", failed: "error" }[state] });
		for (const ear of run.ears) ear.end();
		for (const then of run.atEnd) then();
	}

	/** Units of a request; NaN for a model or an effort that is not on offer. */
	#priceOf(id = "model-0", effort: string | null = null): number {
		const model = this.#models.find((one) => one.id === id);
		if (!model) return Number.NaN;
		return model.weight * (effort === null ? 1 : (model.efforts[effort] ?? Number.NaN));
	}

	#refusalOf(body: string): number | null {
		if (body.length > 1024 * 1024) return 413;
		try {
			const { id, messages, trigger = "submit-message", messageId, model, effort }: Body = JSON.parse(body);
			if (typeof id !== "string" || !/^[\w-]+$/.test(id) || Number.isNaN(this.#priceOf(model, effort))) return 400;
			if (trigger === "regenerate-message") return messageId === undefined ? 400 : null;
			const [message] = messages;
			const text = message?.parts[0]?.text ?? "";
			if (text.length > 32 * 1024 && !this.#is.takesAnyLength) return 413;
			return text.trim() !== "" && message?.role === "user" && trigger === "submit-message" ? null : 400;
		} catch {
			return 400;
		}
	}

	#refuse(response: ServerResponse, account: Account): void {
		const { tier, limit, used, held } = account;
		if (this.#is.countsRefusals) account.used += 1;
		const remaining = Math.max(0, limit - used - held);
		const upgradeUrl = this.#is.namesNoNextStep ? undefined : "/sign-up";
		problem(response, 429, "Usage limit reached", { policy: tier, tier, limit, remaining, resetAt: null, upgradeUrl });
	}
}

/** The UTC day around a time, which is read from the clock once: a second reading would move the start by a millisecond. */
function dayAround(nowMs: number, lengthMs: number): { start: string; end: string } {
	const startMs = nowMs - (nowMs % DAY_MS);
	return { start: new Date(startMs).toISOString(), end: new Date(startMs + lengthMs).toISOString() };
}

/**
 * Waits in many small steps. On a busy machine every step is late, so the model slows down by as much as the clients that stop or join it.
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
	const type = response.hasHeader("x-plain") ? "application/json" : "application/problem+json";
	response.writeHead(status, { "content-type": type }).end(body);
}

function json(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
