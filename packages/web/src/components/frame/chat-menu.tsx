import { Menu } from "@base-ui/react/menu";
import { type RefObject, useRef, useState } from "react";
import { TITLE_CHARS_MAX } from "../../input.ts";
import { t } from "../../text/text.ts";
import type { ChatMarks, ChatSummary, FolderName } from "../../view/chat.ts";
import { focusAtOnce, MIDDLE, Modal, useClosing } from "./dialog.tsx";
import { ArchiveIcon, DeleteIcon, EditIcon, FolderIcon, PinIcon } from "./icons.tsx";
import { MoveDialog } from "./move-dialog.tsx";

export interface ChatMenuProps {
	chat: ChatSummary;
	/** Undefined for a guest. */
	folders: readonly FolderName[] | undefined;
	/** The button that opens the menu, and gets the focus back. */
	button: RefObject<HTMLButtonElement | null>;
	onChange: (change: ChatMarks & { title?: string }) => void;
	onClose: () => void;
}

/** The menu of a chat in the list: rename, pin, move, archive, delete. */
export default function ChatMenu({ chat, folders, button, onChange, onClose }: ChatMenuProps) {
	const [dialog, setDialog] = useState<"name" | "move">();
	// Set if the focus moves to a dialog instead of back to the button.
	const leads = useRef(false);
	const open = (next: "name" | "move") => {
		leads.current = true;
		setDialog(next);
	};
	const onOpenChange = useClosing(onClose);
	if (dialog === "move" && folders)
		return <MoveDialog title={chat.title} folders={folders} onMove={(folder) => onChange({ folder })} button={button} onClose={onClose} />;
	if (dialog) return <RenameDialog title={chat.title} onRename={(title) => onChange({ title })} button={button} onClose={onClose} />;
	const items = [
		{ Icon: EditIcon, name: t("list_rename"), opens: true, press: () => open("name") },
		{ Icon: PinIcon, name: chat.pinned ? t("list_unpin") : t("list_pin"), opens: false, press: () => onChange({ pinned: !chat.pinned }) },
		...(folders ? [{ Icon: FolderIcon, name: t("list_move_to_folder"), opens: true, press: () => open("move") }] : []),
		{ Icon: ArchiveIcon, name: t("list_archive"), opens: false, press: () => onChange({ archived: true }) },
		{ Icon: DeleteIcon, name: t("frame_delete"), opens: false, press: () => onChange({ deleted: true }) },
	];
	return (
		<Menu.Root open onOpenChange={onOpenChange}>
			{/* Portaled into the landmark or dialog that contains the list. */}
			<Menu.Portal container={button.current?.closest<HTMLElement>("aside, [role=dialog]")}>
				<Menu.Positioner anchor={button} positionMethod="fixed" align="end" sideOffset={4} collisionPadding={8} className="z-20">
					<Menu.Popup
						ref={focusFirst}
						aria-label={t("list_actions_for", { title: chat.title })}
						finalFocus={() => !leads.current && button.current}
						className="w-48 rounded-large bg-raised p-1 text-ink shadow-sheet outline-none"
					>
						{items.map(({ Icon, name, opens, press }) => (
							<Menu.Item
								key={name}
								closeOnClick={!opens}
								className="flex min-h-10 cursor-pointer items-center gap-3 rounded-small px-3 data-highlighted:bg-said pointer-coarse:min-h-11"
								onClick={press}
							>
								<Icon />
								{name}
							</Menu.Item>
						))}
					</Menu.Popup>
				</Menu.Positioner>
			</Menu.Portal>
		</Menu.Root>
	);
}

/** Focuses the first item as soon as the menu knows its items. */
const focusFirst = (menu: HTMLElement | null) =>
	queueMicrotask(() => menu?.querySelector<HTMLElement>("[role=menuitem]")?.focus({ preventScroll: true }));

interface RenameProps extends Pick<ChatMenuProps, "button" | "onClose"> {
	title: string;
	onRename: (title: string) => void;
}

function RenameDialog({ title, onRename, button, onClose }: RenameProps) {
	function save(form: FormData) {
		const name = String(form.get("title")).replaceAll(/\s+/g, " ").trim();
		if (name && name !== title) onRename(name);
		onClose();
	}

	return (
		<Modal title={t("list_rename_title")} className={`${MIDDLE} max-w-[min(26rem,calc(100vw-32px))]`} finalFocus={button} onClose={onClose}>
			<form action={save}>
				<input
					ref={focusAtOnce}
					name="title"
					aria-label={t("list_title")}
					defaultValue={title}
					maxLength={TITLE_CHARS_MAX}
					required
					autoComplete="off"
					dir="auto"
					className="field mt-4"
				/>
				<div className="mt-6 flex flex-wrap justify-end gap-2">
					<button type="button" className="button-plain" onClick={onClose}>
						{t("frame_cancel")}
					</button>
					<button type="submit" className="button-plain">
						{t("frame_save")}
					</button>
				</div>
			</form>
		</Modal>
	);
}
