import { useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatSummary } from "../../view/chat.ts";
import { changeChat } from "../requests.ts";
import { answered, begun, type ChatChange, changeOf, changing, type LoadedShell, listed, NO_CHANGES } from "./chat-changes.ts";

/** The listed chats, with the viewer's changes on this page applied. */
export function useChatChanges(shell: LoadedShell) {
	const [changes, setChanges] = useState(NO_CHANGES);
	const [titles, setTitles] = useState<ReadonlyMap<string, string>>(new Map());
	const of = (chatId: string) => changeOf(changes, shell, chatId);

	/** @returns an error message on failure, after which the list is restored */
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
		/** `older`: the chats loaded after the shell. */
		listed: (older: readonly ChatSummary[]) => listed(changes, shell, older),
		/** The current title of a chat that was loaded with `title`. */
		titleOf: ({ id, title }: { id: string; title: string }) => of(id).title ?? titles.get(id) ?? title,
		begin: (chat: ChatSummary) => setChanges((now) => begun(now, shell, chat)),
		/** Called when every chat is being deleted. */
		clear: () => setChanges(NO_CHANGES),
		/** Whether the list hides a chat as archived although it is in use again. */
		isArchived: (chatId: string) => of(chatId).archived === true,
	};
}
