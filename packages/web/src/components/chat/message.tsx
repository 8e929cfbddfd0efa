import { use, useState } from "react";
import { MESSAGE_CHARS_MAX } from "../../input.ts";
import type { Price } from "../../view/chat.ts";
import { AnswerText } from "../answer-text/answer-text.tsx";
import { inRequests, inSeconds, LocalNumber } from "../frame/local-time.tsx";
import { AnswerActions, type Next } from "./answer-actions.tsx";
import { sentenceOfEnd } from "./answer-end.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { type MessageEvents, PriceOfText } from "./message-events.ts";
import { filesOf, reasoningOf, textOf } from "./message-text.ts";
import { isSendKey } from "./send-key.ts";
import { SentFiles } from "./sent-files.tsx";
import { BranchButton, VersionSwitcher } from "./version-switcher.tsx";
import { Waiting } from "./waiting.tsx";

interface UserMessageProps {
	message: LiveMessage;
	/** Whether more than its own answer follows. */
	followed: boolean;
	/** Undefined while an answer is written. */
	events: MessageEvents | undefined;
}

/** A message that the viewer wrote, with its versions, and buttons to edit it and to branch off. */
export function UserMessage({ message, followed, events }: UserMessageProps) {
	const [editing, setEditing] = useState(false);
	const [returning, setReturning] = useState(false);
	const text = textOf(message);
	const close = () => {
		setEditing(false);
		setReturning(true);
	};
	if (editing && events) {
		return (
			<EditForm
				message={message}
				text={text}
				followed={followed}
				onCancel={close}
				onSend={(changed, price) => {
					setEditing(false);
					events.onEdit(message.id, changed, price);
				}}
			/>
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
				{events && (
					<div className="shown-near flex items-center gap-1">
						<button
							// biome-ignore lint/a11y/noAutofocus: leaving the form returns the focus to the button that opened it
							autoFocus={returning}
							type="button"
							className="button-bare text-small"
							onClick={() => setEditing(true)}
						>
							Edit
						</button>
						<BranchButton onBranch={() => events.onBranch(message.id)} />
					</div>
				)}
				<VersionSwitcher versions={message.metadata?.versions} onShow={events && ((turn) => events.onVersion(turn, "question"))} />
			</div>
		</article>
	);
}

interface EditFormProps extends Pick<UserMessageProps, "message" | "followed"> {
	text: string;
	onSend: (text: string, price: Price) => void;
	onCancel: () => void;
}

/** A message as it is edited. Unchanged it is not sent. */
function EditForm({ message, text, followed, onSend, onCancel }: EditFormProps) {
	const [changed, change] = useState(text);
	const price = use(PriceOfText)(changed.trim(), message.id);
	const charsOver = changed.trim().length - MESSAGE_CHARS_MAX;
	return (
		<form
			className="mb-2 ml-6 flex flex-col gap-2 sm:ml-16"
			onSubmit={(event) => {
				event.preventDefault();
				if (changed.trim() === text.trim()) onCancel();
				else if (changed.trim() && charsOver <= 0) onSend(changed.trim(), price);
			}}
			onKeyDown={(event) => {
				if (event.key === "Escape") onCancel();
				if (!(event.target instanceof HTMLTextAreaElement) || !isSendKey(event)) return;
				event.preventDefault();
				event.currentTarget.requestSubmit();
			}}
		>
			<textarea
				// biome-ignore lint/a11y/noAutofocus: the viewer has just opened this form to write
				autoFocus
				aria-label="Edit your message"
				dir="auto"
				className="field field-sizing-content max-h-80 text-body"
				value={changed}
				onChange={(event) => change(event.target.value)}
			/>
			<div className="flex flex-wrap items-center justify-end gap-2">
				{charsOver > 0 ? (
					<p role="status" className="mr-auto text-small text-warn">
						<LocalNumber value={charsOver} /> {charsOver === 1 ? "character" : "characters"} too long
					</p>
				) : (
					<p className="mr-auto text-small text-soft">
						Uses {inRequests(price.units)}. {followed ? "This version and what follows it are kept." : "This version is kept."}
					</p>
				)}
				<button type="button" className="button-plain" onClick={onCancel}>
					Cancel
				</button>
				<button type="submit" className="button-plain">
					Save and send{price.units > 1 && ` · ${inRequests(price.units)}`}
				</button>
			</div>
		</form>
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
	const reasoning = reasoningOf(message);
	const progress = text.length + reasoning.length;
	return (
		<article aria-label="Answer" aria-busy={writing} className="group min-w-0">
			<Reasoning text={reasoning} thoughtMs={message.metadata?.thoughtMs} thinking={writing && text === ""} />
			{text === "" && writing && <Waiting progress={progress} />}
			<AnswerText text={text} formatted={formatted} />
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
			{reference && (
				<span className="block text-small wrap-anywhere">
					Reference for support: <span className="select-all">{reference}</span>
				</span>
			)}
		</p>
	);
}
