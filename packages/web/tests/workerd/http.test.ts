import { env } from "cloudflare:workers";
import type { AsyncLocalStorage } from "node:async_hooks";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";
import { breakTable } from "../marked-log.ts";
import { scansOf } from "../query-plans.ts";
import { apiRoutes, functions, keyRoutes, methodOf, pages, plainFiles } from "../wall.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const text = (value: string) => ({ id: "m", role: "user", parts: [{ type: "text", text: value }] });

/** For every endpoint with a body: bodies that it must refuse. */
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
	["share: not JSON", "/api/chat/some/share", "{", 400],
	["share: files of the wrong type", "/api/chat/some/share", JSON.stringify({ files: "yes" }), 400],
	["share: a last message that can be none", "/api/chat/some/share", JSON.stringify({ seen: "a/b" }), 400],
	["usage events: not JSON", "/api/usage-events", "{", 400],
	["usage events: an empty body", "/api/usage-events", "", 400],
	["usage events: no amount", "/api/usage-events", JSON.stringify({ usageMeterSlug: "ai_requests" }), 400],
	["usage events: a fraction", "/api/usage-events", JSON.stringify({ usageMeterSlug: "ai_requests", amount: 1.5 }), 400],
	["sign-up: huge", "/api/auth/sign-up/email", JSON.stringify({ name: "Ada", email: "a@example.com", password: "x".repeat(17_000) }), 413],
	[
		"sign-up: a name too long",
		"/api/auth/sign-up/email",
		JSON.stringify({ name: "x".repeat(61), email: "a@example.com", password: "correct horse" }),
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

describe("an unsupported method", () => {
	const VERBS: [path: string, allowed: string[]][] = [
		["/api/chat/ai", ["POST"]],
		["/api/chat/some/stream", ["GET"]],
		["/api/chat/some/stop", ["POST"]],
		["/api/chat/some", ["PATCH", "DELETE"]],
		["/api/chats", ["GET", "PATCH"]],
		["/api/chats/import", ["POST"]],
		["/api/folders", ["GET", "POST"]],
		["/api/folders/some", ["PATCH", "DELETE"]],
		["/api/chat/some/share", ["POST"]],
		["/api/chat/some/export", ["GET"]],
		["/api/shares", ["GET"]],
		["/api/shares/some", ["DELETE"]],
		["/s/some/files/some", ["GET"]],
		["/.well-known/security.txt", ["GET"]],
		["/api/usage", ["GET"]],
		["/api/models", ["GET"]],
		["/api/usage-events", ["POST"]],
		["/api/health", ["GET"]],
		["/api/admin/ledgers", ["GET"]],
		["/api/admin/corrections", ["POST"]],
		["/api/admin/shares/some", ["DELETE"]],
		["/api/flowglad/billing", ["GET", "POST"]],
		["/api/flowglad/webhook", ["POST"]],
		["/api/dev/clock", ["POST"]],
		["/api/auth/get-session", ["GET", "POST"]],
	];

	test.each(VERBS)("at %s gets 405 and the allowed methods", async (path, allowed) => {
		for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].filter((verb) => !allowed.includes(verb))) {
			const response = await new Client().fetch(path, { method });
			expect(response.status, method).toBe(405);
			expect(response.headers.get("allow")).toBe(allowed.join(", "));
			expect(await response.json()).toMatchObject({ title: "Method not allowed" });
		}
	});

	test("at an unknown path gets the same 404 problem as any method", async () => {
		for (const path of ["/api/no/such/thing", "/api/auth/no-such-thing"]) {
			for (const method of ["GET", "POST"]) {
				const response = await new Client().fetch(path, { method });
				expect(response.status).toBe(404);
				expect(response.headers.get("content-type")).toBe("application/problem+json");
			}
		}
	});
});

