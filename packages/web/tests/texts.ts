import { globSync, readFileSync } from "node:fs";
import { parseSync } from "vite";

/** A string in the sources, with its position. */
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

/** Attributes whose values are shown or read out to a reader. */
const TEXT_ATTRIBUTE =
	/^(?:aria-(?:label|description|roledescription|valuetext|placeholder)|alt|label|placeholder|title|legend|text|heading|action)$/;

/** Calls whose strings are for the log, for developers, or for programs. */
const NOT_FOR_READERS =
	/^(?:t|rich|log\w+|note\w*|invariant|assert\w*|Error|TypeError|ConfigError|OwnError|RefusedReport|DeadlineError|describe|console\.\w+|import|require|sql|\w*\.(?:exec|raw|prepare|includes|startsWith|endsWith|split|querySelector\w*|getItem|setItem|setAttribute|postMessage|getByName|matches|closest|addEventListener|append|set|get|has|delete|createElement\w*|run))$/;

/** Class names, at least one of them with punctuation: "mt-2 flex hover:bg-said". */
const IS_STYLE = /^(?=.*[a-z\d][-:[/])[!a-z\d[\](){}.,:;/%_&>@*#='"$+~-]+(?:\s+[!a-zA-Z\d[\](){}.,:;/%_&>@*#='"$+~-]+)*$/;

/** What is the same in every language: names, formats, keyboard keys, and configuration values. */
const NO_TEXT = /^(?:Markdown|JSON|CSV|AI_BASE_URL|AI_MODELS|Enter|Shift|Shift \+ Enter|⌘ \+ Enter|Mod|Escape|Esc|Ctrl|Control|Meta)$/;

/** Strings that look like text but are not, and what they are. */
const FOR_PROGRAMS: Record<string, string> = {
	Files: "a kind of what is dragged",
	"Preferred-Languages: en, de": "a line of security.txt",
	Pro: "a tier, or a name of the provider's",
	English: "a language's own name",
	Deutsch: "a language's own name",
	"Bearer ": "the form of a call",
	guest: "an action",
	"input, li a": "a selector",
	"light dark": "a color scheme",
	"noindex, nofollow": "a rule for crawlers",
	"; HttpOnly; SameSite=Lax": "attributes of a cookie",
	Edge: "a browser",
	Opera: "a browser",
	Firefox: "a browser",
	Chrome: "a browser",
	Safari: "a browser",
	Android: "a system",
	Windows: "a system",
	Linux: "a system",
	"bank account": "a kind of payment method",
	"partly refunded": "a state of an invoice",
	'<file name="': "what a model is told",
	"known browsers": "what is counted",
	"unknown browsers": "what is counted",
	"known browser of ": "what is signed",
	"the ledger is adding up its requests": "a message between objects",
	"flowglad pricing model": "a name in a cache",
	"Usage price not found for meter ": "a message of the provider's",
	"the model ": "the log",
	" is not offered any more": "the log",
	"the billing provider did not answer in time": "the log",
	"the card of ": "the log",
	" before the portal: ": "the log",
	"an event's customer could not be read": "the log",
	"a new card could not be put to use": "the log",
};

/** Two words, or one that looks like the start of a sentence. */
const READS_LIKE_TEXT = /^\s*\p{Lu}\p{Ll}+[’'\p{Ll}]*[.…!?]?\s*$|\p{L}{2,}[,.;:]? [\p{L}“"'(]+/u;

/** Sources whose strings are for programs, for models or for operators, and what they are. */
const FOR_OTHERS: Record<string, string> = {
	"components/answer-text/cases.ts": "texts of tests",
	"components/answer-text/formula-style.ts": "names of fonts",
	"components/answer-text/references.ts": "names of characters",
	"components/frame/first-paint.ts": "a script",
	"components/frame/keys.ts": "keys as browsers name them",
	"components/frame/zone-script.ts": "a script",
	"components/tally/tally-icon.tsx": "a drawing",
	"config.ts": "what is wrong with a configuration",
	db: "SQL",
	"lib/chat/files/in-full.ts": "what a model is told",
	"lib/chat/search": "what a model is told, and the log",
	"lib/chat/title.ts": "what a model is told",
	"lib/chat/upstream": "what a model sends and is sent, and the log",
	"lib/identity/device.ts": "names of browsers and systems",
	"lib/identity/email/outbox.ts": "the log",
	"lib/identity/email/transport.ts": "the log",
	"lib/time": "SQL, and what is wrong with a development clock",
	"log.ts": "the log",
	objects: "SQL and the log",
	"instructions.ts": "what a model is told",
	"routes/api/health.ts": "SQL",
	"sign-in-providers.ts": "names of providers",
	"suggested-prompts.ts": "what is wrong with a configuration",
};

const isForOthers = (file: string) => Object.keys(FOR_OTHERS).some((path) => file === path || file.startsWith(`${path}/`));

/** Every source of the app whose strings a reader may see. */
export const sources = (): string[] =>
	globSync("**/*.{ts,tsx}", { cwd: src })
		.filter((file) => !/\.test\.tsx?$|\.gen\.ts$|\.d\.ts$|^text\/(?:en|de)\.ts$|\/testing\//.test(file) && !isForOthers(file))
		.sort();

/** The strings of a file that look like text for people and are not in the catalogue. */
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
	if (
		typeof value !== "string" ||
		Object.hasOwn(FOR_PROGRAMS, value) ||
		NO_TEXT.test(value.trim()) ||
		IS_STYLE.test(value) ||
		isForPrograms(node, above)
	)
		return null;
	const attribute = above.findLast(({ type }) => type === "JSXAttribute" || type === "JSXElement" || type === "ArrowFunctionExpression");
	if (attribute?.type === "JSXAttribute") {
		const name = nameOf(attribute.name as Node);
		if (!TEXT_ATTRIBUTE.test(name)) return null;
		return /\p{L}{2,}/u.test(value) ? value : null;
	}
	return READS_LIKE_TEXT.test(value) ? value : null;
}

/** Whether a string is in a position that only programs read. */
function isForPrograms(node: Node, above: Node[]): boolean {
	const parent = above.at(-1) as Node;
	if (/^(?:Import|Export)/.test(parent.type) && parent.source === node) return true;
	if (/^TS/.test(parent.type) && parent.type !== "TSAsExpression" && parent.type !== "TSSatisfiesExpression") return true;
	if (parent.type === "BinaryExpression" && /^[!=]==?$/.test(String(parent.operator))) return true;
	if (parent.type === "SwitchCase" || parent.type === "Directive" || parent.type === "ExpressionStatement") return true;
	if (parent.type === "Property" && parent.key === node) return true;
	// Names of counters (lib/identity/bounds.ts), and the errors of the seed.
	if (parent.type === "Property" && nameOf(parent.key as Node) === "error") return true;
	if (parent.type === "TemplateLiteral" && above.at(-2)?.type === "Property" && nameOf(above.at(-2)?.key as Node) === "what") return true;
	// The name of an error.
	if (parent.type === "PropertyDefinition" && nameOf(parent.key as Node) === "name") return true;
	if (parent.type === "MemberExpression") return true;
	return above.some((one, index) => {
		if (one.type === "TaggedTemplateExpression") return /^(?:sql|html|css)$/.test(nameOf(one.tag as Node));
		if (one.type === "CallExpression" || one.type === "NewExpression") {
			// Texts of a call among the arguments belong to that call.
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
