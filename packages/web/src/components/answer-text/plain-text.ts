import { parseAnswer } from "./answer.ts";
import type { Block, Inline, ListItem, Table } from "./nodes.ts";

/** An answer without Markdown: reads like the page, with lists and tables as lines of text. */
export function plainText(markdown: string): string {
	const { sections, notes, rest } = parseAnswer(markdown);
	const footnotes = notes.map(({ children }, at) => `[${at + 1}] ${textOfBlocks(children, "\n")}`);
	return [...sections.map(({ block }) => textOfBlock(block)), rest, ...footnotes].filter((text) => text !== "").join("\n\n");
}

const textOfBlocks = (blocks: Block[], between: string): string =>
	blocks
		.map(textOfBlock)
		.filter((text) => text !== "")
		.join(between);

function textOfBlock(block: Block): string {
	switch (block.kind) {
		case "paragraph":
		case "heading":
			return textOfInlines(block.inlines);
		case "quote":
			return textOfBlocks(block.children, "\n\n");
		case "list":
			return block.items
				.map((item, at) => textOfItem(item, block.start === undefined ? "- " : `${block.start + at}. `))
				.join(block.loose ? "\n\n" : "\n");
		case "code":
			return block.text;
		case "math":
			return block.tex;
		case "table":
			return rowsOf(block)
				.map((cells) => cells.join("\t"))
				.join("\n");
		case "details":
			return [textOfInlines(block.summary.inlines), textOfBlocks(block.children, "\n\n")].join("\n\n");
		case "rule":
			return "---";
		case "note":
		case "definition":
			return "";
	}
}

function textOfItem({ checked, children }: ListItem, mark: string): string {
	const task = checked === undefined ? "" : checked ? "[x] " : "[ ] ";
	return `${mark}${task}${textOfBlocks(children, "\n").replaceAll("\n", `\n${" ".repeat(mark.length)}`)}`;
}

function textOfInlines(inlines: Inline[]): string {
	return inlines.map(textOfInline).join("");
}

function textOfInline(inline: Inline): string {
	if (typeof inline === "string") return inline;
	switch (inline.kind) {
		case "break":
			return "\n";
		case "code":
			return inline.text;
		case "math":
			return inline.tex;
		case "note-link":
			return `[${inline.label}]`;
		case "link": {
			const text = textOfInlines(inline.children);
			return /^https?:/i.test(inline.href) && text !== inline.href ? `${text} (${inline.href})` : text;
		}
		default:
			return textOfInlines(inline.children);
	}
}

const rowsOf = ({ header, rows }: Table): string[][] => [header, ...rows].map((row) => row.map(({ inlines }) => textOfInlines(inlines)));

/** A table as CSV (RFC 4180). A cell that a spreadsheet would run as a formula is prefixed with an apostrophe. */
export function csvOf(table: Table): string {
	const width = table.header.length;
	const line = (cells: string[]) => Array.from({ length: width }, (_, at) => csvCell(cells[at] ?? "")).join(",");
	return rowsOf(table)
		.map((cells) => `${line(cells)}\r\n`)
		.join("");
}

function csvCell(text: string): string {
	const isNumber = /^[-+]?[\d.,]+%?$/.test(text);
	const safe = /^[=+\-@\t\r]/.test(text) && !isNumber ? `'${text}` : text;
	return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
