import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { fileResponse } from "../lib/chat/files/upload.ts";
import { noSuchFile } from "../lib/chat/request.ts";
import { isShareId } from "../lib/chat/share-id.ts";
import { api } from "../lib/http/api.ts";

export const Route = createFileRoute("/s/$shareId_/files/$fileId")({
	server: {
		handlers: api({
			GET: async ({ params: { shareId, fileId } }) => {
				if (!isShareId(shareId) || !fileId) return noSuchFile();
				const file = await env.SHARED_CHAT.getByName(shareId).file(fileId);
				const content = file && (file.bytes ?? (await env.FILES?.get(fileId))?.body);
				return content ? fileResponse(file, content as BodyInit) : noSuchFile();
			},
		}),
	},
});
