import type { FileUIPart } from "ai";
import {
	type ComponentType,
	lazy,
	type ReactNode,
	type RefObject,
	Suspense,
	startTransition,
	useCallback,
	useEffect,
	useEffectEvent,
	useMemo,
	useRef,
	useState,
} from "react";
import { instructionTokens } from "../../instructions.ts";
import { rich } from "../../text/rich.ts";
import { t } from "../../text/text.ts";
import type { ChatView, FileLimit, ModelOption, Price, SearchOffer, SuggestedPrompt } from "../../view/chat.ts";
import type { PlanNews, Tier, UsageView } from "../../view/usage.ts";
import { DownIcon } from "../frame/icons.tsx";
import { useKeys } from "../frame/use-keys.ts";
import { randomId } from "../requests.ts";
import { ShareButton } from "../share/share-button.tsx";
import { tellTabs } from "../tabs.ts";
import { nearestLimit, tallyText } from "../tally/marks.ts";
import { TallyLine } from "../tally/tally-line.tsx";
import { ChatInstructions, instruct } from "./chat-instructions.tsx";
import { Composer, type ComposerHandle } from "./composer.tsx";
import {
	accepted,
	branchOff,
	type Conversation,
	type ConversationState,
	edit,
	ended,
	isLiftedByPaying,
	liveNotLoaded,
	liveReady,
	type Phase,
	phaseOf,
	regenerate,
	sendNew,
	sendOncePaid,
	showEarlier,
	shownMessages,
	showVersion,
	stop,
} from "./conversation.ts";
import { FirstVisit } from "./first-visit.tsx";
import { isSpent, type Limit, limitOf } from "./limit.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { filesOf, tokensOfFiles } from "./message-text.ts";
import { isChoice, ModelPicker } from "./model-picker.tsx";
import { type AskedOf, priceOfSend, tokensUpTo } from "./price.ts";
import { queuedMessage, waitingOf } from "./queue.ts";
import type { QueueListProps } from "./queue-list.tsx";
import { unansweredBy, unreadableBy } from "./readable.ts";
import { RoomNotices } from "./room-notices.tsx";
import { SearchSwitch } from "./search-switch.tsx";
import type { LeaveGuard } from "./temporary-line.tsx";
import { readFromOf, Thread } from "./thread.tsx";
import { type Choice, useChoice } from "./use-choice.ts";
import { useConversation } from "./use-conversation.ts";
import { useLiveChat } from "./use-live-chat.ts";
import { usePlace } from "./use-place.ts";
import { type QueueOfChat, resumed, useQueue, useSendQueue } from "./use-queue.ts";
import { useScrollEnd } from "./use-scroll-end.ts";

/** Loaded with the first queued message. */
const QueueList = lazy<ComponentType<QueueListProps>>(() =>
	import("./queue-list.tsx").then((module) => ({ default: module.QueueList })).catch(() => ({ default: () => t("queue_not_loaded") })),
);
/** Loaded only if there is news about a plan. */
const PlanLine = lazy<ComponentType<{ news: PlanNews }>>(() => import("./plan-line.tsx").catch(() => ({ default: () => null })));

export interface RoomProps {
	chat: ChatView;
	/** True for a temporary chat, and until the server knows the chat. */
	isNew: boolean;
	/** Makes a new chat temporary or stored. */
	onTemporary: (temporary: boolean) => void;
	leaveGuard: LeaveGuard;
	path: string;
	usage: UsageView;
	models: ModelOption[];
	/** The price of web search; null if it is not offered. */
	search: SearchOffer | null;
	demo: boolean;
	freeLimit: number;
	/** What each tier may attach to a message. */
	files: Record<Tier, FileLimit>;
	canPay: boolean;
	/** When this page last learned of a purchase, in epoch milliseconds; 0 for never. */
	boughtAtMs: number;
	/** Estimated tokens of the instructions that every chat sends. */
	instructions: { site: number; own: number };
	suggestedPrompts: SuggestedPrompt[];
	/** `tools`: the chat's own controls. */
	header: (tools: ReactNode) => ReactNode;
	onAccepted: (chatId: string, text: string) => void;
	/** Resolves to the balance, or to undefined if the server is unreachable. */
	onSettled: () => Promise<UsageView | undefined>;
	/** Called if the server's prices differ from `models`. */
	onPricesChanged: () => void;
	/** Called after the chat was copied into a new one. */
	onBranched: (chatId: string) => void;
	readChat: (chatId: string, page: { before?: number; seen?: string } | undefined) => Promise<ChatView | null>;
}

