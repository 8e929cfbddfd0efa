import { useEffect, useRef, useState } from "react";
import type { AnswerMetadata, ChatMessage, ChatView } from "../../view/chat.ts";
import type { Problem } from "../../view/problem.ts";
import { Refused, randomId, stopAnswer, Unreached } from "../requests.ts";
import { keepPending, type PendingSend, readPending } from "./draft.ts";
import type { LiveHandle, LiveMessage, LiveReport, Sending } from "./live-chat.tsx";

export type Phase = "idle" | "thinking" | "writing";

/** What went wrong with the last request, in the terms in which it is told. */
export type Trouble = { kind: "refused"; problem: Problem } | { kind: "unreached" } | { kind: "broken" } | { kind: "stop-failed" };

export interface ConversationEvents {
	/** The server has taken the request: the chat exists from now on. */
	onAccepted: (text: string) => void;
	/** An answer ended, well or not, or a request was refused: what is left may have changed. `ended` says how, to be heard with the new count. */
	onSettled: (ended?: string) => void;
	/** Text that could not be sent goes back to where it was written. */
	onReturned: (text: string) => void;
	/** The chat as the server has it. */
	readChat: () => Promise<ChatView | null>;
	announce: (text: string) => void;
}

interface Undo {
	messages: LiveMessage[];
	sending: Sending;
	accepted: boolean;
}

