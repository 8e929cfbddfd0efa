import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { afterAll, describe, expect, test } from "vitest";
import { Client, type Question, type Site } from "./http.ts";

const closing: (() => void)[] = [];
afterAll(() => {
	for (const close of closing) close();
});

/** Starts a server and a client for it. `requests` records the server's requests. */
async function serve(listener: RequestListener, bounds: Partial<Site> = {}) {
	const requests: { url: string | undefined; headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
	const server = createServer(async (request, response) => {
		let body = "";
		for await (const bytes of request) body += bytes;
		requests.push({ url: request.url, headers: request.headers, body });
		listener(request, response);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	closing.push(
		() => server.closeAllConnections(),
		() => server.close(),
	);
	const address = server.address();
	const site: Site = {
		origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
		deadline: AbortSignal.timeout(60_000),
		requestMs: 10_000,
		answerMs: 10_000,
		chatRequests: 0,
		chatRequestsMax: 80,
		sentAgain: 0,
		guestRequestsMoved: 0,
		chats: new Map(),
		...bounds,
	};
	return { client: new Client(site), site, requests };
}

const question: Question = { chatId: "chat", key: "key", text: "Hello" };
const stream: RequestListener = (_, response) => {
	response.writeHead(200, { "content-type": "text/event-stream" }).end('data: {"type":"finish"}\n\n');
};

describe("a client", () => {
	test("keeps cookies, and drops those that expire or are emptied", async () => {
		const lines = [["a=1; Path=/", "b=2"], ["a=; Path=/", "b=2; Max-Age=0"], []];
		const { client, requests } = await serve((_, response) => void response.setHeader("set-cookie", lines.shift() ?? []).end());
		for (let n = 0; n < 3; n += 1) await client.read("/");
		expect(requests.map(({ headers }) => headers.cookie)).toEqual([undefined, "a=1; b=2", undefined]);
	});

	test("returns a redirect instead of following it", async () => {
		const { client, requests } = await serve((_, response) => void response.writeHead(302, { location: "/elsewhere" }).end());
		expect((await client.read("/")).status).toBe(302);
		expect(requests).toHaveLength(1);
	});

	test.each(["//example.com/", "https://example.com/"])("sends nothing to another origin: %s", async (path) => {
		const { client, requests } = await serve(stream);
		await expect(client.read(path)).rejects.toThrow("is not part of");
		expect(requests).toHaveLength(0);
	});

	test("returns undefined as the JSON of a body that is not JSON", async () => {
		const { client } = await serve((request, response) => void response.end(request.url === "/json" ? '{"a":1}' : "{"));
		expect((await client.read("/json")).json).toEqual({ a: 1 });
		expect(await client.read("/text")).toMatchObject({ json: undefined, body: "{" });
	});

	test("gives up on a response that takes longer than the request timeout", async () => {
		const { client } = await serve(() => {}, { requestMs: 50 });
		await expect(client.read("/")).rejects.toThrow(expect.objectContaining({ name: "TimeoutError" }));
	});

	test("gives up on everything at the run's time limit", async () => {
		const { client } = await serve(() => {}, { deadline: AbortSignal.timeout(50) });
		await expect(client.ask(question)).rejects.toThrow();
	});
});

describe("a chat request", () => {
	test("sends its key as header and message id, like the page", async () => {
		const { client, requests } = await serve(stream);
		await (await client.ask(question)).whole();
		expect(requests[0]?.headers["idempotency-key"]).toBe("key");
		expect(JSON.parse(requests[0]?.body ?? "")).toEqual({
			id: "chat",
			trigger: "submit-message",
			messages: [{ id: "key", role: "user", parts: [{ type: "text", text: "Hello" }] }],
		});
	});

	test("has no key when it is sent like useChat", async () => {
		const { client, requests } = await serve(stream);
		await (await client.askWithoutKey(question)).whole();
		expect(requests[0]?.headers["idempotency-key"]).toBeUndefined();
	});

	test("names the message to edit, or the answer to replace", async () => {
		const { client, requests } = await serve(stream);
		await (await client.edit(question, "Hi")).whole();
		await (await client.regenerate(question, "answer")).whole();
		const bodies = requests.map(({ body }) => JSON.parse(body));
		expect(bodies[0]).toMatchObject({ messageId: "key", messages: [{ id: "key", parts: [{ text: "Hi" }] }] });
		expect(bodies[1]).toMatchObject({ messageId: "answer", trigger: "regenerate-message" });
	});

	test("is not sent once the run's bound is reached, whichever rule sends it", async () => {
		const { client, site, requests } = await serve(stream, { chatRequestsMax: 2 });
		await client.ask(question);
		await client.ask(question);
		await expect(client.ask(question)).rejects.toThrow("more than 2 requests to the chat endpoint");
		expect([requests.length, site.chatRequests]).toEqual([2, 2]);
	});

	test("records an answered chat and its owner for deletion, but not a refused one", async () => {
		const { client, site } = await serve((request, response) => {
			if (request.headers["idempotency-key"] === "refused") response.writeHead(429).end("{}");
			else stream(request, response);
		});
		await client.ask(question);
		await new Client(site).ask(question);
		await client.ask({ chatId: "other", key: "refused", text: "" });
		expect([...site.chats]).toEqual([["chat", client]]);
	});
});

describe("a response of wrangler dev's proxy", () => {
	const lost: RequestListener = (_, response) => {
		response.writeHead(500, { "content-type": "text/plain;charset=UTF-8" }).end("Error: Network connection lost.\n    at async");
	};

	test("is not treated as the deployment's: the request is resent, and the resend is counted", async () => {
		let tries = 0;
		const { client, site } = await serve((request, response) => {
			tries += 1;
			if (tries < 3) lost(request, response);
			else response.end("answer");
		});
		expect((await client.read("/")).body).toBe("answer");
		expect(site.sentAgain).toBe(2);
	});

	test("is returned after four tries", async () => {
		const { client, requests } = await serve(lost);
		expect((await client.read("/")).status).toBe(500);
		expect(requests).toHaveLength(4);
	});

	test.each<[string, RequestListener]>([
		["JSON", (_, response) => void response.writeHead(500, { "content-type": "application/json" }).end("Error: Network connection lost.")],
		["another text", (_, response) => void response.writeHead(500, { "content-type": "text/plain" }).end("Error: out of memory")],
		[
			"another status",
			(_, response) => void response.writeHead(503, { "content-type": "text/plain" }).end("Error: Network connection lost."),
		],
	])("is distinguished from a failing deployment: %s is not resent", async (_, listener) => {
		const { client, requests } = await serve(listener);
		await client.read("/");
		expect(requests).toHaveLength(1);
	});
});
