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

/** What can be asked after the last answer, with what it costs in requests. */
export interface Next {
	regenerate: () => void;
	regenerateUnits: number;
	/** Why the chosen model cannot answer the question again; "" where it can. */
	unreadable: string;
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
	/** Undefined while an answer is written. */
	events: MessageEvents | undefined;
}

/**
 * The versions of an answer, and buttons to copy it, to continue one that reached the output limit, to regenerate it, which is free after an uncounted
 * failure and otherwise a new request, to branch off, and to see why it was counted.
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

/** Which model answered, when, and for how many requests. */
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
