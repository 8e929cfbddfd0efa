import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { ownDataOf } from "../../../lib/identity/own-data.ts";
import { userOf } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/account/")({
	server: {
		handlers: api({
			/** The account's data besides chats, usage and payments, for its export. */
			GET: async ({ request }) => {
				const user = await userOf(request);
				if (!user) refuse("not-signed-in", t("problem_sign_in_first"));
				return Response.json(await ownDataOf(user.userId, user.key));
			},
		}),
	},
});
