import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { ChatPage } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { changeAllChats, readUsage, readUsageAfterCheckout } from "../requests.ts";
import { hearTabs } from "../tabs.ts";
import type { LoadedShell } from "./chat-changes.ts";
import { useChatChanges } from "./use-chat-changes.ts";

/** A balance read after the shell `over`, which replaces that shell's balance. */
interface Reading {
	over: LoadedShell;
	usage: UsageView;
}

/** The pages of chats read after the shell `over`. */
interface Older extends ChatPage {
	over: LoadedShell;
}

/** The loaded data of the page frame, with this page's changes since. */
export function useShell(shell: LoadedShell, routeId: string, readOlder: (next: string) => Promise<ChatPage>) {
	const router = useRouter();
	const [reading, setReading] = useState<Reading>();
	const [older, setOlder] = useState<Older>({ over: shell, next: shell.olderChats, chats: [] });
	const changes = useChatChanges(shell);

	/** If the read fails, the last balance stays. */
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

	const reload = () => void router.invalidate({ filter: (match) => match.routeId === routeId });
	// The viewer's instructions are part of each price.
	useEffect(() => hearTabs("instructions", reload));

	const next = older.over === shell ? older.next : shell.olderChats;
	async function showOlder(after: string) {
		const page = await readOlder(after).catch(() => undefined);
		if (page) setOlder({ over: shell, next: page.next, chats: [...(older.over === shell ? older.chats : []), ...page.chats] });
	}

	return {
		...shell,
		usage: reading?.over === shell ? reading.usage : shell.usage,
		chats: changes.listed(older.over === shell ? older.chats : []),
		refreshUsage,
		/** Reloads the frame's data, including the models and their prices. */
		reload,
		refreshAfterCheckout: () => readBalance(readUsageAfterCheckout),
		change: changes.change,
		titleOf: changes.titleOf,
		/** Deletes or restores all chats, and reloads the list. */
		changeAll: async (deleted: boolean) => {
			await changeAllChats({ deleted });
			changes.clear();
			reload();
		},
		showOlder: next === null ? undefined : () => void showOlder(next),
		begin: changes.begin,
		/** After an answer: reads the balance, and the list if the chat moves up in it or gets its title. */
		settled: async (chatId: string) => {
			const balance = await readBalance();
			// A failing loader would replace the page with an error, so reload nothing while the server is unreachable.
			if (balance && (changes.isArchived(chatId) || shell.chats.find(({ pinned }) => !pinned)?.id !== chatId)) reload();
			return balance;
		},
	};
}
