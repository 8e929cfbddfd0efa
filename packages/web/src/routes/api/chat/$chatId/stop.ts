import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { chatIdOf, noSuchChat } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { identify } from "../../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/chat/$chatId/stop")({
	server: {
		handlers: api({
			POST: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const { key } = await identify(request);
				return Response.json((await env.CONVERSATION.getByName(chatId).stop(key)) ?? noSuchChat());
			},
		}),
	},
});
