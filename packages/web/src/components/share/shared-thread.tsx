import { t } from "../../text/text.ts";
import type { ChatMessage } from "../../view/chat.ts";
import { AnswerText } from "../answer-text/answer-text.tsx";
import { unformattedCount } from "../answer-text/work-limits.ts";
import { endElsewhere } from "../chat/answer-end.ts";
import { filesOf, sourcesOf, textOf } from "../chat/message-text.ts";
import { SentFiles } from "../chat/sent-files.tsx";
import { definitionsOf, Sources } from "../chat/sources.tsx";

/** The messages of a shared chat, read-only. Works without scripts. */
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
		<article aria-label={t("share_question")} className="ml-6 flex flex-col items-end sm:ml-16">
			<SentFiles files={filesOf(message)} />
			{text && (
				<p dir="auto" className="max-w-full rounded-large bg-said px-4 py-2 text-body whitespace-pre-wrap wrap-anywhere">
					{text}
				</p>
			)}
		</article>
	);
}

function Answer({ message, formatted }: { message: ChatMessage; formatted: boolean }) {
	const sources = sourcesOf(message);
	const end = endElsewhere(message.metadata?.state);
	return (
		<article aria-label={t("chat_answer")} className="min-w-0">
			<AnswerText text={textOf(message)} definitions={definitionsOf(sources)} formatted={formatted} />
			<Sources sources={sources} />
			{end && <p className="mt-3 text-soft">{end}</p>}
		</article>
	);
}
