import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatSummary } from "../../view/chat.ts";
import type { Done } from "../frame/side-column.tsx";
import type { ChatChange } from "./chat-changes.ts";
import type { useShell } from "./use-shell.ts";

/** How long an undo is offered. The server accepts it for 10 s. */
const OFFERED_MS = 8_000;

/** The viewer's actions on listed chats, with their status messages and undo. `openId`: the open chat. */
export function useChatActions(shell: ReturnType<typeof useShell>, openId: string | undefined) {
	const navigate = useNavigate();
	const [done, setDone] = useState<Done>();
	useEffect(() => {
		const timer = done && setTimeout(() => setDone(undefined), OFFERED_MS);
		return () => clearTimeout(timer);
	}, [done]);

	async function change(chat: ChatSummary, to: ChatChange): Promise<void> {
		const wasOpen = chat.id === openId;
		const problem = await shell.change(chat.id, to);
		if (problem) return setDone({ text: problem });
		if (wasOpen && to.title) document.title = t("site_title", { page: to.title });
		if (to.deleted && wasOpen) await navigate({ to: "/" });
		const undo = async (back: ChatChange) => {
			if (await shell.change(chat.id, back)) return setDone({ text: t("list_no_undo") });
			setDone(undefined);
			if (to.deleted && wasOpen) await navigate({ to: "/c/$chatId", params: { chatId: chat.id } });
			// The list may have been loaded without the chat.
			shell.reload();
		};
		if (to.deleted) setDone({ text: t("list_deleted"), undo: () => void undo({ deleted: false }) });
		if (to.folder !== undefined) {
			shell.reload();
			setDone({ text: to.folder === null ? t("list_out_of_folder") : t("list_moved") });
		}
		if (to.archived) setDone({ text: t("list_archived"), undo: () => void undo({ archived: false }) });
	}

	/** Rejects if the server refuses it. */
	async function deleteAll(): Promise<void> {
		await shell.changeAll(true);
		await navigate({ to: "/" });
		const undo = () =>
			shell.changeAll(false).then(
				() => setDone(undefined),
				() => setDone({ text: t("list_no_undo") }),
			);
		setDone({ text: t("list_all_deleted"), undo: () => void undo() });
	}

	return { done, change, deleteAll };
}
