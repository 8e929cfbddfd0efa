import { CopyButton } from "../frame/copy-button.tsx";
import type { LiveMessage } from "./live-chat.tsx";
import { textOf } from "./message.tsx";

interface AnswerActionsProps {
	message: LiveMessage;
	/** Its room is kept while the answer is written, so that nothing moves when it ends. */
	writing: boolean;
	/** Only the last answer can be asked for again. */
	onAskAgain: (() => void) | undefined;
}

export function AnswerActions({ message, writing, onAskAgain }: AnswerActionsProps) {
	const { state, counted } = message.metadata ?? {};
	const free = (state === "failed" || state === "interrupted") && !counted;
	const text = textOf(message);
	return (
		<div
			className={`mt-2 -mb-3 -ml-2 flex min-h-8 flex-wrap items-center gap-1 text-small pointer-coarse:min-h-11 ${writing ? "invisible" : onAskAgain ? "" : "shown-near"}`}
		>
			{text && <CopyButton text={text} what="the answer" />}
			{onAskAgain &&
				(free ? (
					<button type="button" className="button-plain ml-2 text-base" onClick={onAskAgain}>
						Try again
					</button>
				) : (
					<button type="button" className="button-bare" onClick={onAskAgain}>
						Ask again <span>· counts as a new request</span>
					</button>
				))}
		</div>
	);
}
