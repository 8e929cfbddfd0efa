/** An OpenAI-compatible model endpoint that echoes the question, and fails on demand. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { stream } from "hono/streaming";
import { nanoid } from "nanoid";
import { cutConnection } from "../faults/inject.ts";
import type { ModelFaults } from "../faults/schema.ts";
import type { Env, World } from "../world.ts";
import { completionBody, type Message, type ModelCall } from "./request.ts";
import { answerFrom, searchFor, toolCallDeltas } from "./tools.ts";
import { sendWire, takeWire, untilAborted } from "./wire.ts";

const remembered = 50;
const defaults = { firstTokenMs: 40, chunkMs: 15 };

function textOf({ content }: Message): string {
	if (typeof content === "string") return content;
	return (content ?? []).map((part) => part.text ?? "").join("");
}

/** Echoes the last question. Deterministic. */
function replyTo(messages: Message[]): string {
	const question = textOf(messages.findLast(({ role }) => role === "user") ?? { role: "user" })
		.trim()
		.slice(0, 300);
	return `You said: “${question}” I am the sandbox model. I run on this machine, know nothing and cost nothing, so this is all the answer there is. With a real model in my place you would read its answer here, word by word, just like this one.`;
}

/** Splits the reply into words, or into exactly `count` pieces. */
function piecesOf(reply: string, count: number | undefined): string[] {
	const words = reply.match(/\S+\s*/g) ?? [reply];
	if (count === undefined) return words;
	return Array.from({ length: count }, (_, index) =>
		count > words.length
			? (words[index % words.length] ?? "")
			: words.slice(Math.floor((index * words.length) / count), Math.floor(((index + 1) * words.length) / count)).join(""),
	);
}

/** Estimates tokens as words. */
function countTokens(text: string): number {
	return text.match(/\S+/g)?.length ?? 0;
}

const injected = { error: { message: "Injected fault", type: "server_error", code: null, param: null } };

/** The model endpoint, to mount at /model/v1. */
export function modelRoutes(world: World) {
	return new Hono<Env>()
		.get("/models", (c) =>
			c.json({
				object: "list",
				data: [{ id: "sandbox", object: "model", created: 1_767_225_600, owned_by: "parley" }],
			}),
		)
		.post("/chat/completions", async (c) => {
			const parsed = completionBody.safeParse(await c.req.json().catch(() => undefined));
			if (!parsed.success)
				return c.json({ error: { message: parsed.error.message, type: "invalid_request_error", code: null, param: null } }, 400);
			const { model, messages, ...fields } = parsed.data;
			const { pathname, search } = new URL(c.req.url);
			const call: ModelCall = {
				atMs: world.nowMs(),
				model,
				messages,
				fields,
				url: pathname + search,
				headers: c.req.header(),
				aborted: false,
			};
			world.state.modelCalls = [...world.state.modelCalls, call].slice(-remembered);
			const faults = world.state.faults.model ?? {};
			const wire = takeWire(faults, model);
			if (wire) return sendWire(c, world, call, wire);
			if (faults.failBeforeOutput) {
				await sleep(faults.firstTokenMs ?? 0);
				return Response.json(injected, { status: faults.failBeforeOutput === true ? 500 : faults.failBeforeOutput });
			}
			const query = parsed.data.stream ? searchFor(call) : null;
			if (query !== null) return streamToolCall(c, world, call, faults, query);
			return parsed.data.stream ? streamAnswer(c, world, call, faults) : wholeAnswer(c, world, call, faults);
		});
}

function answerOf(world: World, call: ModelCall, faults: ModelFaults) {
	const pieces = piecesOf(answerFrom(call.messages) ?? replyTo(call.messages), faults.chunks);
	const promptTokens = countTokens(call.messages.map(textOf).join(" "));
	const completionTokens = countTokens(pieces.join(""));
	return {
		pieces,
		head: {
			id: `chatcmpl-${nanoid()}`,
			created: Math.floor(world.nowMs() / 1000),
			model: call.model,
		},
		finishReason: faults.finishReason ?? "stop",
		usage: {
			prompt_tokens: promptTokens,
			completion_tokens: completionTokens,
			total_tokens: promptTokens + completionTokens,
		},
	};
}

