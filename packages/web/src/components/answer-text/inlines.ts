import { endOfAddress, endOfMail, startOfMail } from "./addresses.ts";
import { isMaths, isPrice } from "./maths.ts";
import { type Formula, type Inline, normalLabel, type Targets } from "./nodes.ts";
import { isAsciiPunctuation, referenceAt, unescapeText } from "./references.ts";
import { ELEMENT_WORK, RICH_ELEMENT_WORK } from "./work-limits.ts";

/** The limit for nested emphasis, because React recurses per level. Deeper marks are dropped, and their text stays. */
const DEPTH_MAX = 16;
const LABEL_CHARS_MAX = 999;
const ADDRESS_CHARS_MAX = 4_000;

type Mark = "em" | "strong" | "del";
type Tag = "sub" | "sup" | "kbd" | "mark";

/** Adjacent `*`, `_` or `~`. Marks left unpaired are text. */
interface Run {
	kind: "run";
	/** Its index among the tokens. */
	at: number;
	char: string;
	length: number;
	left: number;
	opensMark: boolean;
	closesMark: boolean;
	/** The number of pairs that end here, and the pairs that begin here, innermost first. */
	closed: number;
	opened: Mark[];
	before: Run | undefined;
	after: Run | undefined;
}
type Token =
	| { kind: "text"; text: string }
	| { kind: "node"; node: Exclude<Inline, string> }
	| Run
	/** Text, until it is known what it opens. */
	| { kind: "open"; text: string; node?: { kind: "link" | "image"; href: string; title: string | undefined } | { kind: Tag } }
	| { kind: "close" };

/** A `[`, a `![` or a tag that may still be closed. */
interface Opener {
	/** The index of its token, and where its content begins in the source. */
	at: number;
	start: number;
	isImage: boolean;
	tag: Tag | undefined;
	/** False for a `[` around a link, because links do not nest. */
	active: boolean;
	/** Whether its content contains a bracket, so that it is not a label. */
	holdsBracket: boolean;
	lastRun: Run | undefined;
}

/**
 * Parses the text of a block: CommonMark's inlines with GitHub's autolinks and strikethrough, emphasis beside Chinese, Japanese and Korean
 * (https://github.com/tats-u/markdown-cjk-friendly), formulas, and the harmless HTML tags. Takes linear time: each search has a limit, or its failure
 * is cached. Undefined if reading and rendering the text would exceed `workMax`.
 */
export function parseInlines(source: string, targets: Targets, workMax: number): ReadText | undefined {
	// Most texts of tables and lists have no marks.
	if (nextSpecial(source, 0) === source.length) return { inlines: source ? [source] : [], work: 1, references: [] };
	return new InlineParser(source, targets).parse(workMax);
}

interface ReadText {
	inlines: Inline[];
	work: number;
	/** The footnotes the text refers to, in order. */
	references: string[];
}

const SPECIAL = new Set(Array.from("\\`*_~[]!&<$:@\nwW", (char) => char.charCodeAt(0)));
const isSpecialCode = Uint8Array.from({ length: 128 }, (_, code) => (SPECIAL.has(code) ? 1 : 0));

/** The next offset of a character that may be markup. */
function nextSpecial(source: string, from: number): number {
	let at = from;
	for (; at < source.length; at += 1) {
		const code = source.charCodeAt(at);
		if (code >= 128 || isSpecialCode[code] === 0) continue;
		if (code === 33 && source.charCodeAt(at + 1) !== 91) continue; // !
		if (code === 58 && source.charCodeAt(at + 1) !== 47) continue; // :
		if ((code | 32) === 119 && (source.charCodeAt(at + 1) | 32) !== 119) continue; // w
		break;
	}
	return at;
}