/** A chat on the page: its messages, the notices, the composer and the tally. */
export function Room(props: RoomProps) {
	const { chat, header, usage, models, demo } = props;
	const composer = useRef<ComposerHandle>(null);
	const [announcement, setAnnouncement] = useState("");
	const [chosen, onChoose] = useChoice(models, usage.tier, chat.id, props.search);
	const ofQueue = useQueue(chat);
	const { scroller, content, atEnd, toEnd, toTop, stay, scrollerClass } = useScrollEnd(chat.messages.length === 0);
	const conversation = useConversation(chat, draftKeyOf(props), {
		onAccepted: (text) => props.onAccepted(chat.id, text),
		onSettled: (ended) => void settle(ended),
		onReturned: (text, files) => composer.current?.insert(text, files),
		readChat: async (page) => {
			const view = await props.readChat(chat.id, page);
			return view?.temporary ? withOwn(view, conversation.state) : view;
		},
		onPricesChanged: props.onPricesChanged,
		onBranched: props.onBranched,
		onChanged: () => tellTabs("chat", chat.id),
		onQueue: ofQueue.tell,
		announce: setAnnouncement,
	});
	const { state, patch } = conversation;
	const folderTokens = props.isNew ? (chat.folder?.tokens ?? 0) : state.folderTokens;
	// A new chat keeps its state if it is opened in another folder.
	useEffect(() => {
		if (folderTokens !== state.folderTokens) patch({ folderTokens });
	});
	const inChat = useMemo(() => instructionTokens("chat", state.instructions), [state.instructions]);
	const choice = { ...chosen, instructions: props.instructions.site + props.instructions.own + state.folderTokens + inChat };
	const messages = shownMessages(state);
	const phase = phaseOf(state);
	const LiveChat = useLiveChat(state.armed, state.queued, () => liveNotLoaded(conversation));
	const limit = phase === "idle" ? limitOf(usage, state.failure) : undefined;
	// A streaming answer is measured when it ends: measuring it with each word takes longer than drawing it.
	const before = tokensUpTo(phase === "writing" ? messages.slice(0, -1) : messages, state.hiddenTokens);
	const { roomy, onSent, onMoving } = usePlace(messages, toTop, stay);
	useSearchAnnounced(messages.at(-1), setAnnouncement);
	const editing = useEditing(composer);
	const parts = { ...props, composer, conversation, messages, phase, limit, choice, onChoose, before, onSent, editing, ofQueue };
	useKeys({ stop: phase === "idle" ? undefined : () => void stop(conversation) });
	useSendQueue({
		...ofQueue,
		conversation,
		phase,
		spent: isSpent(limit) && (limit && isLiftedByPaying(limit) ? "limit" : "spent"),
		boughtAtMs: props.boughtAtMs,
		// A viewer still reading the previous answer keeps their place.
		onSend: () => atEnd && onSent(),
	});

	async function settle(ended: string | Promise<string> | undefined) {
		const [balance, words] = await Promise.all([props.onSettled(), ended]);
		if (words) setAnnouncement(balance ? `${words} ${tallyText(nearestLimit(balance))}.` : words);
	}

	return (
		<>
			{header(<HeaderTools {...parts} />)}
			<div ref={scroller} className={`@container-size min-h-0 grow overflow-y-auto overscroll-contain ${scrollerClass}`}>
				<div ref={content} className="mx-auto flex min-h-full w-full max-w-read flex-col px-4 pt-6 pb-8">
					<Messages {...parts} roomy={roomy} onMoving={onMoving} />
				</div>
			</div>
			<div className="room-foot relative mx-auto w-full max-w-read shrink-0 px-4 pb-[max(12px,env(safe-area-inset-bottom))]">
				{!atEnd && messages.length > 0 && <JumpToEnd onJump={toEnd} />}
				<RoomNotices {...parts} />
				<RoomQueue {...parts} announce={setAnnouncement} />
				<RoomComposer {...parts} announce={setAnnouncement} />
				<div className="tally-line mt-2 flex flex-wrap items-center justify-between gap-x-4 px-1">
					<TallyLine usage={usage} />
					{demo && <DemoLabel />}
				</div>
				<Suspense>{usage.plan && <PlanLine news={usage.plan} />}</Suspense>
			</div>
			<div aria-live="polite" className="sr-only">
				{announcement}
			</div>
			{LiveChat && (
				<LiveChat
					chatId={chat.id}
					initial={state.report.messages}
					ref={conversation.live}
					onReady={() => liveReady(conversation)}
					onReport={(report) => patch({ report })}
					onAccepted={() => accepted(conversation)}
					onEnded={(error, end) => ended(conversation, error, end)}
				/>
			)}
		</>
	);
}

