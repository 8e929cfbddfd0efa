import { type ComponentType, lazy, Suspense, useState } from "react";
import { t } from "../../text/text.ts";
import { AnswerText } from "../answer-text/answer-text.tsx";
import { inSeconds } from "../frame/local-time.tsx";
import { AnswerActions, type Next } from "./answer-actions.tsx";
import { EditForm } from "./edit-form.tsx";
import type { EndOfAnswerProps } from "./end-of-answer.tsx";
import type { LiveMessage } from "./live-chat.tsx";
import type { EditTerms, MessageEvents } from "./message-events.ts";
import { filesOf, reasoningOf, sourcesOf, textOf } from "./message-text.ts";
import { SentFiles } from "./sent-files.tsx";
import { definitionsOf, Searching, Sources } from "./sources.tsx";
import { BranchButton, VersionSwitcher } from "./version-switcher.tsx";
import { Waiting } from "./waiting.tsx";

// Loaded on demand, because most answers are complete.
const EndOfAnswer = lazy<ComponentType<EndOfAnswerProps>>(() => import("./end-of-answer.tsx").catch(() => ({ default: () => null })));

interface UserMessageProps {
	message: LiveMessage;
	/** Whether more than its own answer follows it. */
	followed: boolean;
	/** Undefined if it is not being edited. */
	editing: EditTerms | undefined;
	/** Whether no answer is streaming. */
	idle: boolean;
	events: MessageEvents;
}

/** A user message, with its versions and buttons to edit it and to branch off. */
export function UserMessage({ message, followed, editing, idle, events }: UserMessageProps) {
	const [returning, setReturning] = useState(false);
	const text = textOf(message);
	if (editing) {
		return (
			<div className="mb-2 ml-6 sm:ml-16">
				<EditForm
					label={t("chat_edit_label")}
					text={text}
					files={filesOf(message)}
					terms={editing}
					action={t("chat_save_and_send")}
					note={followed ? t("chat_version_and_following_kept") : t("chat_version_kept")}
					onCancel={() => {
						setReturning(true);
						events.onEditing(undefined);
					}}
					onSave={
						idle
							? (changed, price, files) => {
									events.onEditing(undefined);
									events.onEdit(message.id, changed, price, files);
								}
							: undefined
					}
				/>
			</div>
		);
	}
	return (
		<article aria-label={t("side_you")} className="group ml-6 flex flex-col items-end sm:ml-16">
			<SentFiles files={filesOf(message)} />
			{text && (
				<p dir="auto" className="max-w-full rounded-large bg-said px-4 py-2 text-body whitespace-pre-wrap wrap-anywhere">
					{text}
				</p>
			)}
			<div className="flex min-h-9 items-center gap-1 pointer-coarse:min-h-11">
				{idle && (
					<div className="shown-near flex items-center gap-1">
						<button
							// biome-ignore lint/a11y/noAutofocus: leaving the form returns the focus to the button that opened it
							autoFocus={returning}
							type="button"
							className="button-bare text-small"
							onClick={() => events.onEditing(message.id)}
						>
							{t("chat_edit")}
						</button>
						{events.onBranch && <BranchButton onBranch={() => events.onBranch?.(message.id)} />}
					</div>
				)}
				<VersionSwitcher versions={message.metadata?.versions} onShow={idle ? (turn) => events.onVersion(turn, "question") : undefined} />
			</div>
		</article>
	);
}

interface AnswerMessageProps {
	message: LiveMessage;
	/** False if the page has more text than can be formatted. */
	formatted?: boolean | undefined;
	/** The display name of the model that wrote it. */
	model: string;
	writing: boolean;
	/** Set for the last answer only. */
	next?: Next | undefined;
	/** Undefined while an answer streams. */
	events: MessageEvents | undefined;
}

/** An answer: its collapsed reasoning, its text as Markdown, and how it ended. */
export function AnswerMessage({ message, formatted, model, writing, next, events }: AnswerMessageProps) {
	const text = textOf(message);
	const sources = sourcesOf(message);
	const reasoning = reasoningOf(message);
	const progress = text.length + reasoning.length;
	const searching = writing ? message.metadata?.searching : null;
	return (
		<article aria-label={t("chat_answer")} aria-busy={writing} className="group min-w-0">
			<Reasoning text={reasoning} thoughtMs={message.metadata?.thoughtMs} thinking={writing && text === ""} />
			{searching && text === "" && <Searching query={searching} />}
			{text === "" && writing && <Waiting progress={progress} />}
			<AnswerText text={text} definitions={definitionsOf(sources)} formatted={formatted} />
			{searching && text !== "" && <Searching query={searching} />}
			<Sources sources={sources} />
			{!writing && message.metadata?.state && message.metadata.state !== "complete" && (
				<p className="mt-3 text-soft empty:hidden">
					<Suspense>
						<EndOfAnswer metadata={message.metadata} />
					</Suspense>
				</p>
			)}
			<div className="relative">
				{writing && text !== "" && (
					<div className="absolute top-2">
						<Waiting progress={progress} />
					</div>
				)}
				<AnswerActions message={message} model={model} writing={writing} next={next} events={events} />
			</div>
		</article>
	);
}

interface ReasoningProps {
	/** Empty if the model does not return its reasoning. */
	text: string;
	thoughtMs: number | undefined;
	thinking: boolean;
}

/** The model's reasoning, collapsed below how long it took. */
function Reasoning({ text, thoughtMs, thinking }: ReasoningProps) {
	const title = thinking
		? t("chat_thinking")
		: thoughtMs === undefined
			? t("chat_reasoning")
			: t("chat_thought_for", { time: inSeconds(thoughtMs) });
	if (!text) return thoughtMs !== undefined && !thinking && <p className="mb-3 text-small text-soft">{title}</p>;
	return (
		<details className="mb-3 text-soft">
			<summary className="text-small">{title}</summary>
			<p dir="auto" className="mt-2 border-line border-s-2 ps-4 whitespace-pre-wrap wrap-anywhere">
				{text}
			</p>
		</details>
	);
}
