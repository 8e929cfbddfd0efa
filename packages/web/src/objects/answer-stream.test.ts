import { JsonToSseTransformStream, readUIMessageStream, type UIMessageChunk, uiMessageChunkSchema } from "ai";
import { describe, expect, test } from "vitest";
import type { AnswerMetadata } from "../view/chat.ts";
import { type AnswerPart, AnswerStream, replayAnswer } from "./answer-stream.ts";

const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

/** The chunks of a stream, without the closing `[DONE]`. */
function chunksOf(body: string): UIMessageChunk[] {
	const events = body.split("\n\n").filter((event) => event.startsWith("data: {"));
	return events.map((event) => JSON.parse(event.slice("data: ".length)));
}

function streamOf(chunks: UIMessageChunk[]): ReadableStream<UIMessageChunk> {
	return new ReadableStream({
		start(controller) {
			for (const chunk of chunks) controller.enqueue(chunk);
			controller.close();
		},
	});
}

/** An answer as a model streams it: reasoning, then text in two deltas, one with characters that could break JSON or SSE. */
function written(metadata: AnswerMetadata): AnswerStream {
	const answer = new AnswerStream("a1", { model: "m" });
	answer.open("reasoning");
	answer.append("reasoning", "Hm.");
	answer.append("text", "Hello");
	answer.append("text", ' "world"\n\ndata: 🦜');
	answer.end(metadata);
	answer.close();
	return answer;
}

const COMPLETE: AnswerMetadata = { model: "m", state: "complete", counted: true, rule: "complete" };
const FAILED: AnswerMetadata = { model: "m", state: "failed", counted: false, rule: "failed-midway" };
const STOPPED: AnswerMetadata = { model: "m", state: "stopped", counted: true, rule: "stopped-late" };

describe("an answer's stream", () => {
	test("is byte for byte this sequence of server-sent events", async () => {
		expect(await read(written(COMPLETE).join())).toBe(
			[
				'data: {"type":"start","messageId":"a1","messageMetadata":{"model":"m"}}',
				'data: {"type":"reasoning-start","id":"0"}',
				'data: {"type":"reasoning-delta","id":"0","delta":"Hm."}',
				'data: {"type":"text-start","id":"1"}',
				'data: {"type":"text-delta","id":"1","delta":"Hello"}',
				'data: {"type":"text-delta","id":"1","delta":" \\"world\\"\\n\\ndata: 🦜"}',
				'data: {"type":"reasoning-end","id":"0"}',
				'data: {"type":"text-end","id":"1"}',
				'data: {"type":"finish","messageMetadata":{"model":"m","state":"complete","counted":true,"rule":"complete"}}',
				"data: [DONE]\n\n",
			].join("\n\n"),
		);
	});

	test.each([
		["complete", COMPLETE, [["finish", COMPLETE]]],
		["length", { ...COMPLETE, state: "length" }, [["finish", { ...COMPLETE, state: "length" }]]],
		["failed", FAILED, [["message-metadata", FAILED], ["error"]]],
		["interrupted", { ...FAILED, state: "interrupted" }, [["message-metadata", { ...FAILED, state: "interrupted" }], ["error"]]],
		["stopped", STOPPED, [["message-metadata", STOPPED], ["abort"]]],
	] as const)("of a %s answer closes its last part, then carries the metadata in its last chunks", async (_, metadata, expected) => {
		const chunks = chunksOf(await read(written(metadata).join()));
		const last = chunks.slice(chunks.findLastIndex((chunk) => chunk.type === "text-end") + 1);
		expect(last.map((chunk) => ("messageMetadata" in chunk ? [chunk.type, chunk.messageMetadata] : [chunk.type]))).toEqual(expected);
	});

	test("is serialised as the AI SDK's JsonToSseTransformStream would", async () => {
		for (const metadata of [COMPLETE, FAILED, STOPPED]) {
			const body = await read(written(metadata).join());
			const sse = streamOf(chunksOf(body)).pipeThrough(new JsonToSseTransformStream());
			expect(await read(sse.pipeThrough(new TextEncoderStream()))).toBe(body);
		}
	});

	test("has only chunks accepted by the AI SDK's schema", async () => {
		for (const metadata of [COMPLETE, FAILED, STOPPED]) {
			for (const chunk of chunksOf(await read(written(metadata).join()))) {
				expect(await uiMessageChunkSchema().validate?.(chunk)).toMatchObject({ success: true });
			}
		}
	});

	test("is parsed by the AI SDK into the message that is stored", async () => {
		const answer = written(COMPLETE);
		const chunks = chunksOf(await read(answer.join()));
		let message: unknown;
		for await (const state of readUIMessageStream({ stream: streamOf(chunks) })) message = state;
		expect(message).toMatchObject({ id: "a1", role: "assistant", parts: answer.parts, metadata: COMPLETE });
	});

	test("has one part for reasoning and one for text, however they alternate", async () => {
		const answer = new AnswerStream("a1", { model: "m" });
		for (const word of ["Inter", "leaved ", "thinking"]) {
			answer.append("reasoning", "hm ");
			answer.append("text", word);
		}
		answer.end(COMPLETE);
		answer.close();
		const parts = [
			{ type: "reasoning", text: "hm hm hm " },
			{ type: "text", text: "Interleaved thinking" },
		];
		expect(answer.parts).toEqual(parts);
		let message: unknown;
		for await (const state of readUIMessageStream({ stream: streamOf(chunksOf(await read(answer.join()))) })) message = state;
		expect(message).toMatchObject({ parts });
	});

	test("that is closed without an end has no final chunk", async () => {
		const answer = new AnswerStream("a1", { model: "m" });
		answer.append("text", "half");
		answer.close();
		const body = await read(answer.join());
		expect(body).not.toContain("[DONE]");
		expect(chunksOf(body).at(-1)).toEqual({ type: "text-delta", id: "0", delta: "half" });
	});
});

describe("a replay", () => {
	const parts: AnswerPart[] = [
		{ type: "reasoning", text: "Hm." },
		{ type: "text", text: 'Hello "world"' },
		{ type: "text", text: "" },
		{ type: "text", text: "Again" },
	];

	test("has one delta per stored part, including two of the same type in a row", async () => {
		const chunks = chunksOf(await read(replayAnswer("a1", parts, COMPLETE).join()));
		expect(chunks.map((chunk) => chunk.type)).toEqual([
			"start",
			...["reasoning-start", "reasoning-delta"],
			...["text-start", "text-delta", "text-start", "text-delta", "text-start", "text-delta"],
			...["reasoning-end", "text-end", "text-end", "text-end"],
			"finish",
		]);
	});

	test("differs from the live stream only in its deltas", async () => {
		const live = written(STOPPED);
		const replayed = await read(replayAnswer("a1", live.parts, STOPPED).join());
		const withoutDeltas = (body: string) => chunksOf(body).filter((chunk) => !chunk.type.endsWith("-delta"));
		const textOf = (body: string) =>
			chunksOf(body)
				.map((chunk) => ("delta" in chunk ? chunk.delta : ""))
				.join("");
		const body = await read(live.join());
		expect(withoutDeltas(replayed)).toEqual(withoutDeltas(body));
		expect(textOf(replayed)).toBe(textOf(body));
	});

	test("of an answer without output consists of its start and end", async () => {
		expect(chunksOf(await read(replayAnswer("a1", [], FAILED).join())).map((chunk) => chunk.type)).toEqual([
			"start",
			"message-metadata",
			"error",
		]);
	});
});
