import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { fileResponse } from "../../../../../lib/chat/files/upload.ts";
import { fileIdsOf, noSuchFile } from "../../../../../lib/chat/request.ts";
import { api } from "../../../../../lib/http/api.ts";
import { assertStillGuest } from "../../../../../lib/identity/guest-to-account.ts";
import { identify, type Subject } from "../../../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/chat/$chatId/files/$fileId")({
	server: {
		handlers: api({
			GET: async ({ request, params }) => {
				const { chatId, fileId } = fileIdsOf(params);
				const subject = await identify(request);
				const file = await env.CONVERSATION.getByName(chatId).file(subject.key, fileId);
				if (!file) return notFound(subject);
				const content = file.bytes ?? (await env.FILES?.get(fileId))?.body;
				return content ? fileResponse(file, content as BodyInit) : notFound(subject);
			},
			DELETE: async ({ request, params }) => {
				const { chatId, fileId } = fileIdsOf(params);
				const subject = await identify(request);
				const isRemoved = await env.CONVERSATION.getByName(chatId).removeFile(subject.key, fileId);
				return isRemoved ? new Response(null, { status: 204 }) : notFound(subject);
			},
		}),
	},
});

async function notFound(subject: Subject): Promise<never> {
	await assertStillGuest(subject);
	return noSuchFile();
}
