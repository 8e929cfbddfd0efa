import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { chatIdOf, noSuchChat } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { assertStillGuest } from "../../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/chat/$chatId/")({
	server: {
		handlers: api({
			DELETE: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				if (await env.CONVERSATION.getByName(chatId).delete(subject.key)) return new Response(null, { status: 204 });
				await assertStillGuest(subject);
				return noSuchChat();
			},
		}),
	},
});
