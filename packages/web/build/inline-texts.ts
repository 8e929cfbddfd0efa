import { type Plugin, parseSync } from "vite";
import type { Message } from "../src/text/catalogue.ts";
import { de } from "../src/text/de.ts";
import { en } from "../src/text/en.ts";
import type { Language } from "../src/text/languages.ts";
import { readBrand } from "./brand.ts";

const catalogues: Record<Language, Record<string, Message>> = { en, de };

const { name } = readBrand();

const source = (file: string) => new URL(`../src/text/${file}.ts`, import.meta.url).pathname;

/** Matches the imports of the functions whose calls are replaced. */
const IMPORT = /^import \{ (?:t|rich) \} from "[./]+\/text\/(?:text|rich)\.ts";$/m;
const IMPORTS = new RegExp(IMPORT, "gm");

interface Node {
	type: string;
	start: number;
	end: number;
	[field: string]: unknown;
}

/**
 * Inlines texts into a page's scripts, replacing calls of `t` and `rich`: each text ships with its component, no catalogue is loaded, and
 * a page has one language. `language` is read when a file is transformed.
 */
export function inlineTexts(language: () => Language): Plugin {
	return {
		name: "inline-texts",
		apply: "build",
		enforce: "pre",
		applyToEnvironment: ({ name }) => name === "client",
		transform: {
			filter: { id: /\.tsx?(\?|$)/, code: IMPORT },
			handler: (code, id) => ({ code: inlined(code, id, language()), map: null }),
		},
		// A remaining call would bring in every language.
		load: { filter: { id: [source("text"), source("rich")] }, handler: () => "export {}" },
	};
}

/** Replaces a file's calls of `t` and `rich` with their texts. @throws {Error} on a call that cannot be parsed */
export function inlined(code: string, file: string, language: Language): string {
	const { program, errors } = parseSync(file.split("?")[0] ?? file, code);
	if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
	const calls: Node[] = [];
	collectCalls(program as unknown as Node, calls);
	const written = replaced(code, 0, code.length, calls, catalogues[language]);
	return written.replace(IMPORT, `import { number as numberInText } from ${JSON.stringify(source("format"))};`).replaceAll(IMPORTS, "");
}

/** The outermost calls in a tree, in source order. */
function collectCalls(node: Node, calls: Node[]): void {
	const callee = node.callee as Node | undefined;
	if (node.type === "CallExpression" && (callee?.name === "t" || callee?.name === "rich")) calls.push(node);
	else for (const child of childrenOf(node)) collectCalls(child, calls);
}

const childrenOf = (node: Node): Node[] =>
	Object.values(node)
		.flat()
		.filter((value): value is Node => typeof value === "object" && value !== null && "type" in value && "start" in value);

/** The code from `start` to `end` with these calls replaced. */
function replaced(code: string, start: number, end: number, calls: Node[], catalogue: Record<string, Message>): string {
	let text = "";
	let at = start;
	for (const call of calls) {
		text += code.slice(at, call.start) + textOf(call, code, catalogue);
		at = call.end;
	}
	return text + code.slice(at, end);
}

function textOf(call: Node, code: string, catalogue: Record<string, Message>): string {
	const [key, params] = call.arguments as [Node | undefined, Node | undefined];
	const message = key?.type === "Literal" ? branded(catalogue[String(key.value)]) : undefined;
	if (message === undefined) throw new Error(`No literal key of the catalogue: ${code.slice(call.start, call.end)}`);
	const values = params ? valuesOf(params, code, catalogue) : () => undefined;
	const write = (call.callee as Node).name === "rich" ? elements : literal;
	if (typeof message === "string") return write(message, values);
	const count = values("count") ?? "";
	// Evaluated once, however often the text uses it.
	return `((count) => count === 1 ? ${write(message.one, values, "count")} : ${write(message.other, values, "count")})(${count})`;
}

/** A message with the deployment's name filled in. */
function branded(message: Message | undefined): Message | undefined {
	const named = (text: string) => text.replaceAll("{brand}", () => name);
	return typeof message === "object" ? { one: named(message.one), other: named(message.other) } : message && named(message);
}

/** Returns a parameter's code by name. */
type Values = (name: string) => string | undefined;

/** The parameters of a call: from an object literal, or the fields of a variable. */
function valuesOf(params: Node, code: string, catalogue: Record<string, Message>): Values {
	if (params.type === "Identifier") return (name) => `${params.name}.${name}`;
	const written = new Map<string, string>();
	for (const { key, value } of params.properties as { key: Node; value: Node }[]) {
		const calls: Node[] = [];
		collectCalls(value, calls);
		written.set(String(key.name), replaced(code, value.start, value.end, calls, catalogue));
	}
	return (name) => written.get(name);
}

/** A string literal, or a template literal if the text has parameters. */
function literal(pattern: string, values: Values, count?: string): string {
	const parts = partsOf(pattern, values, count);
	if (parts.length === 1) return JSON.stringify(pattern);
	return `\`${parts.map((part, index) => (index % 2 ? `\${${part}}` : part.replace(/[\\`]|\$\{/g, "\\$&"))).join("")}\``;
}

/** A fragment of text and elements. */
function elements(pattern: string, values: Values, count?: string): string {
	const parts = partsOf(pattern, values, count).map((part, index) => (index % 2 ? part : part && JSON.stringify(part)));
	return `(<>${parts.map((part) => part && `{${part}}`).join("")}</>)`;
}

/** Alternating text and parameter code. */
function partsOf(pattern: string, values: Values, count?: string): string[] {
	return pattern.split(/\{(\w+)\}/).map((part, index) => {
		if (index % 2 === 0) return part;
		if (part === "count" && count) return `numberInText(${count})`;
		const value = values(part);
		if (value === undefined) throw new Error(`The parameter ${part} is missing: ${pattern}`);
		return value;
	});
}
