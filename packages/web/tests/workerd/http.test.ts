import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Client, faults, hear, resetSandbox } from "../client.ts";

/** What the Worker writes to the console. Its guard (src/log.ts) wraps these methods with the first request. */
const logLines: string[] = [];
for (const method of ["error", "warn", "log", "info", "debug", "trace"] as const) {
	const write = console[method].bind(console);
	console[method] = (...args: unknown[]) => {
		logLines.push(args.map((arg) => (arg instanceof Error ? `${arg.stack} ${JSON.stringify(arg)}` : String(arg))).join(" "));
		write(...args);
	};
}

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const text = (value: string) => ({ id: "m", role: "user", parts: [{ type: "text", text: value }] });

/** For every endpoint with a body: bodies that it refuses. */
const BAD: [name: string, path: string, body: string, status: number][] = [
	["chat: not JSON", "/api/chat/ai", "{", 400],
	["chat: an empty body", "/api/chat/ai", "", 400],
	["chat: null", "/api/chat/ai", "null", 400],
	["chat: a list", "/api/chat/ai", "[]", 400],
	["chat: no messages", "/api/chat/ai", JSON.stringify({ id: "c" }), 400],
	["chat: no id", "/api/chat/ai", JSON.stringify({ messages: [text("x")] }), 400],
	["chat: an id with a slash", "/api/chat/ai", JSON.stringify({ id: "a/b", messages: [text("x")] }), 400],
	["chat: an id of 65 characters", "/api/chat/ai", JSON.stringify({ id: "a".repeat(65), messages: [text("x")] }), 400],
	["chat: messages of the wrong type", "/api/chat/ai", JSON.stringify({ id: "c", messages: "x" }), 400],
	["chat: no message of the user", "/api/chat/ai", JSON.stringify({ id: "c", messages: [{ ...text("x"), role: "system" }] }), 400],
	["chat: an empty message", "/api/chat/ai", JSON.stringify({ id: "c", messages: [text("  ")] }), 400],
	[
		"chat: a file",
		"/api/chat/ai",
		JSON.stringify({ id: "c", messages: [{ ...text("x"), parts: [{ type: "file", url: "x", mediaType: "x" }] }] }),
		400,
	],
	[
		"chat: a message of 32 Ki characters and one",
		"/api/chat/ai",
		JSON.stringify({ id: "c", messages: [text("x".repeat(32 * 1024 + 1))] }),
		413,
	],
	["chat: a body of more than 1 MiB", "/api/chat/ai", JSON.stringify({ id: "c", messages: [text("x".repeat(1024 * 1024))] }), 413],
	["chat: an unknown trigger", "/api/chat/ai", JSON.stringify({ id: "c", messages: [text("x")], trigger: "resume" }), 400],
	["chat: an unknown model", "/api/chat/ai", JSON.stringify({ id: "c", messages: [text("x")], model: "gpt-99" }), 400],
	["chat: regenerate without messageId", "/api/chat/ai", JSON.stringify({ id: "c", messages: [], trigger: "regenerate-message" }), 400],
	[
		"chat: regenerate in a chat that is not there",
		"/api/chat/ai",
		JSON.stringify({ id: "c", messages: [], trigger: "regenerate-message", messageId: "m" }),
		404,
	],
	["usage events: not JSON", "/api/usage-events", "{", 400],
	["usage events: an empty body", "/api/usage-events", "", 400],
	["usage events: no amount", "/api/usage-events", JSON.stringify({ usageMeterSlug: "ai_requests" }), 400],
	["usage events: a fraction", "/api/usage-events", JSON.stringify({ usageMeterSlug: "ai_requests", amount: 1.5 }), 400],
	["sign-up: huge", "/api/auth/sign-up/email", JSON.stringify({ name: "Ada", email: "a@example.com", password: "x".repeat(17_000) }), 413],
	[
		"sign-up: a name too long",
		"/api/auth/sign-up/email",
		JSON.stringify({ name: "x".repeat(101), email: "a@example.com", password: "correct horse" }),
		400,
	],
	["usage events: an amount of 0", "/api/usage-events", JSON.stringify({ usageMeterSlug: "ai_requests", amount: 0 }), 400],
	["usage events: a negative amount", "/api/usage-events", JSON.stringify({ usageMeterSlug: "ai_requests", amount: -5 }), 400],
	["usage events: an amount over 1000", "/api/usage-events", JSON.stringify({ usageMeterSlug: "ai_requests", amount: 1001 }), 400],
	["usage events: an unknown meter", "/api/usage-events", JSON.stringify({ usageMeterSlug: "tokens", amount: 1 }), 400],
	["checkout: not JSON", "/api/flowglad/checkout", "x", 400],
	["checkout: an empty body", "/api/flowglad/checkout", "", 400],
	["billing checkout: not JSON", "/api/billing/checkout", "{", 400],
	["billing checkout: an empty body", "/api/billing/checkout", "", 400],
	["checkout: no price", "/api/flowglad/checkout", "{}", 400],
	["checkout: a price of the wrong type", "/api/flowglad/checkout", JSON.stringify({ priceSlug: 7 }), 400],
	["the SDK's calls: not JSON", "/api/flowglad/customers/billing", "{", 400],
	["the SDK's calls: a body of more than 64 KiB", "/api/flowglad/customers/billing", JSON.stringify({ x: "x".repeat(65 * 1024) }), 413],
	["sign-up: no password", "/api/auth/sign-up/email", JSON.stringify({ name: "A", email: "a@example.com" }), 400],
	["sign-up: an empty body", "/api/auth/sign-up/email", "", 400],
	["sign-in: not JSON", "/api/auth/sign-in/email", "{", 400],
	["sign-in: an empty body", "/api/auth/sign-in/email", "", 400],
];

