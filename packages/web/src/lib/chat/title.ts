import { chatTitle } from "../../chat-title.ts";
import { logFailure } from "../../log.ts";
import { titleModel } from "./model.ts";
import { openAnswer } from "./upstream/open-answer.ts";
import { hashOfSubject } from "./upstream/request-body.ts";

/** A title is worth little, so its call is short in every way and not counted. */
const INPUT_CHARS_MAX = 1_000;
const OUTPUT_TOKENS_MAX = 30;
const TITLE_CHARS_MAX = 200;
const TITLE_MS = 10_000;

const INSTRUCTIONS =
	"Name the chat below in two to six words, in the language of its question. Answer with the name alone: no quotes, no full stop.";

/** The first question of a chat and its answer. */
export interface Opening {
	question: string;
	answer: string;
	/** The subject's key. */
	subject: string;
	requestId: string;
}

/** A title from the title model. Null if none is configured, or if it fails, is slow or answers too long. */
export async function titleFor({ question, answer, subject, requestId }: Opening): Promise<string | null> {
	const model = titleModel();
	if (!model) return null;
	const leave = new AbortController();
	const timer = setTimeout(() => leave.abort(), TITLE_MS);
	const content = `${INSTRUCTIONS}\n\n${beginning(question)}\n\n${beginning(answer)}`;
	const asked = { model, effort: null, maxOutput: OUTPUT_TOKENS_MAX, subjectHash: hashOfSubject(subject), requestId, signal: leave.signal };
	let title = "";
	try {
		for await (const part of openAnswer({ ...asked, messages: [{ role: "user", content }] })) {
			if (part.type === "text") title += part.delta;
			if (part.type === "failed" || title.length > TITLE_CHARS_MAX) return null;
			if (part.type === "end") return part.end === "complete" ? chatTitle(unquoted(title)) || null : null;
		}
	} catch (error) {
		logFailure(`chat of ${requestId} keeps its first words as its title`, error);
	} finally {
		clearTimeout(timer);
		leave.abort();
	}
	return null;
}

const beginning = (text: string) => text.slice(0, INPUT_CHARS_MAX).toWellFormed();

const unquoted = (title: string) => title.trim().replace(/^["'“”„«»‘’]+|["'“”„«»‘’.]+$/g, "");
