import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { uploadTier } from "../../../../lib/chat/files/limits.ts";
import { chatIdOf } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { refuse } from "../../../../lib/http/problem.ts";
import { userOf } from "../../../../lib/identity/subject.ts";
import { t } from "../../../../text/text.ts";
import { readerNow } from "../../../../text/writing-for.ts";
import { parseShare, refusedPath } from "../-path.ts";

export const Route = createFileRoute("/api/chat/$chatId/share")({
	server: {
		handlers: api({
			POST: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const user = await userOf(request);
				// A public page needs an account that is responsible for it.
				if (!user) refuse("not-signed-in", t("problem_sign_in_to_share"));
				const { files = false, seen } = await parseShare(request);
				if (!user.emailVerified) refuse("email-not-verified", t("auth_confirm_first"));
				const tier = files ? await uploadTier(request, user) : "free";
				const result = await env.SHARE_LIST.getByName(user.key).share(user, tier, chatId, { files, seen, reader: readerNow() });
				switch (result.kind) {
					case "shared":
						return Response.json({ share: result.share }, { status: 201 });
					case "too-many-shares":
						return refuse("too-many-shares", tooMany()[result.of]);
					case "uploads-full":
						return refuse("upload-limit-reached", result.why, { "retry-after": String(result.retryAfterSeconds) });
					default:
						return refusedPath(result, user);
				}
			},
		}),
	},
});

const tooMany = () => ({
	all: t("share_50"),
	day: t("share_20_today"),
});
