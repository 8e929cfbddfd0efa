import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { chatIdOf, noSuchChat, parseInstructions } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { assertStillGuest } from "../../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/chat/$chatId/instructions")({
	server: {
		handlers: api({
			POST: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				const instructions = await parseInstructions(request);
				if (await env.CONVERSATION.getByName(chatId).instruct(subject.key, instructions)) return Response.json({ instructions });
				await assertStillGuest(subject);
				return noSuchChat();
			},
		}),
	},
});
