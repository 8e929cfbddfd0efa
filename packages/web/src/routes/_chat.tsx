import { createFileRoute, Outlet, useLocation, useMatch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useEffectEvent, useRef, useState } from "react";
import { chatTitle } from "../chat-title.ts";
import { usePlanChanges } from "../components/billing/plan-changes.ts";
import { keepReturnPath, keptPath, returnPath } from "../components/billing/return-path.ts";
import type { LoadedShell } from "../components/chat/chat-changes.ts";
import { ChatHeader } from "../components/chat/chat-header.tsx";
import { readFiles, readPending } from "../components/chat/draft.ts";
import { Room } from "../components/chat/room.tsx";
import type { LeaveGuard } from "../components/chat/temporary-line.tsx";
import { useChatActions } from "../components/chat/use-chat-actions.ts";
import { useShell } from "../components/chat/use-shell.ts";
import { type LinkOutcome, linkOutcomeOf } from "../components/frame/link-outcome.ts";
import { NeedsScripts } from "../components/frame/needs-scripts.tsx";
import { opened } from "../components/frame/opened.tsx";
import { type Done, DoneLine, SideColumn } from "../components/frame/side-column.tsx";
import { SkipLink } from "../components/frame/skip-link.tsx";
import { useKeys } from "../components/frame/use-keys.ts";
import { useSeenHeight } from "../components/frame/use-seen-height.ts";
import { randomId } from "../components/requests.ts";
import { usePageViewer } from "../components/session/page-viewer.ts";
import { ViewerChanged } from "../components/session/viewer-changed.tsx";
import { tellTabs } from "../components/tabs.ts";
import { nearestLimit } from "../components/tally/marks.ts";
import { TallyIcon } from "../components/tally/tally-icon.tsx";
import { loadChat, loadChats, loadMatchingChats, loadShell } from "../lib/http/pages.ts";
import { t } from "../text/text.ts";
import type { ChatView, FolderName } from "../view/chat.ts";
import type { UsageView } from "../view/usage.ts";

// Loaded on demand: few visits need a notice above the chat, or a dialog.
const ConfirmEmail = lazy(() => import("../components/frame/confirm-email.tsx").then((module) => ({ default: module.ConfirmEmail })));
const PaymentNotice = lazy(() => import("../components/chat/payment-notice.tsx").then((module) => ({ default: module.PaymentNotice })));

const ChatSearch = opened(() => import("../components/frame/chat-search.tsx").then((module) => module.default));
const ArchivedChats = opened(() => import("../components/frame/archived-chats.tsx").then((module) => module.default));
const KeyList = opened(() => import("../components/frame/key-list.tsx").then((module) => module.default));

interface SearchParams extends LinkOutcome {
	/** Set when returning from a checkout. */
	upgraded?: "plan" | "top-up";
	/** The folder for a new chat. */
	folder?: string;
}

/** The id of the last element of the page. */
const PAGE_END = "page-end";

export const Route = createFileRoute("/_chat")({
	validateSearch: ({ upgraded, folder, ...link }): SearchParams => ({
		...(upgraded ? { upgraded: upgraded === "top-up" ? "top-up" : "plan" } : {}),
		...(typeof folder === "string" ? { folder } : {}),
		...linkOutcomeOf(link),
	}),
	loader: async (): Promise<LoadedShell> => {
		const askedAtMs = Date.now();
		return { ...(await loadShell()), askedAtMs };
	},
	// Hovering over a link must not read the billing provider, which the balance may do.
	preload: false,
	// The open page updates its own data. Returning to it reloads everything.
	staleTime: Number.POSITIVE_INFINITY,
	gcTime: 0,
	head: () => ({
		// Avoids painting half of the page and then shifting it. Browsers without support paint as usual.
		links: [{ rel: "expect", href: `#${PAGE_END}`, blocking: "render" }],
	}),
	component: ChatFrame,
});