/** All new chats share one draft, whatever their id. */
const draftKeyOf = ({ isNew, chat }: RoomProps) => (chat.temporary ? "temporary" : isNew ? "new" : chat.id);

/** A temporary chat from the page's messages, with the last answer from the server. */
function withOwn(view: ChatView, { report, instructions }: ConversationState): ChatView {
	const own = report.messages as ChatView["messages"];
	return { ...view, instructions, messages: [...own.slice(0, 1 + own.findLastIndex(({ role }) => role === "user")), ...view.messages] };
}

type PartProps = RoomProps & {
	composer: RefObject<ComposerHandle | null>;
	conversation: Conversation;
	messages: LiveMessage[];
	phase: Phase;
	limit: Limit | undefined;
	choice: AskedOf;
	onChoose: (choice: Choice) => void;
	/** The estimated tokens of all messages. */
	before: number;
	/** Called when a request is sent whose question moves to the top of the view. */
	onSent: () => void;
	editing: Editing;
	ofQueue: QueueOfChat;
};

/** The chat's instructions. */
function HeaderTools({ isNew, chat, usage, instructions, conversation, messages, phase, choice, before }: PartProps) {
	const { site, own } = instructions;
	const { whole, folderTokens: folder } = conversation.state;
	const isUser = usage.tier !== "guest";
	return (
		<>
			<ChatInstructions
				saved={conversation.state.instructions}
				sizes={{ site, own, folder }}
				isUser={isUser}
				unitsWith={(tokens) => priceOfSend({ ...choice, instructions: site + own + folder + tokens }, whole, before, "").units}
				disabled={isNew && phase !== "idle"}
				onSave={(text) => instruct(conversation, text)}
			/>
			{!isNew && (
				<ShareButton
					chatId={chat.id}
					seen={messages.at(-1)?.id ?? null}
					hasFiles={messages.some((message) => filesOf(message).length > 0) || conversation.state.earlier !== null}
					isUser={isUser}
					busy={phase !== "idle"}
				/>
			)}
		</>
	);
}

/** The viewer's message being edited, and whether the form was opened from the composer, which then gets the focus back. */
interface Editing {
	id: string | undefined;
	open: (id: string | undefined, fromComposer?: boolean) => void;
}

function useEditing(composer: RefObject<ComposerHandle | null>): Editing {
	const [id, setId] = useState<string>();
	const fromComposer = useRef(false);
	useEffect(() => {
		if (id !== undefined || !fromComposer.current) return;
		fromComposer.current = false;
		composer.current?.focus();
	}, [id, composer]);
	return {
		id,
		open: (next, from = false) => {
			if (next !== undefined) fromComposer.current = from;
			setId(next);
		},
	};
}

/** Announces once to screen readers that an answer is searching. */
function useSearchAnnounced(last: LiveMessage | undefined, announce: (text: string) => void): void {
	const announced = useEffectEvent(announce);
	// Null once a search has ended, and absent before the first.
	const hasSearched = last?.metadata?.searching !== undefined;
	useEffect(() => {
		if (hasSearched) announced(t("chat_searching"));
	}, [hasSearched]);
}

interface MessagesProps extends PartProps {
	roomy: boolean;
	onMoving: (where: "above" | "below") => void;
}

