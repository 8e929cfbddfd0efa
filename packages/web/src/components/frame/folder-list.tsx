import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { t } from "../../text/text.ts";
import type { ChatPage, FolderName } from "../../view/chat.ts";
import { ChatList, type ChatListProps } from "./chat-list.tsx";
import { readChatsIn } from "./folder-requests.ts";
import { EditIcon, NewChatIcon, NextIcon } from "./icons.tsx";
import { opened } from "./opened.tsx";

const FolderDialog = opened(() => import("./folder-dialog.tsx").then((module) => module.FolderDialog));

export interface FolderListProps extends Omit<ChatListProps, "chats" | "folders"> {
	folders: readonly FolderName[];
	/** Folders were changed. */
	onChanged: () => void;
	/** A new chat is opened by its link. */
	onNew: () => void;
}

/** The folders in the side column. Each shows its chats when opened. */
export default function FolderList({ folders, ...props }: FolderListProps) {
	return (
		<section aria-label={t("folder_list")} className="mt-3">
			<h2 className="px-3 pb-1 text-small text-soft">{t("folder_list")}</h2>
			<ul className="flex flex-col">
				{folders.map((folder) => (
					<FolderRow key={folder.id} folder={folder} folders={folders} {...props} />
				))}
			</ul>
		</section>
	);
}

function FolderRow({ folder, folders, onChanged, onNew, onChange, ...list }: FolderListProps & { folder: FolderName }) {
	const [isOpen, setOpen] = useState(false);
	const [isEditing, setEditing] = useState(false);
	const [page, setPage] = useState<ChatPage>();
	const [failed, setFailed] = useState(false);

	async function read(after: string | null) {
		const next = await readChatsIn(folder.id, after).catch(() => undefined);
		setFailed(!next);
		if (next) setPage((before) => (after === null ? next : { ...next, chats: [...(before?.chats ?? []), ...next.chats] }));
	}

	const readFirst = useEffectEvent(() => void read(null));
	// A new object means that the frame was reloaded, so a chat may have been moved.
	useEffect(() => {
		if (isOpen && folder) readFirst();
	}, [isOpen, folder]);

	return (
		<li>
			<div className="group relative">
				<button
					type="button"
					aria-expanded={isOpen}
					className="flex min-h-10 w-full items-center gap-1 rounded-small pr-10 pl-1.5 text-left hover:bg-said pointer-coarse:min-h-11"
					onClick={() => setOpen(!isOpen)}
				>
					<span className={isOpen ? "rotate-90" : ""}>
						<NextIcon />
					</span>
					<span dir="auto" className="truncate">
						{folder.name}
					</span>
				</button>
				<button
					type="button"
					aria-label={t("folder_edit_of", { name: folder.name })}
					className="button-bare shown-near absolute inset-y-0 right-0"
					onClick={() => setEditing(true)}
				>
					<EditIcon />
				</button>
			</div>
			{isOpen && (
				<div className="ml-3 border-line border-l pl-1">
					<Link
						to="/"
						search={{ folder: folder.id }}
						className="flex min-h-10 items-center gap-2 rounded-small px-3 text-soft hover:bg-said pointer-coarse:min-h-11"
						onClick={onNew}
					>
						<NewChatIcon />
						{t("folder_new_chat")}
					</Link>
					<p role="status" className="px-3 text-small text-soft empty:hidden">
						{failed ? t("folder_not_loaded") : page?.chats.length === 0 && t("folder_empty")}
					</p>
					{page && (
						<ChatList
							{...list}
							chats={page.chats}
							folders={folders}
							within={folder.name}
							onChange={async (chat, change) => {
								await onChange(chat, change);
								await read(null);
							}}
						/>
					)}
					{page?.next && (
						<button type="button" className="button-bare mt-1" onClick={() => void read(page.next)}>
							{t("frame_show_more")}
						</button>
					)}
				</div>
			)}
			{isEditing && <FolderDialog folder={folder} onChanged={onChanged} onClose={() => setEditing(false)} />}
		</li>
	);
}
