import { createFileRoute } from "@tanstack/react-router";
import { completionBody, readApiBody } from "../../../lib/chat/api/request.ts";
import { api } from "../../../lib/http/api.ts";
import { errorOf } from "../../../lib/http/open-ai.ts";
import { callerOf } from "../../../lib/identity/caller.ts";
import type { CallPart } from "../../../objects/api-call.ts";
import { type Called, callModel, eventStream, failureOf, usageOf, whole } from "../-call.ts";

export const Route = createFileRoute("/v1/chat/completions")({
	server: { handlers: api({ POST: ({ request }) => complete(request) }) },
});

async function complete(request: Request): Promise<Response> {
	const subject = await callerOf(request, "chat");
	const body = await readApiBody(request, completionBody);
	const called = await callModel(request, subject, body);
	if (called instanceof Response) return called;
	if (body.stream) return eventStream(called, chunksOf(called, body.model, body.stream_options?.include_usage === true));
	const { content, reasoning, calls, done } = await whole(called);
	const message = {
		role: "assistant",
		content: content === "" && calls.length > 0 ? null : content,
		refusal: null,
		...(reasoning && { reasoning_content: reasoning }),
		...(calls.length > 0 && { tool_calls: calls.map(toolCallOf) }),
	};
	const choice = { index: 0, message, logprobs: null, finish_reason: finishOf(done.end, calls.length) };
	const json = { ...headOf(called, body.model), object: "chat.completion", choices: [choice], usage: usageOf(done) };
	return Response.json(json, { headers: called.headers });
}

const headOf = ({ requestId }: Called, model: string) => ({ id: `chatcmpl-${requestId}`, created: Math.floor(Date.now() / 1000), model });

const toolCallOf = ({ id, name, input }: Extract<CallPart, { type: "call" }>["call"]) => ({
	id,
	type: "function",
	function: { name, arguments: input },
});

function finishOf(end: string, calls: number): string {
	if (end === "length") return "length";
	return end === "filtered" ? "content_filter" : calls > 0 ? "tool_calls" : "stop";
}

async function* chunksOf(called: Called, model: string, withUsage: boolean): AsyncGenerator<string, void> {
	const head = { ...headOf(called, model), object: "chat.completion.chunk" };
	const event = (fields: object) => `data: ${JSON.stringify({ ...head, ...fields })}\n\n`;
	const delta = (value: object, finish: string | null = null) =>
		event({ choices: [{ index: 0, delta: value, logprobs: null, finish_reason: finish }] });
	yield delta({ role: "assistant", content: "" });
	let calls = 0;
	for await (const part of called.parts) {
		if (part.type === "text") yield delta({ content: part.delta });
		else if (part.type === "reasoning") yield delta({ reasoning_content: part.delta });
		else if (part.type === "call") {
			yield delta({ tool_calls: [{ index: calls, ...toolCallOf(part.call) }] });
			calls += 1;
		} else {
			const failed = failureOf(part);
			if (failed) return yield `data: ${JSON.stringify(errorOf(failed.status, failed.code, failed.detail))}\n\n`;
			yield delta({}, finishOf(part.end, calls));
			if (withUsage) yield event({ choices: [], usage: usageOf(part) });
			yield "data: [DONE]\n\n";
		}
	}
}
