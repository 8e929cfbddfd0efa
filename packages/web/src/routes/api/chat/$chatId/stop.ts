import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { chatIdOf, noSuchChat } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { assertStillGuest } from "../../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/chat/$chatId/stop")({
	server: {
		handlers: api({
			POST: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				const stopped = await env.CONVERSATION.getByName(chatId).stop(subject.key);
				if (stopped) return Response.json(stopped);
				await assertStillGuest(subject);
				return noSuchChat();
			},
		}),
	},
});
