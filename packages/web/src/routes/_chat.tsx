import { createFileRoute, Outlet, useLocation, useMatch } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { chatTitle } from "../chat-title.ts";
import { tellTabs, usePlanNews } from "../components/billing/plan-news.ts";
import { keepReturnPath, keptPath } from "../components/billing/return-path.ts";
import { ChatHeader } from "../components/chat/chat-header.tsx";
import { readPending } from "../components/chat/draft.ts";
import { PaymentNotice } from "../components/chat/payment-notice.tsx";
import { Room } from "../components/chat/room.tsx";
import { useShell } from "../components/chat/use-shell.ts";
import { ConfirmEmail, linkErrorOf } from "../components/frame/confirm-email.tsx";
import { SideColumn } from "../components/frame/side-column.tsx";
import { SkipLink } from "../components/frame/skip-link.tsx";
import { useSeenHeight } from "../components/frame/use-seen-height.ts";
import { randomId } from "../components/requests.ts";
import { nearestLimit } from "../components/tally/marks.ts";
import { TallyIcon } from "../components/tally/tally-icon.tsx";
import { loadChat, loadShell } from "../lib/http/pages.ts";

interface ChatSearch {
	/** Set on the way back from a checkout. */
	upgraded?: "plan" | "top-up";
	/** Set by a confirmation link that does not work. */
	error?: string;
}

export const Route = createFileRoute("/_chat")({
	validateSearch: ({ upgraded, error }): ChatSearch => ({
		...(upgraded ? { upgraded: upgraded === "top-up" ? "top-up" : "plan" } : {}),
		...linkErrorOf({ error }),
	}),
	loader: () => loadShell(),
	// The page keeps its own count while it is open; coming back to it reads everything anew.
	staleTime: Number.POSITIVE_INFINITY,
	gcTime: 0,
	component: ChatFrame,
});

function ChatFrame() {
	useSeenHeight();
	const { upgraded, error } = Route.useSearch();
	const navigate = Route.useNavigate();
	const { newChats } = Route.useRouteContext();
	const path = useLocation({ select: ({ pathname }) => pathname });
	const match = useMatch({ from: "/_chat/c/$chatId", shouldThrow: false });
	const { viewer, usage, chats, models, demo, billing, freeLimit, mailboxUrl, ...shell } = useShell(Route.useLoaderData(), Route.id);
	const newId = useNewId(match?.params.chatId);
	const [boughtAtMs, setBoughtAtMs] = useState(0);
	usePlanNews((news) => {
		shell.refreshUsage();
		// What a limit refused does not go out by itself at the cost of someone else.
		if (news === "plan") setBoughtAtMs(Date.now());
	});
	const backToChat = useEffectEvent(() => {
		const kept = keptPath();
		// The checkout may have been opened from a chat in another tab: each tab goes on with its own.
		if (upgraded && kept && kept !== path) void navigate({ href: `${kept}?upgraded=${upgraded}`, replace: true });
	});
	useEffect(() => backToChat(), []);
	useEffect(() => keepReturnPath(path), [path]);
	useNewChatKey(() => void navigate({ to: "/" }));

	const open = match ? match.loaderData : { id: newId, title: "New chat", messages: [], running: false };
	const side = { viewer, chats, onDelete: async (chatId: string) => await remove(chatId) };

	async function remove(chatId: string) {
		const problem = await shell.remove(chatId);
		if (!problem && chatId === match?.params.chatId) await navigate({ to: "/" });
		return problem;
	}

	function onAccepted(chatId: string, text: string) {
		shell.refreshUsage();
		if (match || !text) return;
		const title = chatTitle(text) || "New chat";
		newChats.set(chatId, title);
		shell.add({ id: chatId, title, updatedAt: new Date().toISOString() });
		// The blank page has become this chat, so that Back leads to what was before it.
		void navigate({ to: "/c/$chatId", params: { chatId }, search: true, replace: true, resetScroll: false });
	}

	return (
		<div className="flex h-seen overflow-hidden">
			<SkipLink to="#main">Skip to the chat</SkipLink>
			<SideColumn {...side} />
			<main id="main" tabIndex={-1} className="flex h-full min-w-0 grow flex-col outline-none">
				<ConfirmEmail
					viewer={viewer}
					mailboxUrl={mailboxUrl}
					linkFailed={error !== undefined}
					path={path}
					onClose={() => void navigate({ to: ".", search: {}, replace: true })}
				/>
				{upgraded && (
					<PaymentNotice
						bought={upgraded}
						usage={usage}
						look={shell.lookForPurchase}
						onHere={() => {
							setBoughtAtMs(Date.now());
							tellTabs("plan");
						}}
						onClose={() => void navigate({ to: ".", search: {}, replace: true })}
					/>
				)}
				{open ? (
					<Room
						key={open.id}
						chat={open}
						isNew={!match}
						path={path}
						usage={usage}
						models={models}
						demo={demo}
						freeLimit={freeLimit}
						canPay={billing.sells}
						boughtAtMs={boughtAtMs}
						header={<ChatHeader title={open.title} side={side} />}
						onAccepted={onAccepted}
						onSettled={() => shell.settled(open.id)}
						readChat={(chatId) => loadChat({ data: chatId })}
					/>
				) : (
					<ChatHeader title="" side={side} />
				)}
				<Outlet />
			</main>
			<TallyIcon {...nearestLimit(usage)} />
		</div>
	);
}

/** Ctrl or ⌘ + Shift + O, as elsewhere. */
function useNewChatKey(open: () => void) {
	const pressed = useEffectEvent((event: KeyboardEvent) => {
		if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.key.toLowerCase() !== "o") return;
		event.preventDefault();
		open();
	});
	useEffect(() => {
		document.addEventListener("keydown", pressed);
		return () => document.removeEventListener("keydown", pressed);
	}, []);
}

/** A chat's id is made here, before the server knows of it: a new one each time that the blank page is opened. */
function useNewId(chatId: string | undefined): string {
	const [newId, setNewId] = useState(() => readPending("new")?.chatId ?? randomId());
	const [before, setBefore] = useState(chatId);
	if (before !== chatId) {
		setBefore(chatId);
		if (!chatId) setNewId(randomId());
	}
	return newId;
}