describe("a page on another origin", () => {
	const CHANGING: [path: string, method: string][] = [
		["/api/chat/ai", "POST"],
		["/api/chat/some/stop", "POST"],
		["/api/chat/some", "DELETE"],
		["/api/chat/some", "PATCH"],
		["/api/chats", "PATCH"],
		["/api/chats/import", "POST"],
		["/api/folders", "POST"],
		["/api/folders/some", "DELETE"],
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

	const FOREIGN: Record<string, string>[] = [
		{ origin: "https://evil.example" },
		{ origin: "null" },
		{ "sec-fetch-site": "cross-site" },
		{ "sec-fetch-site": "same-site" },
	];
	/** The outcome of a call: its status and the problem's title, or OpenAI's error code where there is no title. */
	async function outcome(path: string, init: RequestInit): Promise<string> {
		const response = await new Client().fetch(path, init);
		const text = await response.text();
		const { title, error } = text.startsWith("{") ? JSON.parse(text) : { title: "" };
		return `${response.status} ${title ?? error.code}`;
	}

	test("is tested against every address: the generated list is complete", () => {
		expect(apiRoutes).toContain("/api/chat/ai");
		expect(apiRoutes.length).toBeGreaterThan(15);
		const account = ["appearance", "data", "keys", "organization", "plan", "profile", "usage"].map((page) => `/account/${page}`);
		expect(pages).toEqual([
			"/",
			"/account",
			...account,
			"/c/some",
			"/change-email",
			"/confirm-email",
			"/imprint",
			"/invitation/some",
			"/leaving",
			"/mail-link",
			"/pricing",
			"/privacy",
			"/s/some",
			"/shared",
			"/sign-in",
			"/sign-up",
			"/terms",
			"/what-counts",
		]);
		expect(keyRoutes).toEqual(expect.arrayContaining(["/v1/chat/completions", "/v1/models", "/v1/responses", "/v1/usage"]));
		expect(plainFiles).toEqual(["/.well-known/security.txt", "/s/some/files/some"]);
		expect([...functions.keys()]).toEqual(expect.arrayContaining(["createCheckoutSession", "loadChat", "loadShell"]));
	});

	test("cannot write to any route or page, or call any function", async () => {
		const json = { "content-type": "application/json" };
		for (const path of [...apiRoutes, ...keyRoutes, ...pages, ...plainFiles, ...functions.values()])
			for (const method of ["POST", "PUT", "PATCH", "DELETE"])
				for (const headers of FOREIGN)
					expect(await outcome(path, { method, headers: { ...json, ...headers }, body: "{}" }), `${method} ${path}`).toBe(
						keyRoutes.includes(path) ? "403 foreign_origin" : "403 Foreign origin",
					);
		for (const path of functions.values())
			for (const headers of FOREIGN) expect(await outcome(path, { headers }), path).toBe("403 Foreign origin");
	});

	test("cannot load any route as a script or as data", async () => {
		const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" };
		for (const path of apiRoutes) expect(await outcome(path, { headers }), path).toBe("403 Foreign origin");
	});

	test("is distinguished from our own pages", async () => {
		const client = await new Client().visit();
		const response = await client.fetch("/api/chat/none/stop", {
			method: "POST",
			headers: { origin: "http://localhost", "sec-fetch-site": "same-origin" },
		});
		expect(response.status).toBe(404);
	});
});

describe("another subject's chat", () => {
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
				await other.fetch(`/api/chat/${chatId}`, { method: "PATCH", json: { title: "Theirs" } }),
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

describe("a server function", () => {
	const text = (value: string) => ({ t: 1, s: value });
	const record = (i: number, k: string[], v: unknown[]) => ({ t: 10, i, p: { k, v }, o: 0 });
	const payload = (data: unknown) => JSON.stringify({ t: record(0, ["data"], [data]), f: 63, m: [] });
	const call = (name: string, body: string, headers: Record<string, string> = {}) => {
		const path = functions.get(name) ?? "/_serverFn/unknown";
		const own = { "x-tsr-serverFn": "true", ...headers };
		return methodOf(name) === "GET"
			? new Client().fetch(`${path}?payload=${encodeURIComponent(body)}`, { headers: own })
			: new Client().fetch(path, { method: "POST", body, headers: { "content-type": "application/json", ...own } });
	};
	const MALFORMED = [
		"{bad",
		"null",
		"7",
		'"x"',
		"[]",
		'{"t":{"t":25}}',
		'{"t":{"t":99,"i":0}}',
		`${"[".repeat(9_000)}${"]".repeat(9_000)}`,
		"\u0000",
	];

	test("answers 400 to a malformed payload without the parser's message, for every function", async () => {
		for (const name of functions.keys())
			for (const body of MALFORMED) {
				const response = await call(name, body);
				expect([response.status, response.headers.get("content-type")], `${name} ${body.slice(0, 20)}`).toEqual([
					400,
					"application/problem+json",
				]);
				expect(await response.text()).not.toMatch(/seroval|JSON at|token/i);
			}
	});

	test("answers 400 to input of the wrong type, for every function", async () => {
		const odd = [{ t: 0, s: 7 }, { t: 2, s: 0 }, record(1, [], []), record(1, ["successUrl"], [text("/")]), { t: 9, i: 1, a: [], o: 0 }];
		for (const name of ["loadChat", "loadInvitation", "createCheckoutSession"])
			for (const data of odd) expect((await call(name, payload(data))).status, `${name} ${JSON.stringify(data)}`).toBe(400);
	});

	test("keeps the status of a problem it throws", async () => {
		const order = record(1, ["successUrl", "cancelUrl"], [text("/"), text("/")]);
		const response = await call("createCheckoutSession", payload(order));
		expect(response.status).toBe(401);
		expect(await response.text()).toContain("Not signed in");
	});

	test("refuses a form, a body over 64 KiB, another method and an unknown name", async () => {
		const form = "application/x-www-form-urlencoded";
		expect((await call("createCheckoutSession", "a=b", { "content-type": form })).status).toBe(400);
		expect((await call("createCheckoutSession", payload(text("x".repeat(65 * 1024))))).status).toBe(413);
		expect((await new Client().fetch(functions.get("createCheckoutSession") ?? "")).status).toBe(405);
		expect((await call("noSuchFunction", payload(text("x")))).status).toBe(404);
		for (const path of ["/_serverFn/", "/_serverFn/?payload=null", "/_serverFn//", "/_serverFn/%2F"])
			expect((await new Client().fetch(path, { headers: { "x-tsr-serverFn": "true" } })).status, path).toBe(404);
	});
});

describe("a redirect", () => {
	test.each([
		"/..//evil.example/phish",
		"/.//evil.example",
		"//evil.example",
		"https://evil.example",
		"/%2e%2e//evil.example",
		"/\\evil.example",
	])("to %s is refused wherever better-auth accepts a redirect", async (target) => {
		const query = encodeURIComponent(target);
		const post = (path: string, body: object) =>
			new Client().post(path, body, { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` });
		const account = { email: `${id()}@example.com`, password: "correct horse", name: "Ada" };
		for (const response of [
			await new Client().fetch(`/api/auth/verify-email?token=x&callbackURL=${query}`),
			await new Client().fetch(`/api/auth/verify-email?token=x&callbackURL=/&callbackURL=${query}`),
			await post("/api/auth/sign-up/email", { ...account, callbackURL: target }),
			await post("/api/auth/send-verification-email", { email: account.email, callbackURL: target }),
		]) {
			expect(response.status, response.url).toBe(400);
			expect(response.headers.get("location")).toBe(null);
			await response.text();
		}
	});

	test("may lead to a page of this site", async () => {
		const response = await new Client().fetch("/api/auth/verify-email?token=x&callbackURL=/pricing");
		expect([response.status, response.headers.get("location")]).toEqual([302, "/pricing?error=INVALID_TOKEN"]);
	});
});

describe("a host", () => {
	test("other than the configured one gets 421, and no mail is sent", async () => {
		for (const host of ["evil.example", "parley.example.evil.example"]) {
			const account = { email: `${id()}@example.com`, password: "correct horse", name: "Ada" };
			for (const path of ["/api/auth/sign-up/email", "/api/auth/send-verification-email"]) {
				const response = await new Client().post(`https://${host}${path}`, account);
				expect([response.status, (await response.json<{ title: string }>()).title]).toEqual([421, "Misdirected request"]);
			}
			expect((await new Client().fetch(`https://${host}/`)).status).toBe(421);
		}
		expect((await sandboxState()).mailbox).toEqual([]);
	});

	test("appears in the links of mails only if it is the configured one", async () => {
		const account = { email: `${id()}@example.com`, password: "correct horse", name: "Ada", callbackURL: "/" };
		const response = await new Client().post("https://parley.example/api/auth/sign-up/email", account, { "cf-connecting-ip": "10.77.0.1" });
		expect(response.status).toBe(200);
		const mail = await eventually(async () => {
			const found = (await sandboxState()).mailbox.find(({ to }) => to === account.email);
			if (!found) throw new Error("no mail yet");
			return found;
		});
		expect([...new Set(mail.text.match(/https?:\/\/[^/\s]+/g))]).toEqual(["https://parley.example"]);
	});
});

describe("a response", () => {
	const HEADERS = {
		"cache-control": "private, no-store",
		"cross-origin-opener-policy": "same-origin",
		"permissions-policy": expect.stringContaining("camera=()"),
		"referrer-policy": "strict-origin-when-cross-origin",
		"strict-transport-security": expect.stringMatching(/^max-age=\d{8,}; includeSubDomains$/),
		"x-content-type-options": "nosniff",
	};
	/** The URL of a shared chat is its key, so its Referrer-Policy is `no-referrer`. */
	const headersOf = (path: string) => (path.startsWith("/s/") ? { ...HEADERS, "referrer-policy": "no-referrer" } : HEADERS);
	const ON_HTTPS = "https://parley.example";
	const policyOf = (response: Response) =>
		new Map((response.headers.get("content-security-policy") ?? "").split("; ").map((part) => [part.split(" ")[0], part]));

	test("has the security headers on every page, and allows only our own scripts", async () => {
		const nonces = new Set<string>();
		let shown = 0;
		for (const path of [...pages, "/confirm-email?token=x&next=/", "/no/such/page"]) {
			const response = await new Client().fetch(ON_HTTPS + path);
			expect(Object.fromEntries(response.headers), path).toMatchObject(headersOf(path));
			if (response.status >= 300 && response.status < 400) continue;
			const html = await response.text();
			const policy = policyOf(response);
			const nonce = /^script-src 'self' 'nonce-([\w-]{22})'$/.exec(policy.get("script-src") ?? "")?.[1] ?? "";
			expect([...policy.values()], path).toEqual([
				"default-src 'none'",
				`script-src 'self' 'nonce-${nonce}'`,
				"style-src 'self' 'unsafe-inline'",
				"img-src 'self' data:",
				"font-src 'self'",
				"connect-src 'self'",
				"manifest-src 'self'",
				"worker-src 'self'",
				"frame-src 'none'",
				"object-src 'none'",
				"base-uri 'none'",
				"form-action 'self'",
				"frame-ancestors 'none'",
			]);
			const scripts = html.match(/<script\b[^>]*>/g) ?? [];
			expect(scripts.length, path).toBeGreaterThan(1);
			for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`);
			expect(html).not.toMatch(/<[a-z][^>]* on[a-z]+="|href="javascript:/i);
			nonces.add(nonce);
			shown += 1;
		}
		expect(shown).toBeGreaterThan(5);
		expect(nonces.size).toBe(shown);
	});

	test("has the security headers on an error page", async () => {
		await breakTable("invitations");
		const response = await new Client().fetch(`${ON_HTTPS}/invitation/some`);
		expect([response.status, Object.fromEntries(response.headers)]).toEqual([503, expect.objectContaining(HEADERS)]);
		const nonce = /'nonce-([\w-]{22})'/.exec(policyOf(response).get("script-src") ?? "")?.[1] ?? "no nonce";
		for (const script of (await response.text()).match(/<script\b[^>]*>/g) ?? []) expect(script).toContain(`nonce="${nonce}"`);
	});

	test("has the security headers on every API route, refusal, redirect and server function, with a policy that allows nothing", async () => {
		const paths = [
			...apiRoutes,
			...plainFiles,
			...keyRoutes,
			...functions.values(),
			"/api/no/such/thing",
			"/_serverFn/unknown",
			"/_serverFn/",
			"/account",
			"/%2Fevil.example/",
			"/%E0%A4%A",
		];
		const answers = await Promise.all(paths.map(async (path) => [path, await new Client().fetch(ON_HTTPS + path)] as const));
		for (const [path, response] of [
			...answers,
			["another host", await new Client().fetch("https://evil.example/")] as const,
			["another origin", await new Client().post(`${ON_HTTPS}/api/chat/ai`, {}, { origin: "https://evil.example" })] as const,
		]) {
			await response.text();
			expect(Object.fromEntries(response.headers), path).toMatchObject(headersOf(path));
			if (!response.headers.get("content-type")?.startsWith("text/html"))
				expect(policyOf(response).get("default-src"), path).toBe("default-src 'none'");
		}
	});
});

test("Start does not keep a response after it was sent: workerd would never free the request", async () => {
	const storage: AsyncLocalStorage<{ currentResponse?: Response }> = Reflect.get(globalThis, Symbol.for("tanstack-start:event-storage"));
	const run = vi.spyOn(storage, "run");
	for (const path of ["/api/usage", "/api/none", "/v1/models", "/pricing"]) await (await new Client().fetch(path)).text();
	const events = run.mock.calls.map(([event]) => event);
	run.mockRestore();
	expect(events).toHaveLength(4);
	expect(events.map(({ currentResponse }) => currentResponse)).toEqual([undefined, undefined, undefined, undefined]);
});

describe("a page", () => {
	test("has one title, description and preview image for shared links, with absolute URLs", async () => {
		for (const path of ["/", "/pricing"]) {
			const html = await (await new Client().fetch(`https://parley.example${path}`)).text();
			const of = (property: string) =>
				[...html.matchAll(new RegExp(`<meta property="${property}" content="([^"]+)"`, "g"))].map((found) => found[1]);
			const [title] = /(?<=<title>)[^<]+/.exec(html) ?? [];
			expect(of("og:title"), path).toEqual([title]);
			expect(of("og:description")).toEqual([...html.matchAll(/<meta name="description" content="([^"]+)"/g)].map((found) => found[1]));
			expect(of("og:image")).toEqual(["https://parley.example/icons/share.png"]);
		}
	});

	test("is served even with an answer that takes other parsers a minute", async () => {
		await faults({ model: { chunks: 600, chunkMs: 0 } });
		const [client, chatId] = [await new Client().visit(), id()];
		const { text: hostile } = await client.chat(chatId, id(), { text: "_a_ __ ".repeat(40) });
		expect(hostile.length).toBeGreaterThan(1_500);
		const page = await client.fetch(`/c/${chatId}`);
		expect(page.status).toBe(200);
		expect(await page.text()).toMatch(/<div class="prose"><p dir="auto">(?:[^<]*<em>a<\/em> __){40}/);
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

test("security.txt names the configured contact, and expires within a year", async () => {
	const response = await new Client().fetch("https://parley.example/.well-known/security.txt");
	expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
	const text = await response.text();
	const fields = new Map(
		text
			.trim()
			.split("\n")
			.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
	);
	expect(fields.get("Contact")).toBe("mailto:security@parley.example");
	expect(fields.get("Canonical")).toBe("https://parley.example/.well-known/security.txt");
	const daysLeft = (Date.parse(fields.get("Expires") ?? "") - Date.now()) / 86_400_000;
	expect(daysLeft).toBeGreaterThan(30);
	expect(daysLeft).toBeLessThan(365);
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

test("health reports each part's status and the commit", async () => {
	const response = await new Client().fetch("/api/health");
	expect(response.status).toBe(200);
	expect(await response.json()).toEqual({
		status: "ok",
		build: expect.any(String),
		checks: { d1: "ok", ledger: "ok", billing: "flowglad", model: "configured" },
	});
});

test("health reports an unknown key status when it could not be read", async () => {
	const prepare = env.DB.prepare.bind(env.DB);
	const prepared = vi.spyOn(env.DB, "prepare").mockImplementation((sql) => {
		if (sql.includes("ledger_reports")) throw new Error("D1_ERROR");
		return prepare(sql);
	});
	onTestFinished(() => prepared.mockRestore());
	const response = await new Client().fetch("/api/health");
	expect(response.status).toBe(200);
	expect(await response.json()).toMatchObject({ status: "ok", checks: { d1: "ok", ledger: "ok", billing: "unknown" } });
});

test("health reads at most one row of D1, however many users there are", async () => {
	const prepared = vi.spyOn(env.DB, "prepare");
	onTestFinished(() => prepared.mockRestore());
	expect((await new Client().fetch("/api/health")).status).toBe(200);
	const statements = prepared.mock.calls.map(([sql]) => sql);
	const [ofUsers, ...others] = statements;
	expect(ofUsers).toBe("SELECT 1 FROM users WHERE id = ''");
	for (const sql of others) expect(sql).toMatch(/ limit \?$/);
	for (const sql of statements) expect(await scansOf(sql)).toEqual([]);
});

describe("an address below /api/auth", () => {
	const rows = async () => (await env.DB.prepare("SELECT count(*) AS n FROM rate_limits").first<{ n: number }>())?.n;
	const from = { "cf-connecting-ip": "192.0.2.77" };

	test.each([
		["GET", "nothing"],
		["POST", "nothing"],
		["GET", `${id()}/${id()}`],
		["POST", "organization/nothing"],
		["GET", "sign-in/email"],
		["HEAD", "get-session"],
		["GET", "get-session/"],
		["POST", "sign-in/email/"],
		["POST", "sign-in//email"],
		["POST", "Sign-In/email"],
		["POST", "sign-in/email%2f"],
		["GET", ""],
	])("that does not exist (%s %s) is 404 and leaves no row", async (method, path) => {
		const before = await rows();
		const response = await new Client().fetch(`/api/auth/${path}`, { method, headers: from });
		expect(response.status).toBe(404);
		expect(await rows()).toBe(before);
	});

	test.each(["reset-password", "callback"])("with a parameter (%s) writes no row per value", async (path) => {
		const before = await rows();
		for (let n = 0; n < 3; n += 1) await (await new Client().fetch(`/api/auth/${path}/${id()}`, { headers: from })).text();
		expect(await rows()).toBe(before);
	});

	test("that exists is counted once per network", async () => {
		const before = (await rows()) ?? 0;
		for (let n = 0; n < 2; n += 1) expect((await new Client().fetch("/api/auth/get-session", { headers: from })).status).toBe(200);
		expect(await rows()).toBe(before + 1);
	});
});