describe("bad input", () => {
	let user: Client;
	beforeAll(async () => {
		user = new Client();
		await user.signUp();
	});

	test.each(BAD)("%s is refused with a problem and counts nothing", async (_, path, body, status) => {
		const before = await user.usage();
		const response = await user.fetch(path, {
			method: "POST",
			body,
			headers: { "content-type": "application/json", "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` },
		});
		expect(response.status).toBe(status);
		const answer = await response.text();
		if (!path.startsWith("/api/auth")) {
			expect(response.headers.get("content-type")).toBe("application/problem+json");
			expect(JSON.parse(answer)).toMatchObject({
				status,
				title: expect.any(String),
				detail: expect.any(String),
				requestId: expect.any(String),
			});
		}
		expect(await user.usage()).toEqual(before);
	});

	test("an endless body is refused, after 1 MiB of parsing and 16 MiB of draining at most", async () => {
		let sentBytes = 0;
		const endless = new ReadableStream<Uint8Array>({
			pull(controller) {
				const chunk = new Uint8Array(64 * 1024).fill(32);
				sentBytes += chunk.byteLength;
				controller.enqueue(chunk);
			},
		});
		const response = await user.fetch("/api/chat/ai", { method: "POST", body: endless });
		expect(response.status).toBe(413);
		// The streams in between buffer a few chunks.
		expect(sentBytes).toBeLessThan(18 * 1024 * 1024);
	});

	test.each(["", '""', "a b", "ä", "x".repeat(65)])("an Idempotency-Key of %o is refused and counts nothing", async (key) => {
		const before = await user.usage();
		const response = await user.post("/api/chat/ai", { id: id(), messages: [text("Hello")] }, { "idempotency-key": key });
		expect(response.status).toBe(400);
		expect(await response.json()).toMatchObject({ title: "Invalid request", detail: expect.stringContaining("Idempotency-Key") });
		expect(await user.usage()).toEqual(before);
	});
});

describe("a wrong verb", () => {
	const VERBS: [path: string, allowed: string[]][] = [
		["/api/chat/ai", ["POST"]],
		["/api/chat/some/stream", ["GET"]],
		["/api/chat/some/stop", ["POST"]],
		["/api/chat/some", ["DELETE"]],
		["/api/usage", ["GET"]],
		["/api/usage-events", ["POST"]],
		["/api/health", ["GET"]],
		["/api/admin/ledgers", ["GET"]],
		["/api/admin/corrections", ["POST"]],
		["/api/flowglad/billing", ["GET", "POST"]],
		["/api/flowglad/webhook", ["POST"]],
		["/api/dev/clock", ["POST"]],
		["/api/auth/get-session", ["GET", "POST"]],
	];

	test.each(VERBS)("at %s gets 405 and the allowed verbs", async (path, allowed) => {
		for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].filter((verb) => !allowed.includes(verb))) {
			const response = await new Client().fetch(path, { method });
			expect(response.status, method).toBe(405);
			expect(response.headers.get("allow")).toBe(allowed.join(", "));
			expect(await response.json()).toMatchObject({ title: "Method not allowed" });
		}
	});

	test("at an unknown path gets the same 404 problem as any verb", async () => {
		for (const path of ["/api/no/such/thing", "/api/auth/no-such-thing"]) {
			for (const method of ["GET", "POST"]) {
				const response = await new Client().fetch(path, { method });
				expect(response.status).toBe(404);
				expect(response.headers.get("content-type")).toBe("application/problem+json");
			}
		}
	});
});

