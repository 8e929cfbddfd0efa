import type { FileUIPart } from "ai";
import type { RefObject } from "react";
import { t } from "../../text/text.ts";
import type { AnswerMetadata, ChatView, FolderName, Price, Versions } from "../../view/chat.ts";
import type { Problem } from "../../view/problem.ts";
import { branchChat, Refused, randomId, showVersionOf, stopAnswer, Unreached } from "../requests.ts";
import { carryMessage } from "../session/page-viewer.ts";
import { keepDraft, keepPending, NEW_INSTRUCTIONS, type PendingSend, readPending, sendFor } from "./draft.ts";
import type { LiveHandle, LiveMessage, LiveReport, Sending } from "./live-chat.tsx";
import { partsFor } from "./message-text.ts";
import { tokensIn } from "./price.ts";
import type { End, QueuedMessage, QueueEvent } from "./queue.ts";

export type Phase = "idle" | "thinking" | "writing";

/** Why the last request failed, in the kinds that the notice above the composer distinguishes. */
export type Failure =
	/** `sending`: the refused send, unless the server had already accepted it. */
	| { kind: "refused"; problem: Problem; sending?: Sending }
	| { kind: "unreached" | "broken" | "stop-failed" | "not-done"; problem?: undefined }
	/** An edit or a regeneration produced no answer. */
	| { kind: "undone"; end: AnswerMetadata; problem?: undefined };

export interface ConversationEvents {
	/** The server has accepted the request: the chat exists from now on. */
	onAccepted: (text: string) => void;
	/** An answer ended or a request was refused, so the balance may have changed. `ended` is announced with the new balance. */
	onSettled: (ended?: string | Promise<string>) => void;
	/** Returns unsent text and files to the composer. */
	onReturned: (text: string, files?: FileUIPart[]) => void;
	/** Reads the server's copy of the chat: its newest page, or the one `before`. Omits the messages if `seen` is still the last. */
	readChat: (page?: { before?: number; seen?: string }) => Promise<ChatView | null>;
	/** The server's prices differ from the page's. */
	onPricesChanged: () => void;
	/** The chat was copied into a new one. */
	onBranched: (chatId: string) => void;
	/** The chat has changed, so other tabs are notified. */
	onChanged: () => void;
	/** An event that the queue depends on. */
	onQueue: (event: QueueEvent) => void;
	/** Announces a status to screen readers. */
	announce: (text: string) => void;
}

export interface ConversationState {
	/** Whether the live chat should be loaded. */
	armed: boolean;
	report: LiveReport;
	/** A send waiting for the live chat to load. */
	queued: Sending | undefined;
	failure: Failure | undefined;
	/** Whether the viewer has stopped the running answer. */
	stopping: boolean;
	/** The cursor of the page of messages before those shown. Null if there is none. */
	earlier: number | null;
	/** The estimated tokens of the hidden messages. A function, because few requests need them and counting takes a phone 100 ms. */
	hiddenTokens: () => number;
	/** Whether the next request sends the whole chat. From that request on it is the chat's setting on the server. */
	whole: boolean;
	/** The chat's instructions to every model. A new chat sends them with its first message. */
	instructions: string;
	/** The tokens of its folder's instructions. */
	folderTokens: number;
	/** Whether the server's copy is being read after a lost connection or a page load during an answer. */
	joining: boolean;
	/** A message blocked by a limit. It is sent once the viewer has paid. */
	refused: PendingSend | undefined;
}

/** A request under way, and the messages to show again if it is refused. */
export interface Attempt {
	before: LiveMessage[];
	sending: Sending;
	accepted: boolean;
}

/** What one render passes to the functions below. `patch` merges changes into the state. */
export interface Conversation {
	/** `temporary`: only this page has the messages. */
	chat: { id: string; folder?: FolderName; temporary?: true };
	draftKey: string;
	events: ConversationEvents;
	state: ConversationState;
	patch: (changes: Partial<ConversationState>) => void;
	live: RefObject<LiveHandle | null>;
	attempt: RefObject<Attempt | undefined>;
	/** A solved Turnstile check, valid for one request. */
	humanToken: RefObject<string | undefined>;
	/** Whether messages are being read or the path is being switched. Only one of these runs at a time. */
	moving: RefObject<boolean>;
	mounted: RefObject<boolean>;
}

/** Whether a request or its answer is under way. */
const isBusy = ({ queued, joining, report }: ConversationState): boolean =>
	queued !== undefined || joining || report.status === "submitted" || report.status === "streaming";

