import { Link } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatMarks, ChatPage, ChatSummary } from "../../view/chat.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { CloseIcon } from "./icons.tsx";

export interface ArchivedChatsProps {
	load: (after: string | null) => Promise<ChatPage>;
	onChange: (chat: ChatSummary, change: ChatMarks) => Promise<void>;
	/** Rejects when it failed. */
	onDeleteAll: () => Promise<void>;
	onClose: () => void;
}

/** A dialog that lists the archived chats, brings them back, and deletes them or all chats. */
export default function ArchivedChats({ load, onChange, onDeleteAll, onClose }: ArchivedChatsProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	const { chats, more, failed, leave } = useArchived(load);
	const [isDeletingAll, setDeletingAll] = useState(false);
	useEffect(() => dialog.current?.showModal(), []);

	async function change(chat: ChatSummary, to: ChatMarks) {
		await onChange(chat, to);
		leave(chat.id);
		dialog.current?.querySelector("button")?.focus();
	}

	return (
		<dialog
			ref={dialog}
			aria-labelledby={titleId}
			className="mt-[12dvh] w-full max-w-[min(32rem,calc(100vw-32px))] rounded-large bg-raised p-2 shadow-sheet"
			onClose={(event) => event.target === dialog.current && onClose()}
		>
			<div className="flex items-center justify-between pl-3">
				<h2 id={titleId} className="font-semibold text-body">
					{t("frame_archived_chats")}
				</h2>
				<button type="button" aria-label={t("frame_close")} className="button-bare min-w-9" onClick={() => dialog.current?.close()}>
					<CloseIcon />
				</button>
			</div>
			<p role="status" className="px-3 py-2 text-small text-soft">
				{failed ? t("list_not_loaded") : chats?.length === 0 && t("list_nothing_archived")}
			</p>
			<ul className="max-h-[50dvh] overflow-y-auto">
				{chats?.map((chat) => (
					<li key={chat.id} className="flex items-center gap-1 rounded-small hover:bg-said">
						<Link
							to="/c/$chatId"
							params={{ chatId: chat.id }}
							className="flex min-h-11 min-w-0 grow items-center rounded-small px-3"
							onClick={() => dialog.current?.close()}
						>
							<span dir="auto" className="truncate">
								{chat.title}
							</span>
						</Link>
						<button
							type="button"
							aria-label={t("list_bring_back_of", { title: chat.title })}
							className="button-bare shrink-0 text-small"
							onClick={() => void change(chat, { archived: false })}
						>
							{t("list_bring_back")}
						</button>
						<button
							type="button"
							aria-label={t("list_delete_of", { title: chat.title })}
							className="button-bare shrink-0 text-small"
							onClick={() => void change(chat, { deleted: true })}
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
			<div className="mt-2 border-line border-t px-1 pt-2">
				<button type="button" className="button-bare text-small" onClick={() => setDeletingAll(true)}>
					{t("list_delete_all_dots")}
				</button>
			</div>
			{isDeletingAll && (
				<ConfirmDialog
					title={t("list_delete_all_title")}
					text={t("list_delete_all_text")}
					action={t("list_delete_all")}
					onConfirm={async () => {
						try {
							await onDeleteAll();
							dialog.current?.close();
						} catch {
							return t("list_delete_all_failed");
						}
					}}
					onClose={() => setDeletingAll(false)}
				/>
			)}
		</dialog>
	);
}

/** The archived chats, page by page. */
function useArchived(load: ArchivedChatsProps["load"]) {
	const [page, setPage] = useState<ChatPage>();
	const [failed, setFailed] = useState(false);

	async function read(after: string | null) {
		const next = await load(after).catch(() => undefined);
		setFailed(!next);
		if (next) setPage((before) => ({ ...next, chats: [...(before?.chats ?? []), ...next.chats] }));
	}

	// biome-ignore lint/correctness/useExhaustiveDependencies: read once, when the dialog opens
	useEffect(() => void read(null), []);
	const after = page?.next ?? null;
	return {
		chats: page?.chats,
		more: after === null ? undefined : () => void read(after),
		failed,
		leave: (id: string) => setPage((before) => before && { ...before, chats: before.chats.filter((chat) => chat.id !== id) }),
	};
}