class InlineParser {
	readonly #source: string;
	readonly #targets: Targets;
	readonly #tokens: Token[] = [];
	readonly #references: string[] = [];
	#work = 1;
	#at = 0;
	#lastRun: Run | undefined;
	readonly #brackets: Opener[] = [];
	readonly #tags: Opener[] = [];
	/** Offsets of runs of backticks by length, in reverse. */
	#backticks: Map<number, number[]> | undefined;
	/** The last match of each searched text. It stays valid until it is passed. */
	readonly #found = new Map<string, number>();
	/** From here on, the tokens are the source as it is. */
	#literalFrom = 0;

	constructor(source: string, targets: Targets) {
		this.#source = source;
		this.#targets = targets;
	}

	parse(workMax: number): ReadText | undefined {
		const source = this.#source;
		while (this.#at < source.length) {
			const next = nextSpecial(source, this.#at);
			this.#text(source.slice(this.#at, next));
			this.#at = next;
			if (next === source.length) break;
			this.#work += 1;
			if (this.#work > workMax) return undefined;
			const read = this.#special(source.charAt(next));
			if (read === true) this.#literalFrom = this.#at;
			if (read !== false) continue;
			this.#text(source.charAt(next));
			this.#at = next + 1;
		}
		this.#pairRuns(undefined);
		const { inlines, work } = assemble(this.#tokens);
		return { inlines, work: this.#work + work, references: this.#references };
	}

	#text(text: string): void {
		if (text) this.#tokens.push({ kind: "text", text });
	}

	#node(node: Exclude<Inline, string>, end: number): true {
		this.#work += node.kind === "code" || node.kind === "break" ? ELEMENT_WORK : RICH_ELEMENT_WORK;
		this.#tokens.push({ kind: "node", node });
		this.#at = end;
		return true;
	}

	/** Whether a special construct begins here. If so, it has been read: as markup, or as `text`. */
	#special(char: string): boolean | "text" {
		switch (char) {
			case "\\":
				return this.#backslash();
			case "`":
				return this.#code();
			case "*":
			case "_":
			case "~":
				return this.#run(char);
			case "[":
				return this.#open(1);
			case "!":
				return this.#open(2);
			case "]":
				return this.#closeBracket();
			case "&":
				return this.#reference();
			case "<":
				return this.#angle();
			case "$":
				return this.#dollar();
			case "\n":
				return this.#newline();
			default:
				return this.#address(char);
		}
	}

	/** The next offset of this text. -1 if there is none. */
	#find(text: string, from: number): number {
		const found = this.#found.get(text);
		if (found === -1 || (found !== undefined && found >= from)) return found;
		const at = this.#source.indexOf(text, from);
		this.#found.set(text, at);
		return at;
	}

	#backslash(): boolean {
		const next = this.#source.charAt(this.#at + 1);
		if (next === "\n") return this.#node({ kind: "break" }, this.#at + 2);
		if (next === "(" && this.#formula("\\(", "\\)")) return true;
		if (next === "[" && this.#formula("\\[", "\\]")) return true;
		if (!isAsciiPunctuation(next.charCodeAt(0))) return false;
		this.#text(next);
		this.#at += 2;
		return true;
	}

	#formula(open: "\\(" | "\\[" | "$$", close: string): boolean {
		const start = this.#at + 2;
		const end = this.#find(close, start);
		if (end === -1) return false;
		const tex = this.#source.slice(start, end);
		if (open !== "$$") {
			const again = this.#find(open, start);
			// An end belongs to the nearest beginning.
			if ((again !== -1 && again < end) || !isMaths(tex, open)) return false;
		}
		if (!tex.trim()) return false;
		return this.#math(tex, open !== "\\(", end + 2);
	}

	#math(tex: string, display: boolean, end: number): true {
		const node: Formula = { kind: "math", tex: tex.trim(), source: this.#source.slice(this.#at, end), display, closed: true };
		return this.#node(node, end);
	}

