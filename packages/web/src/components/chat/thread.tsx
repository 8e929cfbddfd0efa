import { useState } from "react";
import { AnswerFormatter } from "./answer-blocks.ts";
import type { Phase } from "./conversation.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { AnswerMessage, UserMessage } from "./message.tsx";
import { textOf } from "./message-text.ts";

interface ThreadProps {
	messages: LiveMessage[];
	phase: Phase;
	/** Set where earlier messages are not shown yet. */
	onEarlier?: (() => void) | undefined;
	onEdit: (messageId: string, text: string) => void;
	onRegenerate: (messageId: string) => void;
}

/** The messages of a chat. Editing and regenerating are offered only while no answer is being written. */
export function Thread({ messages, phase, onEarlier, onEdit, onRegenerate }: ThreadProps) {
	const last = messages.at(-1);
	const lastUserMessage = messages.findLast((message) => message.role === "user");
	const idle = phase === "idle";
	const [formatter] = useState(() => new AnswerFormatter());
	const answers = messages.filter((message) => message.role !== "user");
	const blocks = formatter.format(answers.map(textOf));
	const blocksOf = new Map(answers.map((answer, at) => [answer, blocks[at] ?? []]));
	return (
		<div className="flex flex-col gap-9">
			{onEarlier && idle && (
				<button type="button" className="button-plain self-center" onClick={onEarlier}>
					Show earlier messages
				</button>
			)}
			{messages.map((message) =>
				message.role === "user" ? (
					<UserMessage
						key={message.id}
						message={message}
						followed={message !== lastUserMessage}
						onEdit={idle ? (text) => onEdit(message.id, text) : undefined}
					/>
				) : (
					<AnswerMessage
						key={message.id}
						message={message}
						blocks={blocksOf.get(message) ?? []}
						writing={!idle && message === last}
						onRegenerate={idle && message === last ? () => onRegenerate(message.id) : undefined}
					/>
				),
			)}
			{last?.role === "user" &&
				(idle ? <NoAnswer onTryAgain={() => onEdit(last.id, textOf(last))} /> : <AnswerMessage message={notBegun} blocks={[]} writing />)}
		</div>
	);
}

/** Reserves the space of the answer that is about to begin. */
const notBegun: LiveMessage = { id: "", role: "assistant", parts: [] };

/** Shown when the last message has no answer: it failed before it began, or was stopped. Whether that counts depends on how often it happened. */
function NoAnswer({ onTryAgain }: { onTryAgain: () => void }) {
	return (
		<div className="flex flex-wrap items-center gap-x-4 gap-y-2">
			<p className="text-soft">There is no answer to this yet.</p>
			<button type="button" className="button-plain" onClick={onTryAgain}>
				Try again
			</button>
		</div>
	);
}
