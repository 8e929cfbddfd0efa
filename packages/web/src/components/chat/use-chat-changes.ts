import { useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatMarks, ChatSummary } from "../../view/chat.ts";
import { changeChat } from "../requests.ts";

export type ChatChange = ChatMarks & { title?: string };

/** What the viewer has changed about chats on this page. The list shows it at once, over what was loaded. */
export function useChatChanges() {
	const [changes, setChanges] = useState<ReadonlyMap<string, ChatChange>>(new Map());

	const note = (chatId: string, change: ChatChange) =>
		setChanges((before) => new Map(before).set(chatId, { ...before.get(chatId), ...change }));

	/** @returns a sentence when that failed, and the list is as it was */
	async function change(chatId: string, to: ChatChange): Promise<string | undefined> {
		const before = changes.get(chatId) ?? {};
		note(chatId, to);
		try {
			await changeChat(chatId, to);
		} catch (error) {
			setChanges((now) => new Map(now).set(chatId, before));
			return error instanceof Error ? error.message : t("chat_not_done_try");
		}
	}

	return {
		change,
		/** A chat as it is now; none for one that has left the list. */
		apply: (chat: ChatSummary) => changed(chat, changes.get(chat.id)),
		titleOf: ({ id, title }: { id: string; title: string }) => changes.get(id)?.title ?? title,
		/** A chat that is used again is no longer archived. */
		used: (chatId: string) => {
			if (changes.get(chatId)?.archived) note(chatId, { archived: false });
		},
	};
}

function changed(chat: ChatSummary, change: ChatChange | undefined): ChatSummary[] {
	if (!change) return [chat];
	// A pinned chat stays where it is.
	if (change.deleted || change.archived || (change.folder && !chat.pinned)) return [];
	const { pinned, ...rest } = chat;
	return [{ ...rest, ...((change.pinned ?? pinned) && { pinned: true }), ...(change.title && { title: change.title }) }];
}