function Messages(props: MessagesProps) {
	const { conversation, composer, messages, phase, limit, usage, models, choice, before, onSent, roomy, onMoving, editing } = props;
	const { whole, hiddenTokens } = conversation.state;

	/** The pressed button unmounts with its answer, so focus moves to the composer. */
	function replaceAnswer(replace: () => void) {
		replace();
		onSent();
		composer.current?.focus();
	}

	const { model, effort, search, instructions } = choice;
	const priceFor = useCallback(
		(text: string, messageId?: string, files?: readonly FileUIPart[]): Price => {
			const at = messages.findIndex(({ id }) => id === messageId);
			const ofFiles = tokensOfFiles(files ?? (messages[at] ? filesOf(messages[at]) : []));
			const upTo = at === -1 ? before : tokensUpTo(messages.slice(0, at), hiddenTokens);
			return priceOfSend({ model, effort, search, instructions }, whole, upTo, text, ofFiles);
		},
		[messages, model, effort, search, instructions, whole, before, hiddenTokens],
	);

	function onEarlier() {
		onMoving("above");
		void showEarlier(conversation);
	}

	function onVersion(turn: number, of: "question" | "answer") {
		onMoving("below");
		void showVersion(conversation, turn, of);
	}

	if (messages.length === 0)
		return (
			<FirstVisit
				usage={usage}
				prompts={props.suggestedPrompts}
				atLimit={isSpent(limit)}
				onPick={(prompt) => composer.current?.insert(prompt)}
				temporary={props.chat.temporary === true}
				onTemporary={props.onTemporary}
			/>
		);
	return (
		<Thread
			messages={messages}
			phase={phase}
			editing={editing.id}
			priceFor={priceFor}
			unreadable={(message) => unansweredBy(choice.model, filesOf(message))}
			unreadableFiles={(files) => unreadableBy(choice.model, files)}
			labelOf={(model) => models.find(({ id }) => id === model)?.label ?? model ?? ""}
			roomy={roomy}
			onEarlier={conversation.state.earlier === null ? undefined : onEarlier}
			onEditing={editing.open}
			onEdit={(messageId, text, price, files) => replaceAnswer(() => edit(conversation, messageId, text, price, files))}
			onRegenerate={(messageId, price) => replaceAnswer(() => regenerate(conversation, messageId, price))}
			onSend={(text, price) => replaceAnswer(() => sendNew(conversation, text, price))}
			onVersion={onVersion}
			onBranch={props.chat.temporary ? undefined : (messageId) => void branchOff(conversation, messageId)}
			reading={{
				from: readFromOf(messages),
				reads: !whole ? "newest" : before + choice.instructions > mostRead(choice) ? "full" : "whole",
				otherUnits: priceOfSend(choice, !whole, before, "").units,
				onWhole: (whole) => conversation.patch({ whole }),
			}}
		/>
	);
}

function JumpToEnd({ onJump }: { onJump: () => void }) {
	return (
		<button type="button" className="button-plain -top-12 absolute left-1/2 min-h-9 -translate-x-1/2 bg-raised" onClick={onJump}>
			<DownIcon />
			{t("chat_jump")}
		</button>
	);
}

type AnnouncingProps = PartProps & { announce: (text: string) => void };

function RoomQueue(props: AnnouncingProps) {
	const { chat, composer, conversation, models, limit, choice, before, search: offer, ofQueue, announce } = props;
	const { queue, editing, onEditing, tell } = ofQueue;
	const { failure, whole } = conversation.state;
	if (queue.messages.length === 0) return null;
	const waiting = waitingOf(queue);
	const edited = queue.messages.find(({ messageId }) => messageId === editing);

	const modelOf = (price: Price | undefined) => models.find(({ id }) => id === price?.model) ?? choice.model;

	/** Uses the model, effort and web search the message was queued with. */
	function priceFor(text: string, files: readonly FileUIPart[]): Price {
		if (!edited) return priceOfSend(choice, whole, before, text, tokensOfFiles(files));
		const { price } = edited;
		const asked = { ...choice, model: modelOf(price), effort: price.effort, search: price.search ? (offer ?? undefined) : undefined };
		return priceOfSend(asked, price.whole, before, text, tokensOfFiles(files));
	}

	function close() {
		onEditing(undefined);
		composer.current?.focus();
	}

	/** Called when the refused message has been changed. */
	function settled(messageId: string) {
		if (messageId === waiting?.messageId) conversation.patch({ failure: undefined });
	}

	return (
		<Suspense>
			<QueueList
				messages={queue.messages}
				sending={queue.sending}
				waiting={waiting}
				models={models}
				// The notice above shows the next step.
				blocked={isSpent(limit) || (failure !== undefined && waiting?.messageId !== undefined)}
				editing={editing}
				terms={{ priceFor, unreadable: (files) => unreadableBy(modelOf(edited?.price), files) }}
				onEditing={(messageId) => (messageId === undefined ? close() : onEditing(messageId))}
				onChange={(messageId, text, price, files) => {
					settled(messageId);
					tell({ type: "changed", messageId, to: queuedMessage({ chatId: chat.id, text, price, files }, randomId) });
					close();
				}}
				onRemove={(messageId) => {
					settled(messageId);
					tell({ type: "removed", messageId });
					announce(t("queue_removed"));
					composer.current?.focus();
				}}
				onResume={() => {
					conversation.patch({ failure: undefined });
					tell(resumed());
					composer.current?.focus();
				}}
			/>
		</Suspense>
	);
}

