import { describe, expect, test, vi } from "vitest";

vi.mock("cloudflare:workers", () => ({
	env: {
		BETTER_AUTH_SECRET: "x".repeat(32),
		GUEST_COOKIE_SECRET: "y".repeat(32),
		AI_BASE_URL: "https://api.example/v1",
		AI_MODELS: "small=Small,large=Large",
		AI_MODEL_UNITS: "large=5",
	},
}));
const { chatIdOf, parseChatRequest } = await import("./request.ts");

const message = (id: string, text = "Hello", role = "user") => ({ id, role, parts: [{ type: "text", text }] });

const parse = (body: object, headers: HeadersInit = {}) =>
	parseChatRequest(
		new Request("https://parley.example/api/chat/ai", {
			method: "POST",
			headers,
			body: JSON.stringify({ id: "chat", messages: [message("m1")], ...body }),
		}),
	);
const refusalOf = (reading: Promise<unknown>) =>
	reading.then(
		() => null,
		({ code }) => code,
	);

describe("the prompt", () => {
	test("is the user's last message, whatever history the client sends", async () => {
		const messages = [message("m1", "First"), message("a1", "An answer", "assistant"), message("m2", "Second"), "nonsense", null];
		expect((await parse({ messages })).prompt).toEqual({ kind: "message", message: message("m2", "Second"), files: [], replaces: false });
	});

	test("of a regeneration is the answer named by messageId, which is required", async () => {
		const trigger = "regenerate-message";
		expect((await parse({ trigger, messageId: "a1", messages: [] })).prompt).toEqual({ kind: "regenerate", answerId: "a1" });
		expect(await refusalOf(parse({ trigger, messages: [] }))).toBe("invalid-request");
	});

	test("has text of at most 32 768 characters in total", async () => {
		const parts = (...texts: string[]) => ({ messages: [{ ...message("m1"), parts: texts.map((text) => ({ type: "text", text })) }] });
		expect(await refusalOf(parse(parts(" ", "\n")))).toBe("invalid-request");
		expect(await refusalOf(parse(parts()))).toBe("invalid-request");
		expect(await refusalOf(parse(parts("x".repeat(32_767), "y")))).toBeNull();
		expect(await refusalOf(parse(parts("x".repeat(32_767), "yz")))).toBe("message-too-long");
	});
});

describe("the files of a message", () => {
	const withFiles = (...urls: string[]) =>
		parse({ messages: [{ id: "m1", role: "user", parts: urls.map((url) => ({ type: "file", url, mediaType: "image/png" })) }] });

	test("are named by their addresses in this chat and need no accompanying text", async () => {
		const { prompt } = await withFiles("/api/chat/chat/files/f1", "/api/chat/chat/files/f2");
		expect(prompt).toMatchObject({ files: ["f1", "f2"], message: { parts: [] } });
	});

	test("are at most ten, without duplicates, and only addresses in this chat", async () => {
		const many = Array.from({ length: 11 }, (_, n) => `/api/chat/chat/files/f${n}`);
		expect(await refusalOf(withFiles(...many))).toBe("too-many-files");
		expect(await refusalOf(withFiles(...many.slice(1)))).toBeNull();
		for (const urls of [
			["/api/chat/chat/files/f", "/api/chat/chat/files/f"],
			["/api/chat/other/files/f"],
			["/api/chat/chat/files/../x"],
			["https://example.com/api/chat/chat/files/f"],
			["data:image/png;base64,AAAA"],
		])
			expect(await refusalOf(withFiles(...urls)), urls[0]).toBe("invalid-request");
	});
});

describe("the model", () => {
	test("defaults to the first of the list and must be on the list", async () => {
		expect((await parse({})).model).toMatchObject({ id: "small", weight: 1 });
		expect((await parse({ model: "large" })).model).toMatchObject({ id: "large", weight: 5 });
		for (const model of ["huge", "", "Small"]) expect(await refusalOf(parse({ model })), model).toBe("unknown-model");
	});
});

describe("the request id", () => {
	test("is the Idempotency-Key, with or without the quotes of a structured string", async () => {
		expect((await parse({}, { "idempotency-key": "a:b" })).requestId).toBe("a:b");
		expect((await parse({}, { "idempotency-key": '"a:b"' })).requestId).toBe("a:b");
	});

	test("is refused when the key is empty, longer than 64 characters or has characters outside the grammar", async () => {
		expect((await parse({}, { "idempotency-key": "k".repeat(64) })).requestId).toHaveLength(64);
		for (const key of ["", '""', "a b", "k".repeat(65), "k".repeat(128), "a/b", '"a'])
			expect(await refusalOf(parse({}, { "idempotency-key": key })), key).toBe("invalid-request");
	});

	test("defaults to the message's id, or to one derived from the answer to regenerate", async () => {
		expect((await parse({})).requestId).toBe("m1");
		expect((await parse({ trigger: "regenerate-message", messageId: "a1" })).requestId).toBe("regenerate:a1");
	});

	test("of an edit changes with its text, so each edit is a new request", async () => {
		const edit = (text: string) => parse({ messageId: "m1", messages: [message("m1", text)] });
		const [first, again, other] = [await edit("One"), await edit("One"), await edit("Two")];
		expect(first.requestId).toMatch(/^m1:[0-9a-f]{16}$/);
		expect(again.requestId).toBe(first.requestId);
		expect(other.requestId).not.toBe(first.requestId);
	});
});

describe("the fingerprint", () => {
	test("ignores the history, and depends on the chat, the trigger, the model and the text", async () => {
		const { fingerprint } = await parse({});
		expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
		expect((await parse({ messages: [message("m0"), message("a0", "x", "assistant"), message("m1")] })).fingerprint).toBe(fingerprint);
		const others = [
			{ whole: true },
			{ whole: false },
			{ id: "other" },
			{ model: "large" },
			{ messages: [message("m1", "Bye")] },
			{ messageId: "m1" },
			{ messages: [{ ...message("m1"), parts: [...message("m1").parts, { type: "file", url: "/api/chat/chat/files/f" }] }] },
		];
		const fingerprints = await Promise.all(others.map(async (other) => (await parse(other)).fingerprint));
		expect(new Set([fingerprint, ...fingerprints]).size).toBe(others.length + 1);
	});

	test("matches the fingerprints stored by deployed ledgers", async () => {
		expect((await parse({})).fingerprint).toBe("ef486ac66696a55ce7232c5c1fab5f1e");
	});
});

test("an invalid chat id in a path gets the same 404 as an unknown chat", () => {
	expect(chatIdOf({ chatId: "chat-1" })).toBe("chat-1");
	for (const chatId of [undefined, "", "a b", "a:b", "x".repeat(65)]) expect(() => chatIdOf({ chatId })).toThrow("Chat not found");
});

test("web search is refused if no endpoint is configured", async () => {
	expect(await refusalOf(parse({ search: true }))).toBe("search-not-offered");
	expect(await parse({ search: false })).toMatchObject({ search: false, fingerprint: (await parse({})).fingerprint });
});
