import { plainTextOf } from "../answer-text/answer-text.tsx";
import { CopyButton } from "../frame/copy-button.tsx";
import { inRequests } from "../frame/local-time.tsx";
import type { LiveMessage } from "./live-chat.tsx";
import { textOf } from "./message-text.ts";

/** What can be asked after the last answer, with what it costs in requests. */
export interface Next {
	regenerate: () => void;
	regenerateUnits: number;
	goOn: () => void;
	goOnUnits: number;
}

interface AnswerActionsProps {
	message: LiveMessage;
	/** The name of the model that wrote it. */
	model: string;
	/** While the answer is written the actions are invisible but take up space, so that nothing moves at the end. */
	writing: boolean;
	/** Set for the last answer only. */
	next: Next | undefined;
}

/**
 * Buttons to copy an answer, to continue one that reached the output limit, and to regenerate it, which is free after an uncounted failure and
 * otherwise a new request.
 */
export function AnswerActions({ message, model, writing, next }: AnswerActionsProps) {
	const { state, counted, units = 1 } = message.metadata ?? {};
	const free = (state === "failed" || state === "interrupted") && !counted;
	const text = textOf(message);
	return (
		<div
			className={`mt-2 -mb-3 -ml-2 flex min-h-8 flex-wrap items-center gap-1 text-small pointer-coarse:min-h-11 ${writing ? "invisible" : next ? "" : "shown-near"}`}
		>
			{text && <CopyButton text={text} what="the answer" />}
			{text && <CopyButton text={() => plainTextOf(text)} label="Copy as text" what="the answer" />}
			{next && state === "length" && (
				<button type="button" className="button-plain ml-2 text-base" onClick={next.goOn}>
					Continue · {inRequests(next.goOnUnits)}
				</button>
			)}
			{next &&
				(free ? (
					<button type="button" className="button-plain ml-2 text-base" onClick={next.regenerate}>
						Try again{next.regenerateUnits > 1 && ` · ${inRequests(next.regenerateUnits)}`}
					</button>
				) : (
					<button type="button" className="button-bare" onClick={next.regenerate}>
						Ask again <span>· uses {inRequests(next.regenerateUnits)}</span>
					</button>
				))}
			{counted && units > 1 && (
				<span className="ml-2 text-soft">
					{model} · {inRequests(units)}
				</span>
			)}
		</div>
	);
}
