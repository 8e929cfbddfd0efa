import { useState } from "react";
import { MESSAGE_CHARS_MAX } from "../../input.ts";
import type { Price } from "../../view/chat.ts";
import { AnswerText } from "../answer-text/answer-text.tsx";
import { inRequests } from "../frame/local-time.tsx";
import { AnswerActions, type Next } from "./answer-actions.tsx";
import { sentenceOfEnd } from "./answer-end.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { reasoningOf, textOf } from "./message-text.ts";
import { isSendKey } from "./send-key.ts";

interface UserMessageProps {
	message: LiveMessage;
	/** Whether more than its own answer follows. */
	followed: boolean;
	/** What sending a text in its place costs. */
	priceFor: (text: string) => Price;
	onEdit: ((text: string, price: Price) => void) | undefined;
}

/** A message that the viewer wrote, with a button that opens it for editing. */
export function UserMessage({ message, followed, priceFor, onEdit }: UserMessageProps) {
	const [editing, setEditing] = useState(false);
	const [returning, setReturning] = useState(false);
	const text = textOf(message);
	if (editing && onEdit) {
		return (
			<EditForm
				text={text}
				followed={followed}
				priceFor={priceFor}
				onCancel={() => {
					setEditing(false);
					setReturning(true);
				}}
				onSend={(changed, price) => {
					setEditing(false);
					onEdit(changed, price);
				}}
			/>
		);
	}
	return (
		<article aria-label="You" className="group relative ml-6 flex flex-col items-end sm:ml-16">
			<p dir="auto" className="max-w-full rounded-large bg-said px-4 py-2 text-body whitespace-pre-wrap wrap-anywhere">
				{text}
			</p>
			{onEdit && (
				<button
					// biome-ignore lint/a11y/noAutofocus: leaving the form returns the focus to the button that opened it
					autoFocus={returning}
					type="button"
					className="button-bare shown-near absolute top-full right-0 min-h-8 text-small"
					onClick={() => setEditing(true)}
				>
					Edit
				</button>
			)}
		</article>
	);
}

interface EditFormProps extends Pick<UserMessageProps, "followed" | "priceFor"> {
	text: string;
	onSend: (text: string, price: Price) => void;
	onCancel: () => void;
}

function EditForm({ text, followed, priceFor, onSend, onCancel }: EditFormProps) {
	const [changed, change] = useState(text);
	const price = priceFor(changed.trim());
	return (
		<form
			className="ml-6 flex flex-col gap-2 sm:ml-16"
			onSubmit={(event) => {
				event.preventDefault();
				if (changed.trim()) onSend(changed.trim(), price);
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
				maxLength={MESSAGE_CHARS_MAX}
			/>
			<div className="flex flex-wrap items-center justify-end gap-2">
				<p className="mr-auto text-small text-soft">
					{followed ? "Replaces all that follows" : "Replaces the answer"} and uses {inRequests(price.units)}.
				</p>
				<button type="button" className="button-plain" onClick={onCancel}>
					Cancel
				</button>
				<button type="submit" className="button-plain">
					Send again
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
}

/** An answer: the reasoning folded away, the text as Markdown, and how it ended. */
export function AnswerMessage({ message, formatted, model, writing, next }: AnswerMessageProps) {
	const text = textOf(message);
	return (
		<article aria-label="Answer" aria-busy={writing} className="group min-w-0">
			<Reasoning text={reasoningOf(message)} thoughtMs={message.metadata?.thoughtMs} thinking={writing && text === ""} />
			{text === "" && writing && <Waiting />}
			<AnswerText text={text} formatted={formatted} />
			{!writing && <EndOfAnswer message={message} />}
			<AnswerActions message={message} model={model} writing={writing} next={next} />
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
	const title = thinking ? "Thinking…" : thoughtMs === undefined ? "Reasoning" : `Thought for ${inMinutes(thoughtMs)}`;
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

/** "12 s", or "1 min 5 s". */
function inMinutes(ms: number): string {
	const seconds = Math.max(1, Math.round(ms / 1000));
	return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function Waiting() {
	return (
		<svg role="img" aria-label="Thinking" width="24" height="28" viewBox="0 0 24 28" className="fill-soft">
			{[2, 9, 16].map((x) => (
				<rect key={x} className="waiting-mark" x={x} y="6" width="3" height="16" rx="1.5" />
			))}
		</svg>
	);
}

function EndOfAnswer({ message }: { message: LiveMessage }) {
	const sentence = message.metadata && sentenceOfEnd(message.metadata);
	return sentence && <p className="mt-3 text-soft">{sentence}</p>;
}
