import { logo } from "virtual:brand";
import { Link, useLocation } from "@tanstack/react-router";
import { type ComponentType, lazy, Suspense, useState } from "react";
import { t } from "../../text/text.ts";
import type { Viewer } from "../../view/identity.ts";
import { ChatList, type ChatListProps } from "./chat-list.tsx";
import type { FolderListProps } from "./folder-list.tsx";
import { CloseIcon, NewChatIcon, SearchIcon, SideIcon } from "./icons.tsx";
import { ariaKeys } from "./keys.ts";
import { LegalLinks } from "./legal-links.tsx";
import { opened } from "./opened.tsx";

// Not loaded if there are no folders.
const FolderList = lazy<ComponentType<FolderListProps>>(() => import("./folder-list.tsx").catch(() => ({ default: () => null })));

const SideSheet = opened(() => import("./side-sheet.tsx").then((module) => module.default));

export interface SideProps extends ChatListProps {
	viewer: Viewer;
	/** How many days after its last use a chat is kept. Null if forever. */
	keptDays: number | null;
	/** The last action on a chat, and its undo. */
	done: Done | undefined;
	/** Loads the next page of chats. Undefined after the last. */
	onOlder: (() => void) | undefined;
	/** Folders were changed. */
	onFolders: () => void;
	/** A new chat is opened by its link. */
	onNew: () => void;
	onSearch: () => void;
	onArchived: () => void;
	onKeys: () => void;
}

export interface Done {
	text: string;
	undo?: () => void;
}

/** An inline script that runs before the first paint, so that a collapsed column does not flash open. */
export const foldScript = `try{document.documentElement.dataset.side=localStorage.getItem("parley:side")||"open"}catch{}`;

function fold(side: "folded" | "open") {
	document.documentElement.dataset.side = side;
	try {
		localStorage.setItem("parley:side", side);
	} catch {
		// Without storage the column stays collapsed for this page only.
	}
}

/** The chat list beside the chat, on a desktop. */
export function SideColumn(props: SideProps) {
	return (
		<aside aria-label={t("frame_chats")} className="side-column h-full w-68 shrink-0 flex-col border-line border-r bg-margin">
			<div className="flex h-14 shrink-0 items-center justify-between pr-2 pl-5">
				<Wordmark />
				<button type="button" aria-label={t("side_hide")} className="button-bare min-w-9" onClick={() => fold("folded")}>
					<SideIcon />
				</button>
			</div>
			<SideContent {...props} />
		</aside>
	);
}

/** Opens the chat list: as a column on a desktop, as a sheet on a phone. */
export function SideButton(props: SideProps) {
	const [open, setOpen] = useState(false);
	return (
		<>
			<button
				type="button"
				aria-label={t("side_show")}
				className="side-button button-bare min-w-9"
				onPointerEnter={SideSheet.load}
				onFocus={SideSheet.load}
				onClick={() => (matchMedia("(min-width: 768px)").matches ? fold("open") : setOpen(true))}
			>
				<SideIcon />
			</button>
			{open && (
				<SideSheet onClose={() => setOpen(false)}>
					<div className="flex h-14 shrink-0 items-center justify-between pr-2 pl-5">
						<Wordmark />
						<button type="button" aria-label={t("frame_close")} className="button-bare min-w-9" onClick={() => setOpen(false)}>
							<CloseIcon />
						</button>
					</div>
					<SideContent {...props} />
				</SideSheet>
			)}
		</>
	);
}

/** The deployment's name or logo, linked to the chat. */
export function Wordmark() {
	return (
		<Link to="/" className="font-semibold text-body tracking-tight">
			{logo ? <Logo {...logo} /> : t("site_name")}
		</Link>
	);
}

/** Both are in the page, because the theme can be the reader's choice. The hidden one is not loaded. */
function Logo({ light, dark }: { light: string; dark: string }) {
	return (
		<>
			<img src={light} alt={t("site_name")} loading="lazy" className="only-light h-6 w-auto" />
			<img src={dark} alt={t("site_name")} loading="lazy" className="only-dark h-6 w-auto" />
		</>
	);
}

const row = "flex min-h-10 items-center gap-2 rounded-small px-3 transition-colors duration-quick hover:bg-said";

