import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { attached } from "../../../../lib/chat/files/upload.ts";
import { chatIdOf, noSuchChat } from "../../../../lib/chat/request.ts";
import { api } from "../../../../lib/http/api.ts";
import { refuse } from "../../../../lib/http/problem.ts";
import { assertStillGuest } from "../../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../../lib/identity/subject.ts";
import { t } from "../../../../text/text.ts";
import { readerNow } from "../../../../text/writing-for.ts";

const FORMATS = {
	json: { type: "application/json", ending: "json" },
	markdown: { type: "text/markdown; charset=utf-8", ending: "md" },
} as const;

export const Route = createFileRoute("/api/chat/$chatId/export")({
	server: {
		handlers: api({
			GET: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				const format = formatOf(request);
				const exported = await env.CONVERSATION.getByName(chatId).export(subject.key, format, readerNow());
				if (!exported) {
					await assertStillGuest(subject);
					return noSuchChat();
				}
				const { type, ending } = FORMATS[format];
				const headers = { "content-type": type, "content-disposition": attached(`${exported.title || "chat"}.${ending}`) };
				return new Response(exported.stream, { headers });
			},
		}),
	},
});

function formatOf(request: Request): keyof typeof FORMATS {
	const format = new URL(request.url).searchParams.get("format") ?? "json";
	return format === "json" || format === "markdown" ? format : refuse("invalid-request", t("problem_format"));
}
