import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { ownerOfFolders, parseFolder } from "../../../lib/chat/folders.ts";
import { api } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/folders/")({
	server: {
		handlers: api({
			GET: async ({ request }) => {
				const { key } = await ownerOfFolders(request);
				return Response.json({ folders: await env.CHAT_LIST.getByName(key).folders() });
			},
			POST: async ({ request }) => {
				const { key } = await ownerOfFolders(request);
				const folder = await parseFolder(request);
				if (await env.CHAT_LIST.getByName(key).addFolder(key, folder)) return Response.json({ folder }, { status: 201 });
				return refuse("too-many-folders", t("problem_folders_max"));
			},
		}),
	},
});
