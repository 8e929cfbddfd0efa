import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { ID, TITLE_CHARS_MAX } from "../../../../input.ts";
import { noSuchFolder, ownerOfFolders } from "../../../../lib/chat/folders.ts";
import { chatIdOf, noSuchChat } from "../../../../lib/chat/request.ts";
import { api, readBody } from "../../../../lib/http/api.ts";
import { assertStillGuest } from "../../../../lib/identity/guest-to-account.ts";
import { identify, type Subject } from "../../../../lib/identity/subject.ts";
import { t } from "../../../../text/text.ts";
import type { ChatMarks } from "../../../../view/chat.ts";

const BODY_BYTES_MAX = 1024;

const title = z
	.string()
	.transform((text) => text.toWellFormed().replaceAll(/\s+/g, " ").trim())
	.pipe(z.string().min(1).max(TITLE_CHARS_MAX));
const flag = z.boolean().optional();
const change = z
	.strictObject({
		title: title.optional(),
		pinned: flag,
		archived: flag,
		deleted: flag,
		folder: z.string().regex(ID).nullable().optional(),
	})
	.refine((body) => Object.keys(body).length > 0, { error: () => t("problem_name_change") });

export const Route = createFileRoute("/api/chat/$chatId/")({
	server: {
		handlers: api({
			PATCH: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				const { title: name, ...marks } = await readBody(request, change, BODY_BYTES_MAX);
				const isNamed = name === undefined || (await env.CONVERSATION.getByName(chatId).rename(subject.key, name));
				if (marks.folder) await assertFolder(request, marks.folder);
				const hasMarks = Object.keys(marks).length > 0;
				const isDone = isNamed && (!hasMarks || (await mark(subject.key, chatId, marks)));
				return isDone ? Response.json({ ...(name !== undefined && { title: name }), ...marks }) : notThere(subject);
			},
			DELETE: async ({ request, params }) => {
				const chatId = chatIdOf(params);
				const subject = await identify(request);
				const isGone = await env.CONVERSATION.getByName(chatId).delete(subject.key);
				return isGone ? new Response(null, { status: 204 }) : notThere(subject);
			},
		}),
	},
});

/** @throws {ProblemError} 401 for a guest, 404 for a folder that is not the viewer's */
async function assertFolder(request: Request, id: string): Promise<void> {
	const { key } = await ownerOfFolders(request);
	const folders = await env.CHAT_LIST.getByName(key).folders();
	if (!folders.some((folder) => folder.id === id)) noSuchFolder();
}

/** Marks a listed chat. A chat whose first answer is in progress may not be listed yet. */
async function mark(owner: string, chatId: string, marks: ChatMarks): Promise<boolean> {
	const list = env.CHAT_LIST.getByName(owner);
	if (await list.mark(owner, chatId, marks)) return true;
	return (await env.CONVERSATION.getByName(chatId).enlist(owner)) && (await list.mark(owner, chatId, marks));
}

async function notThere(subject: Subject): Promise<Response> {
	await assertStillGuest(subject);
	return noSuchChat();
}