/** The messages to show: the live chat's, plus a new one that waits for it to load. */
export const shownMessages = ({ queued, report }: ConversationState): LiveMessage[] =>
	queued?.kind === "new"
		? [...report.messages, { id: queued.messageId, role: "user", parts: partsFor(queued.text, queued.files) }]
		: report.messages;

/** `thinking` lasts until the first text of the answer arrives. */
export function phaseOf(state: ConversationState): Phase {
	if (!isBusy(state)) return "idle";
	return state.report.status === "streaming" && hasAnswerText(shownMessages(state).at(-1)) ? "writing" : "thinking";
}

function hasAnswerText(message: LiveMessage | undefined): boolean {
	return message?.role === "assistant" && message.parts.some((part) => part.type === "text" && part.text !== "");
}

/** Sends at once, or as soon as the live chat is loaded. Ignored while another request is under way. */
function begin(conversation: Conversation, sending: Sending): void {
	const { state, events, patch, live } = conversation;
	if (isBusy(state)) return;
	events.onQueue({ type: "begun", messageId: sending.fromQueue ? sending.messageId : undefined });
	patch({ failure: undefined, armed: true });
	if (live.current) start(conversation, live.current, sending);
	else patch({ queued: sending });
}

function start(
	{ chat: { folder, temporary }, draftKey, state, events, attempt, humanToken }: Conversation,
	handle: LiveHandle,
	sending: Sending,
): void {
	attempt.current = { before: state.report.messages, sending, accepted: false };
	events.announce(t("chat_thinking_spoken"));
	// An existing chat's instructions are on the server.
	const instructions = draftKey === "new" || temporary ? state.instructions : undefined;
	const seen = state.report.messages.at(-1)?.id ?? null;
	void handle.send({ ...sending, seen, instructions, folder: folder?.id, temporary, humanToken: humanToken.current });
	humanToken.current = undefined;
}

/** Sends a new message. A retry reuses the ids, so it is counted once. */
export function sendNew(conversation: Conversation, text: string, price: Price, files: FileUIPart[] = []): void {
	const { key, messageId } = keepSend(conversation, text, price, files, undefined);
	begin(conversation, { kind: "new", text, files, price, key, messageId });
}

/** Sends a queued message. @returns false while another request is running */
export function sendQueued(conversation: Conversation, { text, files = [], price, key, messageId }: QueuedMessage): boolean {
	if (conversation.attempt.current || isBusy(conversation.state)) return false;
	begin(conversation, { kind: "new", fromQueue: true, text, files, price, key, messageId });
	return true;
}

/** Resends a message with new text and its remaining files. The message is unchanged if no answer comes. */
export function edit(conversation: Conversation, messageId: string, text: string, price: Price, files: FileUIPart[]): void {
	begin(conversation, { kind: "edit", text, files, messageId, price, key: randomId() });
}

/** Requests another answer, which replaces the last one once it arrives. */
export const regenerate = (conversation: Conversation, messageId: string, price: Price): void =>
	begin(conversation, { kind: "regenerate", text: "", messageId, price, key: randomId() });

/** Sends a refused message, in the viewer's current wording, at a price that they agreed to. */
export function sendRefused(
	conversation: Conversation,
	{ kind, messageId, files: refused = [] }: Sending,
	text: string,
	price: Price,
	files?: FileUIPart[],
): void {
	if (kind === "new") sendNew(conversation, text, price, files);
	else if (kind === "edit") edit(conversation, messageId, text, price, refused);
	else regenerate(conversation, messageId, price);
}

/** Keeps a message that a limit blocks. It is sent once the viewer has paid. */
export const sendOncePaid = (conversation: Conversation, text: string, price: Price, files: FileUIPart[] = []): void =>
	void keepSend(conversation, text, price, files, Date.now());

function keepSend(
	{ chat, draftKey, patch }: Conversation,
	text: string,
	price: Price,
	files: FileUIPart[],
	refusedAtMs: number | undefined,
) {
	const pending = sendFor(readPending(draftKey), { chatId: chat.id, text, files, price, refusedAtMs }, randomId);
	keepPending(draftKey, pending);
	patch({ refused: refusedAtMs === undefined ? undefined : pending });
	return pending;
}

