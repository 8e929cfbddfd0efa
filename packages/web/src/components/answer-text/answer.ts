import { type Place, parseBlocks, type RootBlock } from "./blocks.ts";
import { parseInlines } from "./inlines.ts";
import type { Block, List, Table, Targets, Text } from "./nodes.ts";
import { WORK_MAX } from "./work-limits.ts";

/** A top-level block of an answer. Stays the same object while it looks the same. */
export interface Section {
	start: number;
	source: string;
	block: Block;
	/** Where its items or rows begin, if it is a list or a table: measured from its own start. */
	parts: readonly Place[];
	/** The work for its lines and blocks. `work` includes its texts. */
	lineWork: number;
	work: number;
	/** The footnotes it refers to, in order. */
	references: string[];
	/** The links and footnotes it defines. */
	targets: readonly Target[];
}
type Target = Extract<Block, { kind: "definition" | "note" }>;

export interface Answer {
	text: string;
	sections: Section[];
	/** Footnotes, in the order of their numbers. */
	notes: Note[];
	/** The text beyond the work limit, shown raw. */
	rest: string;
	/** Which links and footnotes are defined, for comparison. */
	targetsKey: string;
}

export interface Note {
	label: string;
	children: Block[];
	isReferenced: boolean;
}

/** Parses an answer. If it has grown since `before`, only the last block is parsed again. */
export function parseAnswer(written: string, before?: Answer): Answer {
	const text = written.includes("\r") ? written.replace(/\r\n?/g, "\n") : written;
	const kept = before && text.startsWith(before.text) ? keptSections(before) : [];
	const from = kept.length > 0 ? (before?.sections[kept.length]?.start ?? 0) : 0;
	const keptLineWork = kept.reduce((sum, { lineWork }) => sum + lineWork, 0);
	const parsed = parseBlocks(text.slice(from), WORK_MAX - keptLineWork);
	const all = [...kept, ...unreadSections(parsed, text, from)];
	const { targets, key } = targetsIn(all);

	const answer: Answer = { text, sections: [], notes: [], rest: "", targetsKey: key };
	let left = WORK_MAX;
	for (const [at, section] of all.entries()) {
		const isSame = at < kept.length && (key === before?.targetsKey || !section.source.includes("["));
		const read = isSame && section.work <= left ? section : readSection(section, targets, left);
		left -= read?.work ?? 0;
		// Several blocks may begin in the same line.
		if (!read) answer.sections = answer.sections.filter(({ start }) => start < section.start);
		else answer.sections.push(read);
		if (read?.source.length === section.source.length) continue;
		answer.rest = text.slice(section.start + (read?.source.length ?? 0));
		break;
	}
	if (all.length === 0 && parsed.work > WORK_MAX) answer.rest = text;
	answer.notes = notesIn(answer.sections);
	return answer;
}

/** The sections that more text cannot change: those before the last one with a complete line. */
function keptSections({ text, sections, rest }: Answer): Section[] {
	if (rest) return [];
	const lastLine = text.lastIndexOf("\n") + 1;
	const at = sections.findLastIndex(({ start }) => start < lastLine);
	const last = sections[at];
	if (!last) return [];
	const isLastKept = isEnded(last) && at + 1 < sections.length;
	// Several blocks may begin in the same line.
	const firstBeside = (one: Section | undefined) => sections.findIndex(({ start }) => start === one?.start);
	let end = isLastKept ? at + 1 : firstBeside(last);
	// An open comment may end anywhere. Its text then belongs to the section before it.
	const comment = sections.findIndex(({ source }) => source.includes("<!--"));
	if (comment !== -1) end = Math.min(end, firstBeside(sections[comment - 1]));
	// A formula may still end anywhere before a blank line.
	while (end > 0 && !sections[end - 1]?.source.endsWith("\n\n")) end -= 1;
	return sections.slice(0, Math.max(0, end));
}

/** Whether a blank line has ended a block, so that more text cannot extend it. */
function isEnded({ block, source }: Section): boolean {
	const isOpen = block.kind === "code" || block.kind === "math" ? !block.closed : /^(list|note|details)$/.test(block.kind);
	return !isOpen && source.endsWith("\n\n");
}

