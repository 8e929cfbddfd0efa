import { useEffect, useEffectEvent, useReducer, useRef } from "react";
import type { ChatView } from "../../view/chat.ts";
import { hearTabs } from "../tabs.ts";
import { type Attempt, type Conversation, type ConversationEvents, type ConversationState, pageOf, refresh } from "./conversation.ts";
import { NEW_INSTRUCTIONS, readDraft, readPending } from "./draft.ts";
import type { LiveHandle } from "./live-chat.tsx";

/** How often a visible page checks whether another device has changed its chat. */
const LOOK_EVERY_MS = 30_000;

const initialState = (chat: ChatView): ConversationState => ({
	...pageOf(chat),
	armed: chat.running,
	report: { messages: chat.messages, status: chat.running ? "submitted" : "ready" },
	queued: undefined,
	failure: undefined,
	stopping: false,
	joining: chat.running,
	refused: undefined,
});

/** Returns the same state object if nothing changes, so that nothing re-renders. */
function merge(state: ConversationState, changes: Partial<ConversationState>): ConversationState {
	const isSame = Object.entries(changes).every(([name, value]) => Object.is(state[name as keyof ConversationState], value));
	return isSame ? state : { ...state, ...changes };
}

/** The state of one chat on the page, for the functions in conversation.ts. `draftKey` names its draft in session storage. */
export function useConversation(chat: ChatView, draftKey: string, events: ConversationEvents): Conversation {
	const [state, patch] = useReducer(merge, chat, initialState);
	const live = useRef<LiveHandle>(null);
	const attempt = useRef<Attempt>(undefined);
	const humanToken = useRef<string>(undefined);
	const moving = useRef(false);
	const mounted = useRef(true);

	useEffect(() => {
		mounted.current = true;
		return () => {
			mounted.current = false;
		};
	}, []);

	useEffect(() => {
		if (draftKey === "new") patch({ instructions: readDraft(NEW_INSTRUCTIONS) });
		const kept = readPending(draftKey);
		// Load the live chat now, so that the message is sent at once after the purchase.
		patch(kept?.refusedAtMs ? { refused: kept, armed: true } : { refused: undefined });
	}, [draftKey]);

	const conversation = { chat, draftKey, events, state, patch, live, attempt, humanToken, moving, mounted };
	const look = useEffectEvent(() => void (document.hidden || refresh(conversation)));
	useEffect(() => {
		const endHearing = hearTabs("chat", (chatId) => chatId === chat.id && look());
		const timer = setInterval(look, LOOK_EVERY_MS);
		document.addEventListener("visibilitychange", look);
		return () => {
			clearInterval(timer);
			document.removeEventListener("visibilitychange", look);
			endHearing();
		};
	}, [chat.id]);

	return conversation;
}