function ChatFrame() {
	useSeenHeight();
	const { upgraded, folder } = Route.useSearch();
	const navigate = Route.useNavigate();
	const path = useLocation({ select: ({ pathname }) => pathname });
	const match = useMatch({ from: "/_chat/c/$chatId", shouldThrow: false });
	const shell = useShell(Route.useLoaderData(), Route.id, (data) => loadChats({ data }));
	const { viewer, usage, models, demo, billing, freeLimit } = shell;
	usePageViewer(viewer);
	const fresh = useNewChat(
		match?.params.chatId,
		shell.folders.find(({ id }) => id === folder),
	);
	const [boughtAtMs, setBoughtAtMs] = useBoughtAt(shell.refreshUsage);
	useReturnToChat(upgraded, folder ? `${path}?folder=${encodeURIComponent(folder)}` : path);
	const [dialog, setDialog] = useState<DialogsProps["dialog"]>();
	const actions = useChatActions(shell, match?.params.chatId);
	const open = match ? match.loaderData : fresh.chat;
	const leaveGuard: LeaveGuard = useRef(undefined);
	const onNew = () => {
		shell.refreshUsage();
		if (leaveGuard.current) leaveGuard.current(fresh.leave);
		else fresh.leave();
	};
	useKeys({
		newChat: () => {
			onNew();
			void navigate({ to: "/" });
		},
		search: () => setDialog("search"),
		help: () => setDialog("keys"),
	});
	const onAccepted = useOnAccepted(shell, match === undefined && !fresh.chat.temporary, fresh.chat.folder !== undefined);
	const side = sideOf(shell, actions, { openId: match?.params.chatId, onNew, onDialog: setDialog });

	return (
		<div className="flex h-seen overflow-hidden">
			<SkipLink to="#main">{t("frame_skip_to_chat")}</SkipLink>
			<SideColumn {...side} />
			<main id="main" tabIndex={-1} className="flex h-full min-w-0 grow flex-col outline-none">
				<NeedsScripts>{t("chat_needs_scripts")}</NeedsScripts>
				<Banners shell={shell} path={path} onBought={setBoughtAtMs} done={actions.done} />
				{open ? (
					<Room
						key={open.id}
						chat={open}
						isNew={!match}
						onTemporary={fresh.setTemporary}
						leaveGuard={leaveGuard}
						path={path}
						usage={upgraded ? besideNotice(usage) : usage}
						models={models}
						search={shell.search}
						demo={demo}
						freeLimit={freeLimit}
						files={shell.files}
						canPay={billing.sells}
						boughtAtMs={boughtAtMs}
						instructions={shell.instructions}
						suggestedPrompts={shell.suggestedPrompts}
						header={(tools) => <ChatHeader title={shell.titleOf(open)} side={side} tools={tools} />}
						onAccepted={onAccepted}
						onSettled={() => shell.settled(open.id)}
						onPricesChanged={shell.reload}
						onBranched={(chatId) => {
							shell.reload();
							void navigate({ to: "/c/$chatId", params: { chatId } });
						}}
						readChat={(id, page) => loadChat({ data: { id, ...page } })}
					/>
				) : (
					<ChatHeader title="" side={side} />
				)}
				<Outlet />
			</main>
			<TallyIcon {...nearestLimit(usage)} />
			<span id={PAGE_END} hidden />
			<Dialogs dialog={dialog} shell={shell} actions={actions} onClose={() => setDialog(undefined)} />
		</div>
	);
}

interface SideOptions {
	openId: string | undefined;
	onNew: () => void;
	onDialog: (dialog: DialogsProps["dialog"]) => void;
}

/** The contents and actions of the sidebar. */
function sideOf(
	{ viewer, chats, readAt, keptDays, folders, reload, showOlder }: ReturnType<typeof useShell>,
	{ done, change }: ReturnType<typeof useChatActions>,
	{ openId, onNew, onDialog }: SideOptions,
) {
	return {
		...{ viewer, chats, openId, readAt, keptDays, done, onNew },
		folders: viewer.kind === "user" ? folders : undefined,
		onChange: change,
		onFolders: reload,
		onOlder: showOlder,
		onSearch: () => onDialog("search"),
		onArchived: () => onDialog("archived"),
		onKeys: () => onDialog("keys"),
	};
}

interface DialogsProps {
	dialog: "search" | "archived" | "keys" | undefined;
	shell: ReturnType<typeof useShell>;
	actions: ReturnType<typeof useChatActions>;
	onClose: () => void;
}

/** The dialogs that the frame opens. */
function Dialogs({ dialog, shell, actions, onClose }: DialogsProps) {
	return (
		<>
			{dialog === "search" && <ChatSearch newest={shell.chats} find={(data) => loadMatchingChats({ data })} onClose={onClose} />}
			{dialog === "archived" && (
				<ArchivedChats
					onChange={async (chat, change) => {
						await actions.change(chat, change);
						// A restored chat returns to its place in the list.
						shell.reload();
					}}
					onDeleteAll={actions.deleteAll}
					onClose={onClose}
				/>
			)}
			{dialog === "keys" && <KeyList onClose={onClose} />}
		</>
	);
}

interface BannersProps {
	shell: ReturnType<typeof useShell>;
	path: string;
	onBought: (atMs: number) => void;
	done: Done | undefined;
}

