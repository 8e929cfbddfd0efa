import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { chatIdOf } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { identify } from "../../../../lib/identity/subject.ts";
import { parseVersion, pathResponse } from "../-path.ts";

export const Route = createFileRoute("/api/chat/$chatId/version")({
	server: {
		handlers: api({
			POST: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				const { turn, of, seen } = await parseVersion(request);
				const result = await env.CONVERSATION.getByName(chatId).showVersion(subject.key, turn, of, seen);
				return pathResponse(result, subject, (chat) => Response.json(chat));
			},
		}),
	},
});
