import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport, type UIMessage } from "ai";
import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { AnswerMetadata, ChatMessage } from "../../view/chat.ts";
import { askServer } from "../requests.ts";
import { humanHeader } from "./human-check.tsx";

export type LiveMessage = UIMessage<AnswerMetadata>;

export interface Sending {
	/** `edit` replaces the reader's last message, `again` asks for another answer to it. */
	kind: "new" | "edit" | "again";
	text: string;
	/** Of the message to write; for `again`, of the message to answer anew. */
	messageId: string;
	/** One press of send is one request, however often it has to be repeated. */
	key: string;
	model: string | undefined;
}

export interface LiveHandle {
	send: (sending: Sending) => Promise<void>;
	/** Joins the answer that the server is writing, and resolves when it has ended; false when there was none to join. */
	join: () => Promise<boolean>;
	show: (messages: LiveMessage[]) => void;
}

export interface LiveReport {
	messages: LiveMessage[];
	status: "submitted" | "streaming" | "ready" | "error";
}

export interface LiveChatProps {
	chatId: string;
	initial: ChatMessage[];
	ref: Ref<LiveHandle>;
	onReady: () => void;
	onReport: (report: LiveReport) => void;
	/** The server has taken the request and begins to answer. */
	onAccepted: () => void;
	/** Called once for each answer that ended, with its error if it broke. */
	onEnded: (error: Error | undefined, end: AnswerMetadata | undefined) => void;
}

/** The AI SDK's chat, without a face: it is loaded when the reader turns to the composer, and the page draws what it reports. */
export default function LiveChat({ chatId, initial, ref, onReady, onReport, onAccepted, onEnded }: LiveChatProps) {
	const events = useRef({ onReady, onReport, onAccepted, onEnded });
	events.current = { onReady, onReport, onAccepted, onEnded };
	const failure = useRef<Error>(undefined);
	const joined = useRef(false);

	const [transport] = useState(
		() =>
			new DefaultChatTransport<LiveMessage>({
				api: "/api/chat/ai",
				fetch: async (input, init) => {
					const response = await askServer(input, init);
					joined.current = response.status === 200;
					if (joined.current) events.current.onAccepted();
					return response;
				},
				// The history is the server's own: only the last message travels.
				prepareSendMessagesRequest: ({ id, messages, trigger, messageId, headers, body }) => ({
					headers: { ...Object.fromEntries(new Headers(headers)), ...humanHeader() },
					body: { ...body, id, trigger, messageId, messages: messages.slice(-1) },
				}),
				prepareReconnectToStreamRequest: ({ id }) => ({ api: `/api/chat/${id}/stream` }),
			}),
	);

	const { messages, status, sendMessage, regenerate, resumeStream, setMessages } = useChat<LiveMessage>({
		id: chatId,
		messages: initial,
		transport,
		throttle: 50,
		onError: (error) => {
			failure.current = error;
		},
		onFinish: ({ isAbort, message }) => {
			if (isAbort) return;
			const error = failure.current;
			failure.current = undefined;
			events.current.onEnded(error, message.metadata?.state ? message.metadata : undefined);
		},
	});

	useImperativeHandle(ref, () => ({
		send: async ({ kind, text, messageId, key, model }) => {
			const request = { headers: { "Idempotency-Key": key }, body: { model } };
			if (kind === "again") return await regenerate({ messageId, ...request });
			const message = { role: "user" as const, parts: [{ type: "text" as const, text }] };
			await sendMessage(kind === "edit" ? { ...message, messageId } : { ...message, id: messageId }, request);
		},
		join: async () => {
			joined.current = false;
			await resumeStream();
			// A refused or empty answer to the attempt is no end of an answer: onFinish is not called for it.
			failure.current = undefined;
			return joined.current;
		},
		show: setMessages,
	}));

	useEffect(() => events.current.onReport({ messages, status }), [messages, status]);

	useEffect(() => {
		// After the effects of this turn: in development React runs them twice, and the first clean-up ends what has begun.
		const timer = setTimeout(() => events.current.onReady(), 0);
		return () => clearTimeout(timer);
	}, []);

	return null;
}
