import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { Failure } from "@parley/metering";
import type { ModelEntry, Upstream } from "@parley/plans/models";
import type { LanguageModel, ModelMessage, ToolCallPart } from "ai";
import { aiBinding, secretOf } from "../../../config.ts";
import { logFailure } from "../../../log.ts";
import { demoModel } from "./demo.ts";
import { UpstreamFailure } from "./failure.ts";
import { addressOf, bodyOf, type CallTerms, headersOf } from "./request-body.ts";
import { rest, restsFor } from "./resting.ts";
import { SseReader } from "./sse.ts";
import { type Patience, tolerantFetch } from "./tolerant-fetch.ts";
import { type Usage, usageOf } from "./usage.ts";
import { sendTo } from "./workers-ai.ts";

/** Shorter than the wait for the first output: once a model has begun, a long silence means failure. */
const NEXT_MS = 60_000;

export interface AskedOfModel extends CallTerms {
	/** Null for the demo. */
	model: ModelEntry | null;
	messages: ModelMessage[];
	/** An API body passed to the upstream unchanged instead of `messages`. The demo reads `messages`. */
	passed?: Record<string, unknown> | undefined;
	/** Tools the model may call. Default: none, and calls are ignored. */
	tools?: readonly Tool[];
	/** The tool calls of this answer so far, with their results. */
	steps?: readonly Prompt[];
	signal: AbortSignal;
}

/** A tool definition as sent to a model. */
export type Tool = Omit<Extract<NonNullable<Parameters<SpecifiedModel["doStream"]>[0]["tools"]>[number], { type: "function" }>, "type">;

/** A tool call. It precedes the end of an answer. */
export interface CalledTool {
	id: string;
	name: string;
	/** JSON written by the model, possibly broken. */
	input: string;
	/** Data the provider requires back with the result. */
	providerOptions: ToolCallPart["providerOptions"];
	/** Whether the provider requires the reasoning back as well. */
	keepsReasoning: boolean;
}

/** A part of an answer, in order of arrival. `end` or `failed` is last, preceded by `usage` if the provider sent it. */
export type UpstreamPart =
	| { type: "text" | "reasoning"; delta: string }
	| { type: "call"; call: CalledTool }
	| ({ type: "usage" } & Usage)
	| { type: "end"; end: "complete" | "length" | "filtered" }
	/** `isRefused`: the request itself was refused, so a retry cannot succeed. */
	| { type: "failed"; failure: Failure; retryAfterS?: number; isRefused?: boolean };

/**
 * Tries a model's upstreams in order until one begins to answer; after that there is no fallback. An upstream that is resting after a `Retry-After`
 * is skipped. Failures are logged here and never thrown.
 * @throws the signal's reason when it aborts
 */
export async function* openAnswer(asked: AskedOfModel): AsyncGenerator<UpstreamPart, void> {
	const failures: UpstreamFailure[] = [];
	for (const upstream of asked.model?.upstreams ?? [null]) {
		let hasBegun = false;
		try {
			for await (const part of readModel(upstream, asked)) {
				hasBegun ||= part.type === "text" || part.type === "reasoning" || part.type === "call";
				yield part;
			}
			return;
		} catch (error) {
			if (asked.signal.aborted) throw asked.signal.reason;
			logFailure(`answer ${asked.requestId} failed`, error);
			const failure = failureIn(error) ?? new UpstreamFailure("failed", "an unknown failure", { elsewhere: false });
			if (upstream && failure.retryAfterS !== undefined) rest(upstream, failure.retryAfterS, Date.now());
			failures.push(failure);
			if (failure.failure === "filtered") return yield { type: "end", end: "filtered" };
			if (hasBegun) return yield { type: "failed", failure: failure.failure === "interrupted" ? "interrupted" : "failed" };
			if (!failure.elsewhere) break;
		}
	}
	yield told(failures);
}

