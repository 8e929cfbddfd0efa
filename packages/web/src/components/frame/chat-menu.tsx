import {
	type ComponentType,
	type KeyboardEvent,
	lazy,
	type ReactNode,
	type RefObject,
	Suspense,
	useEffect,
	useId,
	useRef,
	useState,
} from "react";
import { TITLE_CHARS_MAX } from "../../input.ts";
import { t } from "../../text/text.ts";
import type { ChatMarks, ChatSummary, FolderName } from "../../view/chat.ts";
import { ArchiveIcon, DeleteIcon, EditIcon, FolderIcon, PinIcon } from "./icons.tsx";
import type { MoveDialogProps } from "./move-dialog.tsx";

const MoveDialog = lazy<ComponentType<MoveDialogProps>>(() => import("./move-dialog.tsx").catch(() => ({ default: () => null })));

export interface ChatMenuProps {
	chat: ChatSummary;
	/** Undefined for a guest. */
	folders: readonly FolderName[] | undefined;
	/** Opens the menu, and gets the focus back. */
	button: RefObject<HTMLButtonElement | null>;
	onChange: (change: ChatMarks & { title?: string }) => void;
	onClose: () => void;
}

/** The menu of a chat in the list: rename, pin, move, archive, delete. */
export default function ChatMenu({ chat, folders, button, onChange, onClose }: ChatMenuProps) {
	const [dialog, setDialog] = useState<"name" | "move">();
	if (dialog === "move" && folders)
		return (
			<Suspense>
				<MoveDialog title={chat.title} folders={folders} onMove={(folder) => onChange({ folder })} onClose={() => close(button, onClose)} />
			</Suspense>
		);
	if (dialog) return <RenameDialog title={chat.title} onRename={(title) => onChange({ title })} onClose={() => close(button, onClose)} />;
	const items = [
		{ Icon: EditIcon, name: t("list_rename"), opens: true, press: () => setDialog("name") },
		{ Icon: PinIcon, name: chat.pinned ? t("list_unpin") : t("list_pin"), opens: false, press: () => onChange({ pinned: !chat.pinned }) },
		...(folders ? [{ Icon: FolderIcon, name: t("list_move_to_folder"), opens: true, press: () => setDialog("move") }] : []),
		{ Icon: ArchiveIcon, name: t("list_archive"), opens: false, press: () => onChange({ archived: true }) },
		{ Icon: DeleteIcon, name: t("frame_delete"), opens: false, press: () => onChange({ deleted: true }) },
	];
	return (
		<Menu label={t("list_actions_for", { title: chat.title })} button={button} onClose={onClose}>
			{items.map(({ Icon, name, opens, press }) => (
				<button
					key={name}
					type="button"
					role="menuitem"
					tabIndex={-1}
					className="flex min-h-10 w-full items-center gap-3 rounded-small px-3 text-left hover:bg-said focus-visible:bg-said pointer-coarse:min-h-11"
					onClick={() => {
						press();
						if (!opens) close(button, onClose);
					}}
				>
					<Icon />
					{name}
				</button>
			))}
		</Menu>
	);
}

/** Closes with the focus on the button, as long as its row is there. */
function close(button: RefObject<HTMLButtonElement | null>, onClose: () => void) {
	onClose();
	button.current?.focus();
}

interface MenuProps extends Pick<ChatMenuProps, "button" | "onClose"> {
	label: string;
	children: ReactNode;
}

/** A menu in the browser's top layer. A press beside it, Escape and Tab close it. */
function Menu({ label, button, onClose, children }: MenuProps) {
	const menu = useRef<HTMLDivElement>(null);
	// biome-ignore lint/correctness/useExhaustiveDependencies: placed once, when it opens
	useEffect(() => {
		const [element, anchor] = [menu.current, button.current];
		if (!element || !anchor) return;
		element.showPopover();
		const { bottom, right, top } = anchor.getBoundingClientRect();
		const { height, width } = element.getBoundingClientRect();
		const hasRoom = bottom + height + 8 <= innerHeight;
		Object.assign(element.style, {
			top: `${hasRoom ? bottom + 4 : Math.max(8, top - height - 4)}px`,
			left: `${Math.max(8, Math.min(right - width, innerWidth - width - 8))}px`,
		});
		element.querySelector("button")?.focus();
	}, []);

	function press(event: KeyboardEvent<HTMLDivElement>) {
		const items = [...event.currentTarget.querySelectorAll("button")];
		const at = items.indexOf(document.activeElement as HTMLButtonElement);
		const to = { ArrowDown: (at + 1) % items.length, ArrowUp: (at - 1 + items.length) % items.length, Home: 0, End: items.length - 1 }[
			event.key
		];
		// No key of the menu is a key of the page.
		if (event.key !== "Tab") event.stopPropagation();
		if (to !== undefined) {
			event.preventDefault();
			items[to]?.focus();
		}
		if (event.key === "Escape") {
			event.preventDefault();
			close(button, onClose);
		}
		if (event.key === "Tab") onClose();
	}

	return (
		<div
			ref={menu}
			popover="auto"
			role="menu"
			aria-label={label}
			className="inset-auto m-0 w-48 rounded-large bg-raised p-1 text-ink shadow-sheet"
			onKeyDown={press}
			onToggle={(event) => event.newState === "closed" && onClose()}
		>
			{children}
		</div>
	);
}

interface RenameProps {
	title: string;
	onRename: (title: string) => void;
	onClose: () => void;
}

function RenameDialog({ title, onRename, onClose }: RenameProps) {
	const dialog = useRef<HTMLDialogElement>(null);
	const field = useRef<HTMLInputElement>(null);
	const titleId = useId();
	useEffect(() => {
		dialog.current?.showModal();
		field.current?.select();
	}, []);

	function save(form: FormData) {
		const name = String(form.get("title")).replaceAll(/\s+/g, " ").trim();
		if (name && name !== title) onRename(name);
		dialog.current?.close();
	}

	return (
		<dialog
			ref={dialog}
			aria-labelledby={titleId}
			className="w-full max-w-[min(26rem,calc(100vw-32px))] rounded-large bg-raised p-6 shadow-sheet"
			onClose={onClose}
		>
			<form action={save}>
				<h2 id={titleId} className="font-semibold text-body">
					{t("list_rename_title")}
				</h2>
				<input
					ref={field}
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
					<button type="button" className="button-plain" onClick={() => dialog.current?.close()}>
						{t("frame_cancel")}
					</button>
					<button type="submit" className="button-plain">
						{t("frame_save")}
					</button>
				</div>
			</form>
		</dialog>
	);
}
