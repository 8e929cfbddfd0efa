import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { UI_MESSAGE_STREAM_HEADERS } from "ai";
import { movedOn, noSuchChat, parseChatRequest, tooManyReaders } from "../../../lib/chat/request.ts";
import { api } from "../../../lib/http/api.ts";
import { challengeResponse, limitResponse, notInPlanResponse, standingHeaders } from "../../../lib/http/limits.ts";
import { problemResponse, refuse } from "../../../lib/http/problem.ts";
import { userOfIssuer } from "../../../lib/identity/caller.ts";
import { assertStillGuest } from "../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../lib/identity/subject.ts";
import type { ChatRefusal } from "../../../objects/conversation-calls.ts";
import { t } from "../../../text/text.ts";
import type { Price } from "../../../view/chat.ts";

export const Route = createFileRoute("/api/chat/ai")({
	server: { handlers: api({ POST: ({ request }) => chat(request) }) },
});

/** Passes the request to the Conversation, which takes the hold, calls the model, and settles the hold when the answer ends. */
async function chat(request: Request): Promise<Response> {
	const asked = await parseChatRequest(request);
	const subject = (await userOfIssuer(request)) ?? (await identify(request));
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
			refuse("request-id-already-used", t("problem_request_id"));
			break;
		case "moved-on":
			return problemResponse("chat-has-moved-on", { detail: movedOn(), requestId: asked.requestId, chat: started.chat });
		default:
			return refuseChat(started.kind);
	}
}

const priceDetail = ({ units }: Price) => t("problem_price_now", { price: t("frame_requests", { count: units }) });

function refuseChat(why: ChatRefusal): never {
	switch (why) {
		case "busy":
			refuse("an-answer-is-being-written", t("problem_busy_chat"));
			break;
		case "gone":
			refuse("chat-deleted", t("problem_deleted"));
			break;
		case "no-such-message":
			refuse("message-not-found", t("problem_no_such_message"));
			break;
		case "no-such-file":
			refuse("file-not-found", t("problem_file_gone"));
			break;
		case "unreadable":
			refuse("not-readable-by-model", t("problem_no_images"));
			break;
		case "too-many-files":
			refuse("too-many-files", t("problem_files_of_plan"));
			break;
		case "too-long":
			refuse("message-too-long", t("problem_too_long_for_model"));
			break;
		case "too-many-readers":
			tooManyReaders();
			break;
		default:
			noSuchChat();
	}
}