const rejoinDelaysMs = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/** One chat: what is said, what is being written, and what became of the last request. */
export function useConversation(
	chat: { id: string; messages: ChatMessage[]; running: boolean },
	place: string,
	events: ConversationEvents,
) {
	const [armed, setArmed] = useState(chat.running);
	const [report, setReport] = useState<LiveReport>({ messages: chat.messages, status: chat.running ? "submitted" : "ready" });
	const [queued, setQueued] = useState<Sending>();
	const [trouble, setTrouble] = useState<Trouble>();
	const [stopping, setStopping] = useState(false);
	const [refused, setRefused] = useState<PendingSend>();
	const [joining, setJoining] = useState(chat.running);
	const live = useRef<LiveHandle>(null);
	const undo = useRef<Undo>(undefined);
	const mounted = useRef(true);

	useEffect(() => {
		mounted.current = true;
		return () => {
			mounted.current = false;
		};
	}, []);

	useEffect(() => {
		const kept = readPending(place);
		setRefused(kept?.refusedAtMs ? kept : undefined);
		// Who waits for a plan should not wait for this as well.
		if (kept?.refusedAtMs) setArmed(true);
	}, [place]);

	const busy = queued !== undefined || joining || report.status === "submitted" || report.status === "streaming";

	function begin(sending: Sending) {
		if (busy) return;
		setTrouble(undefined);
		setArmed(true);
		if (!live.current) return setQueued(sending);
		start(live.current, sending);
	}

	function start(handle: LiveHandle, sending: Sending) {
		undo.current = { messages: report.messages, sending, accepted: false };
		events.announce("Thinking.");
		void handle.send(sending);
	}

	const repeats = (kept: PendingSend | undefined, text: string, model: string | undefined): kept is PendingSend =>
		kept?.chatId === chat.id && kept.text === text && kept.model === model;

	/** The same words again after a failure are the same request: whatever became of the first, it is counted once. */
	function keep(text: string, model: string | undefined, refusedAtMs?: number): PendingSend {
		const kept = readPending(place);
		const send = repeats(kept, text, model) ? kept : { key: randomId(), messageId: randomId(), chatId: chat.id, text, model };
		const pending = { ...send, refusedAtMs };
		keepPending(place, pending);
		setRefused(refusedAtMs === undefined ? undefined : pending);
		return pending;
	}

	/** A press of send that a limit stands in the way of, which a purchase lifts. */
	const sendOncePaid = (text: string, model: string | undefined) => void keep(text, model, Date.now());

	function send(text: string, model: string | undefined) {
		const pending = keep(text, model);
		begin({ kind: "new", text, model, key: pending.key, messageId: pending.messageId });
	}

	const edit = (messageId: string, text: string, model: string | undefined) =>
		begin({ kind: "edit", text, messageId, model, key: randomId() });

	const askAgain = (messageId: string, model: string | undefined) => begin({ kind: "again", text: "", messageId, model, key: randomId() });

	function onReady() {
		const handle = live.current;
		if (!handle) return;
		if (queued) {
			setQueued(undefined);
			start(handle, queued);
		} else if (chat.running) void handle.join().then((joined) => (joined ? undefined : rejoin({ kind: "broken" })));
	}

	/** The part of the page that talks to the server could not be loaded. */
	function notLoaded() {
		setArmed(false);
		if (joining) settleWith({ kind: "broken" });
		if (!queued) return;
		setQueued(undefined);
		if (queued.kind !== "again") events.onReturned(queued.text);
		setTrouble({ kind: "unreached" });
	}

	function onAccepted() {
		const begun = undo.current;
		if (!begun) return;
		begun.accepted = true;
		if (begun.sending.kind === "new") keepPending(place, undefined);
		events.onAccepted(begun.sending.text);
	}

	function onEnded(error: Error | undefined, end: AnswerMetadata | undefined) {
		setStopping(false);
		const begun = undo.current;
		undo.current = undefined;
		// The server's last chunk names how the answer ended, a failure too. Without it, nothing is settled.
		if (end) {
			setJoining(false);
			return events.onSettled(end.note ?? "Answer complete.");
		}
		if (begun && !begun.accepted && error) return giveBack(begun, error);
		// The answer is the server's: whatever broke on the way, the truth is asked for.
		void rejoin(error instanceof Refused ? { kind: "refused", problem: error.problem } : { kind: "broken" });
	}

	function giveBack(begun: Undo, error: Error) {
		live.current?.show(begun.messages);
		const { kind, text, model } = begun.sending;
		if (kind !== "again") events.onReturned(text);
		if (kind === "new" && error instanceof Refused && isLiftedByPaying(error.problem)) sendOncePaid(text, model);
		setTrouble(error instanceof Refused ? { kind: "refused", problem: error.problem } : { kind: "unreached" });
		events.onSettled();
		// Another tab's answer is in the way: show it.
		if (error instanceof Refused && error.problem.status === 409) void rejoin({ kind: "refused", problem: error.problem });
	}

	async function rejoin(cause: Trouble) {
		setJoining(true);
		for (const delayMs of rejoinDelaysMs) {
			const view = await events.readChat().catch(() => undefined);
			if (!mounted.current) return;
			if (view) {
				live.current?.show(view.messages);
				if (!view.running) return settleWith(undefined);
				if (await live.current?.join()) return;
			}
			await new Promise((resolve) => setTimeout(resolve, delayMs));
			if (!mounted.current) return;
		}
		settleWith(cause);
	}

	function settleWith(cause: Trouble | undefined) {
		setJoining(false);
		setTrouble(cause);
		events.onSettled();
	}

	async function stop() {
		if (queued) {
			setQueued(undefined);
			return events.onReturned(queued.text);
		}
		setStopping(true);
		await stopAnswer(chat.id).catch((error: unknown) => {
			setStopping(false);
			// 404 or 409: there is nothing left to stop, the end is on its way.
			if (error instanceof Unreached || (error instanceof Refused && error.problem.status >= 500)) setTrouble({ kind: "stop-failed" });
		});
	}

	const messages = queued?.kind === "new" ? [...report.messages, queuedMessage(queued)] : report.messages;
	const phase: Phase = !busy ? "idle" : report.status === "streaming" && hasText(messages.at(-1)) ? "writing" : "thinking";

	return {
		messages,
		phase,
		trouble,
		stopping,
		armed,
		arm: () => setArmed(true),
		notLoaded,
		forget: () => setTrouble(undefined),
		/** The words that a limit refused, and when. */
		refused,
		send,
		sendOncePaid,
		edit,
		askAgain,
		stop,
		live,
		liveEvents: { onReady, onReport: setReport, onAccepted, onEnded },
	};
}

const isLiftedByPaying = ({ policy }: Problem) => policy === "free" || policy === "paid";

const queuedMessage = ({ messageId, text }: Sending): LiveMessage => ({ id: messageId, role: "user", parts: [{ type: "text", text }] });

function hasText(message: LiveMessage | undefined): boolean {
	return message?.role === "assistant" && message.parts.some((part) => part.type === "text" && part.text !== "");
}
