import { readDestination, readLabel, readTitle, skipSpace } from "./inlines.ts";
import { type Align, type Block, type List, type ListItem, normalLabel, type Table, type Text } from "./nodes.ts";
import { unescapeText } from "./references.ts";
import { ELEMENT_WORK, FRAME_WORK, RICH_ELEMENT_WORK } from "./work-limits.ts";

/** The limit for nested quotes, lists, notes and details, because React recurses per level. Anything deeper is text. */
const DEPTH_MAX = 16;
const COLUMNS_MAX = 100;

/** An offset in the source, and the work done before its line. */
export interface Place {
	start: number;
	workBefore: number;
}

/** A top-level block, and where it begins. */
export interface RootBlock extends Place {
	block: Block;
	/** Where its items or rows begin, if it is a list or a table. */
	parts: readonly Place[];
}

interface Start extends Place {
	parts: Place[] | undefined;
}
const NO_PARTS: readonly Place[] = [];

interface Container {
	kind: "root" | "quote" | "item" | "note" | "details";
	children: Block[];
	/** The columns by which a line must be indented to continue an item or a note. */
	indent: number;
	list?: List;
}

type Of<Kind extends Block["kind"]> = Extract<Block, { kind: Kind }>;

/** The open block without children that is still receiving lines. */
type Leaf =
	| { kind: "paragraph"; lines: string[]; lineStart: number; block: Of<"paragraph"> }
	| { kind: "summary"; lines: string[]; block: Of<"details"> }
	| { kind: "indented"; lines: string[]; block: Of<"code"> }
	| { kind: "fence"; lines: string[]; block: Of<"code">; marker: string; length: number; indent: number }
	| { kind: "math"; lines: string[]; block: Of<"math">; open: "$$" | "\\[" }
	| { kind: "table"; lines: string[]; block: Table }
	| { kind: "comment" };
type LeafOf<Kind extends Leaf["kind"]> = Extract<Leaf, { kind: Kind }>;

/**
 * Parses the block structure of Markdown: CommonMark with GitHub's tables and task lists, footnotes, display formulas, `<details>` and comments.
 * Other HTML is text. Inlines are left empty. Reads each line once, in time proportional to its length and to the number of open blocks
 * (https://spec.commonmark.org/0.31.2/#phase-1-block-structure), and stops once parsing and rendering would exceed `workMax`.
 */
export function parseBlocks(source: string, workMax: number): { blocks: RootBlock[]; work: number } {
	return new BlockParser(source, workMax).parse();
}

class BlockParser {
	readonly #source: string;
	readonly #workMax: number;
	readonly #root: Container = { kind: "root", children: [], indent: 0 };
	/** One per top-level block. */
	readonly #starts: Start[] = [];
	#work = 0;
	#workBeforeLine = 0;
	/** The open containers, outermost first. */
	readonly #open: Container[] = [this.#root];
	#leaf: Leaf | undefined;
	/** The bounds of the current line, and the read position: its offset, its column, and the columns left of a partly read tab. */
	#lineStart = 0;
	#lineEnd = 0;
	#at = 0;
	#column = 0;
	#spaces = 0;
	/** If the last line was blank: 1 + the index of the innermost quote it was in, or 0. Otherwise undefined. */
	#blank: number | undefined;
	#nextBlank = -1;
	/** The start of a line in the middle of which a top-level block ended. */
	#resumedLine = -1;
	readonly #found = new Map<string, number>();

	constructor(source: string, workMax: number) {
		this.#source = source;
		this.#workMax = workMax;
	}

	parse(): { blocks: RootBlock[]; work: number } {
		const source = this.#source;
		while (this.#lineStart < source.length && this.#work <= this.#workMax) {
			this.#workBeforeLine = this.#work;
			const end = source.indexOf("\n", this.#lineStart);
			this.#lineEnd = end === -1 ? source.length : end;
			this.#at = this.#lineStart;
			this.#column = 0;
			this.#spaces = 0;
			this.#line();
			this.#lineStart = this.#lineEnd + 1;
		}
		this.#close(1);
		const blocks = this.#root.children.map((block, at) => {
			const { start, workBefore, parts } = this.#starts[at] ?? this.#here();
			return { block, start, workBefore, parts: parts ?? NO_PARTS };
		});
		return { blocks, work: this.#work };
	}

