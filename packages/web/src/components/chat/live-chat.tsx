import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport, type FileUIPart, type UIMessage } from "ai";
import { type Ref, type RefObject, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { AnswerMetadata, Price } from "../../view/chat.ts";
import { fetchOrThrow } from "../requests.ts";
import { partsFor, textOf } from "./message-text.ts";

export type LiveMessage = UIMessage<AnswerMetadata>;

export interface Sending {
	/** `edit` replaces the viewer's last message, `regenerate` requests another answer to it. */
	kind: "new" | "edit" | "regenerate";
	text: string;
	/** Whether it comes from the queue, which keeps it until it is accepted. */
	fromQueue?: boolean;
	/** The message's files. For an edit, the remaining ones. */
	files?: FileUIPart[];
	/** The id of the message to write. For `regenerate`, the answer to replace. */
	messageId: string;
	/** The idempotency key, shared by all retries of one press of send. */
	key: string;
	/** The model and effort, with the price displayed to the viewer. The server charges no more than that. */
	price: Price;
	/** The last message shown, from which the server detects that the chat was changed elsewhere. */
	seen?: string | null;
	/** The instructions of a new chat. */
	instructions?: string | undefined;
	/** The folder for a new chat. */
	folder?: string | undefined;
	/** Whether the server does not store the chat, so each request carries the history. */
	temporary?: true | undefined;
	/** A Turnstile token, if the server required one. */
	humanToken?: string | undefined;
}

export interface LiveHandle {
	send: (sending: Sending) => Promise<void>;
	/** Joins the running answer and resolves when it has ended. False if there was none. */
	join: () => Promise<boolean>;
	/** Replaces the messages that are shown. */
	show: (messages: LiveMessage[]) => void;
}

export interface LiveReport {
	messages: LiveMessage[];
	status: "submitted" | "streaming" | "ready" | "error";
}

interface LiveEvents {
	onReady: () => void;
	onReport: (report: LiveReport) => void;
	/** The server has accepted the request and begins to answer. */
	onAccepted: () => void;
	/** Called once per ended answer, with the error if the stream broke. */
	onEnded: (error: Error | undefined, end: AnswerMetadata | undefined) => void;
}

export interface LiveChatProps extends LiveEvents {
	chatId: string;
	initial: LiveMessage[];
	ref: Ref<LiveHandle>;
}

/** The AI SDK's chat, without markup. Loaded when the composer gets focus; the page renders what it reports. */
export default function LiveChat({ chatId, initial, ref, ...callbacks }: LiveChatProps) {
	const events = useRef<LiveEvents>(callbacks);
	events.current = callbacks;
	const failure = useRef<Error>(undefined);
	const joined = useRef(false);
	const [transport] = useState(() => transportTo(events, joined));

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
		send: async ({ kind, text, files, messageId, key, price, seen, instructions, folder, temporary, humanToken }) => {
			const headers = { "Idempotency-Key": key, ...(humanToken && { "cf-turnstile-response": humanToken }) };
			const { units, upTo, ...asked } = price;
			const bounds = upTo === undefined ? { maxUnits: units } : { maxUnits: upTo, maxHeldUnits: units };
			const request = { headers, body: { ...asked, ...bounds, seen, instructions, folder, temporary } };
			if (kind === "regenerate") return await regenerate({ messageId, ...request });
			const message = { role: "user" as const, parts: partsFor(text, files) };
			await sendMessage(kind === "edit" ? { ...message, messageId } : { ...message, id: messageId }, request);
		},
		join: async () => {
			joined.current = false;
			await resumeStream();
			// onFinish is not called when the attempt was refused or came back empty.
			failure.current = undefined;
			return joined.current;
		},
		show: setMessages,
	}));

	useEffect(() => events.current.onReport({ messages, status }), [messages, status]);

	useEffect(() => {
		// Development runs effects twice, and the first clean-up would end a send already begun. Start it after the current task.
		const timer = setTimeout(() => events.current.onReady(), 0);
		return () => clearTimeout(timer);
	}, []);

	return null;
}

/** How many characters of messages a request body may carry, in any script. */
const BODY_CHARS_MAX = 250_000;

/** The newest messages' texts that fit into one request. */
function withinBody(messages: readonly LiveMessage[]) {
	let chars = 0;
	return messages
		.toReversed()
		.map(({ id, role, parts }) => ({ id, role, parts: parts.filter(({ type }) => type === "text") }))
		.filter((message) => {
			chars += textOf(message).length;
			return chars <= BODY_CHARS_MAX;
		})
		.toReversed();
}

const transportTo = (events: RefObject<LiveEvents>, joined: RefObject<boolean>) =>
	new DefaultChatTransport<LiveMessage>({
		api: "/api/chat/ai",
		fetch: async (input, init) => {
			const response = await fetchOrThrow(input, init);
			joined.current = response.status === 200;
			if (joined.current) events.current.onAccepted();
			return response;
		},
		// The server has the history, so only the last message is sent, except in a temporary chat.
		prepareSendMessagesRequest: ({ id, messages, trigger, messageId, headers, body }) => ({
			headers: Object.fromEntries(new Headers(headers)),
			body: { ...body, id, trigger, messageId, messages: body?.temporary ? withinBody(messages) : messages.slice(-1) },
		}),
		prepareReconnectToStreamRequest: ({ id }) => ({ api: `/api/chat/${id}/stream` }),
	});
