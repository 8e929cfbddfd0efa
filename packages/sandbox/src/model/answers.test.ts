import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelFaults } from "../faults/schema.ts";
import { emptyState } from "../state.ts";
import { eventually } from "../testing/eventually.ts";
import type { World } from "../world.ts";
import { modelRoutes } from "./model.ts";
import { answerFrom, searchFor, toolCallDeltas } from "./tools.ts";

interface Delta {
	role?: string;
	content?: string | null;
	function_call?: { name?: string; arguments?: string };
	tool_calls?: { index?: number; id?: string; type?: string; function: { name?: string; arguments?: unknown } }[];
}

interface Usage {
	prompt_tokens: number;
	completion_tokens: number;
	total_tokens: number;
}

interface Chunk {
	id: string;
	object: string;
	created: number;
	model: string;
	choices: { index: number; delta: Delta; finish_reason: string | null }[];
	usage?: Usage;
}

/** The model endpoint, without a server or delays. */
function aModel(faults: ModelFaults = {}) {
	const state = emptyState();
	state.faults = { model: { firstTokenMs: 0, chunkMs: 0, ...faults } };
	const app = modelRoutes({ state, nowMs: () => 1_767_225_600_500, commit: async () => {} } as unknown as World);
	const ask = async (body: unknown, signal?: AbortSignal): Promise<Response> =>
		app.request("http://localhost/chat/completions", {
			method: "POST",
			body: typeof body === "string" ? body : JSON.stringify(body),
			...(signal ? { signal } : {}),
		});
	const streamed = async (body: object): Promise<Chunk[]> => {
		const events = (await (await ask({ ...body, stream: true })).text()).split("\n\n").slice(0, -1);
		expect(events.pop()).toBe("data: [DONE]");
		return events.map((event) => JSON.parse(event.slice("data: ".length)));
	};
	const whole = async (body: object) =>
		(await (await ask(body)).json()) as { id: string; choices: { message: { content: string }; finish_reason: string }[]; usage: Usage };
	return { state, ask, streamed, whole };
}

const request = (content: unknown) => ({ model: "sandbox", messages: [{ role: "user", content }] });
const contentOf = (chunks: Chunk[]) => chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? "")).join("");

describe("an answer", () => {
	it("has the same text and usage with and without streaming, for any question", async () => {
		const { streamed, whole } = aModel();
		await fc.assert(
			fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), async (question) => {
				const chunks = await streamed(request(question));
				const answer = await whole(request(question));
				expect(contentOf(chunks)).toBe(answer.choices[0]?.message.content);
				expect(chunks.at(-1)?.usage).toEqual(answer.usage);
				expect(contentOf(chunks)).toContain(question.trim().slice(0, 300));
			}),
			{ numRuns: 12 },
		);
	});

	it("has the configured number of chunks, and keeps every word if it has at least as many words", async () => {
		const text = contentOf(await aModel().streamed(request("Hello")));
		const words = text.match(/\S+/g)?.length ?? 0;
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1, max: 90 }), async (pieces) => {
				const chunks = await aModel({ chunks: pieces }).streamed(request("Hello"));
				expect(chunks.filter(({ choices }) => choices[0]?.delta.content)).toHaveLength(pieces);
				if (pieces <= words) expect(contentOf(chunks)).toBe(text);
			}),
			{ numRuns: 12 },
		);
	});

	it("reports its own words and those of all messages as tokens, and the finish reason that the fault sets", async () => {
		const { whole } = aModel({ finishReason: "content_filter" });
		const messages = [
			{ role: "system", content: "Be brief." },
			{ role: "user", content: [{ type: "text", text: "Hello you" }, { type: "image_url" }] },
			{ role: "assistant", content: null },
			{ role: "user", content: "And  now?" },
		];
		const { usage, choices } = await whole({ model: "m", messages });
		expect(usage.prompt_tokens).toBe(6);
		expect(usage.completion_tokens).toBe(choices[0]?.message.content.match(/\S+/g)?.length);
		expect(choices[0]?.finish_reason).toBe("content_filter");
	});

	it("has the same id, model and time in all chunks, one finish reason, and its usage once, in the last chunk", async () => {
		const chunks = await aModel().streamed({ ...request("Hello"), model: "any-name" });
		const { id } = chunks[0] ?? {};
		expect(id).toMatch(/^chatcmpl-/);
		for (const chunk of chunks)
			expect(chunk).toMatchObject({ id, model: "any-name", created: 1_767_225_600, object: "chat.completion.chunk" });
		expect(chunks.flatMap(({ choices }) => choices.flatMap(({ finish_reason: reason }) => reason ?? []))).toEqual(["stop"]);
		expect(chunks.filter(({ usage }) => usage !== undefined)).toEqual([chunks.at(-1)]);
	});

	it.each([
		["no JSON", "{"],
		["a list", []],
		["no model", { messages: [{ role: "user", content: "x" }] }],
		["no messages", { model: "m" }],
		["a message without a role", { model: "m", messages: [{ content: "x" }] }],
		["content that is a number", request(5)],
		["a stream that is a text", { ...request("x"), stream: "yes" }],
	])("to %s is OpenAI's 400, and is not recorded as a call", async (_, body) => {
		const { ask, state } = aModel();
		const response = await ask(body);
		expect([response.status, await response.json()]).toMatchObject([
			400,
			{ error: { type: "invalid_request_error", message: expect.any(String) } },
		]);
		expect(state.modelCalls).toEqual([]);
	});

	it("pauses while the fault pauseAfterChunks is set, and continues where it stopped", async () => {
		const { ask, state } = aModel({ pauseAfterChunks: 2 });
		const response = await ask({ ...request("Hello"), stream: true });
		let text = "";
		const reading = (async () => {
			const decoder = new TextDecoder();
			for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
		})();
		await eventually(() => expect(text.match(/"content":"[^"]/g)).toHaveLength(2));
		state.faults = { model: { chunkMs: 0 } };
		await reading;
		expect(text).toContain("data: [DONE]");
		expect(text.match(/"role":"assistant"/g)).toHaveLength(1);
	});

	it("is recorded as aborted once its client has disconnected, with and without streaming", async () => {
		for (const stream of [true, false]) {
			const { ask, state } = aModel({ silentAfterChunks: 0 });
			const left = new AbortController();
			const response = ask({ ...request("Hello"), stream }, left.signal);
			await eventually(() => expect(state.modelCalls).toHaveLength(1));
			const reading = response.then((answer) => answer.body?.cancel());
			left.abort();
			await reading.catch(() => {});
			await eventually(() => expect(state.modelCalls[0]?.aborted).toBe(true));
		}
	});
});