/** The notices above a chat: a changed viewer, an unconfirmed email address, and a recent payment. */
function Banners({ shell: { viewer, usage, mailboxUrl, refreshAfterCheckout, reload }, path, onBought, done }: BannersProps) {
	const { upgraded, ...link } = Route.useSearch();
	const navigate = Route.useNavigate();
	const close = () => void navigate({ to: ".", search: ({ folder }) => (folder ? { folder } : {}), replace: true });
	return (
		<>
			<ViewerChanged viewer={viewer} />
			{/* On a phone the list closes with the chat that is deleted from it. */}
			<div className="md:hidden">
				<DoneLine done={done} className="fixed inset-x-4 top-16 z-10 rounded-large bg-raised shadow-sheet" />
			</div>
			<Suspense>
				{(link.error || link.confirmed || (viewer.kind === "user" && !viewer.emailVerified)) && (
					<ConfirmEmail viewer={viewer} mailboxUrl={mailboxUrl} link={link} path={path} onReturn={reload} onClose={close} />
				)}
				{upgraded && (
					<PaymentNotice
						bought={upgraded}
						usage={usage}
						refresh={refreshAfterCheckout}
						onConfirmed={() => {
							onBought(Date.now());
							tellTabs("billing", "plan");
						}}
						onClose={close}
					/>
				)}
			</Suspense>
		</>
	);
}

/** The balance next to a payment notice. The notice itself says that the payment is being confirmed, so the balance does not. */
function besideNotice(usage: UsageView): UsageView {
	const { plan, ...balance } = usage;
	return plan?.state === "confirming" ? balance : usage;
}

/** When something was last bought, in epoch milliseconds: in this or another tab of the browser. */
function useBoughtAt(refreshUsage: () => void) {
	const [boughtAtMs, setBoughtAtMs] = useState(0);
	usePlanChanges((change) => {
		refreshUsage();
		// If the payer changes, a message blocked by a limit must not be sent at the new payer's cost.
		if (change === "plan") setBoughtAtMs(Date.now());
	});
	return [boughtAtMs, setBoughtAtMs] as const;
}

/** After a checkout, returns to the chat it was opened from. */
function useReturnToChat(upgraded: SearchParams["upgraded"], path: string): void {
	const navigate = Route.useNavigate();
	const returnToChat = useEffectEvent(() => {
		// The checkout may have been opened from another tab's chat; each tab returns to its own.
		const kept = keptPath();
		if (upgraded && kept && kept !== path) void navigate({ href: returnPath(upgraded), replace: true });
	});
	useEffect(() => returnToChat(), []);
	useEffect(() => keepReturnPath(path), [path]);
}

/** Gives a new chat its URL and its place in the list once the server has accepted its first message. */
function useOnAccepted({ refreshUsage, begin }: ReturnType<typeof useShell>, isNew: boolean, isInFolder: boolean) {
	const navigate = Route.useNavigate();
	const { newChats } = Route.useRouteContext();
	return (chatId: string, text: string) => {
		refreshUsage();
		if (!isNew || !text) return;
		const title = chatTitle(text) || t("frame_new_chat");
		newChats.set(chatId, title);
		// A chat in a folder appears there once the server has filed it.
		if (!isInFolder) begin({ id: chatId, title, updatedAt: new Date().toISOString() });
		// Replaces the page the new chat started on, so that Back leads to the page before it.
		void navigate({ to: "/c/$chatId", params: { chatId }, search: ({ folder, ...rest }) => rest, replace: true, resetScroll: false });
	};
}

/**
 * The new chat. Its id is generated before the server knows it, anew each time the page is opened. A temporary chat stays on that page until
 * the viewer leaves it for another new one.
 */
function useNewChat(chatId: string | undefined, folder: FolderName | undefined) {
	// The draft's files are stored in its chat.
	const fresh = () => readFiles("new")?.chatId ?? randomId();
	const [id, setId] = useState(() => readPending("new")?.chatId ?? fresh());
	const [temporaryId, setTemporaryId] = useState<string>();
	const [before, setBefore] = useState(chatId);
	if (before !== chatId) {
		setBefore(chatId);
		if (!chatId) setId(fresh());
	}
	const isTemporary = temporaryId === id;
	const chat: ChatView = {
		...{ id, messages: [], running: false, earlier: null, tokens: 0, whole: false },
		...(isTemporary ? { title: t("chat_temporary"), temporary: true } : { title: t("frame_new_chat"), ...(folder && { folder }) }),
	};
	return {
		chat,
		setTemporary: (on: boolean) => setTemporaryId(on ? id : undefined),
		leave: () => isTemporary && setId(randomId()),
	};
}