describe("a page of another origin", () => {
	const CHANGING: [path: string, method: string][] = [
		["/api/chat/ai", "POST"],
		["/api/chat/some/stop", "POST"],
		["/api/chat/some", "DELETE"],
		["/api/usage-events", "POST"],
		["/api/flowglad/checkout", "POST"],
		["/api/flowglad/subscriptions/cancel", "POST"],
		["/api/auth/sign-in/email", "POST"],
		["/api/auth/sign-out", "POST"],
	];

	test.each(CHANGING)("cannot use %s", async (path, method) => {
		const client = await new Client().visit();
		const foreign: Record<string, string>[] = [
			{ origin: "https://evil.example" },
			{ origin: "null" },
			{ "sec-fetch-site": "cross-site" },
			{ origin: "http://localhost:1" },
		];
		for (const headers of foreign) {
			const response = await client.fetch(path, { method, headers, body: method === "POST" ? "{}" : undefined });
			expect(response.status, JSON.stringify(headers)).toBe(403);
			expect(await response.json()).toMatchObject({ title: "Foreign origin" });
		}
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
	});

	test("is told apart from our own pages", async () => {
		const client = await new Client().visit();
		const response = await client.fetch("/api/chat/none/stop", {
			method: "POST",
			headers: { origin: "http://localhost", "sec-fetch-site": "same-origin" },
		});
		expect(response.status).toBe(404);
	});
});

describe("someone else's chat", () => {
	test("cannot be read, stopped, deleted, written to or regenerated: every attempt gets 404", async () => {
		const owner = await new Client().visit();
		const chatId = id();
		const answer = await (await owner.send(chatId, id())).text();
		const answerId = /"messageId":"([^"]+)"/.exec(answer)?.[1];
		const stranger = new Client();
		await stranger.signUp();
		const guest = await new Client().visit();
		for (const other of [stranger, guest]) {
			const tries = [
				await other.fetch(`/api/chat/${chatId}/stream`),
				await other.post(`/api/chat/${chatId}/stop`, {}),
				await other.fetch(`/api/chat/${chatId}`, { method: "DELETE" }),
				await other.send(chatId, id()),
				await other.post("/api/chat/ai", { id: chatId, messages: [], trigger: "regenerate-message", messageId: answerId }),
			];
			for (const response of tries) {
				expect(response.status).toBe(404);
				expect(await response.json()).toMatchObject({ title: "Chat not found" });
			}
			expect(await other.usage()).toMatchObject({ used: 0, held: 0 });
			const page = await (await other.fetch(`/c/${chatId}`)).text();
			expect(page).not.toContain("Hello");
		}
		expect((await owner.fetch(`/api/chat/${chatId}/stream`)).status).toBe(204);
	});

	test("that does not exist is looked up without storing anything", async () => {
		const chatId = id();
		const client = await new Client().visit();
		for (const path of [`/api/chat/${chatId}/stream`, "/api/chat/not%20an%20id/stream"])
			expect((await client.fetch(path)).status).toBe(404);
		const { runInDurableObject } = await import("cloudflare:test");
		const tables = await runInDurableObject(env.CONVERSATION.getByName(chatId), (_, state) =>
			state.storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
		);
		expect(tables).toEqual([]);
	});
});

