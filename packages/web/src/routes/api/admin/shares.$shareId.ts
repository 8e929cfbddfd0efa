import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { isShareId } from "../../../lib/chat/share-id.ts";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertAdmin } from "../../../lib/identity/admin.ts";
import { logNote } from "../../../log.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/admin/shares/$shareId")({
	server: {
		handlers: api({
			DELETE: async ({ request, params: { shareId } }) => {
				await assertAdmin(request);
				if (!isShareId(shareId) || !(await env.SHARED_CHAT.getByName(shareId).takeDown()))
					return refuse("not-found", t("problem_no_share"));
				logNote(`the share ${shareId} was taken down`);
				return new Response(null, { status: 204 });
			},
		}),
	},
});
