import { createFileRoute, Link, notFound } from "@tanstack/react-router";
import { Failed, Lost } from "../../components/frame/lost.tsx";
import { ID } from "../../input.ts";
import { loadChat } from "../../lib/http/pages.ts";
import type { ChatView } from "../../view/chat.ts";

/** The layout of a message shown in place of a chat. The list of chats stays beside it. */
const layout = "mx-auto w-full max-w-read px-4 pt-16";

export const Route = createFileRoute("/_chat/c/$chatId")({
	loader: async ({ params: { chatId }, context: { newChats } }): Promise<ChatView> => {
		const newTitle = newChats.get(chatId);
		if (newChats.delete(chatId))
			return { id: chatId, title: newTitle ?? "New chat", messages: [], running: false, earlier: null, tokens: 0, whole: false };
		if (!ID.test(chatId)) throw notFound();
		const chat = await loadChat({ data: { id: chatId } });
		if (!chat) throw notFound();
		return chat;
	},
	// The open page updates its own data. Coming back to it loads the chat again.
	staleTime: Number.POSITIVE_INFINITY,
	gcTime: 0,
	head: ({ loaderData }) => ({ meta: [{ title: loaderData ? `${loaderData.title} · Parley` : "Not found · Parley" }] }),
	component: () => null,
	// Keep the error pages in the main bundle: they are shown when the server cannot be reached.
	codeSplitGroupings: [],
	errorComponent: () => (
		<div className={layout}>
			<Failed title="This chat could not be shown" />
		</div>
	),
	notFoundComponent: () => (
		<div className={layout}>
			<Lost title="This chat is not here" text="It was deleted, or it belongs to someone else. Your own chats are in the list.">
				<Link to="/" className="button-next">
					Begin a new chat
				</Link>
			</Lost>
		</div>
	),
});