describe("a page", () => {
	test("with usage on it is never cached and never framed", async () => {
		const response = await new Client().fetch("/");
		expect(response.headers.get("cache-control")).toBe("private, no-store");
		expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
		await response.text();
	});

	test("with an answer that is too expensive to parse shows it as plain text", async () => {
		await faults({ model: { chunks: 600, chunkMs: 0 } });
		const [client, chatId] = [await new Client().visit(), id()];
		const { text: hostile } = await client.chat(chatId, id(), { text: "_a_ __ ".repeat(40) });
		expect(hostile.length).toBeGreaterThan(1_500);
		const page = await client.fetch(`/c/${chatId}`);
		expect(page.status).toBe(200);
		expect(await page.text()).toMatch(/<div class="prose"><p class="whitespace-pre-wrap">[^<]{1500}/);
	});

	test("sets the guest's cookie without storing anything, bound to the host on https", async () => {
		const response = await new Client().fetch("https://parley.example/");
		await response.text();
		const line = response.headers.getSetCookie().find((cookie) => cookie.includes("guest")) ?? "";
		expect(line).toMatch(/^__Host-parley\.guest=v1\./);
		expect(line).toContain("; Secure");
		expect(line).toContain("; HttpOnly");
		expect(line).toContain("; Path=/;");
	});
});

test("a deployment has no development clock and keeps no list of its ledgers", async () => {
	const client = await new Client().visit();
	expect((await client.chat(id(), id())).status).toBe(200);
	const { resetAt } = await client.usage();
	const response = await client.post("/api/dev/clock", { nowMs: 0, offsetMs: 86_400_000, frozenAtMs: null });
	expect(response.status).toBe(404);
	expect(await response.json()).toMatchObject({ title: "Not found" });
	expect((await client.usage()).resetAt).toBe(resetAt);
	const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'dev%'").all();
	expect(results).toEqual([]);
});

test("health reports each part and the commit", async () => {
	const response = await new Client().fetch("/api/health");
	expect(response.status).toBe(200);
	expect(await response.json()).toEqual({
		status: "ok",
		build: expect.any(String),
		checks: { d1: "ok", ledger: "ok", billing: "flowglad", model: "openai-compatible" },
	});
});

