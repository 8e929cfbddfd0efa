/**
 * Markdown as the models write it, read into plain data: headings, lists, quotes, code, tables, links and emphasis. Raw HTML is text and
 * nothing else, so an answer cannot bring markup of its own. A text that is still being written always parses: what is open runs to its end.
 */
export type Block =
	| { kind: "paragraph"; text: Inline[] }
	| { kind: "heading"; level: number; text: Inline[] }
	| { kind: "code"; language: string; text: string }
	| { kind: "list"; ordered: boolean; start: number; items: Block[][] }
	| { kind: "quote"; blocks: Block[] }
	| { kind: "table"; head: Inline[][]; rows: Inline[][][] }
	| { kind: "rule" };

export type Inline =
	| { kind: "text"; text: string }
	| { kind: "code"; text: string }
	| { kind: "strong" | "emphasis" | "deleted"; inner: Inline[] }
	| { kind: "link"; href: string; inner: Inline[] }
	| { kind: "break" };

/** Deeper nesting is shown as text: a hostile answer must not exhaust the stack. */
const depthMax = 12;

const fence = /^( {0,3})(`{3,}|~{3,})\s*([^\s`]*).*$/;
const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const rule = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const quote = /^ {0,3}> ?/;
const item = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+|$)(.*)$/;
const tableRule = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

export function parseMarkdown(source: string): Block[] {
	return parseBlocks(source.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0);
}

function parseBlocks(lines: string[], depth: number): Block[] {
	const blocks: Block[] = [];
	let at = 0;
	while (at < lines.length) {
		const line = lines[at] ?? "";
		if (line.trim() === "") {
			at += 1;
			continue;
		}
		const step = readCode(lines, at) ?? readLine(line) ?? readQuote(lines, at, depth) ?? readList(lines, at, depth) ?? readTable(lines, at);
		const { block, lines: taken } = step ?? readParagraph(lines, at);
		blocks.push(block);
		at += taken;
	}
	return blocks;
}

type Step = { block: Block; lines: number };

