import type { FileUIPart } from "ai";
import { type ReactNode, type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";
import type { ChatView, FileLimit, ModelOption, Price } from "../../view/chat.ts";
import type { Tier, UsageView } from "../../view/usage.ts";
import { DownIcon } from "../frame/icons.tsx";
import { useOnline } from "../frame/use-online.ts";
import { tellTabs } from "../tabs.ts";
import { nearestLimit, tallyText } from "../tally/marks.ts";
import { TallyLine } from "../tally/tally-line.tsx";
import { Composer, type ComposerHandle } from "./composer.tsx";
import {
	accepted,
	branchOff,
	type Conversation,
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
	sendRefused,
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
import { Notice } from "./notice.tsx";
import { priceOfSend, tokensUpTo } from "./price.ts";
import { readFromOf, Thread } from "./thread.tsx";
import { type Choice, useChoice } from "./use-choice.ts";
import { useConversation } from "./use-conversation.ts";
import { useLiveChat } from "./use-live-chat.ts";
import { useScrollEnd } from "./use-scroll-end.ts";

export interface RoomProps {
	chat: ChatView;
	/** True until the server knows the chat. */
	isNew: boolean;
	path: string;
	usage: UsageView;
	models: ModelOption[];
	demo: boolean;
	freeLimit: number;
	/** What each tier may attach to a message. */
	files: Record<Tier, FileLimit>;
	canPay: boolean;
	/** When this page last learned of a purchase, in epoch milliseconds; 0 for never. */
	boughtAtMs: number;
	header: ReactNode;
	onAccepted: (chatId: string, text: string) => void;
	/** Resolves to the balance, or to undefined when the server could not be reached. */
	onSettled: () => Promise<UsageView | undefined>;
	/** The server's prices are not those of `models`. */
	onPricesChanged: () => void;
	/** The chat was copied into a new one. */
	onBranched: (chatId: string) => void;
	readChat: (chatId: string, page: { before?: number; seen?: string } | undefined) => Promise<ChatView | null>;
}

/** A chat on the page: its messages, the notices, the composer and the tally. */
export function Room(props: RoomProps) {
	const { chat, header, usage, models, demo } = props;
	const composer = useRef<ComposerHandle>(null);
	const [announcement, setAnnouncement] = useState("");
	const [choice, onChoose] = useChoice(models, usage.tier);
	const { scroller, content, atEnd, toEnd, toTop, stay, scrollerClass } = useScrollEnd(chat.messages.length === 0);
	const conversation = useConversation(chat, draftKeyOf(props), {
		onAccepted: (text) => props.onAccepted(chat.id, text),
		onSettled: (ended) => void settle(ended),
		onReturned: (text, files) => composer.current?.insert(text, files),
		readChat: (page) => props.readChat(chat.id, page),
		onPricesChanged: props.onPricesChanged,
		onBranched: props.onBranched,
		onChanged: () => tellTabs("chat", chat.id),
		announce: setAnnouncement,
	});
	const { state, patch } = conversation;
	const messages = shownMessages(state);
	const phase = phaseOf(state);
	const LiveChat = useLiveChat(state.armed, () => liveNotLoaded(conversation));
	const limit = phase === "idle" ? limitOf(usage, state.failure) : undefined;
	// An answer under way is counted when it ends: measuring it with each word takes longer than drawing it.
	const before = tokensUpTo(phase === "writing" ? messages.slice(0, -1) : messages, state.hiddenTokens);
	const { roomy, onSent, onMoving } = usePlace(messages, toTop, stay);
	const parts = { ...props, composer, conversation, messages, phase, limit, choice, onChoose, before, onSent };

	async function settle(ended: string | undefined) {
		const balance = await props.onSettled();
		if (ended) setAnnouncement(balance ? `${ended} ${tallyText(nearestLimit(balance))}.` : ended);
	}

	return (
		<>
			{header}
			<div ref={scroller} className={`@container-size min-h-0 grow overflow-y-auto overscroll-contain ${scrollerClass}`}>
				<div ref={content} className="mx-auto flex min-h-full w-full max-w-read flex-col px-4 pt-6 pb-8">
					<Messages {...parts} roomy={roomy} onMoving={onMoving} />
				</div>
			</div>
			<div className="relative mx-auto w-full max-w-read shrink-0 px-4 pb-[max(12px,env(safe-area-inset-bottom))]">
				{!atEnd && messages.length > 0 && <JumpToEnd onJump={toEnd} />}
				<RoomNotices {...parts} />
				<RoomComposer {...parts} />
				<div className="mt-2 flex flex-wrap items-center justify-between gap-x-4 px-1">
					<TallyLine usage={usage} />
					{demo && <DemoLabel />}
				</div>
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

/** A new chat keeps its draft under one name, whatever id it gets. */
const draftKeyOf = ({ isNew, chat }: RoomProps) => (isNew ? "new" : chat.id);

type PartProps = RoomProps & {
	composer: RefObject<ComposerHandle | null>;
	conversation: Conversation;
	messages: LiveMessage[];
	phase: Phase;
	limit: Limit | undefined;
	choice: Choice;
	onChoose: (choice: Choice) => void;
	/** The estimated tokens of all messages. */
	before: number;
	/** Called when a request was sent whose question goes to the top of the view. */
	onSent: () => void;
};

/**
 * Where the thread stands: what is sent goes to the top of the view, and the view stays when messages change above it.
 * @param toTop moves the last turn there
 */
function usePlace(messages: LiveMessage[], toTop: () => void, stay: () => () => void) {
	const [roomy, setRoomy] = useState(false);
	const sent = useRef(false);
	const settle = useRef<() => void>(undefined);
	const last = messages.at(-1);
	useLayoutEffect(() => {
		// The question that was sent, or the answer to it. An edited one is the last as soon as it is on its way.
		if (!sent.current || !last || (last.role !== "user" && last.metadata?.state)) return;
		sent.current = false;
		toTop();
	});
	const first = messages[0]?.id;
	// biome-ignore lint/correctness/useExhaustiveDependencies: messages were added before the first
	useLayoutEffect(() => {
		settle.current?.();
		settle.current = undefined;
	}, [first]);

	return {
		roomy,
		onSent: () => {
			setRoomy(true);
			sent.current = true;
		},
		/** `above`: messages are added above those that are shown. */
		onMoving: (where: "above" | "below") => {
			const settled = stay();
			if (where === "above") settle.current = settled;
			else setRoomy(true);
		},
	};
}

interface MessagesProps extends PartProps {
	roomy: boolean;
	onMoving: (where: "above" | "below") => void;
}

function Messages(props: MessagesProps) {
	const { conversation, composer, messages, phase, limit, usage, models, choice, before, onSent, roomy, onMoving } = props;
	const { whole, hiddenTokens } = conversation.state;

	/** The pressed button unmounts with its answer, so focus moves to the composer. */
	function replaceAnswer(replace: () => void) {
		replace();
		onSent();
		composer.current?.focus();
	}

	const { model, effort } = choice;
	const priceFor = useCallback(
		(text: string, messageId?: string): Price => {
			const at = messages.findIndex(({ id }) => id === messageId);
			const files = tokensOfFiles(messages[at] ? filesOf(messages[at]) : []);
			const upTo = at === -1 ? before : tokensUpTo(messages.slice(0, at), hiddenTokens);
			return priceOfSend({ model, effort }, whole, upTo, text, files);
		},
		[messages, model, effort, whole, before, hiddenTokens],
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
		return <FirstVisit usage={usage} atLimit={isSpent(limit)} onPick={(prompt) => composer.current?.insert(prompt)} />;
	return (
		<Thread
			messages={messages}
			phase={phase}
			priceFor={priceFor}
			labelOf={(model) => models.find(({ id }) => id === model)?.label ?? model ?? ""}
			roomy={roomy}
			onEarlier={conversation.state.earlier === null ? undefined : onEarlier}
			onEdit={(messageId, text, price) => replaceAnswer(() => edit(conversation, messageId, text, price))}
			onRegenerate={(messageId, price) => replaceAnswer(() => regenerate(conversation, messageId, price))}
			onSend={(text, price) => replaceAnswer(() => sendNew(conversation, text, price))}
			onVersion={onVersion}
			onBranch={(messageId) => void branchOff(conversation, messageId)}
			reading={{
				from: readFromOf(messages),
				reads: !whole ? "newest" : before > mostRead(choice) ? "full" : "whole",
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
			Jump to latest
		</button>
	);
}

function RoomNotices(props: PartProps) {
	const { conversation, composer, phase, limit, usage } = props;
	const { failure, refused } = conversation.state;
	const online = useOnline();
	return (
		<Notice
			{...props}
			limit={limit}
			failure={phase === "idle" ? failure : undefined}
			online={online}
			organization={usage.organization}
			isKept={refused !== undefined}
			onTryAgain={(token) => {
				if (token) conversation.humanToken.current = token;
				conversation.patch({ failure: undefined });
				composer.current?.submit();
			}}
			onSendAt={(sending, price) => {
				if (sending.kind === "regenerate") sendRefused(conversation, sending, "", price);
				else composer.current?.submit((text, files) => sendRefused(conversation, sending, text, price, files));
			}}
		/>
	);
}

function RoomComposer(props: PartProps) {
	const { composer, conversation, messages, phase, limit, boughtAtMs, canPay, usage, choice, before } = props;
	const { refused, whole } = conversation.state;
	const isDue = refused?.refusedAtMs !== undefined && refused.refusedAtMs < boughtAtMs;
	const priceFor = (text: string, ofFiles: number) => priceOfSend(choice, whole, before, text, ofFiles);
	const mayPay = canPay && usage.organization?.mayBuy !== false;

	function onBlocked(text: string, files: FileUIPart[]) {
		if (mayPay && limit && isLiftedByPaying(limit)) sendOncePaid(conversation, text, priceFor(text, tokensOfFiles(files)), files);
	}

	const picker = {
		...props,
		whole: whole || before > choice.model.inputStep || readFromOf(messages) !== undefined ? whole : undefined,
		onWhole: (whole: boolean) => conversation.patch({ whole }),
		unitsOf: (one: Choice, wholeChat = whole) => priceOfSend(one, wholeChat, before, "").units,
		tier: usage.tier,
		canPay: mayPay,
	};
	return (
		<Composer
			ref={composer}
			draftKey={draftKeyOf(props)}
			isNew={props.isNew}
			answering={phase !== "idle"}
			priceFor={priceFor}
			tools={isChoice(picker) && <ModelPicker {...picker} />}
			atLimit={isSpent(limit)}
			due={isDue ? refused : undefined}
			chatId={props.chat.id}
			fileLimit={props.files[usage.tier]}
			model={choice.model}
			onBlocked={onBlocked}
			onSend={(text, price, files) => {
				sendNew(conversation, text, price, files);
				props.onSent();
			}}
			onStop={() => void stop(conversation)}
			onFocus={() => conversation.patch({ armed: true })}
		/>
	);
}

/** The most tokens of a chat that a model reads. */
const mostRead = ({ model }: Choice) => model.contextWindow - model.maxOutput;

function DemoLabel() {
	return (
		<p className="text-small text-soft">
			Demo model: answers are canned. Set <code>AI_BASE_URL</code> and <code>AI_MODELS</code> to use a real one.
		</p>
	);
}
