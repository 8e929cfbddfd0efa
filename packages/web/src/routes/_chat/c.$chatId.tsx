import { createFileRoute, Link, notFound, useLoaderData, useLocation } from "@tanstack/react-router";
import { Failed, Lost } from "../../components/frame/lost.tsx";
import { ID } from "../../input.ts";
import { loadChat } from "../../lib/http/pages.ts";
import { t } from "../../text/text.ts";
import type { ChatView } from "../../view/chat.ts";

/** The layout of a message shown instead of a chat. The chat list stays beside it. */
const layout = "mx-auto w-full max-w-read px-4 pt-16";

export const Route = createFileRoute("/_chat/c/$chatId")({
	loader: async ({ params: { chatId }, context: { newChats } }): Promise<ChatView> => {
		const newTitle = newChats.get(chatId);
		if (newChats.delete(chatId))
			return { id: chatId, title: newTitle ?? t("frame_new_chat"), messages: [], running: false, earlier: null, tokens: 0, whole: false };
		if (!ID.test(chatId)) throw notFound();
		const chat = await loadChat({ data: { id: chatId } });
		// A temporary chat exists only on the page it started on.
		if (!chat || chat.temporary) throw notFound();
		return chat;
	},
	// The open page updates its own data. Returning to it reloads the chat.
	staleTime: Number.POSITIVE_INFINITY,
	gcTime: 0,
	head: ({ loaderData }) => ({
		meta: [{ title: loaderData ? t("site_title", { page: loaderData.title }) : t("site_title", { page: t("lost_not_found") }) }],
	}),
	component: () => null,
	// Keep the error pages in the main bundle: they are shown when the server cannot be reached.
	codeSplitGroupings: [],
	errorComponent: ({ error }) => (
		<div className={layout}>
			<Failed title={t("lost_chat_not_loaded")} error={error} />
		</div>
	),
	notFoundComponent: ChatNotFound,
});

function ChatNotFound() {
	const { viewer } = useLoaderData({ from: "/_chat" });
	const path = useLocation({ select: ({ pathname }) => pathname });
	const isGuest = viewer.kind === "guest";
	return (
		<div className={layout}>
			<Lost title={t("lost_chat_not_found")} text={isGuest ? t("lost_chat_or_sign_in") : t("lost_chat_or_elses")}>
				<div className="flex flex-wrap gap-3">
					<Link to="/" className="button-next">
						{t("lost_start_new")}
					</Link>
					{isGuest && (
						<Link to="/sign-in" search={{ next: path }} className="button-plain">
							{t("frame_sign_in")}
						</Link>
					)}
				</div>
			</Lost>
		</div>
	);
}
