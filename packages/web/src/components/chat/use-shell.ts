import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { ChatSummary } from "../../view/chat.ts";
import type { Shell } from "../../view/shell.ts";
import type { UsageView } from "../../view/usage.ts";
import { deleteChat, readUsage, readUsageAfterCheckout } from "../requests.ts";

/** A count that is newer than the shell it was read over. */
interface Counted {
	over: Shell;
	usage: UsageView;
}

/** The frame's data as the server gave it, and what has changed on this page since. */
export function useShell(shell: Shell, routeId: string) {
	const router = useRouter();
	const [counted, setCounted] = useState<Counted>();
	const [begun, setBegun] = useState<ChatSummary[]>([]);
	const [gone, setGone] = useState<string[]>([]);

	/** Without an answer the last count stays: it is the best that is known. */
	async function readCount(read = readUsage): Promise<UsageView | undefined> {
		const usage = await read().catch(() => undefined);
		if (usage) setCounted({ over: shell, usage });
		return usage;
	}

	const refreshUsage = () => void readCount();

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
		setGone((before) => [...before, chatId]);
	}

	const known = new Set(shell.chats.map(({ id }) => id));
	const chats = [...begun.filter(({ id }) => !known.has(id)), ...shell.chats].filter(({ id }) => !gone.includes(id));

	return {
		...shell,
		usage: counted?.over === shell ? counted.usage : shell.usage,
		chats,
		refreshUsage,
		lookForPurchase: () => readCount(readUsageAfterCheckout),
		remove,
		add: (chat: ChatSummary) => setBegun((before) => [chat, ...before]),
		/** After an answer: the count, and for a chat that has moved up or got its name, the list. */
		settled: async (chatId: string) => {
			const read = await readCount();
			// A loader that fails takes the page away: nothing is loaded anew while the server cannot be reached.
			if (read && shell.chats[0]?.id !== chatId) void router.invalidate({ filter: (match) => match.routeId === routeId });
			return read;
		},
	};
}