/** Combines the failures of all upstreams: a busy one is worth a retry, at the earliest time that any of them named. */
function told(failures: readonly UpstreamFailure[]): UpstreamPart {
	const kinds = failures.map(({ failure }) => failure);
	const waits = failures.flatMap(({ retryAfterS }) => (retryAfterS === undefined ? [] : [retryAfterS]));
	if (kinds.includes("too-long")) return { type: "failed", failure: "too-long" };
	if (kinds.includes("busy")) return { type: "failed", failure: "busy", ...(waits.length > 0 && { retryAfterS: Math.min(...waits) }) };
	const isRefused = failures.some((one) => one.isRefused);
	return { type: "failed", failure: kinds.every((kind) => kind === "unavailable") ? "unavailable" : "failed", isRefused };
}

/** @throws {UpstreamFailure}, possibly wrapped by the SDK */
async function* readModel(upstream: Upstream | null, asked: AskedOfModel): AsyncGenerator<UpstreamPart, void> {
	const { messages, maxOutput, signal } = asked;
	const restS = upstream ? restsFor(upstream, Date.now()) : 0;
	if (restS > 0) throw new UpstreamFailure("busy", `${hostOf(upstream)} wants to be left alone`, { elsewhere: true, retryAfterS: restS });
	if (upstream && asked.passed) return yield* readPassed(upstream, asked, asked.passed);
	let keepsReasoning = false;
	const onKeptReasoning = () => {
		keepsReasoning = true;
	};
	const model = upstream ? modelOf(upstream, asked, onKeptReasoning) : demoModel(asked.effort);
	const tools = asked.tools?.map((tool) => ({ type: "function" as const, ...tool }));
	const terms = { maxOutputTokens: maxOutput, abortSignal: signal, ...(tools && { tools }) };
	const { stream } = await model.doStream({ prompt: [...messages.map(promptOf), ...(asked.steps ?? [])], ...terms });
	for await (const part of stream) {
		if (part.type === "text-delta") yield { type: "text", delta: part.delta };
		else if (part.type === "reasoning-delta") yield { type: "reasoning", delta: part.delta };
		else if (part.type === "tool-call") {
			const { toolCallId: id, toolName: name, input, providerMetadata: providerOptions } = part;
			yield { type: "call", call: { id, name, input, providerOptions, keepsReasoning } };
		} else if (part.type === "error") throw part.error;
		else if (part.type === "finish") {
			const { inputTokens, outputTokens } = part.usage;
			const { total: input, cacheRead: cached = 0 } = inputTokens;
			const { total: output, reasoning = 0 } = outputTokens;
			if (input !== undefined && output !== undefined) yield { type: "usage", input, cached, output, reasoning };
			const { unified } = part.finishReason;
			yield { type: "end", end: unified === "length" ? "length" : unified === "content-filter" ? "filtered" : "complete" };
		}
	}
}

/** The SDK model interface that this file calls. */
type SpecifiedModel = Extract<LanguageModel, { specificationVersion: "v4" }>;

function modelOf(upstream: Upstream, asked: AskedOfModel, onKeptReasoning: () => void): SpecifiedModel {
	const { baseUrl, headers, wire } = lineTo(upstream, asked);
	return createOpenAICompatible({
		name: "model",
		...addressOf(baseUrl),
		headers,
		includeUsage: true,
		fetch: tolerantFetch({ ...wire, onKeptReasoning }),
		transformRequestBody: (body) => bodyOf(body, baseUrl, asked),
	}).chatModel(upstream.model);
}

