import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { UI_MESSAGE_STREAM_HEADERS } from "ai";
import { checkUsageAllowed, releaseUsage } from "../../../lib/billing.ts";
import { noSuchChat, parseChatRequest } from "../../../lib/chat/request.ts";
import { api } from "../../../lib/http/api.ts";
import { challengeResponse, limitResponse, standingHeaders } from "../../../lib/http/limits.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertStillGuest } from "../../../lib/identity/guest-to-account.ts";
import { identify, type Subject } from "../../../lib/identity/subject.ts";
import type { Admission } from "../../../objects/conversation.ts";

export const Route = createFileRoute("/api/chat/ai")({
	server: { handlers: api({ POST: ({ request }) => chat(request) }) },
});

/** Holds the request's units, then starts the answer. The Conversation settles the hold when the answer ends. */
async function chat(request: Request): Promise<Response> {
	const { chatId, model, prompt, requestId, fingerprint } = await parseChatRequest(request);
	const subject = await identify(request);
	const conversation = env.CONVERSATION.getByName(chatId);
	const admission = await conversation.checkAdmission(subject.key, requestId, prompt);
	if (admission !== "ok") return refuseAdmission(subject, admission);

	const usage = await checkUsageAllowed(request, { subject, requestId, fingerprint, chatId, units: model.units });
	if (!usage.allowed) {
		await assertStillGuest(subject);
		if (usage.reason === "limit") return limitResponse(usage.refusal, requestId);
		if (usage.reason === "challenge") return challengeResponse("guest", requestId);
		refuse("request-id-already-used", "This request id belongs to another request. Send a new one.");
	}
	const started = await conversation.start({ chatId, owner: subject.key, hold: usage.hold, model: model.id, turn: prompt });
	if (started.kind !== "stream") {
		await releaseUsage(usage.newlyHeld, "refused");
		return refuseAdmission(subject, started.kind);
	}
	const headers = new Headers({ ...UI_MESSAGE_STREAM_HEADERS, ...standingHeaders(usage.standing) });
	if (usage.setCookie) headers.append("set-cookie", usage.setCookie);
	return new Response(started.stream, { headers });
}

async function refuseAdmission(subject: Subject, why: Exclude<Admission, "ok">): Promise<never> {
	await assertStillGuest(subject);
	switch (why) {
		case "busy":
			refuse("an-answer-is-being-written", "This chat is still answering. Wait for the end, or stop it.");
			break;
		case "gone":
			refuse("chat-deleted", "This chat or answer was deleted.");
			break;
		case "no-such-message":
			refuse("message-not-found", "There is no such message in this chat.");
			break;
		default:
			noSuchChat();
	}
}
