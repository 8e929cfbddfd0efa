import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { RunningWorker } from "../runtime.ts";

export interface AppTraits {
	/** A guest's limit, in chats. */
	guestLimit?: number;
	/** Tier of a signed-up user. */
	tier?: "free" | "paid";
	/** Status of every chat, regardless of the remaining units. */
	chatStatus?: number | ((userId: string) => number);
	/** Text of the stream's last event. */
	lastEvent?: string;
	/** Runs before the first byte of each chat. */
	onChat?: (userId: string) => void;
	/** Status of a hold + settle pair. */
	pairStatus?: number;
	/** A user's remaining units. */
	remaining?: (userId: string) => number;
	/** Runs when `/__bench/counts` is read. */
	counts?: () => Record<string, number>;
	/** Answers a request of the growing Worker, `/__bench/grow/<path>`. Undefined: 500. */
	grow?: (path: string, query: URLSearchParams) => unknown;
}

/** A fake Worker that answers the measurements' requests. */
export interface App extends RunningWorker {
	/** Every request, as `METHOD /path?query`. */
	requests: string[];
}

/** Starts an app with these traits on a free port. */
export async function startApp(traits: AppTraits = {}): Promise<App> {
	const requests: string[] = [];
	const used = new Map<string, number>();
	const server = createServer((request, response) => {
		requests.push(`${request.method} ${request.url}`);
		answer(traits, used, request, response).catch((error) => response.destroy(error));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const close = async () => {
		server.closeAllConnections();
		server.close();
	};
	return { url: `http://127.0.0.1:${port}`, pid: process.pid, inspector: null, errors: [], databaseBytes: async () => 0, requests, close };
}

const GROW = "/__bench/grow/";

async function answer(traits: AppTraits, used: Map<string, number>, request: IncomingMessage, response: ServerResponse): Promise<void> {
	for await (const _ of request);
	const { pathname, searchParams } = new URL(request.url ?? "/", "http://app");
	const [, userId = ""] = /session=([^;]+)/.exec(request.headers.cookie ?? "") ?? [];
	const json = (body: unknown) => response.end(JSON.stringify(body));
	switch (pathname) {
		case "/api/auth/sign-up/email": {
			const id = crypto.randomUUID();
			response.setHeader("set-cookie", [`session=${id}; Path=/; HttpOnly`, "guest=; Max-Age=0"]);
			return void json({ user: { id } });
		}
		case "/api/usage":
			return void json({ tier: traits.tier ?? "paid", remaining: traits.remaining?.(userId) ?? 10 });
		case "/__bench/counts":
			return void json(request.method === "GET" ? (traits.counts?.() ?? {}) : {});
		case "/api/chat/ai":
			return chat(traits, used, userId, request, response);
		case "/":
			if (searchParams.has("refresh")) return void json({ tier: traits.tier ?? "paid" });
			response.writeHead(searchParams.has("objects") ? 200 : (traits.pairStatus ?? 204)).end();
			return;
		default: {
			const grown = pathname.startsWith(GROW) ? traits.grow?.(pathname.slice(GROW.length), searchParams) : null;
			if (pathname.startsWith(GROW) && grown !== undefined) return void json(grown ?? null);
			response.writeHead(pathname.startsWith(GROW) ? 500 : pathname.startsWith("/c/") ? 200 : 404).end("page");
		}
	}
}

function chat(traits: AppTraits, used: Map<string, number>, userId: string, request: IncomingMessage, response: ServerResponse): void {
	const [, known] = /guest=([^;]+)/.exec(request.headers.cookie ?? "") ?? [];
	const guest = known ?? crypto.randomUUID();
	const count = (used.get(guest) ?? 0) + 1;
	used.set(guest, count);
	const isRefused = userId === "" && count > (traits.guestLimit ?? Number.POSITIVE_INFINITY);
	const { chatStatus = isRefused ? 429 : 200 } = traits;
	const status = typeof chatStatus === "number" ? chatStatus : chatStatus(userId);
	traits.onChat?.(userId);
	if (userId === "") response.setHeader("set-cookie", `guest=${guest}; Path=/`);
	response.writeHead(status, { "content-type": "text/event-stream" });
	response.write('data: {"type":"start"}\n\n');
	response.write('data: {"type":"text-delta","delta":"word"}\n\n');
	response.end(`data: ${traits.lastEvent ?? '{"type":"finish"}'}\n\n`);
}
