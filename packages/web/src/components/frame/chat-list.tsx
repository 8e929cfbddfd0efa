import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import { servedZone } from "../../text/reader.ts";
import { t } from "../../text/text.ts";
import type { ChatMarks, ChatSummary, FolderName } from "../../view/chat.ts";
import { byDay } from "./chat-days.ts";
import { MoreIcon } from "./icons.tsx";
import { isKey } from "./keys.ts";
import { useHydrated } from "./local-time.tsx";
import { opened } from "./opened.tsx";

const ChatMenu = opened(() => import("./chat-menu.tsx").then((module) => module.default));

export interface ChatListProps {
	chats: readonly ChatSummary[];
	/** The chat that is open. */
	openId: string | undefined;
	/** When the chats were read, ISO 8601. The server and the first render use it as the current time. */
	readAt: string;
	/** Pins, archives, deletes or renames a chat. The caller reports failures. */
	onChange: (chat: ChatSummary, change: ChatMarks & { title?: string }) => Promise<void>;
	/** The folder that contains them. Added to the names of its groups, which otherwise repeat the list's. */
	within?: string;
	/** The folders to which a chat can be moved. Undefined for a guest, who has none. */
	folders: readonly FolderName[] | undefined;
}

/** The keys that move the focus within the list, which is one Tab stop. */
const STEPS: Record<string, (at: number, last: number) => number> = {
	ArrowDown: (at, last) => Math.min(at + 1, last),
	ArrowUp: (at) => Math.max(at - 1, 0),
	Home: () => 0,
	End: (_, last) => last,
};

/** The chats by day. Arrow keys, Home and End move between them; the right arrow key moves to a chat's actions. */
export function ChatList({ chats, openId, readAt, within, ...row }: ChatListProps) {
	const list = useRef<HTMLDivElement>(null);
	const isHydrated = useHydrated();
	const groups = byDay(chats, isHydrated ? Date.now() : Date.parse(readAt), isHydrated ? undefined : servedZone());
	const stop = useStop(
		list,
		groups.flatMap((group) => group.chats.map(({ id }) => id)),
		openId,
	);
	return (
		// biome-ignore lint/a11y/noStaticElementInteractions: the keys move the focus between the links in it
		<div ref={list} className="flex flex-col" onKeyDown={moveFocus}>
			{groups.map(({ label, chats: grouped }) => (
				<section key={label} aria-label={within ? `${label}, ${within}` : label} className="mt-3">
					<h2 className="px-3 pb-1 text-small text-soft">{label}</h2>
					<ul className="flex flex-col">
						{grouped.map((chat) => (
							<ChatRow key={chat.id} chat={chat} isStop={chat.id === stop.id} onFocus={() => stop.set(chat.id)} {...row} />
						))}
					</ul>
				</section>
			))}
		</div>
	);
}

/** The chat with the Tab stop: the last focused one, else the open one, else the first. */
function useStop(list: RefObject<HTMLElement | null>, ids: readonly string[], openId: string | undefined) {
	const [focused, setFocused] = useState<string>();
	const before = useRef(ids);
	const id = [focused, openId].find((one) => one !== undefined && ids.includes(one)) ?? ids[0];
	// biome-ignore lint/correctness/useExhaustiveDependencies: only another list moves the focus
	useEffect(() => {
		// A focused row that leaves the list passes the focus to the row that takes its place.
		const at = before.current.indexOf(focused ?? "");
		const isGone = at !== -1 && !ids.includes(focused ?? "");
		if (isGone && document.activeElement === document.body) linksIn(list.current)[Math.min(at, ids.length - 1)]?.focus();
		before.current = ids;
	}, [ids.join()]);
	return { id, set: setFocused };
}

interface RowProps extends Pick<ChatListProps, "onChange" | "folders"> {
	chat: ChatSummary;
	isStop: boolean;
	onFocus: () => void;
}

function ChatRow({ chat, isStop, onFocus, onChange, folders }: RowProps) {
	const more = useRef<HTMLButtonElement>(null);
	const [isOpen, setOpen] = useState(false);
	return (
		<li className="group relative" onFocus={onFocus}>
			<Link
				to="/c/$chatId"
				params={{ chatId: chat.id }}
				tabIndex={isStop ? 0 : -1}
				className="flex min-h-10 items-center gap-2 rounded-small px-3 pr-10 transition-colors duration-quick hover:bg-said pointer-coarse:min-h-11"
				activeProps={{ className: "rounded-l-none bg-said font-medium shadow-[inset_2px_0_0_var(--color-ink)]", "aria-current": "page" }}
				title={chat.title}
			>
				<span dir="auto" className="truncate">
					{chat.title}
				</span>
			</Link>
			<button
				ref={more}
				type="button"
				tabIndex={-1}
				aria-label={t("list_actions_for", { title: chat.title })}
				aria-haspopup="menu"
				aria-expanded={isOpen}
				className="button-bare shown-near absolute inset-y-0 right-0"
				onPointerEnter={ChatMenu.load}
				onFocus={ChatMenu.load}
				onClick={() => setOpen(true)}
			>
				<MoreIcon />
			</button>
			{isOpen && (
				<ChatMenu
					chat={chat}
					folders={folders}
					button={more}
					onChange={(change) => void onChange(chat, change)}
					onClose={() => setOpen(false)}
				/>
			)}
		</li>
	);
}

const linksIn = (list: Element | null) => [...(list?.querySelectorAll<HTMLElement>("li > a") ?? [])];

function moveFocus(event: KeyboardEvent<HTMLElement>) {
	const target = event.target as HTMLElement;
	const row = target.closest("li");
	// A menu handles its own keys.
	if (!row || target.parentElement !== row || event.altKey || event.ctrlKey || event.metaKey) return;
	const [links, link, more] = [linksIn(event.currentTarget), row.querySelector("a"), row.querySelector("button")];
	const step = STEPS[event.key];
	const to = step
		? links[step(links.indexOf(link as HTMLElement), links.length - 1)]
		: isKey(event.nativeEvent, "chatActions")
			? more
			: event.key === "ArrowLeft"
				? link
				: undefined;
	if (!to) return;
	event.preventDefault();
	to.focus();
}