/** The live chat is loaded: starts the waiting send, or joins an answer that was running when the page loaded. */
export function liveReady(conversation: Conversation): void {
	const { live, patch } = conversation;
	const { queued, joining } = conversation.state;
	const handle = live.current;
	if (!handle) return;
	if (queued) {
		// Shown until the live chat reports the message. Otherwise the thread would disappear for a moment and lose its scroll position.
		patch({ queued: undefined, report: { messages: shownMessages(conversation.state), status: "submitted" } });
		start(conversation, handle, queued);
	} else if (joining) void handle.join().then((joined) => (joined ? undefined : rejoin(conversation, { kind: "broken" })));
}

/** The live chat failed to load: a waiting send returns to the composer. */
export function liveNotLoaded(conversation: Conversation): void {
	const { patch, events } = conversation;
	const { joining, queued } = conversation.state;
	patch({ armed: false });
	if (joining) settle(conversation, { kind: "broken" });
	tellEnd(events, queued ? "unreached" : "none");
	if (!queued) return;
	giveBack(events, queued);
	patch({ queued: undefined, failure: { kind: "unreached" } });
}

/** The server has accepted the request. From here on it owns the answer, and nothing is sent again. */
export function accepted(conversation: Conversation): void {
	const { attempt, draftKey, events, state, patch } = conversation;
	const current = attempt.current;
	if (!current) return;
	current.accepted = true;
	patch({ whole: current.sending.price.whole });
	if (current.sending.kind === "new" && !current.sending.fromQueue) keepPending(draftKey, undefined);
	if (draftKey === "new") keepDraft(NEW_INSTRUCTIONS, "");
	events.onQueue({ type: "accepted", messageId: current.sending.messageId });
	const { text, files = [] } = current.sending;
	events.onAccepted(text || (files[0]?.filename ?? ""));
	// A stop pressed before acceptance may have been lost with its connection.
	if (state.stopping) void stop(conversation);
	events.onChanged();
}

/** The stream ended. Only the server's last chunk, `end`, proves that the answer is settled. */
export function ended(conversation: Conversation, error: Error | undefined, end: AnswerMetadata | undefined): void {
	const { attempt, patch, events } = conversation;
	const { stopping } = conversation.state;
	const current = attempt.current;
	attempt.current = undefined;
	patch({ stopping: false });
	if (end) {
		patch({ joining: false });
		events.onSettled(end.state === "complete" ? t("chat_complete") : wordsOf(end));
		events.onChanged();
		if (!end.counted) undo(conversation, current, end);
		// A stop also stops the queue, even if it came too late for the answer.
		const how = stopping ? "stopped" : (end.state ?? "none");
		// There is a new version now, complete or partial.
		if (current && current.sending.kind !== "new" && !conversation.chat.temporary)
			void readAnew(conversation).then(() => tellEnd(events, how));
		else tellEnd(events, how);
	} else if (current && !current.accepted && error) restore(conversation, current, error);
	// The server continues an accepted answer after a broken connection, so read its copy.
	else void rejoin(conversation, failureFrom(error, "broken"));
}

/** Most answers are complete, so the messages for other ends are loaded on demand. */
const wordsOf = (end: AnswerMetadata): Promise<string> =>
	import("./answer-end.ts").then(({ sentenceOfEnd }) => sentenceOfEnd(end) ?? t("chat_complete")).catch(() => t("chat_complete"));

/** An edit or a regeneration without an answer leaves the chat unchanged. A page that only joined it reads the chat's state. */
function undo(conversation: Conversation, current: Attempt | undefined, end: AnswerMetadata): void {
	const { live, events, patch } = conversation;
	if (!current) return void rejoin(conversation, { kind: "broken" });
	if (current.sending.kind === "new") return;
	live.current?.show(current.before);
	if (current.sending.kind === "edit") events.onReturned(current.sending.text);
	patch({ failure: { kind: "undone", end } });
}

/** Restores the state from before a request that the server did not accept. */
function restore(conversation: Conversation, { before, sending }: Attempt, error: Error): void {
	const { live, events, patch } = conversation;
	const failure = failureFrom(error, "unreached", sending);
	live.current?.show(before);
	const { problem } = failure;
	const isLifted = problem !== undefined && isLiftedByPaying(problem);
	giveBack(events, sending);
	tellEnd(events, isLifted ? "limit" : failure.kind === "refused" ? "refused" : "unreached");
	if (problem?.type === SOMEONE_ELSE && !sending.fromQueue) carryMessage(sending.text);
	if (sending.kind === "new" && !sending.fromQueue && isLifted) sendOncePaid(conversation, sending.text, sending.price, sending.files);
	patch({ failure });
	events.onSettled();
	if (problem?.type === PRICE_HAS_CHANGED) void onPriceChanged(conversation, before.at(-1)?.id ?? "");
	// 409: the chat was changed, or is being answered, elsewhere. Show it.
	else if (problem?.status === 409 && problem.type !== SOMEONE_ELSE) void rejoin(conversation, failure);
}