/** The sections of the text from this offset on. Their inline texts are not parsed yet. */
function unreadSections({ blocks, work }: { blocks: RootBlock[]; work: number }, text: string, from: number): Section[] {
	const sections: Section[] = [];
	let [end, workAfter] = [text.length, work];
	let next = { start: text.length, end };
	for (const { block, start, workBefore, parts } of blocks.toReversed()) {
		// Blocks that begin in the same line share one source.
		if (from + start < next.start) end = next.start;
		else end = next.end;
		next = { start: from + start, end };
		const source = text.slice(from + start, end);
		const lineWork = workAfter - workBefore;
		workAfter = workBefore;
		const own = parts.length === 0 ? parts : parts.map((part) => ({ start: part.start - start, workBefore: part.workBefore - workBefore }));
		const targets = source.includes("[") ? targetsOf(block) : NO_TARGETS;
		sections.push({ start: from + start, source, block, parts: own, lineWork, work: lineWork, references: [], targets });
	}
	return sections.reverse();
}

const NO_TARGETS: readonly Target[] = [];

/** The definitions in a block. */
function targetsOf(block: Block, found: Target[] = []): readonly Target[] {
	if (block.kind === "definition" || block.kind === "note") found.push(block);
	if (block.kind === "list") for (const { children } of block.items) for (const child of children) targetsOf(child, found);
	else if ("children" in block) for (const child of block.children) targetsOf(child, found);
	return found;
}

function targetsIn(sections: Section[]): { targets: Targets; key: string } {
	const links = new Map<string, { href: string; title: string | undefined }>();
	const notes = new Set<string>();
	for (const target of sections.flatMap((section) => section.targets)) {
		if (target.kind === "note") notes.add(target.label);
		else if (!links.has(target.label)) links.set(target.label, target);
	}
	const key = JSON.stringify([[...links].map(([label, { href, title }]) => [label, href, title]), [...notes]]);
	return { targets: { links, notes }, key };
}

/** Parses a section's texts. Of a list or a table, only the first items or rows that fit. Undefined if not even one fits. */
function readSection(unread: Section, targets: Targets, workMax: number): Section | undefined {
	const section: Section = { ...unread, references: [] };
	const { block, parts, lineWork } = section;
	if (block.kind !== "list" && block.kind !== "table") {
		section.work = lineWork;
		return readBlock(block, section, targets, workMax) ? section : undefined;
	}
	section.work = parts[0]?.workBefore ?? lineWork;
	if (block.kind === "table" && !readTexts(block.header, section, targets, workMax)) return undefined;
	for (const [at, { workBefore, start }] of parts.entries()) {
		const [work, references] = [section.work, section.references.length];
		section.work += (parts[at + 1]?.workBefore ?? lineWork) - workBefore;
		const isRead =
			block.kind === "table"
				? readTexts(block.rows[at] ?? [], section, targets, workMax)
				: readBlocks(block.items[at]?.children ?? [], section, targets, workMax);
		if (isRead) continue;
		if (at === 0) return undefined;
		section.references.length = references;
		return { ...section, work, source: section.source.slice(0, start), block: beginningOf(block, at) };
	}
	return section.work <= workMax ? section : undefined;
}

/** A list or table cut to its first `count` items or rows. */
function beginningOf(block: List | Table, count: number): Block {
	if (block.kind === "list") return { ...block, items: block.items.slice(0, count) };
	return {
		...block,
		rows: block.rows.slice(0, count),
		source: block.source
			.split("\n")
			.slice(0, 2 + count)
			.join("\n"),
	};
}

function readBlocks(blocks: Block[], section: Section, targets: Targets, workMax: number): boolean {
	return section.work <= workMax && blocks.every((block) => readBlock(block, section, targets, workMax));
}

function readBlock(block: Block, section: Section, targets: Targets, workMax: number): boolean {
	switch (block.kind) {
		case "paragraph":
		case "heading":
			return readTexts([block], section, targets, workMax);
		case "table":
			return [block.header, ...block.rows].every((cells) => readTexts(cells, section, targets, workMax));
		case "list":
			return block.items.every(({ children }) => readBlocks(children, section, targets, workMax));
		case "details":
			return readTexts([block.summary], section, targets, workMax) && readBlocks(block.children, section, targets, workMax);
		case "quote":
		case "note":
			return readBlocks(block.children, section, targets, workMax);
		default:
			return section.work <= workMax;
	}
}

function readTexts(texts: Text[], section: Section, targets: Targets, workMax: number): boolean {
	for (const text of texts) {
		const read = parseInlines(text.source, targets, workMax - section.work);
		if (!read) return false;
		text.inlines = read.inlines;
		section.work += read.work;
		section.references.push(...read.references);
	}
	return section.work <= workMax;
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