	/** Pandoc's rule: no space inside the dollars, and no digit after them. The next dollar decides, so that prices stay text. */
	#dollar(): boolean {
		const source = this.#source;
		if (source[this.#at + 1] === "$") {
			if (source[this.#at + 2] !== "$" && this.#formula("$$", "$$")) return true;
			let end = this.#at;
			while (source[end] === "$") end += 1;
			this.#text(source.slice(this.#at, end));
			this.#at = end;
			return true;
		}
		let end = this.#find("$", this.#at + 1);
		while (end !== -1 && source[end - 1] === "\\") end = this.#find("$", end + 1);
		if (end === -1 || source[end + 1] === "$") return false;
		const tex = source.slice(this.#at + 1, end);
		if (/\s/.test(tex.charAt(0)) || /\s/.test(tex.slice(-1)) || /\d/.test(source.charAt(end + 1)) || isPrice(tex)) return false;
		return this.#math(tex, false, end + 1);
	}

	#code(): boolean {
		const source = this.#source;
		let end = this.#at;
		while (source[end] === "`") end += 1;
		const length = end - this.#at;
		this.#backticks ??= backticksIn(source);
		const places = this.#backticks.get(length) ?? [];
		while (places.length > 0 && (places.at(-1) ?? 0) < end) places.pop();
		const close = places.pop();
		if (close === undefined) {
			this.#text(source.slice(this.#at, end));
			this.#at = end;
			return true;
		}
		const text = source.slice(end, close).replaceAll("\n", " ");
		const isPadded = text.startsWith(" ") && text.endsWith(" ") && text.trim() !== "";
		return this.#node({ kind: "code", text: isPadded ? text.slice(1, -1) : text }, close + length);
	}

	#run(char: string): boolean | "text" {
		const source = this.#source;
		const at = this.#at;
		let end = at;
		while (source[end] === char) end += 1;
		this.#at = end;
		const { opensMark, closesMark } = sidesOf(char, end - at, characterBefore(source, at), characterAt(source, end));
		if (!opensMark && !closesMark) {
			this.#text(source.slice(at, end));
			return "text";
		}
		const length = end - at;
		const before = this.#lastRun;
		const run: Run = {
			kind: "run",
			at: this.#tokens.length,
			char,
			length,
			left: length,
			opensMark,
			closesMark,
			closed: 0,
			opened: [],
			before,
			after: undefined,
		};
		if (before) before.after = run;
		this.#lastRun = run;
		this.#tokens.push(run);
		return true;
	}

	#open(length: 1 | 2): true {
		const text = this.#source.slice(this.#at, this.#at + length);
		const enclosing = this.#brackets.at(-1);
		if (enclosing) enclosing.holdsBracket = true;
		this.#brackets.push(this.#opener(length, undefined));
		this.#tokens.push({ kind: "open", text });
		this.#at += length;
		return true;
	}

	#opener(length: number, tag: Tag | undefined): Opener {
		const place = { at: this.#tokens.length, start: this.#at + length };
		return { ...place, tag, isImage: length === 2, active: true, holdsBracket: false, lastRun: this.#lastRun };
	}

	#closeBracket(): boolean {
		const opener = this.#brackets.pop();
		if (!opener?.active) return false;
		const label = this.#source.slice(opener.start, Math.min(this.#at, opener.start + LABEL_CHARS_MAX + 1));
		if (!opener.isImage && !opener.holdsBracket && label.startsWith("^") && this.#targets.notes.has(normalLabel(label.slice(1)))) {
			this.#tokens.length = opener.at;
			this.#forget(opener);
			this.#references.push(normalLabel(label.slice(1)));
			return this.#node({ kind: "note-link", label: normalLabel(label.slice(1)) }, this.#at + 1);
		}
		const target = this.#inlineTarget(this.#at + 1) ?? this.#referencedTarget(opener, label);
		if (!target) return false;
		const { href, title, end } = target;
		this.#work += RICH_ELEMENT_WORK;
		this.#pairRuns(opener.lastRun);
		this.#tokens[opener.at] = { kind: "open", text: "", node: { kind: opener.isImage ? "image" : "link", href, title } };
		this.#tokens.push({ kind: "close" });
		this.#forget(opener);
		if (!opener.isImage)
			for (let at = this.#brackets.length - 1; at >= 0; at -= 1) {
				const outer = this.#brackets[at];
				if (!outer?.active) break;
				if (!outer.isImage) outer.active = false;
			}
		this.#at = end;
		return true;
	}

