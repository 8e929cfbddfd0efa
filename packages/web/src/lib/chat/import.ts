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

/** A chat as it arrives: what a Worker reads and hands to an object at once. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;
const TURNS_MAX = 5_000;
const FILES_MAX = 50;
const SOURCES_MAX = 200;
/** A turn is a row, which holds 2 MB. */
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

/** A question and an attempt to answer it, from elsewhere. Turns follow earlier ones. */
export type ImportedTurn = z.output<typeof turn>;

/** A chat from elsewhere, which can be taken in as it is. */
export interface ImportedChat {
	title: string;
	instructions: string;
	archived: boolean;
	pinned: boolean;
	/** The folder that it was in; null for none. */
	folder: Omit<Folder, "id"> | null;
	/** The turn at which the shown path ends. */
	shown: number;
	turns: ImportedTurn[];
	/** UTF-8 bytes of its texts. */
	bytes: number;
	/** Its id where it was exported, if it has one. */
	sourceId: string | undefined;
	/** Names the chat, wherever it is imported from: its id there, or what it says. */
	fingerprint: string;
}

/**
 * The chat of `POST /api/chats/import`: a document as the export writes it (docs/architecture/conversation.md).
 * @throws {ProblemError} 400 for a document that contradicts itself, 413 for one that is too large
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

/** The id that a chat gets where it is imported: the same for each import of it by one account. `attempt` counts those that were deleted since. */
export function importedId(owner: UserKey, { fingerprint }: ImportedChat, attempt: number): string {
	const hex = digest(JSON.stringify([owner, fingerprint, attempt]));
	// A UUID whose bits are our own (version 8, RFC 9562).
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** @returns the bytes of the texts */
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

/** The name of a file as it stands in a message. */
export const importedFile = ({ name }: { name: string }): string => t("import_file_left_out", { name: name.slice(0, FILE_NAME_CHARS_MAX) });

const digest = (value: string) => createHash("sha256").update(value).digest("hex");
