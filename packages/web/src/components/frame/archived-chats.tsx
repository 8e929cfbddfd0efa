import { Link } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
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
					Archived chats
				</h2>
				<button type="button" aria-label="Close" className="button-bare min-w-9" onClick={() => dialog.current?.close()}>
					<CloseIcon />
				</button>
			</div>
			<p role="status" className="px-3 py-2 text-small text-soft">
				{failed ? "The list didn’t load. Check your connection." : chats?.length === 0 && "Nothing is archived."}
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
							aria-label={`Bring back “${chat.title}”`}
							className="button-bare shrink-0 text-small"
							onClick={() => void change(chat, { archived: false })}
						>
							Bring back
						</button>
						<button
							type="button"
							aria-label={`Delete “${chat.title}”`}
							className="button-bare shrink-0 text-small"
							onClick={() => void change(chat, { deleted: true })}
						>
							Delete
						</button>
					</li>
				))}
			</ul>
			{more && (
				<button type="button" className="button-bare mx-3 mt-2" onClick={more}>
					Show more
				</button>
			)}
			<div className="mt-2 border-line border-t px-1 pt-2">
				<button type="button" className="button-bare text-small" onClick={() => setDeletingAll(true)}>
					Delete all chats…
				</button>
			</div>
			{isDeletingAll && (
				<ConfirmDialog
					title="Delete all chats?"
					text="Every chat will be deleted, archived ones too. You can undo this for a few seconds. Used requests aren’t refunded."
					action="Delete all"
					dismiss="Cancel"
					onConfirm={async () => {
						try {
							await onDeleteAll();
							dialog.current?.close();
						} catch {
							return "Couldn’t delete your chats. Try again.";
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
