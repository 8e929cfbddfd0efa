import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { UI_MESSAGE_STREAM_HEADERS } from "ai";
import { MOVED_ON, noSuchChat, parseChatRequest, tooManyReaders } from "../../../lib/chat/request.ts";
import { api } from "../../../lib/http/api.ts";
import { challengeResponse, limitResponse, notInPlanResponse, standingHeaders } from "../../../lib/http/limits.ts";
import { problemResponse, refuse } from "../../../lib/http/problem.ts";
import { assertStillGuest } from "../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../lib/identity/subject.ts";
import type { ChatRefusal } from "../../../objects/conversation.ts";
import type { Price } from "../../../view/chat.ts";

export const Route = createFileRoute("/api/chat/ai")({
	server: { handlers: api({ POST: ({ request }) => chat(request) }) },
});

/** Asks the Conversation, which takes the request's hold, calls the model, and settles the hold when the answer ends. */
async function chat(request: Request): Promise<Response> {
	const asked = await parseChatRequest(request);
	const subject = await identify(request);
	const ask = { ...asked, subject, url: request.url, headers: [...request.headers] };
	const started = await env.CONVERSATION.getByName(asked.chatId).start(ask);
	if (started.kind !== "stream") await assertStillGuest(subject);
	switch (started.kind) {
		case "stream": {
			const headers = new Headers({ ...UI_MESSAGE_STREAM_HEADERS, ...standingHeaders(started.standing) });
			if (started.setCookie) headers.append("set-cookie", started.setCookie);
			return new Response(started.stream, { headers });
		}
		case "limit":
			return limitResponse(started.refusal, asked.requestId, started);
		case "price":
			return problemResponse("price-has-changed", { detail: priceDetail(started.price), requestId: asked.requestId, price: started.price });
		case "not-in-plan":
			return notInPlanResponse(asked.model, started.tier, asked.requestId);
		case "challenge":
			return challengeResponse("guest", asked.requestId);
		case "conflict":
			refuse("request-id-already-used", "This request id belongs to another request. Send a new one.");
			break;
		case "moved-on":
			return problemResponse("chat-has-moved-on", { detail: MOVED_ON, requestId: asked.requestId, chat: started.chat });
		default:
			return refuseChat(started.kind);
	}
}

const priceDetail = ({ units }: Price) =>
	`This message now costs ${units} ${units === 1 ? "request" : "requests"}. Nothing was sent or counted.`;

function refuseChat(why: ChatRefusal): never {
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
		case "no-such-file":
			refuse("file-not-found", "A file of this message is not there any more. Remove it, and attach it again.");
			break;
		case "unreadable":
			refuse(
				"not-readable-by-model",
				"This model cannot read images. Choose another model, or remove the image. Nothing was sent or counted.",
			);
			break;
		case "too-many-files":
			refuse("too-many-files", "This message has more files than your plan allows. Nothing was sent or counted.");
			break;
		case "too-long":
			refuse("message-too-long", "Your message and instructions are too long for this model. Shorten them, or choose another model.");
			break;
		case "too-many-readers":
			tooManyReaders();
			break;
		default:
			noSuchChat();
	}
}
