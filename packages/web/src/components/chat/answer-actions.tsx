import { CopyButton } from "../frame/copy-button.tsx";
import type { LiveMessage } from "./live-chat.tsx";
import { textOf } from "./message-text.ts";

interface AnswerActionsProps {
	message: LiveMessage;
	/** While the answer is written the actions are invisible but take up space, so that nothing moves at the end. */
	writing: boolean;
	/** Set for the last answer only. */
	onRegenerate: (() => void) | undefined;
}

/** Buttons to copy an answer and to regenerate it, which is free after an uncounted failure and otherwise a new request. */
export function AnswerActions({ message, writing, onRegenerate }: AnswerActionsProps) {
	const { state, counted } = message.metadata ?? {};
	const free = (state === "failed" || state === "interrupted") && !counted;
	const text = textOf(message);
	return (
		<div
			className={`mt-2 -mb-3 -ml-2 flex min-h-8 flex-wrap items-center gap-1 text-small pointer-coarse:min-h-11 ${writing ? "invisible" : onRegenerate ? "" : "shown-near"}`}
		>
			{text && <CopyButton text={text} what="the answer" />}
			{onRegenerate &&
				(free ? (
					<button type="button" className="button-plain ml-2 text-base" onClick={onRegenerate}>
						Try again
					</button>
				) : (
					<button type="button" className="button-bare" onClick={onRegenerate}>
						Ask again <span>· counts as a new request</span>
					</button>
				))}
		</div>
	);
}
