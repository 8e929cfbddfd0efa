import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json, problem } from "./replies.ts";
import { rateLimit, TinyAccounts } from "./tiny-accounts.ts";
import { listen, type Run, writeAnswer } from "./tiny-answer.ts";
import type { Traits } from "./traits.ts";

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

/** Starts a tiny chat that follows the published rules except for the given flaws. It shares no code with the app or the suite. */
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
		accounts: () => chat.accounts.logins.size,
		close: () => {
			server.close();
			server.closeAllConnections();
		},
	};
}

class TinyChat {
	modelCalls = 0;
	readonly chats = new Map<string, Chat>();
	readonly accounts: TinyAccounts;
	readonly #is: Traits;
	readonly #models: Model[];
	readonly #runs = new Map<string, Run>();

	constructor(traits: Traits) {
		this.#is = traits;
		this.accounts = new TinyAccounts(traits);
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
		const { subject, isNew } = this.accounts.subjectOf(request);
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
		if (path === "/api/usage") return this.accounts.sendUsage(response, subject);
		if (path === "/api/models") return json(response, 200, { version: "tiny", models: this.#models });
		if (path.startsWith("/api/flowglad") || path === "/api/usage-events")
			return this.#is.opensBilling
				? json(response, 200, {})
				: json(response, 401, { error: this.#is.explainsBilling ? "Please sign in" : "Unauthorized" });
		if (path.startsWith("/api/auth/")) return this.accounts.authenticate(request, response, subject, body, this.chats.values());
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
			if (this.#is.refundsDeleted) this.accounts.of(subject).used -= 1;
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
		if (isNew && !this.#is.givesNoCookie) this.accounts.giveCookie(response, subject);
		if (this.#is.cachesPages) response.setHeader("cache-control", "max-age=60");
		const chatId = /^\/c\/(.+)$/.exec(path)?.[1];
		const chat = chatId === undefined ? undefined : this.chats.get(chatId);
		const mine = chat && !chat.deleted && (chat.owner === subject || this.#is.sharesPages);
		const messages = mine && !this.#is.forgetsOnReload ? chat.runs.map((run) => `<p>${run.text}</p><p>${run.output}</p>`).join("") : "";
		response.writeHead(chatId === undefined || mine ? 200 : 404, { "content-type": "text/html" }).end(`<!doctype html>${messages}`);
	}

	async #ask(request: IncomingMessage, response: ServerResponse, subject: string, body: string, isNew: boolean): Promise<void> {
		const refused = this.#refusalOf(body);
		if (refused && this.#is.countsBadInput) this.accounts.of(subject).used += 1;
		if (refused) return problem(response, refused, "Invalid request");
		const { id: chatId, messages, trigger, messageId, model, effort, maxUnits } = JSON.parse(body) as Body;
		const units = this.#priceOf(model, effort);
		const message = messages[0];
		const text = message?.parts[0]?.text ?? "";
		const asked = JSON.stringify([chatId, trigger, messageId, text, model, effort]);
		const account = this.accounts.of(subject);
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
		if (left < needed || account.closed || (this.#is.refusesDear && units > 1)) return this.accounts.refuse(response, account);
		const held = this.#is.countsOne ? 1 : this.#is.takesWhatIsLeft ? Math.min(units, left) : units;
		account.held += held;
		if (!this.#is.hidesRateLimit) rateLimit(response, account);
		if (isNew && !this.#is.needsPage) this.accounts.giveCookie(response, subject);
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
		this.modelCalls += 1;
		await writeAnswer(this.#is, run, account, stopping.signal, trigger === "regenerate-message" && this.#is.regeneratesFree === true);
	}

	/** Units of a request; NaN for an unknown model or effort. */
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
}