function streamAnswer(c: Context<Env>, world: World, call: ModelCall, faults: ModelFaults): Response {
	const { pieces, head, finishReason, usage } = answerOf(world, call, faults);
	const chunk = (fields: object) => `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields })}\n\n`;
	const choice = (delta: object, reason: string | null = null) => chunk({ choices: [{ index: 0, delta, finish_reason: reason }] });
	c.header("content-type", "text/event-stream; charset=utf-8");
	c.header("cache-control", "no-cache");
	return stream(c, async (out) => {
		const left = new AbortController();
		out.onAbort(() => {
			left.abort();
			call.aborted = true;
			void world.commit();
		});
		try {
			await sleep(faults.firstTokenMs ?? defaults.firstTokenMs, undefined, { signal: left.signal });
			await out.write(choice({ role: "assistant", content: "" }));
			for (const [index, piece] of pieces.entries()) {
				if (index === faults.failAfterChunks) return cutConnection(c);
				if (index === faults.errorAfterChunks) {
					await out.write(`data: ${JSON.stringify(injected)}\n\n`);
					return;
				}
				if (index === faults.cutInCharacterAfterChunks) {
					const bytes = new TextEncoder().encode(choice({ content: "€" }));
					await out.write(bytes.slice(0, bytes.findIndex((byte) => byte > 0x7f) + 1));
					// Cutting at once would drop the byte before it is sent.
					await sleep(20);
					return cutConnection(c);
				}
				if (index === faults.hugeLineAfterChunks) await out.write(choice({ content: "x".repeat(10_000_000) }));
				if (index === faults.silentAfterChunks) await untilAborted(left.signal);
				while (index === faults.pauseAfterChunks && world.state.faults.model?.pauseAfterChunks !== undefined)
					await sleep(20, undefined, { signal: left.signal });
				await out.write(choice({ content: piece }));
				await sleep(faults.chunkMs ?? defaults.chunkMs, undefined, { signal: left.signal });
			}
			await out.write(choice({}, finishReason));
			await out.write(chunk({ choices: [], usage }));
			await out.write("data: [DONE]\n\n");
		} catch (error) {
			if (!left.signal.aborted) throw error;
		}
	});
}

/** Requests a search, as a model with tools does. */
function streamToolCall(c: Context<Env>, world: World, call: ModelCall, faults: ModelFaults, query: string): Response {
	const { head, usage } = answerOf(world, call, { chunks: 1 });
	const chunk = (fields: object) => `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields })}\n\n`;
	const form = faults.toolCall ?? "pieces";
	c.header("content-type", "text/event-stream; charset=utf-8");
	return stream(c, async (out) => {
		await sleep(faults.firstTokenMs ?? defaults.firstTokenMs);
		for (const delta of toolCallDeltas(form, query)) await out.write(chunk({ choices: [{ index: 0, delta, finish_reason: null }] }));
		const reason = form === "whole" ? "stop" : form === "function-call" ? "function_call" : "tool_calls";
		await out.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: reason }] }));
		await out.write(chunk({ choices: [], usage: { ...usage, completion_tokens: 12, total_tokens: usage.prompt_tokens + 12 } }));
		await out.write("data: [DONE]\n\n");
	});
}

async function wholeAnswer(c: Context<Env>, world: World, call: ModelCall, faults: ModelFaults): Promise<Response> {
	const { pieces, head, finishReason, usage } = answerOf(world, call, faults);
	const chunkMs = faults.chunkMs ?? defaults.chunkMs;
	const { signal } = c.req.raw;
	try {
		await sleep((faults.firstTokenMs ?? defaults.firstTokenMs) + chunkMs * pieces.length, undefined, { signal });
		if (faults.silentAfterChunks !== undefined) await untilAborted(signal);
	} catch (error) {
		if (!signal.aborted) throw error;
		call.aborted = true;
		await world.commit();
		return c.body(null);
	}
	if (faults.failAfterChunks !== undefined) cutConnection(c);
	const message = { role: "assistant", content: pieces.join("") };
	return c.json({
		...head,
		object: "chat.completion",
		choices: [{ index: 0, message, finish_reason: finishReason }],
		usage,
	});
}
