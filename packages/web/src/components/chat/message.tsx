import { useState } from "react";
import { MESSAGE_CHARS_MAX } from "../../input.ts";
import { AnswerActions } from "./answer-actions.tsx";
import type { Block } from "./answer-blocks.ts";
import type { LiveMessage } from "./live-chat.tsx";
import { Markdown } from "./markdown.tsx";
import { reasoningOf, textOf } from "./message-text.ts";
import { isSendKey } from "./send-key.ts";

interface UserMessageProps {
	message: LiveMessage;
	/** Whether more than its own answer follows. */
	followed: boolean;
	onEdit: ((text: string) => void) | undefined;
}

/** A message that the viewer wrote, with a button that opens it for editing. */
export function UserMessage({ message, followed, onEdit }: UserMessageProps) {
	const [editing, setEditing] = useState(false);
	const [returning, setReturning] = useState(false);
	const text = textOf(message);
	if (editing && onEdit) {
		return (
			<EditForm
				text={text}
				followed={followed}
				onCancel={() => {
					setEditing(false);
					setReturning(true);
				}}
				onSend={(changed) => {
					setEditing(false);
					onEdit(changed);
				}}
			/>
		);
	}
	return (
		<article aria-label="You" className="group relative ml-6 flex flex-col items-end sm:ml-16">
			<p className="max-w-full rounded-large bg-said px-4 py-2 text-body whitespace-pre-wrap wrap-anywhere">{text}</p>
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

interface EditFormProps {
	text: string;
	followed: boolean;
	onSend: (text: string) => void;
	onCancel: () => void;
}

function EditForm({ text, followed, onSend, onCancel }: EditFormProps) {
	return (
		<form
			className="ml-6 flex flex-col gap-2 sm:ml-16"
			action={(form) => {
				const changed = String(form.get("text") ?? "").trim();
				if (changed) onSend(changed);
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
				name="text"
				aria-label="Edit your message"
				className="field field-sizing-content max-h-80 text-body"
				defaultValue={text}
				maxLength={MESSAGE_CHARS_MAX}
			/>
			<div className="flex flex-wrap items-center justify-end gap-2">
				<p className="mr-auto text-small text-soft">
					{followed ? "Replaces all that follows" : "Replaces the answer"} and counts as a new request.
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
	/** The message's text, parsed. */
	blocks: Block[];
	writing: boolean;
	onRegenerate?: (() => void) | undefined;
}

/** An answer: the reasoning folded away, the text as Markdown, and how it ended. */
export function AnswerMessage({ message, blocks, writing, onRegenerate }: AnswerMessageProps) {
	const reasoning = reasoningOf(message);
	return (
		<article aria-label="Answer" aria-busy={writing} className="group min-w-0">
			{reasoning && (
				<details className="mb-3 text-soft">
					<summary className="text-small">{blocks.length > 0 ? "What it thought first" : "Thinking it over"}</summary>
					<p className="mt-2 border-line border-l-2 pl-4 whitespace-pre-wrap wrap-anywhere">{reasoning}</p>
				</details>
			)}
			{blocks.length > 0 ? <Markdown blocks={blocks} /> : writing && <Waiting />}
			{!writing && <EndOfAnswer message={message} />}
			<AnswerActions message={message} writing={writing} onRegenerate={onRegenerate} />
		</article>
	);
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
	const note = message.metadata?.note;
	return note && <p className="mt-3 text-soft">{note}</p>;
}
