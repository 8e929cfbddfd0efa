import { createHash } from "node:crypto";
import { z } from "zod";
import { FORMAT } from "../../chat-document.ts";
import { chatTitle } from "../../chat-title.ts";
import { FILE_NAME_CHARS_MAX, TITLE_CHARS_MAX } from "../../input.ts";
import { instructionFault, plainInstruction } from "../../instructions.ts";
import { t } from "../../text/text.ts";
import type { Folder } from "../../view/chat.ts";
import { readBody } from "../http/api.ts";
import { refuse } from "../http/problem.ts";
import type { UserKey } from "../identity/subject-key.ts";
import { checkedFolder, folderName } from "./folders.ts";

/** Size limit of an imported chat, which a Worker reads whole and passes to an object in one call. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;
const TURNS_MAX = 5_000;
const FILES_MAX = 50;
const SOURCES_MAX = 200;
/** Each turn is one row, which holds 2 MB. */
const TURN_BYTES_MAX = 1_800_000;

const text = z.string().transform((given) => given.toWellFormed());
const file = z.object({ name: text.pipe(z.string().max(1_000)) });
const source = z.object({
	url: z
		.string()
		.max(4_000)
		.regex(/^https?:\/\//),
	title: text.pipe(z.string().max(4_000)),
});
const question = z.object({ text, files: z.array(file).max(FILES_MAX).default([]) });
const answer = z.object({
	text,
	reasoning: text.default(""),
	sources: z.array(source).max(SOURCES_MAX).default([]),
	state: z.enum(["complete", "length", "filtered", "stopped", "failed", "interrupted"]).nullable().default("complete"),
	model: text.pipe(z.string().max(200)).default(""),
	askedAt: z.iso.datetime().nullable().default(null),
});
const turn = z.object({
	turn: z.int(),
	parent: z.int().nullable(),
	answersAgain: z.int().nullable().default(null),
	question: question.nullable(),
	answer: answer.nullable(),
});
const body = z.object({
	format: z.literal(FORMAT.format),
	version: z.literal(FORMAT.version),
	id: z.string().min(1).max(200).optional(),
	title: text,
	instructions: z.string().default(""),
	archived: z.boolean().default(false),
	pinned: z.boolean().default(false),
	folder: z
		.object({ name: folderName, instructions: z.string().default("") })
		.nullable()
		.default(null),
	shown: z.int().nullable(),
	turns: z.array(turn).min(1).max(TURNS_MAX),
});

/** A question from elsewhere and one attempt to answer it. A turn comes after the turn it follows. */
export type ImportedTurn = z.output<typeof turn>;

/** A validated chat from elsewhere, ready to store. */
export interface ImportedChat {
	title: string;
	instructions: string;
	archived: boolean;
	pinned: boolean;
	/** The folder it was in; null for none. */
	folder: Omit<Folder, "id"> | null;
	/** The turn where the shown path ends. */
	shown: number;
	turns: ImportedTurn[];
	/** Total UTF-8 bytes of its texts. */
	bytes: number;
	/** Its id in the export, if any. */
	sourceId: string | undefined;
	/** Identifies the chat across imports: by its exported id, or else by its content. */
	fingerprint: string;
}

/**
 * Parses the chat of `POST /api/chats/import`, in the format of the export (docs/architecture/conversation.md).
 * @throws {ProblemError} 400 for an inconsistent document, 413 for one that is too large
 */
export async function parseImport(request: Request): Promise<ImportedChat> {
	const { id, title, instructions: given, folder, archived, pinned, shown, turns } = await readBody(request, body, BODY_BYTES_MAX);
	const instructions = plainInstruction(given);
	const fault = instructionFault("chat", instructions);
	if (fault) refuse("instructions-too-long", fault);
	const bytes = checkTurns(turns);
	const numbers = new Set(turns.map((one) => one.turn));
	const last = turns.at(-1)?.turn ?? 0;
	return {
		title: titleOf(title, turns),
		instructions,
		archived,
		pinned,
		folder: folder && { ...folder, instructions: checkedFolder(folder.instructions) },
		shown: shown !== null && numbers.has(shown) ? shown : last,
		turns,
		bytes,
		sourceId: id,
		fingerprint: id ?? digest(JSON.stringify(turns)),
	};
}

/** The id of an imported chat: the same for every import by one account. `attempt` counts earlier imports that were deleted since. */
export function importedId(owner: UserKey, { fingerprint }: ImportedChat, attempt: number): string {
	const hex = digest(JSON.stringify([owner, fingerprint, attempt]));
	// A version 8 UUID (RFC 9562), whose bits are application-defined.
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** @returns total bytes of the texts */
function checkTurns(turns: readonly ImportedTurn[]): number {
	const before = new Map<number, ImportedTurn>();
	let bytes = 0;
	for (const one of turns) {
		const asked = one.answersAgain === null ? null : before.get(one.answersAgain);
		const isPlaced = (one.parent === null || before.has(one.parent)) && !before.has(one.turn);
		if (!isPlaced) refuse("invalid-request", t("import_turn_place", { turn: String(one.turn) }));
		if (asked !== null && (!asked?.question || asked.parent !== one.parent))
			refuse("invalid-request", t("import_turn_question", { turn: String(one.turn) }));
		if (!one.question && !one.answer) refuse("invalid-request", t("import_turn_empty", { turn: String(one.turn) }));
		const ofTurn = Buffer.byteLength(JSON.stringify([one.question, one.answer]));
		if (ofTurn > TURN_BYTES_MAX) refuse("message-too-long", t("import_turn_max", { turn: String(one.turn) }));
		before.set(one.turn, one);
		bytes += ofTurn;
	}
	return bytes;
}

function titleOf(given: string, turns: readonly ImportedTurn[]): string {
	const title = given.replaceAll(/\s+/g, " ").trim();
	if (title.length > TITLE_CHARS_MAX)
		return `${title
			.slice(0, TITLE_CHARS_MAX - 1)
			.toWellFormed()
			.trimEnd()}…`;
	return title || chatTitle(turns.find((one) => one.question)?.question?.text ?? "") || t("import_title");
}

/** A file's placeholder in an imported message. */
export const importedFile = ({ name }: { name: string }): string => t("import_file_left_out", { name: name.slice(0, FILE_NAME_CHARS_MAX) });

const digest = (value: string) => createHash("sha256").update(value).digest("hex");
