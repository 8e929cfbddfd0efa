import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { noSuchFolder, ownerOfFolders, parseFolderChange } from "../../../lib/chat/folders.ts";
import { api } from "../../../lib/http/api.ts";

export const Route = createFileRoute("/api/folders/$folderId")({
	server: {
		handlers: api({
			PATCH: async ({ request, params }) => {
				const { key } = await ownerOfFolders(request);
				const change = await parseFolderChange(request);
				const folder = await env.CHAT_LIST.getByName(key).changeFolder(key, params.folderId ?? "", change);
				return folder ? Response.json({ folder }) : noSuchFolder();
			},
			DELETE: async ({ request, params }) => {
				const { key } = await ownerOfFolders(request);
				const wasThere = await env.CHAT_LIST.getByName(key).removeFolder(key, params.folderId ?? "");
				return wasThere ? new Response(null, { status: 204 }) : noSuchFolder();
			},
		}),
	},
});