	/** Marks opened inside a link, a tag or a footnote cannot be closed outside it. */
	#forget({ at, lastRun }: Opener): void {
		for (const stack of [this.#brackets, this.#tags]) while ((stack.at(-1)?.at ?? -1) > at) stack.pop();
		this.#lastRun = lastRun;
		if (lastRun) lastRun.after = undefined;
	}

	/** `(address "title")` */
	#inlineTarget(at: number) {
		if (this.#source[at] !== "(") return undefined;
		const destination = readDestination(this.#source, skipSpace(this.#source, at + 1));
		if (!destination) return undefined;
		const afterAddress = skipSpace(this.#source, destination.end);
		const title = afterAddress > destination.end ? readTitle(this.#source, afterAddress) : undefined;
		const end = title ? skipSpace(this.#source, title.end) : afterAddress;
		return this.#source[end] === ")" ? { href: destination.text, title: title?.text, end: end + 1 } : undefined;
	}

	/** `[text][label]`, `[label][]` or `[label]` */
	#referencedTarget(opener: Opener, ownLabel: string) {
		if (this.#targets.links.size === 0) return undefined;
		const next = readLabel(this.#source, this.#at + 1);
		// Two adjacent source marks are not one link.
		const label = next && areMarks(ownLabel, next.text) && this.#targets.links.has(ownLabel) ? undefined : next;
		const end = label?.end ?? this.#at + 1;
		const name = label?.text.trim() ? label.text : opener.holdsBracket ? "" : ownLabel;
		const target = name.length <= LABEL_CHARS_MAX ? this.#targets.links.get(normalLabel(name)) : undefined;
		return target && { ...target, end };
	}

	#reference(): boolean {
		const reference = referenceAt(this.#source, this.#at);
		if (!reference) return false;
		this.#text(reference.text);
		this.#at += reference.length;
		return true;
	}

	#angle(): boolean {
		if (this.#source.startsWith("<!--", this.#at)) {
			const end = this.#find("-->", this.#at + 4);
			if (end === -1) return false;
			this.#at = end + 3;
			return true;
		}
		const address = matchAt(ADDRESS, this.#source, this.#at);
		if (address) return this.#node(linkTo(address[1] ?? "", address[2] ? "" : "mailto:"), this.#at + address[0].length);
		const tag = matchAt(TAG, this.#source, this.#at);
		if (tag) return this.#tag(tag);
		const markup = matchAt(MARKUP, this.#source, this.#at);
		if (!markup) return false;
		this.#text(markup[0]);
		this.#at += markup[0].length;
		return true;
	}

	#tag([source, slash, tagName = ""]: RegExpExecArray): true {
		const name = tagName.toLowerCase();
		if (name === "br") return this.#node({ kind: "break" }, this.#at + source.length);
		if (name === "sub" || name === "sup" || name === "kbd" || name === "mark") {
			if (slash) this.#closeTag(name);
			else {
				this.#tags.push(this.#opener(source.length, name));
				// An unclosed tag is dropped, as browsers do with an unopened one.
				this.#tokens.push({ kind: "open", text: "" });
			}
		}
		this.#at += source.length;
		return true;
	}

	#closeTag(name: Tag): void {
		const opener = this.#tags.at(-1);
		if (opener?.tag !== name) return;
		this.#tags.pop();
		this.#pairRuns(opener.lastRun);
		this.#tokens[opener.at] = { kind: "open", text: "", node: { kind: name } };
		this.#tokens.push({ kind: "close" });
		this.#forget(opener);
	}

	/** Two spaces at the end of a line make a line break. */
	#newline(): true {
		const last = this.#tokens.at(-1);
		let spaces = 0;
		if (last?.kind === "text") {
			const bare = last.text.replace(/ {1,1000}$/, "");
			spaces = last.text.length - bare.length;
			last.text = bare;
		}
		if (spaces >= 2) return this.#node({ kind: "break" }, this.#at + 1);
		this.#text("\n");
		this.#at += 1;
		return true;
	}

	/** A bare address, recognized at the colon of `https:`, the first w of `www.`, or the `@` of a mail address. */
	#address(char: string): boolean {
		const source = this.#source;
		const at = this.#at;
		let start = at;
		if (char === "W" || char === "w") {
			if (!/^www\./i.test(source.slice(at, at + 4))) return false;
		}
		if (char === "@") start = startOfMail(source, at, this.#literalFrom);
		else {
			if (char === ":") start -= /https?$/i.exec(source.slice(Math.max(at - 5, this.#literalFrom), at))?.[0].length ?? at + 1;
			if (start < 0 || /[a-z0-9]/i.test(source.charAt(start - 1))) return false;
		}
		if (start === -1) return false;
		const end = char === "@" ? endOfMail(source, at) : endOfAddress(source, start);
		if (end === -1) return false;
		this.#untext(at - start);
		const prefix = char === "@" ? "mailto:" : char === ":" ? "" : "http://";
		return this.#node(linkTo(source.slice(start, end), prefix), end);
	}

	/** Removes characters from the end of the text. */
	#untext(length: number): void {
		let left = length;
		while (left > 0) {
			const last = this.#tokens.at(-1);
			if (last?.kind !== "text") return;
			const kept = Math.max(0, last.text.length - left);
			left -= last.text.length - kept;
			if (kept === 0) this.#tokens.pop();
			else last.text = last.text.slice(0, kept);
		}
	}

	/** CommonMark's `process_emphasis`: pairs the runs after `bottom`, and drops them. */
	#pairRuns(bottom: Run | undefined): void {
		let closer = this.#lastRun;
		if (closer === bottom) return;
		while (closer?.before && closer.before !== bottom) closer = closer.before;
		/** Per kind of closer, the position up to which no run opens it. */
		const floors = new Map<string, number>();
		while (closer) {
			const { before, after }: Run = closer;
			if (!closer.closesMark) {
				closer = after;
				continue;
			}
			const kind = `${closer.char}${closer.char === "~" ? closer.left : closer.length % 3}${closer.opensMark}`;
			const floor = floors.get(kind) ?? bottom?.at ?? -1;
			let opener = before;
			while (opener && opener.at > floor && !isPair(opener, closer)) opener = opener.before;
			if (!opener || opener.at <= floor) {
				floors.set(kind, before?.at ?? -1);
				if (!closer.opensMark) unlink(before, after);
				closer = after;
				continue;
			}
			pair(opener, closer);
			// Runs between the two cannot pair across them.
			const rest: Run | undefined = opener.left > 0 ? opener : opener.before;
			const next: Run | undefined = closer.left > 0 ? closer : after;
			unlink(rest, next);
			closer = next;
		}
		this.#lastRun = bottom;
		if (bottom) bottom.after = undefined;
	}
}

function unlink(before: Run | undefined, after: Run | undefined): void {
	if (before) before.after = after;
	if (after) after.before = before;
}

/** CommonMark's rule of three: `**a*b**` is strong text with a literal star. */
function isPair(opener: Run, closer: Run): boolean {
	if (opener.char !== closer.char || !opener.opensMark) return false;
	if (closer.char === "~") return opener.left === closer.left;
	const isEitherBoth = closer.opensMark || opener.closesMark;
	return !(isEitherBoth && closer.length % 3 !== 0 && (opener.length + closer.length) % 3 === 0);
}

function pair(opener: Run, closer: Run): void {
	const isTilde = closer.char === "~";
	const used = isTilde ? opener.left : opener.left >= 2 && closer.left >= 2 ? 2 : 1;
	opener.left -= used;
	closer.left -= used;
	closer.closed += 1;
	opener.opened.push(isTilde ? "del" : used === 2 ? "strong" : "em");
}

/** Builds the tree and counts its marks. */
function assemble(tokens: Token[]): { inlines: Inline[]; work: number } {
	const root: Inline[] = [];
	let work = 0;
	/** The children of each open node. Beyond the depth limit, those of the surrounding node. */
	const open = [root];
	let linksOpen = 0;
	const isLink: boolean[] = [];
	const top = () => open.at(-1) ?? root;
	function add(node: Inline): void {
		const siblings = top();
		const last = siblings.at(-1);
		if (typeof node === "string" && typeof last === "string") siblings[siblings.length - 1] = last + node;
		else if (node !== "") siblings.push(node);
	}
	function enter(node: Exclude<Inline, string> & { children: Inline[] }): void {
		const isDropped = open.length > DEPTH_MAX;
		if (!isDropped) {
			top().push(node);
			work += ELEMENT_WORK;
		}
		open.push(isDropped ? top() : node.children);
		isLink.push(node.kind === "link");
		if (node.kind === "link") linksOpen += 1;
	}
	function leave(): void {
		open.pop();
		if (isLink.pop()) linksOpen -= 1;
	}
	for (const token of tokens) {
		if (token.kind === "text") add(token.text);
		else if (token.kind === "node") {
			if (token.node.kind === "link" && linksOpen > 0) for (const child of token.node.children) add(child);
			else add(token.node);
		} else if (token.kind === "close") leave();
		else if (token.kind === "open") {
			if (token.node) enter({ ...token.node, children: [] });
			else add(token.text);
		} else {
			for (let count = 0; count < token.closed; count += 1) leave();
			if (token.left > 0) add(token.char.repeat(token.left));
			for (const kind of token.opened.reverse()) enter({ kind, children: [] });
		}
	}
	return { inlines: root, work };
}

const linkTo = (text: string, prefix: string): Extract<Inline, { kind: "link" }> => ({
	kind: "link",
	href: prefix + text,
	title: undefined,
	children: [text],
});

const ADDRESS = /<((?:([a-z][a-z0-9+.-]{1,31}:)[^\s<>]{0,4000})|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>/iy;
const TAG = /<(\/?)(br|sub|sup|kbd|mark|details|summary)(?:\s[^<>]{0,200})?\s{0,9}\/?>/iy;
/** Other markup is text as a whole: nothing in its attributes is emphasis or an address. */
const MARKUP = /<\/?[a-z][a-z0-9-]{0,40}(?:\s[^<>]{0,2000})?\/?>/iy;

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(source);
}

function backticksIn(source: string): Map<number, number[]> {
	const places = new Map<number, number[]>();
	for (let at = source.indexOf("`"); at !== -1; ) {
		let end = at;
		while (source[end] === "`") end += 1;
		const same = places.get(end - at);
		if (same) same.push(at);
		else places.set(end - at, [at]);
		at = source.indexOf("`", end);
	}
	for (const same of places.values()) same.reverse();
	return places;
}

// --- inside links

export function skipSpace(source: string, at: number): number {
	let end = at;
	let lines = 0;
	for (; ; end += 1) {
		const char = source[end];
		if (char === "\n" && lines === 0) lines += 1;
		else if (char !== " " && char !== "\t") return end;
	}
}

export interface Read {
	text: string;
	end: number;
}

/** An address: `<in angle brackets>`, or without spaces and with balanced parentheses. */
export function readDestination(source: string, at: number): Read | undefined {
	const limit = Math.min(source.length, at + ADDRESS_CHARS_MAX);
	const isAngled = source[at] === "<";
	let end = isAngled ? at + 1 : at;
	for (let depth = 0; end < limit; end += 1) {
		const char = source.charAt(end);
		if (char === "\\" && isAsciiPunctuation(source.charCodeAt(end + 1))) end += 1;
		else if (isAngled) {
			if (char === ">") return { text: unescapeText(source.slice(at + 1, end)), end: end + 1 };
			if (char === "\n" || char === "<") return undefined;
		} else if (char <= " ") break;
		else if (char === "(") {
			depth += 1;
			if (depth > 8) return undefined;
		} else if (char === ")") {
			if (depth === 0) break;
			depth -= 1;
		}
	}
	return isAngled || end >= at + ADDRESS_CHARS_MAX ? undefined : { text: unescapeText(source.slice(at, end)), end };
}

export function readTitle(source: string, at: number): Read | undefined {
	const open = source.charAt(at);
	const close = open === "(" ? ")" : open;
	if (!/^["'(]$/.test(open)) return undefined;
	const limit = Math.min(source.length, at + ADDRESS_CHARS_MAX);
	for (let end = at + 1; end < limit; end += 1) {
		const char = source[end];
		if (char === "\\") end += 1;
		else if (char === close) return { text: unescapeText(source.slice(at + 1, end)), end: end + 1 };
		else if (char === open) return undefined;
	}
	return undefined;
}

/** `[label]` */
export function readLabel(source: string, at: number): Read | undefined {
	if (source[at] !== "[") return undefined;
	const limit = Math.min(source.length, at + LABEL_CHARS_MAX + 2);
	for (let end = at + 1; end < limit; end += 1) {
		const char = source[end];
		if (char === "\\") end += 1;
		else if (char === "[") return undefined;
		else if (char === "]") return { text: source.slice(at + 1, end), end: end + 1 };
	}
	return undefined;
}

// --- around emphasis

function characterBefore(source: string, at: number): string {
	const char = source.charAt(at - 1);
	return /[\udc00-\udfff]/.test(char) && at > 1 ? source.charAt(at - 2) + char : char;
}

const characterAt = (source: string, at: number): string => String.fromCodePoint(source.codePointAt(at) ?? 32);

const isSpace = (char: string): boolean => char === "" || /^\s$/.test(char);
const isPunctuation = (char: string): boolean => /^[\p{P}\p{S}]$/u.test(char);
/** Chinese, Japanese and Korean letters and punctuation, which are written without spaces. */
const isCjk = (char: string): boolean =>
	/^[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffee\u{1aff0}-\u{1b2ff}\u{20000}-\u{3ffff}]$/u.test(
		char,
	);

/** Whether adjacent marks can open or close, by the characters on both sides. */
function sidesOf(char: string, length: number, before: string, after: string): { opensMark: boolean; closesMark: boolean } {
	const opens = isFlanking(after, before);
	const closes = isFlanking(before, after);
	const isOutside = (side: string) => isSpace(side) || (isPunctuation(side) && !isCjk(side));
	if (char === "_")
		return { opensMark: opens && (!closes || isPunctuation(before)), closesMark: closes && (!opens || isPunctuation(after)) };
	if (char === "*" || length === 2) return { opensMark: opens, closesMark: closes };
	// A single tilde is also a range ("10~20") or an estimate ("~5").
	return { opensMark: length === 1 && opens && isOutside(before), closesMark: length === 1 && closes && isOutside(after) };
}

/** Whether a run flanks the text on one side, given the character there and the one on the other side. */
function isFlanking(inside: string, outside: string): boolean {
	if (isSpace(inside)) return false;
	if (!isPunctuation(inside) || isCjk(inside)) return true;
	return isSpace(outside) || isPunctuation(outside) || isCjk(outside);
}

const areMarks = (...labels: string[]) => labels.every((label) => /^\d{1,3}$/.test(label));
