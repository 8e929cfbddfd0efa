import type { LiveMessage } from "./live-chat.tsx";
import { AnswerMessage, ReaderMessage, textOf } from "./message.tsx";
import type { Phase } from "./use-conversation.ts";

interface ThreadProps {
	messages: LiveMessage[];
	phase: Phase;
	onEdit: (messageId: string, text: string) => void;
	onAskAgain: (messageId: string) => void;
}

export function Thread({ messages, phase, onEdit, onAskAgain }: ThreadProps) {
	const last = messages.at(-1);
	const lastOfReader = messages.findLast((message) => message.role === "user");
	const idle = phase === "idle";
	return (
		<div className="flex flex-col gap-9">
			{messages.map((message) =>
				message.role === "user" ? (
					<ReaderMessage
						key={message.id}
						message={message}
						followed={message !== lastOfReader}
						onEdit={idle ? (text) => onEdit(message.id, text) : undefined}
					/>
				) : (
					<AnswerMessage
						key={message.id}
						message={message}
						writing={!idle && message === last}
						onAskAgain={idle && message === last ? () => onAskAgain(message.id) : undefined}
					/>
				),
			)}
			{last?.role === "user" &&
				(idle ? <NoAnswer onTryAgain={() => onEdit(last.id, textOf(last))} /> : <AnswerMessage message={notBegun} writing />)}
		</div>
	);
}

/** Takes the room of the answer that is about to begin. */
const notBegun: LiveMessage = { id: "", role: "assistant", parts: [] };

/** The last word is the reader's: the answer failed before it began, or was stopped. Neither is counted. */
function NoAnswer({ onTryAgain }: { onTryAgain: () => void }) {
	return (
		<div className="flex flex-wrap items-center gap-x-4 gap-y-2">
			<p className="text-soft">There is no answer to this yet, and nothing was counted.</p>
			<button type="button" className="button-plain" onClick={onTryAgain}>
				Try again
			</button>
		</div>
	);
}
