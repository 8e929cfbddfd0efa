import { type ExportedTurn, jsonOf, markdownOf, wordsOfExport } from "../chat-document.ts";
import { filesOf, textOf } from "../lib/chat/history.ts";
import { type Reader, writingFor } from "../text/writing-for.ts";
import type { AnswerPart } from "./answer-stream.ts";
import { idOf } from "./chat-files.ts";
import { costOf } from "./chat-path.ts";
import type { Chat, ConversationStorage, Turn } from "./conversation-storage.ts";

export type ExportFormat = "json" | "markdown";

/** A chat as a file: all versions as JSON, or the shown path as Markdown. Each turn is read when it is reached, so that chats of any length fit. */
export function exportOf(chat: Chat, stored: ConversationStorage, format: ExportFormat, reader: Reader): ReadableStream<Uint8Array> {
	const { id, title, instructions = "" } = chat;
	const head = { id, title, instructions, exportedAt: new Date().toISOString(), shown: stored.shown()?.seq ?? null };
	const words = writingFor(reader, () => wordsOfExport(head.exportedAt));
	return streamOf(format === "json" ? jsonOf(head, allTurns(stored)) : markdownOf(head, shownTurns(stored, head.shown), words));
}

function* allTurns(stored: ConversationStorage): Generator<ExportedTurn, void> {
	for (const turn of stored.turnsAfter()) yield exported(turn, stored);
}

function* shownTurns(stored: ConversationStorage, last: number | null): Generator<ExportedTurn, void> {
	const path = [...stored.path(last)].map(({ seq }) => seq);
	for (const seq of path.reverse()) {
		const turn = stored.turn(seq);
		if (turn) yield { ...exported(turn, stored), question: questionIn(turn, stored) };
	}
}

function exported(turn: Turn, stored: ConversationStorage): ExportedTurn {
	const { seq, parent, asks, answerId, end, model, counted, startedAtMs, searched } = turn;
	const parts = stored.parts(turn);
	const textIn = (type: AnswerPart["type"]) => parts.flatMap((part) => (part.type === type ? [part.text] : [])).join("\n\n");
	const answer = {
		text: textIn("text"),
		reasoning: textIn("reasoning"),
		sources: searched?.sources.map(({ url, title }) => ({ url, title })) ?? [],
		state: end,
		model,
		counted,
		units: costOf(turn).units ?? null,
		askedAt: startedAtMs > 0 ? new Date(startedAtMs).toISOString() : null,
	};
	return {
		turn: seq,
		parent,
		answersAgain: asks,
		question: asks === null ? questionIn(turn, stored) : null,
		answer: answerId ? answer : null,
	};
}

function questionIn(turn: Turn, stored: ConversationStorage): ExportedTurn["question"] {
	const question = stored.question(turn);
	const file = (part: ReturnType<typeof filesOf>[number]) => ({
		id: idOf(part),
		name: part.filename,
		mediaType: part.mediaType,
		bytes: part.providerMetadata.parley.bytes,
	});
	return question && { text: textOf(question), files: filesOf(question).map(file) };
}

function streamOf(pieces: Iterator<string, void>): ReadableStream<Uint8Array> {
	const encoder = new TextEncoder();
	return new ReadableStream({
		type: "bytes",
		pull(controller) {
			const { done, value } = pieces.next();
			if (!done) return controller.enqueue(encoder.encode(value));
			controller.close();
			// A pending read into the reader's own buffer must be answered, too.
			controller.byobRequest?.respond(0);
		},
	});
}
