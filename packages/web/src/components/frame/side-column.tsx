import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { ChatSummary } from "../../view/chat.ts";
import type { Viewer } from "../../view/identity.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { CloseIcon, DeleteIcon, NewChatIcon, SearchIcon, SideIcon } from "./icons.tsx";
import { ariaKeys } from "./keys.ts";

export interface SideProps {
	viewer: Viewer;
	chats: ChatSummary[];
	/** Resolves to a sentence when it failed. */
	onDelete: (chatId: string) => Promise<string | undefined>;
	/** Shows the next page of chats; undefined after the last. */
	onOlder: (() => void) | undefined;
	/** A new chat is opened by its link. */
	onNew: () => void;
	onSearch: () => void;
	onKeys: () => void;
}

/** An inline script that runs before the first paint, so that a folded column does not flash open. */
export const foldScript = `try{document.documentElement.dataset.side=localStorage.getItem("parley:side")||"open"}catch{}`;

function fold(side: "folded" | "open") {
	document.documentElement.dataset.side = side;
	try {
		localStorage.setItem("parley:side", side);
	} catch {
		// Without storage the column stays folded for this page only.
	}
}

/** The list of chats beside the chat, on a desktop. */
export function SideColumn(props: SideProps) {
	return (
		<aside aria-label="Chats" className="side-column h-full w-68 shrink-0 flex-col border-line border-r bg-margin">
			<div className="flex h-14 shrink-0 items-center justify-between pr-2 pl-5">
				<Wordmark />
				<button type="button" aria-label="Fold the list of chats away" className="button-bare min-w-9" onClick={() => fold("folded")}>
					<SideIcon />
				</button>
			</div>
			<SideContent {...props} />
		</aside>
	);
}

/** Opens the list of chats: as a column on a desktop, as a sheet on a phone. */
export function SideButton(props: SideProps) {
	const [open, setOpen] = useState(false);
	return (
		<>
			<button
				type="button"
				aria-label="Show the list of chats"
				className="side-button button-bare min-w-9"
				onClick={() => (matchMedia("(min-width: 768px)").matches ? fold("open") : setOpen(true))}
			>
				<SideIcon />
			</button>
			{open && <SideSheet {...props} onClose={() => setOpen(false)} />}
		</>
	);
}

function SideSheet({ onClose, ...props }: SideProps & { onClose: () => void }) {
	const sheet = useRef<HTMLDialogElement>(null);
	useEffect(() => sheet.current?.showModal(), []);
	return (
		<dialog
			ref={sheet}
			aria-label="Chats"
			className="m-0 h-dvh max-h-none w-80 max-w-[88vw] bg-margin shadow-sheet"
			onClose={(event) => event.target === sheet.current && onClose()}
			onClick={(event) => {
				const pressed = event.target as HTMLElement;
				if (pressed === sheet.current || pressed.closest("a, [data-leaves]")) sheet.current?.close();
			}}
			onKeyDown={(event) => event.key === "Escape" && isWithin(sheet.current, event.target) && sheet.current?.close()}
		>
			<div className="flex h-full flex-col">
				<div className="flex h-14 shrink-0 items-center justify-between pr-2 pl-5">
					<Wordmark />
					<button type="button" aria-label="Close" className="button-bare min-w-9" onClick={() => sheet.current?.close()}>
						<CloseIcon />
					</button>
				</div>
				<SideContent {...props} />
			</div>
		</dialog>
	);
}

/** Whether a key was pressed in the sheet itself. A dialog opened from it closes first. */
const isWithin = (sheet: HTMLDialogElement | null, target: EventTarget) => target instanceof Element && target.closest("dialog") === sheet;

/** The name of the product, linked to the chat. */
export function Wordmark() {
	return (
		<Link to="/" className="font-semibold text-body tracking-tight">
			Parley
		</Link>
	);
}

const row = "flex min-h-10 items-center gap-2 rounded-small px-3 transition-colors duration-quick hover:bg-said";

