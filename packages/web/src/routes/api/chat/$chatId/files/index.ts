import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { countUpload, fileLimit, uploadTier } from "../../../../../lib/chat/files/limits.ts";
import { parseUpload } from "../../../../../lib/chat/files/upload.ts";
import { chatIdOf, noSuchChat } from "../../../../../lib/chat/request.ts";
import { api } from "../../../../../lib/http/api.ts";
import { assertStillGuest } from "../../../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/chat/$chatId/files/")({
	server: { handlers: api({ POST: ({ request, params }) => upload(request, chatIdOf(params)) }) },
});

/** Stores a file for a future message. Holds nothing; only its bytes are counted. */
async function upload(request: Request, chatId: string): Promise<Response> {
	const subject = await identify(request);
	const tier = await uploadTier(request, subject);
	const file = await parseUpload(request, fileLimit(tier));
	const giveBack = await countUpload(subject, tier, file.bytes.byteLength);
	const part = await env.CONVERSATION.getByName(chatId).addFile(subject.key, chatId, file);
	if (!part) {
		await giveBack();
		await assertStillGuest(subject);
		noSuchChat();
	}
	const headers = new Headers(subject.setCookie === null ? {} : { "set-cookie": subject.setCookie });
	return Response.json(part, { status: 201, headers });
}
