import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { ID } from "../../../input.ts";
import { api, readBody } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertStillGuest } from "../../../lib/identity/guest-to-account.ts";
import { identify } from "../../../lib/identity/subject.ts";

const BODY_BYTES_MAX = 1024;

const change = z.strictObject({ deleted: z.boolean() });

export const Route = createFileRoute("/api/chats/")({
	server: {
		handlers: api({
			GET: async ({ request }) => {
				const after = new URL(request.url).searchParams.get("after");
				if (after !== null && !ID.test(after)) refuse("invalid-request", "after: the id of a chat.");
				const subject = await identify(request);
				await assertStillGuest(subject);
				return Response.json(await env.CHAT_LIST.getByName(subject.key).inOrder(after));
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