function RoomComposer(props: AnnouncingProps) {
	const { composer, conversation, messages, phase, limit, boughtAtMs, canPay, usage, choice, before, editing, ofQueue } = props;
	const { queue } = ofQueue;
	const { refused, whole } = conversation.state;
	const { search } = props;
	const isDue = refused?.refusedAtMs !== undefined && refused.refusedAtMs < boughtAtMs;
	const priceFor = (text: string, ofFiles: number) => priceOfSend(choice, whole, before, text, ofFiles);
	const mayPay = canPay && usage.organization?.mayBuy !== false;

	function onBlocked(text: string, files: FileUIPart[]) {
		if (mayPay && limit && isLiftedByPaying(limit)) sendOncePaid(conversation, text, priceFor(text, tokensOfFiles(files)), files);
	}

	const picker = {
		...props,
		whole: whole || before + choice.instructions > choice.model.inputStep || readFromOf(messages) !== undefined ? whole : undefined,
		onWhole: (whole: boolean) => conversation.patch({ whole }),
		unitsOf: (one: Choice, wholeChat = whole) => priceOfSend({ ...one, instructions: choice.instructions }, wholeChat, before, "").units,
		tier: usage.tier,
		canPay: mayPay,
	};
	function onQueue(text: string, price: Price, files: FileUIPart[]) {
		ofQueue.tell({ type: "added", message: queuedMessage({ chatId: props.chat.id, text, price, files }, randomId) });
		props.announce(t("queue_added"));
	}

	function onEditLast() {
		const queued = queue.messages.at(-1)?.messageId;
		if (queued !== undefined && queued !== queue.sending) ofQueue.onEditing(queued);
		else if (phase === "idle") editing.open(messages.findLast(({ role }) => role === "user")?.id, true);
	}

	return (
		<Composer
			ref={composer}
			draftKey={draftKeyOf(props)}
			isNew={props.isNew}
			answering={phase !== "idle"}
			// The message about to be sent goes first.
			queues={phase !== "idle" || (queue.messages.length > 0 && !waitingOf(queue))}
			onQueue={onQueue}
			onEditLast={onEditLast}
			priceFor={priceFor}
			tools={
				(isChoice(picker) || search) && (
					<div className="composer-choices flex min-w-0 items-end gap-x-1">
						{isChoice(picker) && <ModelPicker {...picker} />}
						{search && <SearchSwitch offer={search} choice={choice} onChoose={props.onChoose} />}
					</div>
				)
			}
			atLimit={isSpent(limit)}
			due={isDue ? refused : undefined}
			chatId={props.chat.id}
			fileLimit={props.chat.temporary ? NO_FILES : props.files[usage.tier]}
			model={choice.model}
			onBlocked={onBlocked}
			onSend={(text, price, files) => {
				sendNew(conversation, text, price, files);
				props.onSent();
			}}
			onStop={() => void stop(conversation)}
			// Loading is low priority; the viewer's input is not.
			onFocus={() => startTransition(() => conversation.patch({ armed: true }))}
		/>
	);
}

const NO_FILES: FileLimit = { count: 0, bytes: 0 };

/** The largest number of a chat's tokens that a model reads. */
const mostRead = ({ model }: Choice) => model.contextWindow - model.maxOutput;

function DemoLabel() {
	return <p className="text-small text-soft">{rich("chat_demo", { url: <code>AI_BASE_URL</code>, models: <code>AI_MODELS</code> })}</p>;
}
