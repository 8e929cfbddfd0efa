import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { userOf } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/shares/")({
	server: {
		handlers: api({
			GET: async ({ request }) => {
				const user = await userOf(request);
				if (!user) refuse("not-signed-in", t("problem_sign_in_to_see_shares"));
				return Response.json({ shares: await env.SHARE_LIST.getByName(user.key).list() });
			},
		}),
	},
});
