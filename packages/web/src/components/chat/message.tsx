import { useState } from "react";
import { AnswerText } from "../answer-text/answer-text.tsx";
import { inSeconds } from "../frame/local-time.tsx";
import { AnswerActions, type Next } from "./answer-actions.tsx";
import { sentenceOfEnd } from "./answer-end.ts";
import { EditForm } from "./edit-form.tsx";
import type { LiveMessage } from "./live-chat.tsx";
import type { EditTerms, MessageEvents } from "./message-events.ts";
import { filesOf, reasoningOf, sourcesOf, textOf } from "./message-text.ts";
import { Reference } from "./notice-row.tsx";
import { SentFiles } from "./sent-files.tsx";
import { definitionsOf, Searching, Sources } from "./sources.tsx";
import { BranchButton, VersionSwitcher } from "./version-switcher.tsx";
import { Waiting } from "./waiting.tsx";

interface UserMessageProps {
	message: LiveMessage;
	/** Whether more than its own answer follows. */
	followed: boolean;
	/** Undefined where it is not being edited. */
	editing: EditTerms | undefined;
	/** Whether no answer is written. */
	idle: boolean;
	events: MessageEvents;
}

/** A message that the viewer wrote, with its versions, and buttons to edit it and to branch off. */
export function UserMessage({ message, followed, editing, idle, events }: UserMessageProps) {
	const [returning, setReturning] = useState(false);
	const text = textOf(message);
	if (editing) {
		return (
			<div className="mb-2 ml-6 sm:ml-16">
				<EditForm
					label="Edit your message"
					text={text}
					files={filesOf(message)}
					terms={editing}
					action="Save and send"
					note={followed ? "This version and what follows it are kept." : "This version is kept."}
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
		<article aria-label="You" className="group ml-6 flex flex-col items-end sm:ml-16">
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
							Edit
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
	/** False where the page holds more than can be formatted. */
	formatted?: boolean | undefined;
	/** The name of the model that wrote it. */
	model: string;
	writing: boolean;
	/** Set for the last answer only. */
	next?: Next | undefined;
	/** Undefined while an answer is written. */
	events: MessageEvents | undefined;
}

/** An answer: the reasoning folded away, the text as Markdown, and how it ended. */
export function AnswerMessage({ message, formatted, model, writing, next, events }: AnswerMessageProps) {
	const text = textOf(message);
	const sources = sourcesOf(message);
	const reasoning = reasoningOf(message);
	const progress = text.length + reasoning.length;
	const searching = writing ? message.metadata?.searching : null;
	return (
		<article aria-label="Answer" aria-busy={writing} className="group min-w-0">
			<Reasoning text={reasoning} thoughtMs={message.metadata?.thoughtMs} thinking={writing && text === ""} />
			{searching && text === "" && <Searching query={searching} />}
			{text === "" && writing && <Waiting progress={progress} />}
			<AnswerText text={text} definitions={definitionsOf(sources)} formatted={formatted} />
			{searching && text !== "" && <Searching query={searching} />}
			<Sources sources={sources} />
			{!writing && <EndOfAnswer message={message} />}
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
	/** "" for a model that keeps it to itself. */
	text: string;
	thoughtMs: number | undefined;
	thinking: boolean;
}

/** What the model thought before it answered, folded away under how long that took. */
function Reasoning({ text, thoughtMs, thinking }: ReasoningProps) {
	const title = thinking ? "Thinking…" : thoughtMs === undefined ? "Reasoning" : `Thought for ${inSeconds(thoughtMs)}`;
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

function EndOfAnswer({ message }: { message: LiveMessage }) {
	const sentence = message.metadata && sentenceOfEnd(message.metadata);
	const reference = message.metadata?.reference;
	if (!sentence) return null;
	return (
		<p className="mt-3 text-soft">
			{sentence}
			<Reference id={reference} />
		</p>
	);
}
