import { type ComponentType, lazy, type RefObject, Suspense } from "react";
import { t } from "../../text/text.ts";
import type { ChatView, Price } from "../../view/chat.ts";
import type { UsageView } from "../../view/usage.ts";
import { useOnline } from "../frame/use-online.ts";
import type { ComposerHandle } from "./composer.tsx";
import { type Conversation, type Phase, sendRefused } from "./conversation.ts";
import type { LiveMessage, Sending } from "./live-chat.tsx";
import { filesOf } from "./message-text.ts";
import { Notice } from "./notice.tsx";
import { waitingOf } from "./queue.ts";
import { unseenBy } from "./readable.ts";
import type { RefusalNoticeProps } from "./refusal-notice.tsx";
import type { LeaveGuard, TemporaryLineProps } from "./temporary-line.tsx";
import type { Choice } from "./use-choice.ts";
import { type QueueOfChat, resumed } from "./use-queue.ts";

const TemporaryLine = lazy<ComponentType<TemporaryLineProps>>(() =>
	import("./temporary-line.tsx").catch(() => ({ default: () => t("chat_not_saved_short") })),
);

interface RoomNoticesProps extends Pick<RefusalNoticeProps, "limit" | "models" | "path" | "freeLimit" | "canPay"> {
	chat: ChatView;
	usage: UsageView;
	messages: LiveMessage[];
	phase: Phase;
	choice: Choice;
	conversation: Conversation;
	composer: RefObject<ComposerHandle | null>;
	ofQueue: QueueOfChat;
	leaveGuard: LeaveGuard;
}

/** What the viewer should know before the next message: why it cannot be sent, which files the model cannot read, and the kind of chat. */
export function RoomNotices({ chat, messages, choice, leaveGuard, ...props }: RoomNoticesProps) {
	const unseen = unseenBy(choice.model, messages.flatMap(filesOf));
	return (
		<>
			<NextStep {...props} />
			{unseen && <p className="px-1 pb-2 text-small text-soft">{unseen}</p>}
			{chat.folder && (
				<p className="px-1 pb-2 text-small text-soft">
					{t("chat_in_folder", { folder: chat.folder.name })}
					{chat.folder.tokens !== undefined && ` ${t("chat_folder_instructions")}`}
				</p>
			)}
			<Suspense>{chat.temporary && <TemporaryLine hasMessages={messages.length > 0} guard={leaveGuard} />}</Suspense>
		</>
	);
}

type NextStepProps = Omit<RoomNoticesProps, "chat" | "messages" | "choice" | "leaveGuard">;

/** The notice of a limit or failure. Its next step acts on the composer or the queue. */
function NextStep({ phase, usage, conversation, composer, ofQueue, ...props }: NextStepProps) {
	const { failure, refused } = conversation.state;
	const waiting = waitingOf(ofQueue.queue);
	const online = useOnline();

	function onTryAgain(token?: string) {
		if (token) conversation.humanToken.current = token;
		conversation.patch({ failure: undefined });
		if (waiting?.messageId) ofQueue.tell(resumed());
		else composer.current?.submit();
	}

	function onSendAt(sending: Sending, price: Price) {
		if (sending.fromQueue) ofQueue.tell(resumed(price));
		else if (sending.kind === "regenerate") sendRefused(conversation, sending, "", price);
		else composer.current?.submit((text, files) => sendRefused(conversation, sending, text, price, files));
	}

	return (
		<Notice
			{...props}
			failure={phase === "idle" ? failure : undefined}
			online={online}
			organization={usage.organization}
			plan={usage.plan}
			isKept={refused !== undefined || waiting?.end === "limit"}
			onTryAgain={onTryAgain}
			onSendAt={onSendAt}
		/>
	);
}
