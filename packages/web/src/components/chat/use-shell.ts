import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { ChatSummary } from "../../view/chat.ts";
import type { Shell } from "../../view/shell.ts";
import type { UsageView } from "../../view/usage.ts";
import { deleteChat, readUsage, readUsageAfterCheckout } from "../requests.ts";

/** A balance that was read after the shell `over`, and replaces the balance in it. */
interface Reading {
	over: Shell;
	usage: UsageView;
}

/** The data of the page frame as loaded, with the changes made on this page since. */
export function useShell(shell: Shell, routeId: string) {
	const router = useRouter();
	const [reading, setReading] = useState<Reading>();
	const [added, setAdded] = useState<ChatSummary[]>([]);
	const [deleted, setDeleted] = useState<string[]>([]);

	/** When the read fails the last balance stays. */
	async function readBalance(read = readUsage): Promise<UsageView | undefined> {
		const usage = await read().catch(() => undefined);
		if (usage) setReading({ over: shell, usage });
		return usage;
	}

	const refreshUsage = () => void readBalance();

	// The viewer may have paid or signed up in another tab.
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
		setDeleted((before) => [...before, chatId]);
	}

	const known = new Set(shell.chats.map(({ id }) => id));
	const chats = [...added.filter(({ id }) => !known.has(id)), ...shell.chats].filter(({ id }) => !deleted.includes(id));

	return {
		...shell,
		usage: reading?.over === shell ? reading.usage : shell.usage,
		chats,
		refreshUsage,
		refreshAfterCheckout: () => readBalance(readUsageAfterCheckout),
		remove,
		add: (chat: ChatSummary) => setAdded((before) => [chat, ...before]),
		/** After an answer: reads the balance, and the list when the chat moves up in it or gets its title. */
		settled: async (chatId: string) => {
			const balance = await readBalance();
			// A failing loader would replace the page with an error, so reload nothing while the server cannot be reached.
			if (balance && shell.chats[0]?.id !== chatId) void router.invalidate({ filter: (match) => match.routeId === routeId });
			return balance;
		},
	};
}
