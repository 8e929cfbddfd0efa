import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { revokeApiKey } from "../../../lib/identity/api-keys.ts";
import { assertRecentProof } from "../../../lib/identity/recent-proof.ts";
import { userOf } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/keys/$keyId")({
	server: {
		handlers: api({
			DELETE: async ({ request, params }) => {
				const user = (await userOf(request)) ?? refuse("not-signed-in", t("problem_sign_in_for_keys"));
				await assertRecentProof(request);
				if (!(await revokeApiKey(user.userId, params.keyId ?? ""))) refuse("not-found", t("problem_nothing_here"));
				return new Response(null, { status: 204 });
			},
		}),
	},
});
