import { createFileRoute } from "@tanstack/react-router";
import { deletionBody, deletionViewFor, keepAccount, keepOrganization, requestDeletion } from "../../../lib/deletion/request.ts";
import { api, readBody } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { leavingSession } from "../../../lib/identity/session.ts";
import { type User, userOf } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

const BODY_BYTES_MAX = 4 * 1024;

export const Route = createFileRoute("/api/account/deletion")({
	server: {
		handlers: api({
			/** What a deletion would remove. */
			GET: async ({ request }) => Response.json(await deletionViewFor(await signedIn(request), organizationIn(request))),
			/** Requests the deletion. */
			POST: async ({ request }) => {
				const user = await signedIn(request);
				return Response.json({ dueAt: await requestDeletion(request, user, await readBody(request, deletionBody, BODY_BYTES_MAX)) });
			},
			/** Withdraws the deletion. */
			DELETE: async ({ request }) => {
				if (await leavingSession(request)) await keepAccount(request);
				else await keepOrganization(await signedIn(request), organizationIn(request) ?? refuse("not-found", t("deletion_none")));
				return new Response(null, { status: 204 });
			},
		}),
	},
});

const organizationIn = (request: Request) => new URL(request.url).searchParams.get("organization") ?? undefined;

async function signedIn(request: Request): Promise<User> {
	return (await userOf(request)) ?? refuse("not-signed-in", t("problem_sign_in_first"));
}