	// --- the line

	/** The columns of white space before the next character, and that character's offset. */
	#indent(): { indent: number; next: number } {
		let column = this.#column + this.#spaces;
		let next = this.#at;
		for (; next < this.#lineEnd; next += 1) {
			const char = this.#source.charCodeAt(next);
			if (char === 32) column += 1;
			else if (char === 9) column += 4 - (column % 4);
			else break;
		}
		return { indent: column - this.#column, next };
	}

	/** Reads this many columns of white space. */
	#skip(columns: number): void {
		let left = columns;
		while (left > 0) {
			if (this.#spaces > 0) {
				const used = Math.min(left, this.#spaces);
				this.#spaces -= used;
				this.#column += used;
				left -= used;
				continue;
			}
			const char = this.#at < this.#lineEnd ? this.#source[this.#at] : "";
			if (char === "\t") this.#spaces = 4 - (this.#column % 4);
			else if (char !== " ") return;
			else {
				this.#column += 1;
				left -= 1;
			}
			this.#at += 1;
		}
	}

	#skipTo(next: number): void {
		this.#column += this.#spaces;
		this.#spaces = 0;
		for (; this.#at < next; this.#at += 1) this.#column += this.#source[this.#at] === "\t" ? 4 - (this.#column % 4) : 1;
	}

