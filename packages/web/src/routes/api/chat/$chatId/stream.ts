import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { UI_MESSAGE_STREAM_HEADERS } from "ai";
import { chatIdOf, noSuchChat, tooManyReaders } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { assertStillGuest } from "../../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/chat/$chatId/stream")({
	server: {
		handlers: api({
			GET: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				const { found, full, stream } = await env.CONVERSATION.getByName(chatId).stream(subject.key);
				if (!found) {
					await assertStillGuest(subject);
					noSuchChat();
				}
				if (full) tooManyReaders();
				return stream ? new Response(stream, { headers: UI_MESSAGE_STREAM_HEADERS }) : new Response(null, { status: 204 });
			},
		}),
	},
});
