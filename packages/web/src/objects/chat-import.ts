import { generateId } from "ai";
import { exchangeTokens } from "../lib/chat/history.ts";
import { type ImportedChat, type ImportedTurn, importedFile } from "../lib/chat/import.ts";
import type { ChatMessage } from "../view/chat.ts";
import type { StoredPart, Turn } from "./conversation-storage.ts";

/**
 * The turns of an imported chat. No ledger knows them and nothing was counted for them here, so they have neither price nor rule.
 * @param atMs when it was imported: the time of its last turn, if that has none
 */
export function turnsOf({ turns, shown }: ImportedChat, atMs: number): Turn[] {
	const made = new Map<number, Turn>();
	const first = new Map<number | null, number>();
	const path = pathTo(shown, turns);
	for (const one of turns) {
		const seq = made.size + 1;
		const parent = one.parent === null ? null : (made.get(one.parent) ?? null);
		const sibling = first.get(one.parent) ?? null;
		if (sibling === null) first.set(one.parent, seq);
		const asked = one.answersAgain === null ? null : (made.get(one.answersAgain) ?? null);
		const question = asked ? null : questionOf(one);
		const rest = partsOf(one);
		const exchange = one.answer ? exchangeTokens(question ?? asked?.question ?? null, { id: "", role: "assistant", parts: rest }) : 0;
		made.set(one.turn, {
			seq,
			parent: parent?.seq ?? null,
			versionOf: sibling,
			asks: asked?.seq ?? null,
			question,
			requestId: "",
			attempt: 0,
			answerId: one.answer ? `${generateId()}-${seq}` : "",
			model: one.answer?.model ?? "",
			sold: null,
			hold: { requestId: "", attempt: 0, takenFrom: [] },
			phase: "ended",
			end: one.answer ? (one.answer.state ?? "interrupted") : null,
			told: { imported: true, spent: null },
			counted: null,
			shown: path.has(one.turn),
			startedAtMs: Date.parse(one.answer?.askedAt ?? "") || (seq === turns.length ? atMs : 0),
			tokens: (parent?.tokens ?? 0) + exchange,
			searched: one.answer?.sources.length ? { count: 0, units: 0, input: 0, sources: one.answer.sources } : null,
			pieces: 0,
			rest,
		});
	}
	return [...made.values()];
}

function pathTo(shown: number, turns: readonly ImportedTurn[]): Set<number> {
	const parents = new Map(turns.map(({ turn, parent }) => [turn, parent]));
	const path = new Set<number>();
	for (let at: number | null = shown; at !== null; at = parents.get(at) ?? null) path.add(at);
	return path;
}

/** Documents contain no files, so models and readers get their names. */
function questionOf({ question }: ImportedTurn): ChatMessage | null {
	if (!question) return null;
	const texts = [...question.files.map(importedFile), question.text].filter((text) => text !== "");
	return { id: generateId(), role: "user", parts: texts.map((text) => ({ type: "text", text })) };
}

function partsOf({ answer }: ImportedTurn): StoredPart[] {
	const parts: StoredPart[] = [
		{ type: "reasoning", text: answer?.reasoning ?? "" },
		{ type: "text", text: answer?.text ?? "" },
	];
	return parts.filter(({ text }) => text !== "");
}