	#rest(from = this.#at): string {
		const spaces = from === this.#at ? " ".repeat(this.#spaces) : "";
		return spaces + this.#source.slice(from, this.#lineEnd);
	}

	/** The next offset of a text in the source. -1 if there is none. */
	#find(text: string, from: number): number {
		const found = this.#found.get(text);
		if (found === -1 || (found !== undefined && found >= from)) return found;
		const at = this.#source.indexOf(text, from);
		this.#found.set(text, at);
		return at;
	}

	// --- the structure

	#line(): void {
		const matched = this.#continue();
		this.#work += matched;
		const isWhole = matched === this.#open.length;
		if (isWhole && this.#feedLeaf()) {
			this.#blank = undefined;
			return;
		}
		const { next } = this.#indent();
		if (next === this.#lineEnd) {
			this.#blankLine(matched);
			return;
		}
		this.#begin(matched);
		this.#blank = undefined;
	}

	/** The number of open containers that this line continues. */
	#continue(): number {
		let matched = 1;
		for (; matched < this.#open.length; matched += 1) {
			const container = this.#open[matched];
			const { indent, next } = this.#indent();
			if (container?.kind === "quote") {
				if (indent > 3 || this.#source[next] !== ">" || next >= this.#lineEnd) break;
				this.#readQuoteMark(next);
			} else if (container?.kind === "item" || container?.kind === "note") {
				if (next === this.#lineEnd) {
					// An item may begin with one blank line.
					if (container.kind === "item" && container.children.length === 0) break;
				} else if (indent < container.indent) break;
				else this.#skip(container.indent);
			}
		}
		return matched;
	}

	#readQuoteMark(next: number): void {
		this.#skipTo(next + 1);
		this.#skip(1);
	}

	/** Whether the line belongs to the open leaf, whatever its content. */
	#feedLeaf(): boolean {
		const leaf = this.#leaf;
		switch (leaf?.kind) {
			case "fence":
				return this.#feedFence(leaf);
			case "math":
				return this.#feedMath(leaf);
			case "summary":
				return this.#feedSummary(leaf);
			case "comment": {
				const end = this.#find("-->", this.#at);
				if (end === -1 || end >= this.#lineEnd) return true;
				this.#leaf = undefined;
				// A comment is not a block: the text after it starts a block in this line.
				return this.#goOnAt(end + 3);
			}
			case "indented": {
				const { indent, next } = this.#indent();
				if (indent < 4 && next < this.#lineEnd) return false;
				this.#skip(4);
				leaf.lines.push(this.#rest());
				return next < this.#lineEnd;
			}
			default:
				return false;
		}
	}

	#feedFence(leaf: LeafOf<"fence">): true {
		const { indent, next } = this.#indent();
		let end = next;
		while (this.#source[end] === leaf.marker && end < this.#lineEnd) end += 1;
		if (indent <= 3 && end - next >= leaf.length && this.#source.slice(end, this.#lineEnd).trim() === "") this.#closeLeaf(true);
		else {
			this.#skip(Math.min(indent, leaf.indent));
			leaf.lines.push(this.#rest());
		}
		return true;
	}

	#feedMath(leaf: LeafOf<"math">): boolean {
		const close = leaf.open === "$$" ? "$$" : "\\]";
		const end = this.#find(close, this.#at);
		if (end === -1 || end >= this.#lineEnd) {
			leaf.lines.push(this.#rest());
			return true;
		}
		leaf.lines.push(this.#source.slice(this.#at, end));
		this.#closeLeaf(true);
		return this.#resume(end + 2);
	}

	#feedSummary(leaf: LeafOf<"summary">): boolean {
		const end = this.#find("</summary>", this.#at);
		if (end !== -1 && end < this.#lineEnd) {
			leaf.lines.push(this.#source.slice(this.#at, end).trim());
			this.#closeLeaf(true);
			return this.#resume(end + 10);
		}
		if (this.#indent().next === this.#lineEnd) return false;
		leaf.lines.push(this.#rest().trim());
		return true;
	}

	/** Continues after the end of a block. @returns whether the line ended there too */
	#resume(at: number): boolean {
		this.#resumedLine = this.#lineStart;
		return this.#goOnAt(at);
	}

	/** Whether the line ends here. */
	#goOnAt(at: number): boolean {
		this.#skipTo(at);
		return this.#indent().next === this.#lineEnd;
	}

	#blankLine(matched: number): void {
		const leaf = this.#leaf;
		const isInner = matched === this.#open.length;
		if (leaf && leaf.kind !== "indented") this.#closeLeaf(false);
		// A blank line outside a quote ends it.
		if (!isInner) this.#close(matched);
		const quote = this.#open.slice(0, matched).findLastIndex(({ kind }) => kind === "quote");
		this.#blank = quote + 1;
	}

	/** Begins the blocks of this line, or continues a paragraph. */
	#begin(matchedBefore: number): void {
		let matched = matchedBefore;
		for (;;) {
			const isNew = this.#beginContainer(matched);
			if (isNew === "again") {
				matched = this.#open.length;
				continue;
			}
			if (isNew) return;
			break;
		}
		if (this.#beginLeaf(matched)) return;
		// A paragraph continues, even without the marks of its quotes and lists.
		if (this.#leaf?.kind !== "paragraph") this.#close(matched);
		this.#addToParagraph(this.#indent().next);
	}

	/** `again` if a container began or ended here, so that another block may follow in the line. True if the line is read completely. */
	#beginContainer(matched: number): "again" | boolean {
		const { indent, next } = this.#indent();
		if (indent > 3) return false;
		const char = this.#source[next];
		if (char === "<") return this.#details(matched, next);
		if (matched >= DEPTH_MAX) return false;
		if (char === ">") {
			this.#close(matched);
			this.#push({ kind: "quote", children: [], indent: 0 }, (children) => ({ kind: "quote", children }));
			this.#readQuoteMark(next);
			return this.#again();
		}
		if (char === "[" && matched === 1) {
			const note = matchAt(NOTE, this.#source, next);
			if (!note) return false;
			this.#close(matched);
			const label = normalLabel(note[1] ?? "");
			this.#push({ kind: "note", children: [], indent: 4 }, (children) => ({ kind: "note", label, children }));
			this.#skipTo(next + note[0].length);
			return this.#again();
		}
		return this.#beginItem(matched, indent, next);
	}

	/** After a container's mark: continues, unless the rest of the line is blank. */
	#again(): "again" | true {
		return this.#indent().next === this.#lineEnd ? true : "again";
	}

	#beginItem(matched: number, indent: number, next: number): "again" | boolean {
		const marker = matchAt(MARKER, this.#source, next);
		if (!marker || next + marker[0].length > this.#lineEnd || isRule(this.#source, next, this.#lineEnd)) return false;
		const [text, number, delimiter = ""] = marker;
		const start = number === undefined ? undefined : Number(number);
		const end = next + text.length;
		const isEmpty = this.#source.slice(end, this.#lineEnd).trim() === "";
		// A line break may put a number or a dash from the middle of a sentence at the start of a line.
		const isParagraph = this.#leaf?.kind === "paragraph" && matched === this.#open.length;
		if (isParagraph && (isEmpty || (start !== undefined && start !== 1))) return false;
		this.#close(matched);
		this.#skipTo(end);
		const after = this.#indent().indent;
		const width = text.length + (isEmpty || after > 4 ? 1 : after);
		if (!isEmpty) this.#skip(after > 4 ? 1 : after);
		const item: ListItem = { checked: undefined, children: [] };
		const list = this.#listFor(start, delimiter || text);
		this.#work += ELEMENT_WORK;
		if (this.#parent() === this.#root) this.#addPart();
		list.items.push(item);
		this.#enter({ kind: "item", children: item.children, indent: indent + width, list });
		const task = matchAt(TASK, this.#source, this.#at);
		if (task && this.#spaces === 0) {
			item.checked = task[1] !== " ";
			this.#work += RICH_ELEMENT_WORK;
			this.#skipTo(this.#at + 3);
		}
		return this.#again();
	}

	/** The list that an item continues, or a new one. */
	#listFor(start: number | undefined, mark: string): List {
		const parent = this.#parent();
		const last = parent.children.at(-1);
		if (last?.kind === "list" && last.mark === mark) {
			if (this.#isAfterBlank()) last.loose = true;
			return last;
		}
		const list: List = { kind: "list", start, mark, loose: false, items: [] };
		this.#add(list);
		return list;
	}

	#details(matched: number, next: number): "again" | boolean {
		const open = matchAt(DETAILS, this.#source, next);
		if (open && matched < DEPTH_MAX) {
			this.#close(matched);
			const make = (children: Block[]): Block => ({
				kind: "details",
				open: open[1] !== undefined,
				summary: { source: "", inlines: [] },
				children,
			});
			this.#push({ kind: "details", children: [], indent: 0 }, make);
			this.#skipTo(next + open[0].length);
			return this.#again();
		}
		const innermost = this.#open.slice(0, matched).findLastIndex(({ kind }) => kind === "details");
		if (innermost === -1) return false;
		if (matchAt(DETAILS_END, this.#source, next)) {
			this.#close(innermost);
			return this.#resume(next + 10) ? true : "again";
		}
		if (innermost !== matched - 1 || !matchAt(SUMMARY, this.#source, next)) return false;
		const details = this.#open[innermost - 1]?.children.at(-1);
		if (details?.kind !== "details") return false;
		this.#close(matched);
		this.#skipTo(next + 9);
		this.#leaf = { kind: "summary", lines: [], block: details };
		return this.#feedSummary(this.#leaf) || this.#again();
	}

	/** Whether a block without children begins (and maybe ends) in this line. */
	#beginLeaf(matched: number): boolean {
		const { indent, next } = this.#indent();
		const paragraph = this.#leaf?.kind === "paragraph" ? this.#leaf : undefined;
		const isWhole = matched === this.#open.length;
		if (indent > 3) {
			if (paragraph) return false;
			this.#close(matched);
			this.#skip(4);
			this.#leaf = { kind: "indented", lines: [this.#rest()], block: this.#add(code(undefined)) };
			return true;
		}
		const source = this.#source;
		const end = this.#lineEnd;
		const char = source.charAt(next);
		if (char === "#") return this.#heading(matched, next);
		if (char === "`" || char === "~") return this.#fence(matched, indent, next);
		if (char === "$" || char === "\\") return this.#math(matched, next);
		if (char === "<" && source.startsWith("<!--", next)) {
			const close = this.#find("-->", next + 4);
			if (close === -1 || close < end) return false;
			this.#close(matched);
			this.#leaf = { kind: "comment" };
			return true;
		}
		if (paragraph && isWhole && this.#setext(paragraph, next)) return true;
		if (paragraph && isWhole && this.#table(paragraph, next)) return true;
		if (isRule(source, next, end)) {
			this.#close(matched);
			this.#add({ kind: "rule" });
			return true;
		}
		if (this.#leaf?.kind === "table" && isWhole) {
			const line = source.slice(next, end);
			this.#row(this.#leaf, line);
			return true;
		}
		return false;
	}

	#heading(matched: number, next: number): boolean {
		const marks = matchAt(HEADING, this.#source, next);
		if (!marks || next + marks[0].length > this.#lineEnd) return false;
		this.#close(matched);
		let text = this.#source.slice(next + marks[0].length, this.#lineEnd).trim();
		let end = text.length;
		while (text[end - 1] === "#") end -= 1;
		if (end === 0 || text[end - 1] === " " || text[end - 1] === "\t") text = text.slice(0, end).trim();
		this.#add({ kind: "heading", depth: marks[0].length, source: text, inlines: [] });
		return true;
	}

	#fence(matched: number, indent: number, next: number): boolean {
		const source = this.#source;
		const marker = source.charAt(next);
		let end = next;
		while (source[end] === marker && end < this.#lineEnd) end += 1;
		if (end - next < 3) return false;
		const info = unescapeText(source.slice(end, this.#lineEnd).trim());
		if (marker === "`" && info.includes("`")) return false;
		this.#close(matched);
		const block = this.#add(code(/^[^\s{]{1,60}/.exec(info)?.[0]));
		this.#leaf = { kind: "fence", lines: [], block, marker, length: end - next, indent };
		return true;
	}

	/** A formula at the start of a line. In a line with other text it is an inline. */
	#math(matched: number, next: number): boolean {
		const source = this.#source;
		const open = source.startsWith("$$", next) && source[next + 2] !== "$" ? "$$" : source.startsWith("\\[", next) ? "\\[" : undefined;
		if (!open) return false;
		const start = next + 2;
		const close = this.#find(open === "$$" ? "$$" : "\\]", start);
		const isBare = source.slice(start, this.#lineEnd).trim() === "";
		if (close !== -1 && close < this.#lineEnd) return false;
		// A formula with text in its first line must end before a blank line, because `\\[` is also an escaped bracket.
		if (!isBare && (close === -1 || close > this.#blankAfter(this.#lineEnd))) return false;
		this.#close(matched);
		const block = this.#add({ kind: "math" as const, tex: "", source: "", display: true, closed: false });
		this.#leaf = { kind: "math", lines: isBare ? [] : [source.slice(start, this.#lineEnd)], block, open };
		return true;
	}

	/** The offset of the next blank line. Infinite if there is none. */
	#blankAfter(at: number): number {
		if (this.#nextBlank >= at) return this.#nextBlank;
		BLANK.lastIndex = at;
		this.#nextBlank = BLANK.exec(this.#source)?.index ?? Number.POSITIVE_INFINITY;
		return this.#nextBlank;
	}

	/** `===` or `---` below a paragraph makes it a heading. */
	#setext(paragraph: LeafOf<"paragraph">, next: number): boolean {
		const char = this.#source.charAt(next);
		if (char !== "=" && char !== "-") return false;
		let end = next;
		while (this.#source[end] === char && end < this.#lineEnd) end += 1;
		if (this.#source.slice(end, this.#lineEnd).trim() !== "") return false;
		const isHeading = this.#endParagraph(paragraph, char === "=" ? 1 : 2);
		this.#leaf = undefined;
		return isHeading;
	}

	#row({ lines, block }: LeafOf<"table">, line: string): void {
		const cells = cellsOf(line, block.header.length);
		lines.push(line);
		block.rows.push(block.header.map((_, at) => textOf(cells[at] ?? "")));
		this.#work += ELEMENT_WORK * (1 + block.header.length);
		if (this.#parent() === this.#root) this.#addPart();
	}

	/** The last line of a paragraph is a table header if the line below it is a delimiter row. */
	#table(paragraph: LeafOf<"paragraph">, next: number): boolean {
		const line = this.#source.slice(next, this.#lineEnd);
		if (!/^[|:-]/.test(line) || !line.includes("-") || !line.includes("|")) return false;
		const cells = cellsOf(line, COLUMNS_MAX + 1);
		if (!cells.every((cell) => /^:?-+:?$/.test(cell)) || cells.length > COLUMNS_MAX) return false;
		const headerLine = paragraph.lines.at(-1) ?? "";
		const header = cellsOf(headerLine, COLUMNS_MAX + 1);
		if (header.length !== cells.length) return false;
		// Starts with the paragraph above it, because more text may show that this is not a table.
		const begin = this.#parent() === this.#root ? this.#starts.at(-1) : undefined;
		paragraph.lines.pop();
		this.#closeLeaf(false);
		const lines = [headerLine, line];
		const table: Table = { kind: "table", source: "", align: cells.map(alignOf), header: header.map(textOf), rows: [] };
		this.#work += ELEMENT_WORK * header.length;
		this.#leaf = { kind: "table", lines, block: this.#add(table, begin) };
		return true;
	}

	#addToParagraph(next: number): void {
		let text = this.#source.slice(next, this.#lineEnd);
		const details = this.#open.findLastIndex(({ kind }) => kind === "details");
		const isEnd = details !== -1 && text.trimEnd().endsWith("</details>");
		if (isEnd) text = text.trimEnd().slice(0, -10);
		if (this.#leaf?.kind === "paragraph") this.#leaf.lines.push(text);
		else {
			const block = this.#add({ kind: "paragraph" as const, source: "", inlines: [] });
			this.#leaf = { kind: "paragraph", lines: [text], lineStart: this.#lineStart, block };
		}
		if (isEnd) {
			this.#close(details);
			this.#resumedLine = this.#lineStart;
		}
	}

	// --- the tree

	#parent(): Container {
		return this.#open.at(-1) ?? this.#root;
	}

	/** Whether there is a blank line between this container's last block and the current line. */
	#isAfterBlank(): boolean {
		return this.#blank !== undefined && this.#open.length - 1 >= this.#blank - 1;
	}

	/** Adds a block that begins in this line, or at `begin`. */
	#add<B extends Block>(block: B, begin?: Start): B {
		const resumed = this.#resumedLine === this.#lineStart ? this.#starts.at(-1) : undefined;
		const { start, workBefore } = begin ?? resumed ?? this.#here();
		this.#work += WORK_OF[block.kind] ?? ELEMENT_WORK;
		const parent = this.#parent();
		if (parent.list && parent.children.length > 0 && this.#isAfterBlank()) parent.list.loose = true;
		this.#put(block, { start, workBefore, parts: undefined });
		return block;
	}

	#here(): Start {
		return { start: this.#lineStart, workBefore: this.#workBeforeLine, parts: undefined };
	}

	/** Records where an item or a row of the last top-level block begins. */
	#addPart(): void {
		const block = this.#starts.at(-1);
		if (!block) return;
		block.parts ??= [];
		block.parts.push(this.#here());
	}

	#put(block: Block, start: Start = this.#here()): void {
		const parent = this.#parent();
		if (parent === this.#root) this.#starts.push(start);
		parent.children.push(block);
	}

	#push(container: Container, make: (children: Block[]) => Block): void {
		this.#add(make(container.children));
		this.#enter(container);
	}

	#enter(container: Container): void {
		this.#open.push(container);
		// The blank line came before the container, not before its first block.
		this.#blank = undefined;
	}

	/** Closes the open leaf, and the containers from this depth on. */
	#close(depth: number): void {
		this.#closeLeaf(false);
		this.#open.length = Math.min(this.#open.length, depth);
	}

	/** @param closed whether the source has its end mark */
	#closeLeaf(closed: boolean): void {
		const leaf = this.#leaf;
		this.#leaf = undefined;
		if (!leaf || leaf.kind === "comment") return;
		if (leaf.kind === "paragraph") this.#endParagraph(leaf);
		else if (leaf.kind === "summary") leaf.block.summary.source = leaf.lines.join("\n").trim();
		else if (leaf.kind === "table") leaf.block.source = leaf.lines.join("\n");
		else if (leaf.kind === "math") {
			const tex = leaf.lines.join("\n").trim();
			const close = closed ? (leaf.open === "$$" ? "\n$$" : "\n\\]") : "";
			Object.assign(leaf.block, { tex, source: `${leaf.open}\n${tex}${close}`, closed });
		} else {
			if (leaf.kind === "indented") while (leaf.lines.at(-1)?.trim() === "") leaf.lines.pop();
			Object.assign(leaf.block, { text: leaf.lines.join("\n"), closed: closed || leaf.kind === "indented" });
		}
	}

	/** Removes the link definitions from a paragraph. The rest may be a heading. @returns whether any text is left */
	#endParagraph({ lines, lineStart, block }: LeafOf<"paragraph">, depth?: number): boolean {
		const parent = this.#parent();
		parent.children.pop();
		const start = parent === this.#root ? this.#starts.pop() : undefined;
		const paragraph = lines.join("\n");
		let at = 0;
		while (paragraph[at] === "[" && this.#work <= this.#workMax) {
			const definition = definitionAt(paragraph, at);
			if (!definition) break;
			this.#work += ELEMENT_WORK;
			// The block that begins in the line after the paragraph costs the same without the paragraph.
			if (lineStart < this.#lineStart) this.#workBeforeLine += ELEMENT_WORK;
			this.#put(definition.block, start);
			at = definition.end;
		}
		const source = paragraph.slice(at).trim();
		if (source) this.#put(depth ? { kind: "heading", depth, source, inlines: [] } : Object.assign(block, { source }), start);
		return source !== "";
	}
}

/** `[label]: address "title"` */
function definitionAt(paragraph: string, at: number): { block: Block; end: number } | undefined {
	const label = readLabel(paragraph, at);
	if (!label?.text.trim() || label.text.startsWith("^") || paragraph[label.end] !== ":") return undefined;
	const destination = readDestination(paragraph, skipSpace(paragraph, label.end + 1));
	if (!destination?.text) return undefined;
	const titleAt = skipSpace(paragraph, destination.end);
	const title = titleAt > destination.end ? readTitle(paragraph, titleAt) : undefined;
	const titleEnd = title && endOfLine(paragraph, title.end);
	const end = titleEnd ?? endOfLine(paragraph, destination.end);
	if (end === undefined) return undefined;
	const text = titleEnd === undefined ? undefined : title?.text;
	return { block: { kind: "definition", label: normalLabel(label.text), href: destination.text, title: text }, end };
}

const code = (language: string | undefined): Of<"code"> => ({ kind: "code", text: "", language, closed: false });

/** The start of the next line, if only white space is left in this one. */
function endOfLine(text: string, at: number): number | undefined {
	let end = at;
	while (text[end] === " " || text[end] === "\t") end += 1;
	return end >= text.length ? end : text[end] === "\n" ? end + 1 : undefined;
}

const WORK_OF: Partial<Record<Block["kind"], number>> = {
	code: FRAME_WORK,
	table: FRAME_WORK,
	math: RICH_ELEMENT_WORK,
	note: RICH_ELEMENT_WORK,
};

const MARKER = /(?:[-+*]|(\d{1,9})([.)]))(?=[ \t\n]|$)/y;
const TASK = /\[([ xX])\](?=[ \t])/y;
const NOTE = /\[\^([^\]\s]{1,100})\]:/y;
const HEADING = /#{1,6}(?=[ \t\n]|$)/y;
const DETAILS = /<details(?:\s(open)[^<>\n]{0,50}|\s[^<>\n]{0,50})?>/iy;
const DETAILS_END = /<\/details>/iy;
const SUMMARY = /<summary>/iy;
const BLANK = /\n[ \t]*(?=\n)/g;

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(source);
}

/** `***`, `- - -` or `___` */
function isRule(source: string, at: number, end: number): boolean {
	const mark = source.charAt(at);
	if (mark !== "*" && mark !== "-" && mark !== "_") return false;
	let count = 0;
	for (let place = at; place < end; place += 1) {
		const char = source[place];
		if (char === mark) count += 1;
		else if (char !== " " && char !== "\t") return false;
	}
	return count >= 3;
}

/** The cells of a table row, at most this many. An escaped pipe is text. */
function cellsOf(line: string, max: number): string[] {
	const cells: string[] = [];
	const text = line.trim();
	let cell = "";
	let from = text.startsWith("|") ? 1 : 0;
	for (let at = from; at < text.length; at += 1) {
		if (cells.length === max) return cells;
		const char = text[at];
		if (char === "\\") {
			if (text[at + 1] === "|") {
				cell += text.slice(from, at);
				from = at + 1;
			}
			at += 1;
		} else if (char === "|") {
			cells.push((cell + text.slice(from, at)).trim());
			cell = "";
			from = at + 1;
		}
	}
	const last = (cell + text.slice(from)).trim();
	if (from < text.length || cells.length === 0) cells.push(last);
	return cells;
}

const textOf = (source: string): Text => ({ source, inlines: [] });

function alignOf(cell: string): Align {
	if (cell.startsWith(":")) return cell.endsWith(":") && cell.length > 1 ? "center" : "left";
	return cell.endsWith(":") ? "right" : undefined;
}
