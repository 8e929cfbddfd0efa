import { t } from "../../text/text.ts";
import type { AnswerMetadata } from "../../view/chat.ts";
import { plainTextOf } from "../answer-text/answer-text.tsx";
import { CopyButton } from "../frame/copy-button.tsx";
import { inRequests, LocalTime } from "../frame/local-time.tsx";
import type { LiveMessage } from "./live-chat.tsx";
import type { MessageEvents } from "./message-events.ts";
import { sourcesOf, textOf } from "./message-text.ts";
import { listOf } from "./sources.tsx";
import { BranchButton, VersionSwitcher } from "./version-switcher.tsx";
import { Why } from "./why.tsx";

/** The actions offered below the last answer, with their prices in requests. */
export interface Next {
	regenerate: () => void;
	regenerateUnits: number;
	/** Why the chosen model cannot answer the question again. Empty if it can. */
	unreadable: string;
	goOn: () => void;
	goOnUnits: number;
}

interface AnswerActionsProps {
	message: LiveMessage;
	/** The display name of the model that wrote the answer. */
	model: string;
	/** While an answer streams, the actions are invisible but keep their space, so the layout does not jump at the end. */
	writing: boolean;
	/** Set for the last answer only. */
	next: Next | undefined;
	/** Undefined while an answer streams. */
	events: MessageEvents | undefined;
}

/**
 * Below an answer: the version switcher, and buttons to copy, continue after the output limit, regenerate (free after an uncounted failure, otherwise
 * a new request), branch off, and explain the count.
 */
export function AnswerActions({ message, model, writing, next, events }: AnswerActionsProps) {
	const { state, counted, imported, versions } = message.metadata ?? {};
	const free = (state === "failed" || state === "interrupted") && !counted && !imported;
	const text = textOf(message);
	const sources = listOf(sourcesOf(message));
	const near = next ? "" : "shown-near";
	return (
		<div
			className={`mt-2 -ml-2 flex min-h-9 flex-wrap items-center gap-1 text-small pointer-coarse:min-h-11 ${writing ? "invisible" : ""}`}
		>
			<VersionSwitcher versions={versions} onShow={events && ((turn) => events.onVersion(turn, "answer"))} />
			{text && (
				<div className={near}>
					<CopyButton text={text + sources} what={t("chat_the_answer")} />
					<CopyButton text={async () => (await plainTextOf(text)) + sources} label={t("chat_copy_as_text")} what={t("chat_the_answer")} />
				</div>
			)}
			{next && state === "length" && (
				<button type="button" className="button-plain ml-2 text-base" onClick={next.goOn}>
					{t("chat_continue")} · {inRequests(next.goOnUnits)}
				</button>
			)}
			{next &&
				(next.unreadable ? (
					<span className="mx-2 text-soft">{next.unreadable}</span>
				) : free ? (
					<button type="button" className="button-plain ml-2 text-base" onClick={next.regenerate}>
						{t("frame_try_again")}
						{next.regenerateUnits > 1 && ` · ${inRequests(next.regenerateUnits)}`}
					</button>
				) : (
					<button type="button" className="button-bare" onClick={next.regenerate}>
						{t("chat_ask_again")} <span>· {t("chat_uses", { price: inRequests(next.regenerateUnits) })}</span>
					</button>
				))}
			{events?.onBranch && (
				<div className={near}>
					<BranchButton onBranch={() => events.onBranch?.(message.id)} />
				</div>
			)}
			{state && <Why metadata={message.metadata} model={model} className={near} />}
			{state && <Facts {...message.metadata} model={model} className={near} />}
		</div>
	);
}

/** Which model answered, when, and how many requests it cost. */
function Facts({ model, askedAt, counted, imported, units = 1, className }: AnswerMetadata & { model: string; className: string }) {
	const price = imported ? t("chat_imported") : counted === undefined ? "" : counted ? inRequests(units) : t("chat_not_counted");
	return (
		<span className={`ml-2 text-soft ${className}`}>
			{model}
			{askedAt && (
				<>
					{model && " · "}
					<LocalTime iso={askedAt} form="moment" />
				</>
			)}
			{price && ` · ${price}`}
		</span>
	);
}
