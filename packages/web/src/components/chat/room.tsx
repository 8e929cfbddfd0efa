import { type ReactNode, useRef, useState } from "react";
import type { ChatMessage, ChatView, ModelOption } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { DownSign } from "../frame/icons.tsx";
import { useOnline } from "../frame/use-online.ts";
import { nearestLimit, tallyText } from "../tally/marks.ts";
import { TallyLine } from "../tally/tally-line.tsx";
import { Composer, type ComposerHandle } from "./composer.tsx";
import { FirstVisit } from "./first-visit.tsx";
import { ModelPicker } from "./model-picker.tsx";
import { LimitNotice, limitOf, OfflineNotice, TroubleNotice } from "./notice.tsx";
import { Thread } from "./thread.tsx";
import { useConversation } from "./use-conversation.ts";
import { useLiveChat } from "./use-live-chat.ts";
import { useModel } from "./use-model.ts";
import { useScrollEnd } from "./use-scroll-end.ts";

export interface RoomProps {
	chat: { id: string; title: string; messages: ChatMessage[]; running: boolean };
	/** True until the server knows of this chat. */
	isNew: boolean;
	path: string;
	usage: UsageView;
	models: ModelOption[];
	demo: boolean;
	freeLimit: number;
	canPay: boolean;
	/** When something was bought last, as far as this page knows; epoch milliseconds. */
	boughtAtMs: number;
	header: ReactNode;
	onAccepted: (chatId: string, text: string) => void;
	/** Resolves to what is left now, if the server could be asked. */
	onSettled: () => Promise<UsageView | undefined>;
	readChat: (chatId: string) => Promise<ChatView | null>;
}

export function Room({
	chat,
	isNew,
	path,
	usage,
	models,
	demo,
	freeLimit,
	canPay,
	boughtAtMs,
	header,
	onAccepted,
	onSettled,
	readChat,
}: RoomProps) {
	const place = isNew ? "new" : chat.id;
	const composer = useRef<ComposerHandle>(null);
	const scroller = useRef<HTMLDivElement>(null);
	const content = useRef<HTMLDivElement>(null);
	const [spoken, setSpoken] = useState("");
	const [model, setModel] = useModel(models);
	const { atEnd, toEnd, scrollerClass } = useScrollEnd(scroller, content, chat.messages.length === 0);

	const conversation = useConversation(chat, place, {
		onAccepted: (text) => onAccepted(chat.id, text),
		onSettled: (ended) => void settle(ended),
		onReturned: (text) => composer.current?.write(text),
		readChat: () => readChat(chat.id),
		announce: setSpoken,
	});
	const online = useOnline();
	const { messages, phase, trouble, stopping, armed, arm, refused, live, liveEvents } = conversation;
	const LiveChat = useLiveChat(armed, conversation.notLoaded);
	const limit = phase === "idle" ? limitOf(usage, trouble) : undefined;
	const atLimit = limit !== undefined && limit.policy !== "in-flight";
	const empty = messages.length === 0;
	const isDue = refused?.refusedAtMs !== undefined && refused.refusedAtMs < boughtAtMs;

	async function settle(ended: string | undefined) {
		const left = await onSettled();
		if (ended) setSpoken(left ? `${ended} ${tallyText(nearestLimit(left))}.` : ended);
	}

	function send(text: string) {
		conversation.send(text, model);
		toEnd();
	}

	/** The button that was pressed goes away with the answer that it stood at. */
	function begin(ask: () => void) {
		ask();
		composer.current?.take();
	}

	function tryAgain() {
		conversation.forget();
		composer.current?.submit();
	}

	return (
		<>
			{header}
			<div ref={scroller} className={`min-h-0 grow overflow-y-auto overscroll-contain ${scrollerClass}`}>
				<div ref={content} className="mx-auto flex min-h-full w-full max-w-read flex-col px-4 pt-6 pb-8">
					{empty ? (
						<FirstVisit usage={usage} atLimit={atLimit} onPick={(prompt) => composer.current?.write(prompt)} />
					) : (
						<Thread
							messages={messages}
							phase={phase}
							onEdit={(messageId, text) => begin(() => conversation.edit(messageId, text, model))}
							onAskAgain={(messageId) => begin(() => conversation.askAgain(messageId, model))}
						/>
					)}
				</div>
			</div>
			<div className="relative mx-auto w-full max-w-read shrink-0 px-4 pb-[max(12px,env(safe-area-inset-bottom))]">
				{!atEnd && !empty && (
					<button
						type="button"
						className="button-plain -top-12 absolute left-1/2 min-h-9 -translate-x-1/2 bg-raised"
						onClick={() => toEnd("smooth")}
					>
						<DownSign />
						Jump to the end
					</button>
				)}
				{limit ? (
					<LimitNotice
						limit={limit}
						organization={usage.organization}
						path={path}
						freeLimit={freeLimit}
						canPay={canPay}
						isKept={refused !== undefined}
						onTryAgain={tryAgain}
					/>
				) : (
					trouble && phase === "idle" && <TroubleNotice trouble={trouble} path={path} onTryAgain={tryAgain} />
				)}
				{!online && !limit && !trouble && <OfflineNotice />}
				<Composer
					ref={composer}
					place={place}
					isNew={isNew}
					answering={phase !== "idle"}
					stopping={stopping}
					atLimit={atLimit}
					due={isDue ? refused.text : undefined}
					onRefused={(text) => {
						if (canPay && usage.organization?.mayBuy !== false && (limit?.policy === "free" || limit?.policy === "paid"))
							conversation.sendOncePaid(text, model);
					}}
					onSend={send}
					onStop={() => void conversation.stop()}
					onFocus={arm}
				/>
				<div className="mt-2 flex flex-wrap items-center justify-between gap-x-4 px-1">
					<TallyLine usage={usage} />
					{models.length > 1 && <ModelPicker models={models} model={model} onModel={setModel} />}
					{demo && <DemoLabel />}
				</div>
			</div>
			<div aria-live="polite" className="sr-only">
				{spoken}
			</div>
			{LiveChat && <LiveChat chatId={chat.id} initial={chat.messages} ref={live} {...liveEvents} />}
		</>
	);
}

function DemoLabel() {
	return (
		<p className="text-small text-soft">
			Demo model: answers are canned. Set <code>AI_BASE_URL</code> and <code>AI_MODELS</code> to use a real one.
		</p>
	);
}
