import type { AnswerState, ChatMessage } from "../../view/chat.ts";
import { AnswerText } from "../answer-text/answer-text.tsx";
import { unformattedCount } from "../answer-text/work-limits.ts";
import { filesOf, sourcesOf, textOf } from "../chat/message-text.ts";
import { SentFiles } from "../chat/sent-files.tsx";
import { definitionsOf, Sources } from "../chat/sources.tsx";

/** The messages of a shared chat, to read. Needs no script. */
export function SharedThread({ messages }: { messages: ChatMessage[] }) {
	const answers = messages.filter(({ role }) => role === "assistant");
	const unformatted = new Set(answers.slice(0, unformattedCount(answers.map(textOf))));
	return (
		<div className="flex flex-col gap-6">
			{messages.map((message) =>
				message.role === "user" ? (
					<Question key={message.id} message={message} />
				) : (
					<Answer key={message.id} message={message} formatted={!unformatted.has(message)} />
				),
			)}
		</div>
	);
}

function Question({ message }: { message: ChatMessage }) {
	const text = textOf(message);
	return (
		<article aria-label="Question" className="ml-6 flex flex-col items-end sm:ml-16">
			<SentFiles files={filesOf(message)} />
			{text && (
				<p dir="auto" className="max-w-full rounded-large bg-said px-4 py-2 text-body whitespace-pre-wrap wrap-anywhere">
					{text}
				</p>
			)}
		</article>
	);
}

/** What a reader has to know of an answer that is not whole. */
const ENDS: Partial<Record<AnswerState, string>> = {
	stopped: "This answer was stopped.",
	length: "This answer hit the length limit.",
	filtered: "The model’s content filter stopped this answer.",
	failed: "This answer was interrupted.",
	interrupted: "This answer was interrupted.",
};

function Answer({ message, formatted }: { message: ChatMessage; formatted: boolean }) {
	const sources = sourcesOf(message);
	const end = message.metadata?.state && ENDS[message.metadata.state];
	return (
		<article aria-label="Answer" className="min-w-0">
			<AnswerText text={textOf(message)} definitions={definitionsOf(sources)} formatted={formatted} />
			<Sources sources={sources} />
			{end && <p className="mt-3 text-soft">{end}</p>}
		</article>
	);
}
