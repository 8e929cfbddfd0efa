import { type ReactNode, type RefObject, useRef, useState } from "react";
import type { ChatView, ModelOption } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { DownIcon } from "../frame/icons.tsx";
import { useOnline } from "../frame/use-online.ts";
import { tellTabs } from "../tabs.ts";
import { nearestLimit, tallyText } from "../tally/marks.ts";
import { TallyLine } from "../tally/tally-line.tsx";
import { Composer, type ComposerHandle } from "./composer.tsx";
import {
	accepted,
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
	showEarlier,
	shownMessages,
	stop,
} from "./conversation.ts";
import { FirstVisit } from "./first-visit.tsx";
import { type Limit, limitOf } from "./limit.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { ModelPicker } from "./model-picker.tsx";
import { FailureNotice, LimitNotice, OfflineNotice } from "./notice.tsx";
import { Thread } from "./thread.tsx";
import { useConversation } from "./use-conversation.ts";
import { useLiveChat } from "./use-live-chat.ts";
import { useModel } from "./use-model.ts";
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
	canPay: boolean;
	/** When this page last learned of a purchase, in epoch milliseconds; 0 for never. */
	boughtAtMs: number;
	header: ReactNode;
	onAccepted: (chatId: string, text: string) => void;
	/** Resolves to the balance, or to undefined when the server could not be reached. */
	onSettled: () => Promise<UsageView | undefined>;
	readChat: (chatId: string, page: { before?: number; seen?: string } | undefined) => Promise<ChatView | null>;
}

/** A chat on the page: its messages, the notices, the composer and the tally. */
export function Room(props: RoomProps) {
	const { chat, header, usage, models, demo } = props;
	const composer = useRef<ComposerHandle>(null);
	const [announcement, setAnnouncement] = useState("");
	const [model, setModel] = useModel(models);
	const { scroller, content, atEnd, toEnd, scrollerClass } = useScrollEnd(chat.messages.length === 0);
	const conversation = useConversation(chat, draftKeyOf(props), {
		onAccepted: (text) => props.onAccepted(chat.id, text),
		onSettled: (ended) => void settle(ended),
		onReturned: (text) => composer.current?.insert(text),
		readChat: (page) => props.readChat(chat.id, page),
		onChanged: () => tellTabs("chat", chat.id),
		announce: setAnnouncement,
	});
	const { state, patch } = conversation;
	const messages = shownMessages(state);
	const phase = phaseOf(state);
	const LiveChat = useLiveChat(state.armed, () => liveNotLoaded(conversation));
	const limit = phase === "idle" ? limitOf(usage, state.failure) : undefined;
	const parts = { ...props, composer, conversation, messages, phase, limit, model };

	async function settle(ended: string | undefined) {
		const balance = await props.onSettled();
		if (ended) setAnnouncement(balance ? `${ended} ${tallyText(nearestLimit(balance))}.` : ended);
	}

	return (
		<>
			{header}
			<div ref={scroller} className={`min-h-0 grow overflow-y-auto overscroll-contain ${scrollerClass}`}>
				<div ref={content} className="mx-auto flex min-h-full w-full max-w-read flex-col px-4 pt-6 pb-8">
					<Messages {...parts} />
				</div>
			</div>
			<div className="relative mx-auto w-full max-w-read shrink-0 px-4 pb-[max(12px,env(safe-area-inset-bottom))]">
				{!atEnd && messages.length > 0 && <JumpToEnd onJump={() => toEnd("smooth")} />}
				<RoomNotices {...parts} />
				<RoomComposer {...parts} onSent={toEnd} />
				<div className="mt-2 flex flex-wrap items-center justify-between gap-x-4 px-1">
					<TallyLine usage={usage} />
					{models.length > 1 && <ModelPicker models={models} model={model} onModel={setModel} />}
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
	model: string | undefined;
};

function Messages({ conversation, composer, messages, phase, limit, usage, model }: PartProps) {
	/** The pressed button unmounts with its answer, so focus moves to the composer. */
	function replaceAnswer(replace: () => void) {
		replace();
		composer.current?.focus();
	}

	if (messages.length === 0)
		return <FirstVisit usage={usage} atLimit={isSpent(limit)} onPick={(prompt) => composer.current?.insert(prompt)} />;
	return (
		<Thread
			messages={messages}
			phase={phase}
			onEarlier={conversation.state.earlier === null ? undefined : () => void showEarlier(conversation)}
			onEdit={(messageId, text) => replaceAnswer(() => edit(conversation, messageId, text, model))}
			onRegenerate={(messageId) => replaceAnswer(() => regenerate(conversation, messageId, model))}
		/>
	);
}

function JumpToEnd({ onJump }: { onJump: () => void }) {
	return (
		<button type="button" className="button-plain -top-12 absolute left-1/2 min-h-9 -translate-x-1/2 bg-raised" onClick={onJump}>
			<DownIcon />
			Jump to the end
		</button>
	);
}

function RoomNotices({ conversation, composer, phase, limit, usage, path, freeLimit, canPay }: PartProps) {
	const { failure, refused } = conversation.state;
	const online = useOnline();

	function tryAgain(token?: string) {
		if (token) conversation.humanToken.current = token;
		conversation.patch({ failure: undefined });
		composer.current?.submit();
	}

	if (limit) {
		return (
			<LimitNotice
				limit={limit}
				organization={usage.organization}
				path={path}
				freeLimit={freeLimit}
				canPay={canPay}
				isKept={refused !== undefined}
				onTryAgain={tryAgain}
			/>
		);
	}
	if (failure) return phase === "idle" && <FailureNotice failure={failure} path={path} onTryAgain={tryAgain} />;
	return !online && <OfflineNotice />;
}

function RoomComposer(props: PartProps & { onSent: () => void }) {
	const { composer, conversation, phase, limit, model, boughtAtMs, canPay, usage } = props;
	const { refused } = conversation.state;
	const isDue = refused?.refusedAtMs !== undefined && refused.refusedAtMs < boughtAtMs;

	function onBlocked(text: string) {
		const mayPay = canPay && usage.organization?.mayBuy !== false;
		if (mayPay && limit && isLiftedByPaying(limit)) sendOncePaid(conversation, text, model);
	}

	return (
		<Composer
			ref={composer}
			draftKey={draftKeyOf(props)}
			isNew={props.isNew}
			answering={phase !== "idle"}
			atLimit={isSpent(limit)}
			due={isDue ? refused.text : undefined}
			onBlocked={onBlocked}
			onSend={(text) => {
				sendNew(conversation, text, model);
				props.onSent();
			}}
			onStop={() => void stop(conversation)}
			onFocus={() => conversation.patch({ armed: true })}
		/>
	);
}

/** Whether no request is left. Answers in flight are ignored, because they end by themselves. */
const isSpent = (limit: Limit | undefined): boolean => limit !== undefined && limit.policy !== "in-flight";

function DemoLabel() {
	return (
		<p className="text-small text-soft">
			Demo model: answers are canned. Set <code>AI_BASE_URL</code> and <code>AI_MODELS</code> to use a real one.
		</p>
	);
}