function SideContent({ viewer, chats, onDelete, onNew, onOlder, onSearch, onKeys }: SideProps) {
	const list = useRef<HTMLElement>(null);
	const before = useRef(chats.length);
	useEffect(() => {
		// Deleting a chat removes the focused row, so focus the first link of the list.
		if (chats.length < before.current && document.activeElement === document.body) list.current?.querySelector("a")?.focus();
		before.current = chats.length;
	}, [chats.length]);
	return (
		<>
			<nav ref={list} aria-label="Chats" className="flex min-h-0 grow flex-col overflow-y-auto px-2 pb-4">
				<Link
					to="/"
					className={`${row} shrink-0`}
					activeOptions={{ exact: true }}
					title="Ctrl + Shift + O"
					onClick={onNew}
					aria-keyshortcuts={ariaKeys("newChat")}
				>
					<NewChatIcon />
					New chat
				</Link>
				<button
					type="button"
					data-leaves
					className={`${row} shrink-0`}
					title="Ctrl + K"
					onClick={onSearch}
					aria-keyshortcuts={ariaKeys("search")}
				>
					<SearchIcon />
					Find a chat
				</button>
				{chats.length === 0 ? (
					<p className="mt-4 px-3 text-small text-soft">Your chats will be listed here.</p>
				) : (
					<ul className="mt-3 flex flex-col">
						{chats.map((chat) => (
							<ChatRow key={chat.id} chat={chat} onDelete={onDelete} />
						))}
					</ul>
				)}
				{onOlder && (
					<button type="button" className="button-bare mt-2" onClick={onOlder}>
						Show older chats
					</button>
				)}
			</nav>
			<Foot viewer={viewer} onKeys={onKeys} />
		</>
	);
}

function ChatRow({ chat, onDelete }: { chat: ChatSummary; onDelete: SideProps["onDelete"] }) {
	const [confirming, setConfirming] = useState(false);
	return (
		<li className="group relative">
			<Link
				to="/c/$chatId"
				params={{ chatId: chat.id }}
				className={`${row} pr-10`}
				activeProps={{ className: "bg-said font-medium", "aria-current": "page" }}
				title={chat.title}
			>
				<span className="truncate">{chat.title}</span>
			</Link>
			<button
				type="button"
				aria-label={`Delete “${chat.title}”`}
				className="button-bare shown-near absolute inset-y-0 right-0"
				onClick={() => setConfirming(true)}
			>
				<DeleteIcon />
			</button>
			{confirming && (
				<ConfirmDialog
					title="Delete this chat?"
					text={`“${chat.title}” and its answers will be gone for good. What was counted stays counted.`}
					action="Delete"
					onConfirm={() => onDelete(chat.id)}
					onClose={() => setConfirming(false)}
				/>
			)}
		</li>
	);
}

function Foot({ viewer, onKeys }: Pick<SideProps, "viewer" | "onKeys">) {
	const path = useLocation({ select: ({ pathname }) => pathname });
	return (
		<div className="shrink-0 border-line border-t p-2">
			<nav aria-label="You">
				<Link to="/pricing" className={row}>
					Pricing
				</Link>
				{viewer.kind === "user" ? (
					<Link to="/account" className={row}>
						Account
					</Link>
				) : (
					<>
						<Link to="/account/appearance" className={row}>
							Appearance
						</Link>
						<Link to="/sign-in" search={{ next: path }} className={row}>
							Sign in
						</Link>
						<Link to="/sign-up" search={{ next: path }} className={row}>
							Sign up
						</Link>
					</>
				)}
				<button type="button" data-leaves className={`${row} w-full pointer-coarse:hidden`} onClick={onKeys}>
					Keyboard shortcuts
				</button>
			</nav>
			{viewer.kind === "user" && (
				<div className="flex min-h-10 items-center justify-between gap-2 pl-3">
					<p className="min-w-0 truncate text-small text-soft" title={viewer.email}>
						{viewer.name}
					</p>
					<SignOutButton />
				</div>
			)}
		</div>
	);
}

/** Signs out, and offers to try again when that failed. */
export function SignOutButton() {
	const [failed, setFailed] = useState(false);
	async function press() {
		try {
			// Few visits end with it, so its requests are loaded when they do.
			const { signOut } = await import("../session/session-requests.ts");
			setFailed((await signOut()) !== undefined);
		} catch {
			setFailed(true);
		}
	}
	return (
		<button type="button" className="button-bare shrink-0 text-small" onClick={() => void press()}>
			<span aria-live="polite">{failed ? "Try to sign out again" : "Sign out"}</span>
		</button>
	);
}
