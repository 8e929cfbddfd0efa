import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { chatIdOf, noSuchChat, parseStop } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { assertStillGuest } from "../../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/chat/$chatId/stop")({
	server: {
		handlers: api({
			POST: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const requestId = await parseStop(request);
				const subject = await identify(request);
				const stop = await env.CONVERSATION.getByName(chatId).stop(subject.key, requestId);
				if (stop === null || stop === "early") await assertStillGuest(subject);
				if (stop === null) noSuchChat();
				return Response.json({ stopped: stop === "early" || stop });
			},
		}),
	},
});
