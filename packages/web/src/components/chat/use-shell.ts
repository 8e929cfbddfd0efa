import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { ChatSummary, Shell, UsageView } from "../../view.ts";
import { deleteChat, readUsage } from "../requests.ts";

interface Changes {
	since: Shell;
	usage: UsageView;
	begun: ChatSummary[];
	gone: string[];
}

/** The frame's data as the server gave it, and what has changed on this page since. */
export function useShell(shell: Shell, routeId: string) {
	const router = useRouter();
	const [kept, setKept] = useState<Changes>(unchanged(shell));
	const changes = kept.since === shell ? kept : unchanged(shell);
	const change = (next: Partial<Changes>) => setKept((before) => ({ ...(before.since === shell ? before : unchanged(shell)), ...next }));

	function refreshUsage() {
		// Without an answer the last count stays: it is the best that is known.
		void readUsage().then(
			(usage) => change({ usage }),
			() => undefined,
		);
	}

	// Paid or signed up in another tab: what is left is another number when one returns.
	useEffect(() => {
		const onReturn = () => {
			if (document.visibilityState === "visible") refreshUsage();
		};
		document.addEventListener("visibilitychange", onReturn);
		return () => document.removeEventListener("visibilitychange", onReturn);
	});

	async function remove(chatId: string): Promise<string | undefined> {
		try {
			await deleteChat(chatId);
		} catch (error) {
			return error instanceof Error ? error.message : "This could not be deleted just now.";
		}
		setKept((before) => ({ ...before, gone: [...before.gone, chatId] }));
	}

	const known = new Set(shell.chats.map(({ id }) => id));
	const chats = [...changes.begun.filter(({ id }) => !known.has(id)), ...shell.chats].filter(({ id }) => !changes.gone.includes(id));

	return {
		...shell,
		usage: changes.usage,
		chats,
		refreshUsage,
		remove,
		add: (chat: ChatSummary) => change({ begun: [chat, ...changes.begun] }),
		/** After an answer: the count, and for a chat that has moved up or got its name, the list. */
		settled: (chatId: string) => {
			refreshUsage();
			if (shell.chats[0]?.id !== chatId) void router.invalidate({ filter: (match) => match.routeId === routeId });
		},
	};
}

const unchanged = (shell: Shell): Changes => ({ since: shell, usage: shell.usage, begun: [], gone: [] });
