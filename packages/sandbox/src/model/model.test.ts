import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { runSandbox, type TestSandbox } from "../testing/harness.ts";

const request = { model: "sandbox", messages: [{ role: "user", content: "How tall is Etna?" }] };
const path = "/model/v1/chat/completions";

interface Chunk {
	choices: { delta: { role?: string; content?: string }; finish_reason: string | null }[];
	usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

const ask = (sandbox: TestSandbox, signal?: AbortSignal) =>
	fetch(`${sandbox.url}${path}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ ...request, stream: true }),
		...(signal === undefined ? {} : { signal }),
	});

async function chunksOf(response: Response): Promise<Chunk[]> {
	const events = (await response.text()).split("\n\n").filter((event) => event !== "");
	expect(events.pop()).toBe("data: [DONE]");
	return events.map((event) => JSON.parse(event.replace(/^data: /, "")));
}

const contentOf = (chunks: Chunk[]) => chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? "")).join("");

it("streams role, content, finish reason, usage and [DONE]", async () => {
	const sandbox = await runSandbox();
	const response = await ask(sandbox);
	expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
	const chunks = await chunksOf(response);
	expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
	expect(contentOf(chunks)).toContain("How tall is Etna?");
	expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
	expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 4 } });
	expect((await sandbox.state()).modelCalls).toMatchObject([{ ...request, aborted: false }]);
});

it("returns the same answer without streaming", async () => {
	const sandbox = await runSandbox();
	const response = await sandbox.send("POST", path, request);
	expect(await response.json()).toMatchObject({
		object: "chat.completion",
		choices: [{ message: { role: "assistant", content: expect.stringContaining("Etna") }, finish_reason: "stop" }],
		usage: { total_tokens: expect.any(Number) },
	});
});

it("streams the configured number of chunks and finish reason", async () => {
	const sandbox = await runSandbox();
	for (const chunks of [3, 200]) {
		await sandbox.faults({ model: { chunks, chunkMs: 0, firstTokenMs: 0, finishReason: "length" } });
		const answer = await chunksOf(await ask(sandbox));
		expect(answer.filter(({ choices }) => choices[0]?.delta.content)).toHaveLength(chunks);
		expect(answer.at(-2)?.choices[0]?.finish_reason).toBe("length");
	}
});

it.each([
	[true, 500],
	[429, 429],
])("failBeforeOutput %s returns status %i", async (failBeforeOutput, status) => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { failBeforeOutput } });
	const response = await ask(sandbox);
	expect(response.status).toBe(status);
	expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } });
});

/** Reads until the stream ends, breaks or is aborted. Returns the received text and whether it broke. */
async function readUntilBroken(response: Response): Promise<{ text: string; broken: boolean }> {
	const decoder = new TextDecoder();
	let text = "";
	try {
		for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
		return { text, broken: false };
	} catch {
		return { text, broken: true };
	}
}

it("cuts the connection in the middle of an answer without recording a client abort", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { failAfterChunks: 2, chunkMs: 10 } });
	const { text, broken } = await readUntilBroken(await ask(sandbox));
	expect(broken).toBe(true);
	expect(text.match(/"content":"[^"]/g)).toHaveLength(2);
	// The server notices the closed connection slightly later than the client.
	await sleep(50);
	expect((await sandbox.state()).modelCalls).toMatchObject([{ aborted: false }]);
});

it("ends a stream with an error event on demand", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { errorAfterChunks: 2, chunkMs: 0, firstTokenMs: 0 } });
	const { text, broken } = await readUntilBroken(await ask(sandbox));
	expect(broken).toBe(false);
	expect(text.match(/"content":"[^"]/g)).toHaveLength(2);
	expect(text.trim().split("\n").at(-1)).toMatch(/^data: \{"error":/);
});

it("stalls in the middle of an answer, and records that the client left", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { silentAfterChunks: 2, chunkMs: 0, firstTokenMs: 0 } });
	const { text, broken } = await readUntilBroken(await ask(sandbox, AbortSignal.timeout(150)));
	expect(broken).toBe(true);
	expect(text.match(/"content":"[^"]/g)).toHaveLength(2);
	await eventually(async () => expect((await sandbox.state()).modelCalls).toMatchObject([{ aborted: true }]));
});

it("records that the client left during an answer", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { chunks: 1000, chunkMs: 5 } });
	const { broken } = await readUntilBroken(await ask(sandbox, AbortSignal.timeout(150)));
	expect(broken).toBe(true);
	await eventually(async () => expect((await sandbox.state()).modelCalls).toMatchObject([{ aborted: true }]));
});

it("stores the last 50 requests and counts all of them", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { firstTokenMs: 0, chunkMs: 0, chunks: 1 } });
	for (let call = 0; call < 52; call++)
		await sandbox.send("POST", path, { model: "sandbox", messages: [{ role: "user", content: `${call}` }] });
	const { modelCalls, calls } = await sandbox.state();
	expect(modelCalls).toHaveLength(50);
	expect(modelCalls[0]?.messages[0]?.content).toBe("2");
	expect(calls[`POST ${path}`]).toBe(52);
});

it("lists its model and refuses a request without messages", async () => {
	const sandbox = await runSandbox();
	expect(await (await sandbox.send("GET", "/model/v1/models")).json()).toMatchObject({ object: "list", data: [{ id: "sandbox" }] });
	expect((await sandbox.send("POST", path, { model: "sandbox", messages: [] })).status).toBe(400);
});

it("cuts the connection inside a multi-byte character on demand", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { cutInCharacterAfterChunks: 1, chunkMs: 0, firstTokenMs: 0 } });
	const response = await ask(sandbox);
	const chunks: Uint8Array[] = [];
	const reading = (async () => {
		for await (const bytes of response.body ?? []) chunks.push(bytes);
	})();
	await expect(reading).rejects.toThrow();
	// The first of the euro sign's three bytes.
	expect(Buffer.concat(chunks).at(-1)).toBe(0xe2);
});

it("sends one 10 MB line on demand, then the rest of the answer", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { hugeLineAfterChunks: 1, chunks: 2, chunkMs: 0, firstTokenMs: 0 } });
	const chunks = await chunksOf(await ask(sandbox));
	const lengths = chunks.map(({ choices }) => choices[0]?.delta.content?.length ?? 0);
	expect(lengths.filter((length) => length === 10_000_000)).toHaveLength(1);
	expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
});

it("cuts the connection of a non-streaming answer on demand", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { failAfterChunks: 0, chunks: 1, chunkMs: 0, firstTokenMs: 0 } });
	await expect(sandbox.send("POST", path, request)).rejects.toThrow();
});

it("echoes the text parts of the last user message and the requested model name", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { chunkMs: 0, firstTokenMs: 0 } });
	const content = [
		{ type: "text", text: "Which " },
		{ type: "image_url", image_url: { url: "data:," } },
		{ type: "text", text: "one?" },
	];
	const messages = [
		{ role: "user", content: "First" },
		{ role: "assistant", content: null },
		{ role: "user", content },
	];
	const answer = await (await sandbox.send("POST", path, { model: "gpt-x", messages })).json();
	expect(answer).toMatchObject({ model: "gpt-x", choices: [{ message: { content: expect.stringContaining("“Which one?”") } }] });
});

it("reports total tokens as the sum of prompt and completion tokens", async () => {
	const sandbox = await runSandbox();
	await sandbox.faults({ model: { chunks: 7, chunkMs: 0, firstTokenMs: 0 } });
	const { usage } = (await chunksOf(await ask(sandbox))).at(-1) ?? {};
	expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
});

it("answers calls of a model byte for byte as configured, as often as configured", async () => {
	const sandbox = await runSandbox();
	const wires = {
		odd: { status: 202, headers: { "x-odd": "1" }, parts: ["a\r", { base64: "4pg=" }, { text: "b", times: 201 }], calls: 1 },
		cut: { parts: ["half"], gapMs: 20, end: "cut" },
		gone: { end: "cut" },
		open: { parts: ["half"], end: "stay" },
	};
	await sandbox.faults({ model: { wires, chunks: 1, chunkMs: 0, firstTokenMs: 0 } });
	const call = (model: string, signal: AbortSignal | null = null) => {
		const body = JSON.stringify({ ...request, model, max_tokens: 5 });
		return fetch(`${sandbox.url}${path}?version=1`, { method: "POST", headers: { "content-type": "application/json" }, body, signal });
	};
	const odd = await call("odd");
	expect([odd.status, odd.headers.get("x-odd")]).toEqual([202, "1"]);
	expect(Buffer.from(await odd.arrayBuffer())).toEqual(
		Buffer.concat([Buffer.from("a\r"), Buffer.from([0xe2, 0x98]), Buffer.from("b".repeat(201))]),
	);
	expect((await call("odd")).status).toBe(200);
	expect(await readUntilBroken(await call("cut"))).toEqual({ text: "half", broken: true });
	await expect(call("gone")).rejects.toThrow();
	expect(await readUntilBroken(await call("open", AbortSignal.timeout(150)))).toEqual({ text: "half", broken: true });
	await eventually(async () => {
		const calls = (await sandbox.state()).modelCalls;
		expect(calls.map(({ aborted }) => aborted)).toEqual([false, false, false, false, true]);
		expect(calls[0]).toMatchObject({
			fields: { max_tokens: 5 },
			url: `${path}?version=1`,
			headers: { "content-type": "application/json" },
		});
	});
});

describe("a model with the tool web_search", () => {
	const tools = [{ type: "function", function: { name: "web_search", parameters: {} } }];
	const user = { role: "user", content: "What is the latest about Etna? Search 2 times" };
	const called = {
		role: "assistant",
		content: null,
		tool_calls: [{ id: "c", type: "function", function: { name: "web_search", arguments: "{}" } }],
	};
	const result = { role: "tool", tool_call_id: "c", content: "Results.\n\n[1] Etna today\nhttps://a.example/\nIt smokes." };

	async function chunksFor(sandbox: TestSandbox, messages: object[], more: object = { tools }) {
		const body = JSON.stringify({ model: "sandbox", stream: true, messages, ...more });
		const response = await fetch(`${sandbox.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body });
		return chunksOf(response);
	}

	it("calls it for a question about news, as often as requested, and then cites the results", async () => {
		const sandbox = await runSandbox();
		await sandbox.faults({ model: { chunkMs: 0, firstTokenMs: 0 } });
		const first = await chunksFor(sandbox, [user]);
		expect(JSON.stringify(first)).toContain('"name":"web_search"');
		expect(first.at(-2)?.choices[0]?.finish_reason).toBe("tool_calls");
		expect(JSON.stringify(await chunksFor(sandbox, [user, called, result]))).toContain("(2)");
		const answer = contentOf(await chunksFor(sandbox, [user, called, result, called, result]));
		expect(answer).toMatch(/I searched 2 times.*“Etna today” \[1\]/);
	});

	it("answers without it if it is not offered, and for any other question", async () => {
		const sandbox = await runSandbox();
		await sandbox.faults({ model: { chunkMs: 0, firstTokenMs: 0 } });
		expect(contentOf(await chunksFor(sandbox, [user], {}))).toContain("You said");
		expect(contentOf(await chunksFor(sandbox, [{ role: "user", content: "Hello" }]))).toContain("You said");
		expect(contentOf(await chunksFor(sandbox, [user, called, { role: "tool", content: "Not searched: limit." }], {}))).toContain(
			"could not search",
		);
	});

	it.each(["pieces", "whole", "no-index", "object", "twice", "function-call", "broken"])(
		"writes its call in the format %s",
		async (toolCall) => {
			const sandbox = await runSandbox();
			await sandbox.faults({ model: { chunkMs: 0, firstTokenMs: 0, toolCall } });
			expect(JSON.stringify(await chunksFor(sandbox, [user]))).toContain("web_search");
		},
	);
});
