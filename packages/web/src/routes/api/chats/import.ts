import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { ID } from "../../../input.ts";
import { importedId, parseImport } from "../../../lib/chat/import.ts";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { userOf } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

const DAY_S = 86_400;
/** How often a deleted chat can be imported again while its deleted copies still keep their requests. */
const ATTEMPTS_MAX = 10;

export const Route = createFileRoute("/api/chats/import")({
	server: {
		handlers: api({
			POST: async ({ request }) => {
				const user = await userOf(request);
				// A guest's chats expire with the guest, and new guests are free, so imports would be free storage for anyone.
				if (!user) refuse("not-signed-in", t("problem_import_sign_in"));
				const chat = await parseImport(request);
				const list = env.CHAT_LIST.getByName(user.key);
				// Exported here, and still here.
				const { sourceId } = chat;
				if (sourceId && ID.test(sourceId) && (await list.keeps(sourceId))) return Response.json({ id: sourceId });
				for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
					const id = importedId(user.key, chat, attempt);
					const result = await env.CONVERSATION.getByName(id).import(user.key, id, chat);
					if (result === "full") refuseFull();
					if (result === "there") await list.keeps(id);
					if (result !== "deleted") return Response.json({ id }, { status: result === "new" ? 201 : 200 });
				}
				return refuse("invalid-request", t("problem_import_deleted"));
			},
		}),
	},
});

function refuseFull(): never {
	const retryAfter = DAY_S - (Math.floor(Date.now() / 1000) % DAY_S);
	refuse("import-limit-reached", t("problem_import_day"), {
		"retry-after": String(retryAfter),
	});
}
