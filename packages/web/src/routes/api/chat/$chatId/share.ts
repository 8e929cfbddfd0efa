import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { uploadTier } from "../../../../lib/chat/files/limits.ts";
import { chatIdOf } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { refuse } from "../../../../lib/http/problem.ts";
import { userOf } from "../../../../lib/identity/subject.ts";
import { parseShare, refusedPath } from "../-path.ts";

export const Route = createFileRoute("/api/chat/$chatId/share")({
	server: {
		handlers: api({
			POST: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const user = await userOf(request);
				// A page for everyone has someone who answers for it.
				if (!user) refuse("not-signed-in", "Sign in to share a chat.");
				const { files = false, seen } = await parseShare(request);
				if (!user.emailVerified) refuse("email-not-verified", "Confirm your email address first: we have sent you a link.");
				const tier = files ? await uploadTier(request, user) : "free";
				const result = await env.SHARE_LIST.getByName(user.key).share(user, tier, chatId, { files, seen });
				switch (result.kind) {
					case "shared":
						return Response.json({ share: result.share }, { status: 201 });
					case "too-many-shares":
						return refuse("too-many-shares", TOO_MANY[result.of]);
					case "uploads-full":
						return refuse("upload-limit-reached", result.why, { "retry-after": String(result.retryAfterSeconds) });
					default:
						return refusedPath(result, user);
				}
			},
		}),
	},
});

const TOO_MANY = {
	all: "You share 50 chats. Stop sharing one of them first.",
	day: "You’ve shared 20 chats today. Try again tomorrow.",
};