function SideContent({ viewer, keptDays, done, onNew, onOlder, onSearch, onArchived, onKeys, onFolders, ...list }: SideProps) {
	return (
		<>
			<nav aria-label={t("frame_chats")} className="flex min-h-0 grow flex-col overflow-y-auto px-2 pb-4">
				<Link
					to="/"
					className={`${row} shrink-0`}
					activeOptions={{ exact: true }}
					title={t("side_new_chat_key")}
					onClick={onNew}
					aria-keyshortcuts={ariaKeys("newChat")}
				>
					<NewChatIcon />
					{t("frame_new_chat")}
				</Link>
				<button
					type="button"
					data-leaves
					className={`${row} shrink-0`}
					title={t("side_find_key")}
					onClick={onSearch}
					aria-keyshortcuts={ariaKeys("search")}
				>
					<SearchIcon />
					{t("frame_find_chat")}
				</button>
				{list.folders?.length ? (
					<Suspense>
						<FolderList {...list} folders={list.folders} onChanged={onFolders} onNew={onNew} />
					</Suspense>
				) : null}
				{list.chats.length > 0 && <ChatList {...list} />}
				{list.chats.length === 0 && !list.folders?.length && <p className="mt-4 px-3 text-small text-soft">{t("side_empty")}</p>}
				{keptDays !== null && <p className="mt-3 px-3 text-small text-soft">{t("side_kept", { count: keptDays })}</p>}
				{onOlder && (
					<button type="button" className="button-bare mt-2 shrink-0" onClick={onOlder}>
						{t("side_older")}
					</button>
				)}
				<button type="button" data-leaves className="button-bare mt-3 shrink-0 self-start px-3 text-small" onClick={onArchived}>
					{t("frame_archived_chats")}
				</button>
			</nav>
			<DoneLine done={done} className="border-line border-t" />
			<Foot viewer={viewer} onKeys={onKeys} />
		</>
	);
}

/** The last action on a chat, with its undo. Takes no space if there is none. */
export function DoneLine({ done, className }: { done: Done | undefined; className: string }) {
	return (
		<div role="status" className="shrink-0">
			{done && (
				<p className={`flex min-h-11 items-center justify-between gap-2 px-5 text-small ${className}`}>
					<span className="wrap-anywhere">{done.text}</span>
					{done.undo && (
						<button type="button" className="link shrink-0 font-medium pointer-coarse:min-h-11" onClick={done.undo}>
							{t("side_undo")}
						</button>
					)}
				</p>
			)}
		</div>
	);
}

function Foot({ viewer, onKeys }: Pick<SideProps, "viewer" | "onKeys">) {
	const path = useLocation({ select: ({ pathname }) => pathname });
	return (
		<div className="shrink-0 border-line border-t p-2">
			<nav aria-label={t("side_you")}>
				<Link to="/pricing" className={row}>
					{t("frame_pricing")}
				</Link>
				{viewer.kind === "user" ? (
					<Link to="/account" className={row}>
						{t("frame_account")}
					</Link>
				) : (
					<>
						<Link to="/account/appearance" className={row}>
							{t("frame_appearance")}
						</Link>
						<Link to="/sign-in" search={{ next: path }} className={row}>
							{t("frame_sign_in")}
						</Link>
						<Link to="/sign-up" search={{ next: path }} className={row}>
							{t("frame_sign_up")}
						</Link>
					</>
				)}
				<button type="button" data-leaves className={`${row} w-full pointer-coarse:hidden`} onClick={onKeys}>
					{t("frame_shortcuts")}
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
			<LegalLinks className="px-3 py-1" />
		</div>
	);
}

/** Signs out, with a retry on failure. */
export function SignOutButton() {
	const [failed, setFailed] = useState(false);
	async function press() {
		try {
			// Few visits sign out, so the requests are loaded on demand.
			const { signOut } = await import("../session/session-requests.ts");
			setFailed((await signOut()) !== undefined);
		} catch {
			setFailed(true);
		}
	}
	return (
		<button type="button" className="button-bare shrink-0 text-small" onClick={() => void press()}>
			<span aria-live="polite">{failed ? t("side_sign_out_again") : t("side_sign_out")}</span>
		</button>
	);
}
