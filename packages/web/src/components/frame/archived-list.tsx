import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatMarks, ChatPage, ChatSummary } from "../../view/chat.ts";
import { fetchOrThrow } from "../requests.ts";

export interface ArchivedListProps {
	/** Rejects on failure. */
	onChange: (chat: ChatSummary, change: ChatMarks) => Promise<void>;
	/** A chat was opened. */
	onOpen?: () => void;
}

/** The archived chats, with actions to open, restore and delete them. */
export function ArchivedList({ onChange, onOpen }: ArchivedListProps) {
	const { chats, more, failed, leave } = useArchived();

	async function change(chat: ChatSummary, to: ChatMarks, list: Element | null) {
		await onChange(chat, to);
		leave(chat.id);
		list?.closest("section, dialog")?.querySelector("button")?.focus();
	}

	return (
		<>
			<p role="status" className="py-2 text-small text-soft empty:hidden">
				{failed ? t("list_not_loaded") : chats?.length === 0 && t("list_nothing_archived")}
			</p>
			<ul className="max-h-[50dvh] overflow-y-auto">
				{chats?.map((chat) => (
					<li key={chat.id} className="flex items-center gap-1 rounded-small hover:bg-said">
						<Link
							to="/c/$chatId"
							params={{ chatId: chat.id }}
							className="flex min-h-11 min-w-0 grow items-center rounded-small px-3"
							onClick={onOpen}
						>
							<span dir="auto" className="truncate">
								{chat.title}
							</span>
						</Link>
						<button
							type="button"
							aria-label={t("list_bring_back_of", { title: chat.title })}
							className="button-bare shrink-0 text-small"
							onClick={(event) => void change(chat, { archived: false }, event.currentTarget)}
						>
							{t("list_bring_back")}
						</button>
						<button
							type="button"
							aria-label={t("list_delete_of", { title: chat.title })}
							className="button-bare shrink-0 text-small"
							onClick={(event) => void change(chat, { deleted: true }, event.currentTarget)}
						>
							{t("frame_delete")}
						</button>
					</li>
				))}
			</ul>
			{more && (
				<button type="button" className="button-bare mx-3 mt-2" onClick={more}>
					{t("frame_show_more")}
				</button>
			)}
		</>
	);
}

/** Throws like `fetchOrThrow`. */
async function readArchived(after: string | null): Promise<ChatPage> {
	return (await fetchOrThrow(`/api/chats?archived${after === null ? "" : `&after=${encodeURIComponent(after)}`}`)).json();
}

/** The archived chats, page by page. */
function useArchived() {
	const [page, setPage] = useState<ChatPage>();
	const [failed, setFailed] = useState(false);

	async function read(after: string | null) {
		const next = await readArchived(after).catch(() => undefined);
		setFailed(!next);
		if (next) setPage((before) => ({ ...next, chats: [...(before?.chats ?? []), ...next.chats] }));
	}

	// biome-ignore lint/correctness/useExhaustiveDependencies: read once, when the list is shown
	useEffect(() => void read(null), []);
	const after = page?.next ?? null;
	return {
		chats: page?.chats,
		more: after === null ? undefined : () => void read(after),
		failed,
		leave: (id: string) => setPage((before) => before && { ...before, chats: before.chats.filter((chat) => chat.id !== id) }),
	};
}