/** Nothing was held under the send's key. A key's price is fixed, so another price needs another key. */
async function onPriceChanged(conversation: Conversation, seen: string): Promise<void> {
	const { draftKey, events, attempt, mounted, patch } = conversation;
	keepPending(draftKey, undefined);
	events.onPricesChanged();
	// The price may have grown because another page saved instructions.
	const view = draftKey === "new" || conversation.chat.temporary ? null : await events.readChat({ seen }).catch(() => null);
	if (view && !attempt.current && mounted.current) patch(instructionsOf(view));
}

/** The page belongs to a different account than the browser's cookies, so it is being left. */
const SOMEONE_ELSE = "urn:parley:problem:signed-in-as-someone-else";

/** The request costs more than the page displayed. Nothing was held. */
export const PRICE_HAS_CHANGED = "urn:parley:problem:price-has-changed";

const failureFrom = (error: Error | undefined, otherwise: "broken" | "unreached", sending?: Sending): Failure =>
	error instanceof Refused ? { kind: "refused", problem: error.problem, sending } : { kind: otherwise };

/** Whether buying a plan or a top-up lifts the limit that refused a request. */
export const isLiftedByPaying = ({ policy }: Pick<Problem, "policy">): boolean => policy === "free" || policy === "paid";

const rejoinDelaysMs = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/** Shows the server's copy of the chat and joins its running answer. Reports `cause` when the server stays out of reach. */
async function rejoin(conversation: Conversation, cause: Failure): Promise<void> {
	const { patch, events, live, mounted } = conversation;
	patch({ joining: true });
	for (const delayMs of rejoinDelaysMs) {
		const view = await events.readChat().catch(() => undefined);
		if (!mounted.current) return;
		if (view) {
			showNewest(conversation, view);
			events.onQueue(readEvent(view));
			if (!view.running) return settle(conversation, cause.problem?.type.endsWith("moved-on") ? cause : undefined);
			if (await live.current?.join()) return;
		}
		await new Promise((resolve) => setTimeout(resolve, delayMs));
		if (!mounted.current) return;
	}
	tellEnd(events, "none");
	settle(conversation, cause);
}

/** The queue event for the server's copy of a chat. */
export const readEvent = ({ messages, running }: Pick<ChatView, "messages" | "running">): Extract<QueueEvent, { type: "read" }> => ({
	type: "read",
	shown: messages.map(({ id }) => id),
	end: running ? undefined : (messages.at(-1)?.metadata?.state ?? "none"),
	atMs: Date.now(),
});

const tellEnd = ({ onQueue }: ConversationEvents, end: End): void => onQueue({ type: "ended", end, atMs: Date.now() });

/** Returns an unsent message to the composer. A queued one is still in the queue. */
function giveBack({ onReturned }: ConversationEvents, sending: Sending): void {
	if (sending.kind !== "regenerate" && !sending.fromQueue) onReturned(sending.text, newFilesOf(sending));
}

/** The state that comes with a chat's newest page, besides its messages. */
export const pageOf = ({
	messages,
	earlier,
	tokens,
	whole,
	...own
}: Pick<ChatView, "earlier" | "tokens" | "whole" | "instructions" | "folderTokens"> & { messages: LiveMessage[] }) => ({
	earlier,
	whole,
	...instructionsOf(own),
	hiddenTokens: () => Math.max(0, tokens - tokensIn(messages)),
});

const instructionsOf = ({ instructions = "", folderTokens = 0 }: Pick<ChatView, "instructions" | "folderTokens">) => ({
	instructions,
	folderTokens,
});

/** Shows the newest page, after the earlier messages already shown. */
function showNewest(conversation: Conversation, view: ChatView): void {
	const { state, patch } = conversation;
	const shown = state.report.messages;
	const at = shown.findIndex(({ id }) => id === view.messages[0]?.id);
	const messages = at > 0 ? [...shown.slice(0, at), ...view.messages] : view.messages;
	const earlier = at > 0 ? state.earlier : view.earlier;
	patch(pageOf({ ...view, messages, earlier }));
	show(conversation, messages);
}

function show({ live, patch }: Conversation, messages: LiveMessage[]): void {
	if (live.current) live.current.show(messages);
	else patch({ report: { messages, status: "ready" } });
}

