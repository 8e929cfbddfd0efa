import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../lib/http/api.ts";
import { refuse } from "../../lib/http/problem.ts";
import { parseOwnInstructions, saveOwnInstructions } from "../../lib/identity/own-instructions.ts";
import { userOf } from "../../lib/identity/subject.ts";
import { t } from "../../text/text.ts";

export const Route = createFileRoute("/api/instructions")({
	server: {
		handlers: api({
			POST: async ({ request }) => {
				const user = await userOf(request);
				if (!user) refuse("not-signed-in", t("problem_sign_in_for_instructions"));
				const own = await parseOwnInstructions(request);
				await saveOwnInstructions(user.userId, own);
				return Response.json(own);
			},
		}),
	},
});
