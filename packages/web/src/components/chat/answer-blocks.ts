import type { Links, Token } from "marked";
import { definitionsIn, lexBounded } from "./bounded-lexer.ts";

/** A part of an answer that is parsed and drawn by itself. `plain` is too expensive to parse, and is shown as it was written. */
export type Block =
	| { kind: "markdown"; text: string; tokens: Token[] }
	| { kind: "code"; text: string; language: string | undefined }
	| { kind: "plain"; text: string };

/** In the units of `lexBounded`. A page costs at most the sum of the three; ordinary Markdown needs about 50 for a character. */
const BLOCK_WORK_MAX = 500_000;
export const ANSWER_WORK_MAX = 3_000_000;
export const PAGE_WORK_MAX = 6_000_000;

/** What a block of code costs besides its characters: a React component. */
const CODE_WORK = 2_000;
/** A list longer than this is parsed in several parts. */
const LIST_CHARS = 4_000;
const DEFINITIONS_MAX = 64;

const FENCE = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})[ \t]*([^\s{]*)/;
const BULLET = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;
const HEADING = /^#{1,6}(?:[ \t]|$)/;
// Every repetition has a limit: two unlimited ones beside each other take quadratic time for a run of spaces.
const DEFINITION = /^ {0,3}\[[^\]\s][^\]\n]{0,200}\]:[ \t]{0,8}\n?[ \t]{0,8}\S[^\n]{0,1000}$/gm;

interface Piece {
	text: string;
	/** Set for a fence of code. */
	fence: RegExpExecArray | null;
}

/**
 * Splits Markdown where hardly any construct reaches across: at blank lines, headings and fences, and between the items of a long list. Takes time
 * in proportion to the text.
 */
export function splitAnswer(text: string): Piece[] {
	const pieces: Piece[] = [];
	let open: Piece & { isList: boolean; isHeading: boolean } = { text: "", fence: null, isList: false, isHeading: false };
	let afterBlank = false;
	const cut = (fence: RegExpExecArray | null, isHeading: boolean) => {
		const text = open.text.trimEnd();
		if (text) pieces.push({ text, fence: open.fence });
		open = { text: "", fence, isList: false, isHeading };
	};
	for (const content of text.replace(/\r\n?/g, "\n").split("\n")) {
		const line = `${content}\n`;
		if (open.fence) {
			open.text += line;
			if (closes(line, open.fence)) cut(null, false);
			continue;
		}
		if (line.trim()) {
			const bare = line.trimEnd();
			const fence = open.isList && line.startsWith(" ") ? null : FENCE.exec(bare);
			const isHeading = HEADING.test(bare);
			const isBullet = BULLET.test(bare);
			const isOuter = !/^\s/.test(line);
			const isNextItem = isBullet && open.isList;
			const isSplit = isNextItem ? open.text.length > LIST_CHARS : afterBlank;
			if (fence || isHeading || open.isHeading || (isOuter && isSplit)) cut(fence, isHeading);
			open.isList ||= isBullet;
		}
		afterBlank = !line.trim();
		open.text += line;
	}
	cut(null, false);
	return pieces;
}

/** Whether a line closes a fence: at least as many of the same mark, and nothing else. */
function closes(line: string, [, , marker = ""]: RegExpExecArray): boolean {
	const bare = line.trim();
	return bare.startsWith(marker) && bare === marker.charAt(0).repeat(bare.length);
}

interface Parsed {
	block: Block;
	work: number;
}

interface Answer {
	text: string;
	blocks: Block[];
	work: number;
	/** Its definitions, and its blocks by their text: while an answer grows, only its last block is parsed anew. */
	definitions: string;
	defined: { links: Links; work: number };
	parsed: Map<string, Parsed>;
}

/** Parses the answers of one page within a budget, and each block once. */
export class AnswerFormatter {
	#answers: (Answer | undefined)[] = [];

	/** The blocks of each answer, oldest first. Where the page's budget does not cover all answers, the oldest are plain text. */
	format(texts: readonly string[]): Block[][] {
		const before = this.#answers;
		const answers: typeof before = [];
		let left = PAGE_WORK_MAX;
		for (let at = texts.length - 1; at >= 0 && left > 0; at -= 1) {
			const text = texts[at] ?? "";
			const known = before[at];
			const answer = known?.text === text ? known : parseAnswer(text, known);
			answers[at] = answer;
			left -= answer.work;
		}
		this.#answers = answers;
		return texts.map((text, at) => answers[at]?.blocks ?? [{ kind: "plain", text }]);
	}
}

/** Parses an answer, with what is known of the same answer when it was shorter. */
function parseAnswer(text: string, before: Answer | undefined): Answer {
	const pieces = splitAnswer(text);
	const definitions = definitionLines(pieces);
	const isDefined = definitions === before?.definitions;
	const defined = isDefined ? before.defined : definitionsIn(definitions, BLOCK_WORK_MAX);
	const answer: Answer = { text, blocks: [], work: text.length + defined.work, definitions, defined, parsed: new Map() };
	for (const [at, piece] of pieces.entries()) {
		if (answer.work >= ANSWER_WORK_MAX) {
			answer.blocks.push({
				kind: "plain",
				text: pieces
					.slice(at)
					.map((rest) => rest.text)
					.join("\n\n"),
			});
			break;
		}
		const parsed = (isDefined && before.parsed.get(piece.text)) || parsePiece(piece, defined.links);
		answer.parsed.set(piece.text, parsed);
		answer.blocks.push(parsed.block);
		answer.work += parsed.work;
	}
	return answer;
}

function definitionLines(pieces: Piece[]): string {
	const lines = pieces.flatMap(({ text, fence }) => (fence || !text.includes("]:") ? [] : (text.match(DEFINITION) ?? [])));
	return lines.slice(0, DEFINITIONS_MAX).join("\n");
}

function parsePiece({ text, fence }: Piece, links: Links): Parsed {
	if (fence) return { block: codeBlock(text, fence), work: CODE_WORK + text.length };
	const { tokens, work } = lexBounded(text, BLOCK_WORK_MAX, links);
	return { block: tokens ? { kind: "markdown", text, tokens } : { kind: "plain", text }, work };
}

/** The code between two fences, or from the first fence to the end of the text. */
function codeBlock(text: string, fence: RegExpExecArray): Block {
	const [, indent = "", , language] = fence;
	const lines = text.split("\n").slice(1);
	if (closes(lines.at(-1) ?? "", fence)) lines.pop();
	const code = lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart())).join("\n");
	return { kind: "code", text: code, language: language || undefined };
}
