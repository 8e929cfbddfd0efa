import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { uploadTier } from "../../../../lib/chat/files/limits.ts";
import { chatIdOf } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { identify } from "../../../../lib/identity/subject.ts";
import { readerNow } from "../../../../text/writing-for.ts";
import { parseBranch, pathResponse } from "../-path.ts";

export const Route = createFileRoute("/api/chat/$chatId/branch")({
	server: {
		handlers: api({
			POST: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				const { messageId, id, seen } = await parseBranch(request);
				const tier = await uploadTier(request, subject);
				const result = await env.CONVERSATION.getByName(chatId).branch(subject, tier, messageId, id, { seen, reader: readerNow() });
				return pathResponse(result, subject, () => Response.json({ id }, { status: 201 }));
			},
		}),
	},
});
