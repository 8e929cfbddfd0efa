import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { userOf } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/shares/$shareId")({
	server: {
		handlers: api({
			DELETE: async ({ request, params }) => {
				const user = await userOf(request);
				if (!user) refuse("not-signed-in", t("problem_sign_in_to_stop"));
				const isEnded = await env.SHARE_LIST.getByName(user.key).revoke(params.shareId ?? "");
				return isEnded ? new Response(null, { status: 204 }) : refuse("not-found", t("problem_not_shared"));
			},
		}),
	},
});