/** Shows what other tabs and devices have written since the last read. */
export async function refresh(conversation: Conversation): Promise<void> {
	const { state, events, attempt, live, mounted, patch } = conversation;
	const seen = state.report.messages.at(-1)?.id;
	if (isBusy(state) || seen === undefined) return;
	const view = await events.readChat({ seen }).catch(() => undefined);
	if (!view || attempt.current || !mounted.current) return;
	if (view.unchanged) return patch(instructionsOf(view));
	showNewest(conversation, view);
	events.onQueue(readEvent(view));
	if (!view.running) return;
	if (live.current) void rejoin(conversation, { kind: "broken" });
	else patch({ armed: true, joining: true });
}

const readAnew = (conversation: Conversation): Promise<void> =>
	move(
		conversation,
		() => conversation.events.readChat().catch(() => null),
		(view) => showNewest(conversation, view),
	);

/** Shows the page of messages before those shown. */
export async function showEarlier(conversation: Conversation): Promise<void> {
	const { state, events, patch } = conversation;
	const { earlier, hiddenTokens } = state;
	if (earlier === null) return;
	await move(
		conversation,
		() => events.readChat({ before: earlier }),
		(view) => {
			patch({ earlier: view.earlier, hiddenTokens: () => Math.max(0, hiddenTokens() - tokensIn(view.messages)) });
			show(conversation, [...view.messages, ...state.report.messages]);
		},
	);
}

/** Shows another version of a question or an answer and the messages after it. `turn` is one of its versions. */
export async function showVersion(conversation: Conversation, turn: number, of: "question" | "answer"): Promise<void> {
	const { chat, state, events } = conversation;
	const seen = state.report.messages.at(-1)?.id ?? null;
	const role = of === "question" ? "user" : "assistant";
	if (isBusy(state)) return;
	await move(
		conversation,
		() => showVersionOf(chat.id, { turn, of, seen }),
		(view) => {
			showNewest(conversation, view);
			const shown = view.messages.find((message) => message.role === role && message.metadata?.versions?.turns.includes(turn));
			if (shown?.metadata?.versions) events.announce(`${versionInWords(shown.metadata.versions)}.`);
			events.onChanged();
		},
	);
}

/** "Version 2 of 3" */
export const versionInWords = ({ turns, at }: Versions): string => t("chat_version_of", { at: String(at + 1), all: String(turns.length) });

/** Copies the chat up to a message into a new one, and opens it. */
export async function branchOff(conversation: Conversation, messageId: string): Promise<void> {
	const { chat, state, events } = conversation;
	const seen = state.report.messages.at(-1)?.id ?? null;
	const id = randomId();
	if (isBusy(state)) return;
	await move(
		conversation,
		() => branchChat(chat.id, { messageId, id, seen }),
		() => events.onBranched(id),
	);
}

/** Reads messages or switches the path, one at a time. Drops the result if a request has begun in the meantime. */
async function move<T>(conversation: Conversation, call: () => Promise<T | null>, onDone: (result: T) => void): Promise<void> {
	const { moving, attempt, mounted, patch } = conversation;
	if (moving.current) return;
	moving.current = true;
	try {
		const result = await call();
		if (mounted.current && !attempt.current && result !== null) onDone(result);
	} catch (error) {
		if (!mounted.current || attempt.current) return;
		const refused = error instanceof Refused ? error.problem : undefined;
		patch({ failure: refused ? { kind: "refused", problem: refused } : { kind: "not-done" } });
		if (refused?.chat) showNewest(conversation, refused.chat);
	} finally {
		moving.current = false;
	}
}

function settle({ patch, events }: Conversation, failure: Failure | undefined): void {
	patch({ joining: false, failure });
	events.onSettled();
}

/** The files to return to the composer. An edit's files stay with its message. */
const newFilesOf = ({ kind, files }: Sending) => (kind === "new" ? files : undefined);

/** Stops the running answer, or takes back a send that still waits for the live chat. */
export async function stop({ chat, state: { queued }, attempt, patch, events }: Conversation): Promise<void> {
	if (queued) {
		patch({ queued: undefined });
		tellEnd(events, "stopped");
		return giveBack(events, queued);
	}
	patch({ stopping: true });
	await stopAnswer(chat.id, attempt.current?.sending.key).catch((error: unknown) => {
		patch({ stopping: false });
		// 404 and 409 mean that there is nothing to stop: the end of the answer is on its way.
		if (error instanceof Unreached || (error instanceof Refused && error.problem.status >= 500))
			patch({ failure: { kind: "stop-failed" } });
	});
}
