import { globSync, readFileSync } from "node:fs";
import { parseSync } from "vite";

/** A string of the sources, with where it stands. */
export interface Found {
	file: string;
	line: number;
	/** Its offset in the file. */
	start: number;
	text: string;
}

interface Node {
	type: string;
	start: number;
	end: number;
	[field: string]: unknown;
}

const src = new URL("../src/", import.meta.url).pathname;

/** Attributes that a reader sees or hears. */
const TEXT_ATTRIBUTE =
	/^(?:aria-(?:label|description|roledescription|valuetext|placeholder)|alt|label|placeholder|title|legend|text|heading|action)$/;

/** Calls whose strings are for the log, for developers, or for programs. */
const NOT_FOR_READERS =
	/^(?:t|rich|log\w+|note\w*|invariant|assert\w*|Error|TypeError|ConfigError|describe|console\.\w+|import|require|sql|\w*\.(?:exec|raw|prepare|includes|startsWith|endsWith|split|querySelector\w*|getItem|setItem|setAttribute|postMessage|getByName|matches|closest|addEventListener|append|set|get|has|delete|createElement\w*|run))$/;

/** Names of styles, of which at least one has a mark in it: "mt-2 flex hover:bg-said". */
const IS_STYLE = /^(?=.*[a-z\d][-:[/])[!a-z\d[\](){}.,:;/%_&>@*#='"$+~-]+(?:\s+[!a-zA-Z\d[\](){}.,:;/%_&>@*#='"$+~-]+)*$/;

/** What is the same in every language: names, formats, keys of the keyboard, and what is typed into a configuration. */
const NO_TEXT =
	/^(?:Parley|Markdown|JSON|CSV|AI_BASE_URL|AI_MODELS|Enter|Shift|Shift \+ Enter|⌘ \+ Enter|Mod|Escape|Esc|Ctrl|Control|Meta)$/;

/** Two words, or one that begins like a sentence. */
const READS_LIKE_TEXT = /^\s*\p{Lu}\p{Ll}+[’'\p{Ll}]*[.…!?]?\s*$|\p{L}{2,}[,.;:]? [\p{L}“"'(]+/u;

/** Every source of the app whose strings a reader may see. */
export const sources = (): string[] =>
	globSync("**/*.{ts,tsx}", { cwd: src })
		.filter((file) => !/\.test\.tsx?$|\.gen\.ts$|\.d\.ts$|^text\/(?:en|de)\.ts$|\/testing\//.test(file))
		.sort();

/** The strings of a file that read like text for people and are not in the catalogue. */
export function textsOutside(file: string, code = readFileSync(src + file, "utf8")): Found[] {
	const found: Found[] = [];
	const { program } = parseSync(file, code);
	visit(program as unknown as Node, [], (node, above) => {
		const text = textOf(node, above);
		if (text !== null) found.push({ file, line: code.slice(0, node.start).split("\n").length, start: node.start, text });
	});
	return found;
}

/** The lines of a file on which a text is read outside of any function. */
export function readAtModuleLevel(file: string, code = readFileSync(src + file, "utf8")): number[] {
	const lines: number[] = [];
	visit(parseSync(file, code).program as unknown as Node, [], (node, above) => {
		const isRead = node.type === "CallExpression" && /^(?:t|rich)$/.test(nameOf(node.callee as Node));
		if (isRead && !above.some(({ type }) => /Function/.test(type))) lines.push(code.slice(0, node.start).split("\n").length);
	});
	return lines;
}

function textOf(node: Node, above: Node[]): string | null {
	const parent = above.at(-1);
	if (!parent) return null;
	if (node.type === "JSXText") {
		const text = String(node.value).trim();
		return /\p{L}{2,}/u.test(text) && !NO_TEXT.test(text) ? text : null;
	}
	const value = node.type === "Literal" ? node.value : node.type === "TemplateElement" ? (node.value as { cooked: string }).cooked : null;
	if (typeof value !== "string" || NO_TEXT.test(value.trim()) || IS_STYLE.test(value) || isForPrograms(node, above)) return null;
	const attribute = above.findLast(({ type }) => type === "JSXAttribute" || type === "JSXElement" || type === "ArrowFunctionExpression");
	if (attribute?.type === "JSXAttribute") {
		const name = nameOf(attribute.name as Node);
		if (!TEXT_ATTRIBUTE.test(name)) return null;
		return /\p{L}{2,}/u.test(value) ? value : null;
	}
	return READS_LIKE_TEXT.test(value) ? value : null;
}

/** Whether a string stands where only programs read it. */
function isForPrograms(node: Node, above: Node[]): boolean {
	const parent = above.at(-1) as Node;
	if (/^(?:Import|Export)/.test(parent.type) && parent.source === node) return true;
	if (/^TS/.test(parent.type) && parent.type !== "TSAsExpression" && parent.type !== "TSSatisfiesExpression") return true;
	if (parent.type === "BinaryExpression" && /^[!=]==?$/.test(String(parent.operator))) return true;
	if (parent.type === "SwitchCase" || parent.type === "Directive" || parent.type === "ExpressionStatement") return true;
	if (parent.type === "Property" && parent.key === node) return true;
	// The name of an error.
	if (parent.type === "PropertyDefinition" && nameOf(parent.key as Node) === "name") return true;
	if (parent.type === "MemberExpression") return true;
	return above.some((one, index) => {
		if (one.type === "TaggedTemplateExpression") return /^(?:sql|html|css)$/.test(nameOf(one.tag as Node));
		if (one.type === "CallExpression" || one.type === "NewExpression") {
			// The texts of a call within the arguments are another's.
			const next = above[index + 1];
			return next !== one.callee && NOT_FOR_READERS.test(nameOf(one.callee as Node));
		}
		return false;
	});
}

function nameOf(node: Node | undefined): string {
	if (!node) return "";
	if (node.type === "MemberExpression") return `${nameOf(node.object as Node)}.${nameOf(node.property as Node)}`;
	if (node.type === "JSXNamespacedName") return `${nameOf(node.namespace as Node)}:${nameOf(node.name as Node)}`;
	return String(node.name ?? "");
}

function visit(node: Node, above: Node[], see: (node: Node, above: Node[]) => void): void {
	see(node, above);
	for (const value of Object.values(node).flat()) {
		if (typeof value === "object" && value !== null && "type" in value && "start" in value) visit(value as Node, [...above, node], see);
	}
}