function readCode(lines: string[], at: number): Step | undefined {
	const open = fence.exec(lines[at] ?? "");
	if (!open) return;
	const [, indent = "", marks = "", language = ""] = open;
	const closing = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}\\s*$`);
	let end = at + 1;
	while (end < lines.length && !closing.test(lines[end] ?? "")) end += 1;
	const text = lines
		.slice(at + 1, end)
		.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()))
		.join("\n");
	return { block: { kind: "code", language, text }, lines: end - at + 1 };
}

function readLine(line: string): Step | undefined {
	const title = heading.exec(line);
	if (title) return { block: { kind: "heading", level: title[1]?.length ?? 1, text: parseInline(title[2] ?? "") }, lines: 1 };
	if (rule.test(line)) return { block: { kind: "rule" }, lines: 1 };
}

function readQuote(lines: string[], at: number, depth: number): Step | undefined {
	if (depth >= depthMax || !quote.test(lines[at] ?? "")) return;
	let end = at + 1;
	while (end < lines.length && quote.test(lines[end] ?? "")) end += 1;
	const inner = lines.slice(at, end).map((line) => line.replace(quote, ""));
	return { block: { kind: "quote", blocks: parseBlocks(inner, depth + 1) }, lines: end - at };
}

function readList(lines: string[], at: number, depth: number): Step | undefined {
	const first = item.exec(lines[at] ?? "");
	if (!first || depth >= depthMax) return;
	const bullet = first[2] ?? "-";
	const ordered = /\d/.test(bullet);
	const items: Block[][] = [];
	let end = at;
	while (end < lines.length) {
		const open = item.exec(lines[end] ?? "");
		if (!open || /\d/.test(open[2] ?? "") !== ordered || rule.test(lines[end] ?? "")) break;
		const indent = (open[1] ?? "").length + (open[2] ?? "").length + 1;
		const inner = [open[4] ?? ""];
		end += 1;
		while (end < lines.length && belongsToItem(lines, end, indent)) {
			inner.push((lines[end] ?? "").replace(new RegExp(`^ {1,${indent}}`), ""));
			end += 1;
		}
		items.push(parseBlocks(inner, depth + 1));
	}
	if (items.length === 0) return;
	return { block: { kind: "list", ordered, start: ordered ? Number.parseInt(bullet, 10) : 1, items }, lines: end - at };
}

/** Indented lines belong to an item, unindented text runs on into its paragraph; a blank line belongs when something of the item follows. */
function belongsToItem(lines: string[], at: number, indent: number): boolean {
	const line = lines[at] ?? "";
	if (line.trim() === "") {
		const next = lines.slice(at + 1).find((other) => other.trim() !== "");
		return next !== undefined && (indentOf(next) >= Math.min(indent, 2) || item.test(next));
	}
	if (indentOf(line) >= Math.min(indent, 2)) return true;
	return !startsBlock(line) && (lines[at - 1] ?? "").trim() !== "";
}

const indentOf = (line: string) => line.length - line.trimStart().length;

function startsBlock(line: string): boolean {
	return fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || item.test(line);
}

function readTable(lines: string[], at: number): Step | undefined {
	if (!isTable(lines, at)) return;
	let end = at + 2;
	while (end < lines.length && (lines[end] ?? "").includes("|")) end += 1;
	const head = cells(lines[at] ?? "");
	const rows = lines.slice(at + 2, end).map((line) => {
		const row = cells(line);
		return head.map((_, column) => row[column] ?? []);
	});
	return { block: { kind: "table", head, rows }, lines: end - at };
}

function isTable(lines: string[], at: number): boolean {
	return (lines[at] ?? "").includes("|") && (lines[at + 1] ?? "").includes("|") && tableRule.test(lines[at + 1] ?? "");
}

function cells(line: string): Inline[][] {
	return line
		.trim()
		.replace(/^\||\|$/g, "")
		.split(/(?<!\\)\|/)
		.map((cell) => parseInline(cell.trim().replaceAll("\\|", "|")));
}

function readParagraph(lines: string[], at: number): Step {
	let end = at + 1;
	while (end < lines.length && (lines[end] ?? "").trim() !== "" && !startsBlock(lines[end] ?? "") && !isTable(lines, end)) end += 1;
	const text = lines.slice(at, end).join("\n").trim();
	return { block: { kind: "paragraph", text: parseInline(text) }, lines: end - at };
}

/** Every run is bounded, so that an unclosed mark costs little however long the text is. */
const inline = new RegExp(
	[
		"\\\\([!-/:-@[-`{-~])",
		"(`+)([\\s\\S]{0,2000}?[^`])\\2(?!`)",
		"!?\\[((?:[^\\[\\]\\\\]|\\\\.|\\[[^\\]]{0,200}\\]){0,500})\\]\\(\\s*<?([^\\s()<>]*(?:\\([^\\s()]*\\)[^\\s()<>]*)*)>?(?:\\s+[\"'][^\"']*[\"'])?\\s*\\)",
		"(\\*\\*|__)(?=\\S)([\\s\\S]{0,2000}?\\S)\\6(?!\\w)",
		"~~(?=\\S)([\\s\\S]{0,2000}?\\S)~~",
		"(?<!\\w)([*_])(?=[^\\s*_])([\\s\\S]{0,2000}?[^\\s*_])\\9(?![\\w*])",
		"<?(https?://[^\\s<>]*[^\\s<>.,;:!?'\")\\]*_])>?",
		"(?: {2,}|\\\\)\\n",
	].join("|"),
	"g",
);

export function parseInline(text: string, depth = 0): Inline[] {
	if (depth >= depthMax) return [{ kind: "text", text }];
	const found: Inline[] = [];
	let at = 0;
	for (const match of text.matchAll(inline)) {
		if (match.index > at) found.push({ kind: "text", text: text.slice(at, match.index) });
		found.push(readInline(match, depth + 1));
		at = match.index + match[0].length;
	}
	if (at < text.length) found.push({ kind: "text", text: text.slice(at) });
	return found;
}

function readInline(match: RegExpExecArray, depth: number): Inline {
	const [all, escaped, , code, label, target, , strong, deleted, , emphasis, url] = match;
	if (escaped !== undefined) return { kind: "text", text: escaped };
	if (code !== undefined) return { kind: "code", text: code.trim() };
	if (label !== undefined) {
		const href = safeHref(target ?? "");
		const inner = parseInline(label || target || "", depth);
		return href ? { kind: "link", href, inner } : { kind: "text", text: all };
	}
	if (strong !== undefined) return { kind: "strong", inner: parseInline(strong, depth) };
	if (deleted !== undefined) return { kind: "deleted", inner: parseInline(deleted, depth) };
	if (emphasis !== undefined) return { kind: "emphasis", inner: parseInline(emphasis, depth) };
	if (url !== undefined) return { kind: "link", href: url, inner: [{ kind: "text", text: url }] };
	return { kind: "break" };
}

/** Web and mail addresses only: a `javascript:` or `data:` address stays text. */
function safeHref(href: string): string | undefined {
	return /^(?:https?:\/\/|mailto:)/i.test(href) ? href : undefined;
}
