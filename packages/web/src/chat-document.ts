import { t } from "./text/text.ts";
import type { AnswerState, Source } from "./view/chat.ts";

/** The format of an exported chat. The number changes when a reader of this version would misread it (docs/architecture/conversation.md). */
export const FORMAT = { format: "parley.chat", version: 1 };

export interface ExportedChat {
	/** The chat's id here, by which an import recognizes it. Absent in files of an older version. */
	id?: string;
	title: string;
	/** The chat's instructions to every model; "" for none. */
	instructions: string;
	/** ISO 8601 in UTC. */
	exportedAt: string;
	/** The turn where the shown path ends; null for none. */
	shown: number | null;
}

/** A file of a question. `id`: for `GET /api/chat/{chat}/files/{id}`. `path`: where its bytes are in a zip file that includes them. */
export interface ExportedFile {
	id?: string;
	path?: string;
	name: string;
	mediaType: string;
	bytes: number;
}

/** A question and one attempt to answer it. */
export interface ExportedTurn {
	turn: number;
	/** The turn that this one follows; null for the first. */
	parent: number | null;
	/** The turn whose question this one answers again; null if it has its own. */
	answersAgain: number | null;
	question: { text: string; files: ExportedFile[] } | null;
	/** `state` is null while the answer is in progress. */
	answer: {
		text: string;
		reasoning: string;
		sources: Source[];
		state: AnswerState | null;
		model: string;
		counted: boolean | null;
		units: number | null;
		askedAt: string | null;
	} | null;
}

/** A whole exported chat. */
export type ChatDocument = typeof FORMAT & ExportedChat & { turns: ExportedTurn[] };

/** The turns of a document's shown path, oldest first, each with its question. */
export function shownTurnsOf({ shown, turns }: Pick<ChatDocument, "shown" | "turns">): ExportedTurn[] {
	const byNumber = new Map(turns.map((turn) => [turn.turn, turn]));
	const path: ExportedTurn[] = [];
	// Each turn must follow an earlier one, so an inconsistent file cannot loop forever.
	for (let at = byNumber.get(shown ?? Number.NaN); at; at = at.parent !== null && at.parent < at.turn ? byNumber.get(at.parent) : undefined)
		path.push({ ...at, question: at.question ?? byNumber.get(at.answersAgain ?? Number.NaN)?.question ?? null });
	return path.reverse();
}

/** A chat as JSON with all versions of its questions and answers, one line per turn, in pieces. */
export function* jsonOf(chat: ExportedChat, turns: Iterable<ExportedTurn>): Generator<string, void> {
	yield `${JSON.stringify({ ...FORMAT, ...chat }).slice(0, -1)},"turns":[`;
	let before = "";
	for (const turn of turns) {
		yield `${before}\n${JSON.stringify(turn)}`;
		before = ",";
	}
	yield "\n]}\n";
}

/** The fixed texts of an export. Read in advance, because its pieces are written when the request's language is no longer known. */
export const wordsOfExport = (exportedAt: string) => ({
	exported: t("export_on", { day: exportedAt.slice(0, 10) }),
	question: t("share_question"),
	attached: t("export_attached"),
	answer: t("chat_answer"),
	sources: t("chat_sources"),
});

type Words = ReturnType<typeof wordsOfExport>;

/** A file's name, as a link if its bytes lie next to the Markdown. */
const linked = ({ name, path }: ExportedFile) => (path === undefined ? name : `[${name.replace(/[[\]]/g, "\\$&")}](<../${path}>)`);

/** A path of a chat as Markdown, in pieces. `turns`: the path, oldest first. */
export function* markdownOf({ title }: ExportedChat, turns: Iterable<ExportedTurn>, words: Words): Generator<string, void> {
	yield `# ${title}\n\n${words.exported}\n`;
	for (const { question, answer } of turns) {
		if (question) {
			const files = question.files.map((file) => `\n${words.attached}: ${linked(file)}\n`).join("");
			yield `\n## ${words.question}\n${files}${question.text && `\n${question.text}\n`}`;
		}
		if (answer?.text) {
			const sources = answer.sources
				.map(({ url, title: name }, at) => `${at + 1}. [${name.replace(/[[\]]/g, "\\$&")}](<${url}>)\n`)
				.join("");
			yield `\n## ${words.answer}\n\n${answer.text}\n${sources && `\n${words.sources}:\n\n${sources}`}`;
		}
	}
}
