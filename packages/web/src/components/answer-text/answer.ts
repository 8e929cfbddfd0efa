import { parseBlocks, type RootBlock } from "./blocks.ts";
import { parseInlines } from "./inlines.ts";
import type { Block, Inline, Targets, Text } from "./nodes.ts";
import { WORK_MAX } from "./work-limits.ts";

const ELEMENT_WORK = 3;
/** Blocks with buttons are some twenty elements. */
const FRAME_WORK = 30;

/** A block at the top of an answer. The same object as long as it looks the same. */
export interface Section {
	start: number;
	source: string;
	block: Block;
	/** Of its lines, and of its texts and elements. */
	lineWork: number;
	work: number;
	/** The footnotes that it refers to, in order. */
	references: string[];
}

export interface Answer {
	text: string;
	sections: Section[];
	/** Footnotes, in the order of their numbers. */
	notes: Note[];
	/** What would be more work than is done: shown as it was written. */
	rest: string;
	/** Which links and footnotes are defined, to compare. */
	targetsKey: string;
}

export interface Note {
	label: string;
	children: Block[];
	isReferenced: boolean;
}

/** Parses an answer. Of one that has grown, only the last block is parsed again. */
export function parseAnswer(written: string, before?: Answer): Answer {
	const text = written.includes("\r") ? written.replace(/\r\n?/g, "\n") : written;
	const kept = before && text.startsWith(before.text) ? keptSections(before) : [];
	const from = kept.length > 0 ? (before?.sections[kept.length]?.start ?? 0) : 0;
	const keptLineWork = kept.reduce((sum, { lineWork }) => sum + lineWork, 0);
	const parsed = parseBlocks(text.slice(from), WORK_MAX - keptLineWork);
	const all = [...kept, ...parsed.blocks.map((block, at) => unread(parsed, block, at, text, from))];
	const { targets, key } = targetsIn(all);

	const answer: Answer = { text, sections: [], notes: [], rest: "", targetsKey: key };
	let left = WORK_MAX;
	for (const [at, section] of all.entries()) {
		const isSame = at < kept.length && (key === before?.targetsKey || !section.source.includes("["));
		const read = isSame ? section : readSection(section, targets, left);
		left -= read?.work ?? left + 1;
		if (!read || left < 0) {
			answer.rest = text.slice(section.start);
			answer.sections = answer.sections.filter(({ start }) => start < section.start);
			break;
		}
		answer.sections.push(read);
	}
	if (all.length === 0 && parsed.work > WORK_MAX) answer.rest = text;
	answer.notes = notesIn(answer.sections);
	return answer;
}

/** The sections that more text cannot change: those before the last one that has a whole line. */
function keptSections({ text, sections, rest }: Answer): Section[] {
	if (rest) return [];
	const lastLine = text.lastIndexOf("\n") + 1;
	const at = sections.findLastIndex(({ start }) => start < lastLine);
	const last = sections[at];
	if (!last) return [];
	const isLastKept = isEnded(last) && at + 1 < sections.length;
	// Blocks may share the line that they begin in.
	let end = isLastKept ? at + 1 : sections.findIndex(({ start }) => start === last.start);
	// A formula may still end anywhere before a blank line, and a comment anywhere.
	while (end > 0 && !sections[end - 1]?.source.endsWith("\n\n")) end -= 1;
	const comment = sections.findIndex(({ source }) => source.includes("<!--"));
	return sections.slice(0, comment === -1 ? end : Math.min(end, comment));
}

/** Whether a blank line has ended a block for good. */
function isEnded({ block, source }: Section): boolean {
	const isOpen = block.kind === "code" || block.kind === "math" ? !block.closed : /^(list|note|details)$/.test(block.kind);
	return !isOpen && source.endsWith("\n\n");
}

function unread({ blocks, work }: { blocks: RootBlock[]; work: number }, root: RootBlock, at: number, text: string, from: number): Section {
	const next = blocks[at + 1];
	const after = blocks.slice(at + 1, at + 4).find(({ start }) => start > root.start);
	const source = text.slice(from + root.start, after && from + after.start);
	const lineWork = (next?.workBefore ?? work) - root.workBefore;
	return { start: from + root.start, source, block: root.block, lineWork, work: lineWork, references: [] };
}

function targetsIn(sections: Section[]): { targets: Targets; key: string } {
	const links = new Map<string, { href: string; title: string | undefined }>();
	const notes = new Set<string>();
	const stack = sections.map(({ block }) => block).reverse();
	for (let block = stack.pop(); block; block = stack.pop()) {
		if (block.kind === "definition") {
			if (!links.has(block.label)) links.set(block.label, block);
		} else if (block.kind === "note") notes.add(block.label);
		for (const child of childrenOf(block).toReversed()) stack.push(child);
	}
	const key = JSON.stringify([[...links].map(([label, { href, title }]) => [label, href, title]), [...notes]]);
	return { targets: { links, notes }, key };
}

function childrenOf(block: Block): readonly Block[] {
	if (block.kind === "list") return block.items.flatMap(({ children }) => children);
	return "children" in block ? block.children : [];
}

/** Parses the texts of a section; undefined if that is more work than this. */
function readSection({ start, source, block, lineWork }: Section, targets: Targets, workMax: number): Section | undefined {
	const section: Section = { start, source, block, lineWork, work: lineWork, references: [] };
	return readBlock(block, section, targets, workMax) ? section : undefined;
}

function readBlock(block: Block, section: Section, targets: Targets, workMax: number): boolean {
	const inside = block.kind === "list" ? block.items.length : block.kind === "table" ? block.rows.length : 0;
	section.work += ELEMENT_WORK * (1 + inside) + (block.kind === "code" || block.kind === "table" ? FRAME_WORK : 0);
	for (const text of textsIn(block)) {
		const read = parseInlines(text.source, targets, workMax - section.work);
		if (!read) return false;
		text.inlines = read.inlines;
		section.work += read.work;
		count(text.inlines, section);
	}
	return section.work <= workMax && childrenOf(block).every((child) => readBlock(child, section, targets, workMax));
}

function* textsIn(block: Block): Generator<Text> {
	if (block.kind === "paragraph" || block.kind === "heading") yield block;
	else if (block.kind === "details") yield block.summary;
	else if (block.kind === "table") {
		yield* block.header;
		for (const row of block.rows) yield* row;
	}
}

function count(inlines: Inline[], section: Section): void {
	for (const inline of inlines) {
		if (typeof inline === "string") continue;
		section.work += ELEMENT_WORK;
		if (inline.kind === "note-link") section.references.push(inline.label);
		else if ("children" in inline) count(inline.children, section);
	}
}

function notesIn(sections: Section[]): Note[] {
	const notes = new Map<string, Block[]>();
	for (const { block } of sections) if (block.kind === "note" && !notes.has(block.label)) notes.set(block.label, block.children);
	const referenced = new Set(sections.flatMap(({ references }) => references));
	const order = new Set([...referenced, ...notes.keys()]);
	return [...order].flatMap((label) => {
		const children = notes.get(label);
		return children ? [{ label, children, isReferenced: referenced.has(label) }] : [];
	});
}
