import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { api, readBody } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertStillGuest } from "../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../lib/identity/subject.ts";
import { t } from "../../../text/text.ts";

const BODY_BYTES_MAX = 1024;
const AFTER_CHARS_MAX = 128;

const change = z.strictObject({ deleted: z.boolean() });

export const Route = createFileRoute("/api/chats/")({
	server: {
		handlers: api({
			GET: async ({ request }) => {
				const { searchParams } = new URL(request.url);
				const [folder, after] = [searchParams.get("folder"), searchParams.get("after")];
				if (after !== null && after.length > AFTER_CHARS_MAX) refuse("invalid-request", t("problem_after"));
				const subject = await identify(request);
				await assertStillGuest(subject);
				const list = env.CHAT_LIST.getByName(subject.key);
				if (folder !== null) return Response.json(await list.inFolder(folder, after));
				return Response.json(await (searchParams.has("archived") ? list.archived(after) : list.inOrder(after)));
			},
			PATCH: async ({ request }) => {
				const subject = await identify(request);
				const marks = await readBody(request, change, BODY_BYTES_MAX);
				await assertStillGuest(subject);
				await env.CHAT_LIST.getByName(subject.key).markAll(subject.key, marks);
				return Response.json(marks);
			},
		}),
	},
});
