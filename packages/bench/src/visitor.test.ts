import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { type App, type AppTraits, startApp } from "./testing/app.ts";
import { Visitor } from "./visitor.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0)) await close();
});

async function app(traits: AppTraits = {}): Promise<App> {
	const started = await startApp(traits);
	closing.push(started.close);
	return started;
}

async function serve(listener: RequestListener): Promise<string> {
	const server = createServer(listener).listen(0, "127.0.0.1");
	await once(server, "listening");
	closing.push(
		() => server.closeAllConnections(),
		() => server.close(),
	);
	const address = server.address();
	return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

describe("answer times", () => {
	test("are ordered: first byte, first word, end", async () => {
		const url = await serve(async (_, response) => {
			response.write('data: {"type":"start"}\n\n');
			await new Promise((resolve) => setTimeout(resolve, 20));
			response.write('data: {"type":"text-delta","delta":"word"}\n\n');
			await new Promise((resolve) => setTimeout(resolve, 20));
			response.end('data: {"type":"finish"}\n\n');
		});
		const order: string[] = [];
		const answer = await new Visitor(url).ask("/", {
			onFirstByte: () => order.push("byte"),
			onFirstWord: () => order.push("word"),
		});
		expect(order).toEqual(["byte", "word"]);
		expect(answer.firstByteMs).toBeLessThan(answer.firstWordMs);
		expect(answer.firstWordMs).toBeLessThan(answer.fullMs);
	});

	test("include the first word of an event that arrives in two chunks", async () => {
		const url = await serve(async (_, response) => {
			response.write('data: {"type":"text-del');
			await new Promise((resolve) => setTimeout(resolve, 10));
			response.end('ta","delta":"word"}\n\n');
		});
		const words: number[] = [];
		const answer = await new Visitor(url).ask("/", { onFirstWord: () => words.push(1) });
		expect(words).toHaveLength(1);
		expect(answer.firstWordMs).toBeGreaterThan(answer.firstByteMs);
	});

	test("are NaN for the first word of a wordless answer, and for the first byte of an empty one", async () => {
		const url = await serve((request, response) => void response.end(request.url === "/empty" ? "" : "text"));
		expect((await new Visitor(url).ask("/text")).firstWordMs).toBeNaN();
		expect((await new Visitor(url).ask("/empty")).firstByteMs).toBeNaN();
	});

	test("reject with an error when the connection breaks", async () => {
		const url = await serve((_, response) => {
			response.write("data: x");
			setTimeout(() => response.destroy(), 5);
		});
		await expect(new Visitor(url).ask("/")).rejects.toThrow();
	});
});

describe("a visitor", () => {
	test("sends its network address, and JSON with its content length", async () => {
		const url = await serve((request, response) => void response.end(JSON.stringify({ method: request.method, headers: request.headers })));
		const sent = JSON.parse((await new Visitor(url, { ip: "203.0.113.7" }).ask("/", { json: { a: "ü" } })).body);
		expect(sent.method).toBe("POST");
		expect(sent.headers).toMatchObject({
			"cf-connecting-ip": "203.0.113.7",
			"content-type": "application/json",
			"content-length": String(Buffer.byteLength('{"a":"ü"}')),
		});
	});

	test("keeps cookies, replaces them, and drops expired ones", async () => {
		const lines = [["a=1; Path=/", "b=2; Path=/"], ["a=3; Path=/"], ["b=2; Max-Age=0"], []];
		const seen: (string | undefined)[] = [];
		const url = await serve((request, response) => {
			seen.push(request.headers.cookie);
			response.setHeader("set-cookie", lines.shift() ?? []).end("x");
		});
		const visitor = new Visitor(url);
		for (let n = 0; n < 4; n += 1) await visitor.ask("/");
		expect(seen).toEqual([undefined, "a=1; b=2", "a=3; b=2", "a=3"]);
	});

	test("subscribes and stores its account id", async () => {
		const { url, requests } = await app();
		const visitor = await new Visitor(url).subscribe();
		expect(visitor.userId).toMatch(/^[0-9a-f-]{36}$/);
		expect(visitor.cookies.get("session")).toBe(visitor.userId);
		expect(requests).toEqual(["POST /api/auth/sign-up/email", "GET /api/usage"]);
	});

	test.each([
		["an error status", { chatStatus: 500 }],
		["a refusal", { chatStatus: 429 }],
		["a stream that does not finish", { lastEvent: '{"type":"error"}' }],
	])("rejects %s as a chat", async (_, traits) => {
		const { url } = await app(traits);
		await expect(new Visitor(url).chat("id", "Hello")).rejects.toThrow(/^chat: /);
	});

	test("sends a chat as useChat does", async () => {
		let body = "";
		const url = await serve(async (request, response) => {
			for await (const bytes of request) body += bytes;
			response.end('data: {"type":"finish"}\n\n');
		});
		await new Visitor(url).chat("the-chat", "Hello");
		expect(JSON.parse(body)).toMatchObject({
			id: "the-chat",
			trigger: "submit-message",
			messages: [{ role: "user", parts: [{ type: "text", text: "Hello" }] }],
		});
	});
});
