import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { apiKeysOf, createApiKey } from "../../../lib/identity/api-keys.ts";
import { tellOfChange } from "../../../lib/identity/email/way-in-mail.ts";
import { assertRecentProof } from "../../../lib/identity/recent-proof.ts";
import { userOf } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/keys/")({
	server: {
		handlers: api({
			GET: async ({ request }) => Response.json({ keys: await apiKeysOf((await owner(request)).userId) }),
			POST: async ({ request }) => {
				const user = await owner(request);
				await assertRecentProof(request);
				const made = await createApiKey(request, user);
				tellOfChange(request, { kind: "api-key-made", user: { id: user.userId, email: user.email, emailVerified: user.emailVerified } });
				return Response.json(made, { status: 201 });
			},
		}),
	},
});

const owner = async (request: Request) => (await userOf(request)) ?? refuse("not-signed-in", t("problem_sign_in_for_keys"));
