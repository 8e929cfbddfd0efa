import { createFileRoute, Link, notFound } from "@tanstack/react-router";
import { Failed, Lost } from "../../components/frame/lost.tsx";
import { ID } from "../../input.ts";
import { loadChat } from "../../lib/http/pages.ts";
import type { ChatView } from "../../view/chat.ts";

/** The chats stay beside what is said in place of one. */
const beside = "mx-auto w-full max-w-read px-4 pt-16";

export const Route = createFileRoute("/_chat/c/$chatId")({
	loader: async ({ params: { chatId }, context: { newChats } }): Promise<ChatView> => {
		const begun = newChats.get(chatId);
		if (newChats.delete(chatId)) return { id: chatId, title: begun ?? "New chat", messages: [], running: false };
		if (!ID.test(chatId)) throw notFound();
		const chat = await loadChat({ data: chatId });
		if (!chat) throw notFound();
		return chat;
	},
	// While it is open the page knows more than the loader did; it is read again when one comes back.
	staleTime: Number.POSITIVE_INFINITY,
	gcTime: 0,
	head: ({ loaderData }) => ({ meta: [{ title: loaderData ? `${loaderData.title} · Parley` : "Not found · Parley" }] }),
	component: () => null,
	// What is shown when the server cannot be reached must not have to be fetched from it.
	codeSplitGroupings: [],
	errorComponent: () => (
		<div className={beside}>
			<Failed title="This chat could not be shown" />
		</div>
	),
	notFoundComponent: () => (
		<div className={beside}>
			<Lost title="This chat is not here" text="It was deleted, or it belongs to someone else. Your own chats are in the list.">
				<Link to="/" className="button-next">
					Begin a new chat
				</Link>
			</Lost>
		</div>
	),
});