describe("a tool call", () => {
	const query = 'Etna "today" – 你好';
	const inputOf = (deltas: Delta[]) =>
		deltas.map(({ tool_calls: calls, function_call: call }) => String(calls?.[0]?.function.arguments ?? call?.arguments ?? "")).join("");
	const deltasOf = (form: Parameters<typeof toolCallDeltas>[0]) => toolCallDeltas(form, query) as Delta[];

	it("in the format `pieces` has the tool's name and id once, first, and then its input by index", () => {
		const deltas = deltasOf("pieces");
		expect(JSON.parse(inputOf(deltas))).toEqual({ query });
		expect(deltas[0]).toMatchObject({ role: "assistant", content: null });
		const calls = deltas.flatMap(({ tool_calls: all }) => all ?? []);
		expect(calls.map(({ index, id, function: { name } }) => [index, id !== undefined, name])).toEqual([
			[0, true, "web_search"],
			[0, false, undefined],
			[0, false, undefined],
		]);
	});

	it("in each nonstandard format deviates exactly as the format's name says", () => {
		expect(deltasOf("whole")).toHaveLength(1);
		expect(JSON.parse(inputOf(deltasOf("whole")))).toEqual({ query });
		expect(deltasOf("no-index").flatMap(({ tool_calls: calls }) => calls ?? [])).not.toContainEqual(expect.objectContaining({ index: 0 }));
		expect(JSON.parse(inputOf(deltasOf("no-index")))).toEqual({ query });
		expect(deltasOf("object")[0]?.tool_calls?.[0]?.function.arguments).toEqual({ query });
		expect(JSON.parse(JSON.parse(inputOf(deltasOf("twice"))))).toEqual({ query });
		expect(deltasOf("function-call").every((delta) => delta.tool_calls === undefined)).toBe(true);
		expect(JSON.parse(inputOf(deltasOf("function-call")))).toEqual({ query });
		expect(() => JSON.parse(inputOf(deltasOf("broken")))).toThrow(SyntaxError);
	});

	it.each([
		["pieces", "tool_calls"],
		["whole", "stop"],
		["function-call", "function_call"],
	] as const)("in the form %s finishes with the reason %s", async (toolCall, reason) => {
		const tools = [{ type: "function", function: { name: "web_search" } }];
		const chunks = await aModel({ toolCall }).streamed({ ...request("the latest"), tools });
		expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe(reason);
		expect(chunks.at(-1)?.usage).toEqual({ prompt_tokens: 2, completion_tokens: 12, total_tokens: 14 });
	});

	const call = (messages: object[], isOffered = true) =>
		searchFor({
			messages,
			fields: isOffered ? { tools: [{ type: "function", function: { name: "web_search" } }] } : {},
		} as Parameters<typeof searchFor>[0]);
	const found = { role: "tool", content: "[1] Etna smokes\nhttps://a.example/" };

	it("is made as often as the question requests, with another query each time, and again for each question", () => {
		const question = { role: "user", content: "Search 3 times for news?" };
		const queries = [0, 1, 2, 3].map((times) => call([question, ...Array(times).fill(found)]));
		expect(queries).toEqual(["Search 3 times for news", "Search 3 times for news (2)", "Search 3 times for news (3)", null]);
		expect(call([question, found, found, found, { role: "assistant", content: "So." }, question])).toBe("Search 3 times for news");
	});

	it("is not made if the tool is not offered, or for words that only contain a trigger word", () => {
		expect(call([{ role: "user", content: "the latest" }], false)).toBeNull();
		expect(call([{ role: "user", content: "My newsletter about research" }])).toBeNull();
	});

	it("leads to an answer that cites the results by source number", () => {
		const question = { role: "user", content: "the latest" };
		expect(answerFrom([question])).toBeNull();
		expect(answerFrom([question, found])).toContain("I searched once. The web says: “Etna smokes” [1].");
		const two = { role: "tool", content: "[1] One\n[2] Two" };
		expect(answerFrom([question, two])).toContain("“One” [1]. Another page is “Two” [2].");
		expect(answerFrom([question, { role: "tool", content: "Nothing." }])).toContain("I could not search for “the latest”");
	});
});
