import { useEffect, useReducer, useRef } from "react";
import type { ChatMessage } from "../../view/chat.ts";
import type { Attempt, Conversation, ConversationEvents, ConversationState } from "./conversation.ts";
import { readPending } from "./draft.ts";
import type { LiveHandle } from "./live-chat.tsx";

interface Chat {
	id: string;
	messages: ChatMessage[];
	running: boolean;
}

const initialState = ({ messages, running }: Chat): ConversationState => ({
	armed: running,
	report: { messages, status: running ? "submitted" : "ready" },
	queued: undefined,
	failure: undefined,
	stopping: false,
	joining: running,
	refused: undefined,
});

const merge = (state: ConversationState, changes: Partial<ConversationState>): ConversationState => ({ ...state, ...changes });

/** The state of one chat on the page, for the steps in conversation.ts. `draftKey` names its draft in the tab's storage. */
export function useConversation(chat: Chat, draftKey: string, events: ConversationEvents): Conversation {
	const [state, patch] = useReducer(merge, chat, initialState);
	const live = useRef<LiveHandle>(null);
	const attempt = useRef<Attempt>(undefined);
	const humanToken = useRef<string>(undefined);
	const mounted = useRef(true);

	useEffect(() => {
		mounted.current = true;
		return () => {
			mounted.current = false;
		};
	}, []);

	useEffect(() => {
		const kept = readPending(draftKey);
		// Load the live chat now, so that the message goes out at once after the purchase.
		patch(kept?.refusedAtMs ? { refused: kept, armed: true } : { refused: undefined });
	}, [draftKey]);

	return { chat, draftKey, events, state, patch, live, attempt, humanToken, mounted };
}