/** Sends a body unchanged except for model, output limit and answer format. @throws {UpstreamFailure} */
async function* readPassed(upstream: Upstream, asked: AskedOfModel, passed: Record<string, unknown>): AsyncGenerator<UpstreamPart, void> {
	const { baseUrl, headers, wire } = lineTo(upstream, asked);
	const { baseURL, queryParams } = addressOf(baseUrl);
	const body = bodyOf({ ...passed, model: upstream.model, stream: true, stream_options: { include_usage: true } }, baseUrl, asked);
	const response = await tolerantFetch({ ...wire, isPassed: true })(`${baseURL}/chat/completions${queryOf(queryParams)}`, {
		method: "POST",
		headers: { ...headers, "content-type": "application/json" },
		body: JSON.stringify(body),
		signal: asked.signal,
	});
	const events = new SseReader();
	for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? [])
		for (const { data } of events.read(text)) if (data !== "[DONE]") yield* partsOf(JSON.parse(data));
}

const queryOf = (params: Record<string, string>) => (Object.keys(params).length > 0 ? `?${new URLSearchParams(params)}` : "");

/** The parts in a chunk of `tolerantFetch`, which is always well-formed. */
function* partsOf(chunk: CleanChunk): Generator<UpstreamPart, void> {
	const { delta = {}, finish_reason: finish } = chunk.choices[0] ?? {};
	if (delta.reasoning_content) yield { type: "reasoning", delta: delta.reasoning_content };
	if (delta.content) yield { type: "text", delta: delta.content };
	for (const { id, function: called } of delta.tool_calls ?? [])
		yield { type: "call", call: { id, name: called.name, input: called.arguments, providerOptions: undefined, keepsReasoning: false } };
	const usage = usageOf({ usage: chunk.usage });
	if (usage) yield { type: "usage", ...usage };
	if (finish) yield { type: "end", end: finish === "length" ? "length" : finish === "content_filter" ? "filtered" : "complete" };
}

interface CleanChunk {
	choices: {
		delta?: {
			content?: string;
			reasoning_content?: string;
			tool_calls?: { id: string; function: { name: string; arguments: string } }[];
		};
		finish_reason?: string;
	}[];
	usage?: unknown;
}

/** The connection settings of an upstream. */
function lineTo(upstream: Upstream, asked: AskedOfModel) {
	const patience: Patience = { firstMs: (asked.model?.silenceSeconds ?? 0) * 1000, nextMs: NEXT_MS };
	// A placeholder host: a binding has no address.
	const baseUrl = upstream.kind === "workers-ai" ? "https://workers-ai.invalid/v1" : upstream.baseUrl;
	const apiKey = upstream.kind === "workers-ai" ? undefined : secretOf(upstream.apiKeyVariable);
	const send = upstream.kind === "workers-ai" ? sendTo(aiBinding(upstream.binding)) : (url: string, init: RequestInit) => fetch(url, init);
	const wire = { host: hostOf(upstream), model: upstream.model, patience, send };
	return { baseUrl, headers: headersOf(baseUrl, apiKey, asked), wire };
}

const hostOf = (upstream: Upstream | null) => (upstream?.kind === "openai-compatible" ? new URL(upstream.baseUrl).host : "Workers AI");

/** A message in the SDK's model format. */
export type Prompt = Parameters<SpecifiedModel["doStream"]>[0]["prompt"][number];

type UserPart = Extract<Prompt, { role: "user" }>["content"][number];

/** Converts a message for the SDK's models. Users send text and images, every other role text only. */
function promptOf({ role, content }: ModelMessage): Prompt {
	const parts: UserPart[] = [];
	for (const part of typeof content === "string" ? [{ type: "text" as const, text: content }] : content) {
		if (part.type === "text") parts.push({ type: "text", text: part.text });
		else if (part.type === "file" && part.data instanceof Uint8Array)
			parts.push({ type: "file", mediaType: part.mediaType, data: { type: "data", data: part.data } });
	}
	const texts = parts.filter((part) => part.type === "text");
	if (role === "system") return { role, content: texts.map(({ text }) => text).join("\n") };
	return role === "assistant" ? { role, content: texts } : { role: "user", content: parts };
}

/** The SDK may wrap errors thrown by its `fetch`. */
function failureIn(error: unknown): UpstreamFailure | null {
	for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof UpstreamFailure) return cause;
	return null;
}
