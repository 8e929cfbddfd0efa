import { env } from "cloudflare:workers";
import { askOf, type CompletionBody } from "../../lib/chat/api/request.ts";
import { challengeResponse, limitResponse, notInPlanResponse, standingHeaders } from "../../lib/http/limits.ts";
import { ProblemError, problemResponse, refuse } from "../../lib/http/problem.ts";
import type { User } from "../../lib/identity/subject.ts";
import { now } from "../../lib/time/clock.ts";
import { logFailure } from "../../log.ts";
import { type CallPart, callName, NOTHING_USED } from "../../objects/api-call.ts";
import { t } from "../../text/text.ts";

type Done = Extract<CallPart, { type: "done" }>;
export type Called = { requestId: string; headers: Headers; parts: AsyncGenerator<CallPart, void>; cancel: () => Promise<void> };

/** Places the hold and calls the model. A refusal is returned as a response. */
export async function callModel(request: Request, subject: User, body: CompletionBody): Promise<Called | Response> {
	const ask = askOf(request, subject, body);
	const answer = await env.API_CALL.getByName(callName(ask.requestId)).call(ask);
	if (answer.kind === "answered")
		return problemResponse("answer-not-kept", { detail: t("problem_answer_not_kept"), requestId: ask.requestId }, FINAL);
	if (answer.kind === "refused") {
		const { check } = answer;
		if (check.reason === "limit") return limitResponse(check.refusal, ask.requestId);
		if (check.reason === "not-in-plan") return notInPlanResponse(ask.model, check.tier, ask.requestId);
		if (check.reason === "challenge") return challengeResponse("guest", ask.requestId);
		return problemResponse("request-id-already-used", { detail: t("problem_request_id"), requestId: ask.requestId }, FINAL);
	}
	const { limit, remaining, window } = answer.standing;
	const headers = new Headers({
		...standingHeaders(answer.standing),
		...xRateLimit(limit, remaining, window.endMs),
		"x-request-id": ask.requestId,
	});
	const reader = answer.stream.getReader();
	return { requestId: ask.requestId, headers, parts: partsOf(reader), cancel: () => reader.cancel() };
}

/** OpenAI's client retries a 409 unless told not to. */
const FINAL = { "x-should-retry": "false" };

/** The limit in OpenAI's headers: requests, and seconds until they reset. */
export function xRateLimit(limit: number, remaining: number, resetAtMs: number | null): Record<string, string> {
	const reset: Record<string, string> =
		resetAtMs === null ? {} : { "x-ratelimit-reset-requests": `${Math.max(1, Math.ceil((resetAtMs - now()) / 1000))}s` };
	return { "x-ratelimit-limit-requests": String(limit), "x-ratelimit-remaining-requests": String(remaining), ...reset };
}

/** The parts of an answer. They end with `done` even if the call's object dies, whose alarm then releases the hold. */
async function* partsOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<CallPart, void> {
	const decoder = new TextDecoder();
	let rest = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) {
				const part: CallPart = JSON.parse(line);
				yield part;
				if (part.type === "done") return;
			}
		}
	} catch (error) {
		logFailure("the object of a call was lost", error);
	}
	yield { type: "done", end: "interrupted", counted: false, usage: NOTHING_USED };
}

/** The problem of a failed answer; null if it did not fail. */
export function failureOf({ end, failure, retryAfterS, isRefused }: Done): ProblemError | null {
	if (end !== "failed" && end !== "interrupted") return null;
	if (failure === "too-long") return new ProblemError("message-too-long", t("problem_too_long_for_model"), {});
	if (isRefused) return new ProblemError("refused-by-model", t("problem_refused_by_model"), {});
	const wait = { "retry-after": String(retryAfterS ?? 5) };
	return failure === "busy"
		? new ProblemError("model-busy", t("problem_model_busy"), wait)
		: new ProblemError("model-failed", t("problem_model_failed"), {});
}

/** The usage of an answer, in OpenAI's format. */
export const usageOf = ({ usage: { input, cached, output, reasoning } }: Done) => ({
	prompt_tokens: input,
	completion_tokens: output,
	total_tokens: input + output,
	prompt_tokens_details: { cached_tokens: cached },
	completion_tokens_details: { reasoning_tokens: reasoning },
});

/** Server-sent events. A client that disconnects cancels the call. */
export function eventStream({ headers, cancel }: Called, events: AsyncGenerator<string, void>): Response {
	const encoder = new TextEncoder();
	const stream = new ReadableStream({
		async pull(controller) {
			const { done, value } = await events.next();
			if (done) controller.close();
			else controller.enqueue(encoder.encode(value));
		},
		cancel,
	});
	headers.set("content-type", "text/event-stream; charset=utf-8");
	return new Response(stream, { headers });
}

/** Reads a whole answer. @throws {ProblemError} when the model failed */
export async function whole({ parts }: Called) {
	let [content, reasoning] = ["", ""];
	const calls: Extract<CallPart, { type: "call" }>["call"][] = [];
	for await (const part of parts) {
		if (part.type === "text") content += part.delta;
		else if (part.type === "reasoning") reasoning += part.delta;
		else if (part.type === "call") calls.push(part.call);
		else {
			const failed = failureOf(part);
			if (failed) throw failed;
			return { content, reasoning, calls, done: part };
		}
	}
	return refuse("model-failed", t("problem_model_failed"));
}
