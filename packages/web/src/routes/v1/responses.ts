import { createFileRoute } from "@tanstack/react-router";
import { readApiBody } from "../../lib/chat/api/request.ts";
import { completionOf, responseBody } from "../../lib/chat/api/response-request.ts";
import { api } from "../../lib/http/api.ts";
import { refuse } from "../../lib/http/problem.ts";
import { callerOf } from "../../lib/identity/caller.ts";
import { t } from "../../text/text.ts";
import { type Called, callModel, eventStream, failureOf } from "./-call.ts";
import { ResponseWriter } from "./-response.ts";

export const Route = createFileRoute("/v1/responses")({
	server: { handlers: api({ POST: ({ request }) => respond(request) }) },
});

/** OpenAI's Responses API, limited to text. Each request must contain its whole input, because no response is stored. */
async function respond(request: Request): Promise<Response> {
	const subject = await callerOf(request, "chat");
	const body = await readApiBody(request, responseBody);
	const called = await callModel(request, subject, completionOf(body));
	if (called instanceof Response) return called;
	const writer = new ResponseWriter(called.requestId, body);
	if (body.stream) return eventStream(called, eventsOf(called, writer));
	return Response.json(await whole(called, writer), { headers: called.headers });
}

async function* eventsOf({ parts }: Called, writer: ResponseWriter): AsyncGenerator<string, void> {
	const lines = (events: ReturnType<ResponseWriter["begin"]>) =>
		events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
	yield lines(writer.begin());
	for await (const part of parts) yield lines(part.type === "done" ? writer.end(part, failureOf(part)).events : writer.take(part));
}

/** @throws {ProblemError} when the model failed */
async function whole({ parts }: Called, writer: ResponseWriter): Promise<object> {
	for await (const part of parts) {
		if (part.type !== "done") {
			writer.take(part);
			continue;
		}
		const failed = failureOf(part);
		if (failed) throw failed;
		return writer.end(part, null).response;
	}
	return refuse("model-failed", t("problem_model_failed"));
}