describe("the log", () => {
	const marker = "marker-of-the-log";
	const reply =
		(body: string, status = 200, type = "application/json") =>
		() =>
			new Response(body, { status, headers: { "content-type": type } });
	const event = (data: string) => reply(`data: ${data}\n\n`, 200, "text/event-stream");

	/** Answers the app's requests to addresses that contain `part`. */
	function answerFor(part: string, answer: () => Response): void {
		const real = globalThis.fetch;
		const fake = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
			const url = input instanceof Request ? input.url : String(input);
			return url.includes(part) ? answer() : real(input, init);
		});
		onTestFinished(() => fake.mockRestore());
	}

	/** Lets every query of a table fail until the test ends. */
	async function breakTable(name: string): Promise<void> {
		await env.DB.exec(`ALTER TABLE ${name} RENAME TO broken_${name}`);
		onTestFinished(async () => void (await env.DB.exec(`ALTER TABLE broken_${name} RENAME TO ${name}`)));
	}

	function expectLogged(pattern: RegExp, ...secrets: string[]): void {
		expect(logLines.join("\n")).toMatch(pattern);
		for (const line of logLines) {
			for (const secret of [marker, ...secrets]) expect(line).not.toContain(secret);
			expect(line.length).toBeLessThanOrEqual(200);
		}
	}

	beforeEach(() => {
		logLines.length = 0;
	});

	const MODEL: [does: string, answer: () => Response][] = [
		["refuses and quotes the prompt", reply(JSON.stringify({ error: { message: marker, code: marker } }), 400)],
		["fails and quotes the prompt", reply(marker, 500, "text/plain")],
		["sends a broken line", event(`{"choices":[{"delta":{"content":"${marker}`)],
		["sends an unknown shape", event(JSON.stringify({ choices: marker }))],
		["sends an error", event(JSON.stringify({ error: { message: marker, type: marker, code: marker } }))],
		["answers with a page", reply(`<html>${marker}`, 200, "text/html")],
		[
			"cannot be reached",
			() => {
				throw new TypeError(marker, { cause: new Error(marker) });
			},
		],
	];

	test.each(MODEL)("has neither prompt nor answer of a model that %s", async (_, answer) => {
		answerFor("/model/v1", answer);
		const message = { id: id(), role: "user", parts: [{ type: "text", text: marker }] };
		await hear(await new Client().post("/api/chat/ai", { id: id(), messages: [message] }));
		expectLogged(/^answer [\w-]+ failed: /m);
	});

	const PROVIDER: [does: string, answer: () => Response][] = [
		["fails", reply(JSON.stringify({ error: marker, code: marker, message: marker }), 500)],
		["refuses", reply(JSON.stringify({ error: marker }), 400)],
		["sends no JSON", reply(marker)],
		["sends an unknown shape", reply(JSON.stringify({ data: marker, customer: marker }))],
	];

	test.each(PROVIDER)("has no words of a billing provider that %s", async (_, answer) => {
		const user = new Client();
		const { email } = await user.signUp();
		answerFor("/api/v1/", answer);
		await user.post("/api/flowglad/pricing-models/retrieve", {});
		await user.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" });
		await user.post("/api/flowglad/customers/billing", {});
		await user.fetch("/api/billing");
		await user.fetch("/pricing");
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 });
		expectLogged(/billing provider|flowglad/, email);
	});

	test.each(["sessions", "users", "accounts", "rate_limits", "members"])(
		"has no parameters of a query when the table %s fails",
		async (table) => {
			const user = new Client();
			const { id: userId, email } = await user.signUp();
			const token = decodeURIComponent(user.cookies.get("parley.session_token") ?? "");
			expect(token.length).toBeGreaterThan(20);
			await breakTable(table);
			const credentials = { name: marker, email: `${marker}@example.com`, password: `${marker} horse` };
			const requests: [path: string, body?: object][] = [
				["/api/billing"],
				["/api/usage"],
				["/api/organization"],
				["/account"],
				["/"],
				["/api/health"],
				["/api/auth/get-session?disableCookieCache=true"],
				["/api/auth/list-sessions"],
				["/api/auth/sign-in/email", credentials],
				["/api/auth/sign-up/email", credentials],
				["/api/auth/update-user", { name: marker }],
				["/api/auth/sign-out", {}],
				["/api/auth/change-password", { currentPassword: marker, newPassword: `${marker} ${marker}` }],
				["/api/auth/send-verification-email", { email }],
			];
			for (const [path, body] of requests) {
				const response = await user.fetch(path, body ? { method: "POST", json: body } : {});
				await response.text();
			}
			expectLogged(/a library's|500 /, token, token.split(".")[0] ?? "", email, userId);
		},
	);

	test("has no mail, and nobody's address, when the mail server fails", async () => {
		answerFor("/__sandbox/mail", reply(marker, 500));
		const { email } = await new Client().signUp();
		await vi.waitFor(() => expectLogged(/^could not send a mail: status 500$/m, email), 20_000);
	});
});
