import { useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatSummary } from "../../view/chat.ts";
import { changeChat } from "../requests.ts";
import { answered, begun, type ChatChange, changeOf, changing, type LoadedShell, listed, NO_CHANGES } from "./chat-changes.ts";

/** The chats of the list, with what the viewer has done to them on this page. */
export function useChatChanges(shell: LoadedShell) {
	const [changes, setChanges] = useState(NO_CHANGES);
	const [titles, setTitles] = useState<ReadonlyMap<string, string>>(new Map());
	const of = (chatId: string) => changeOf(changes, shell, chatId);

	/** @returns a sentence when that failed, and the list is as it was */
	async function change(chatId: string, to: ChatChange): Promise<string | undefined> {
		const before = of(chatId);
		setChanges((now) => changing(now, shell, chatId, to));
		try {
			await changeChat(chatId, to);
			setChanges((now) => answered(now, chatId, Date.now()));
			if (to.title) setTitles((now) => new Map(now).set(chatId, to.title as string));
		} catch (error) {
			setChanges((now) => answered(now, chatId, Date.now(), before));
			return error instanceof Error ? error.message : t("chat_not_done_try");
		}
	}

	return {
		change,
		/** `older`: the chats that were loaded after the shell. */
		listed: (older: readonly ChatSummary[]) => listed(changes, shell, older),
		/** The title of a chat that was loaded with `title`. */
		titleOf: ({ id, title }: { id: string; title: string }) => of(id).title ?? titles.get(id) ?? title,
		begin: (chat: ChatSummary) => setChanges((now) => begun(now, shell, chat)),
		/** Every chat is being deleted. */
		clear: () => setChanges(NO_CHANGES),
		/** Whether the list hides a chat as archived, although it is used again. */
		isArchived: (chatId: string) => of(chatId).archived === true,
	};
}
