import { createCssVariablesTheme, createHighlighterCore, type GrammarState, type HighlighterCore } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";

/** A line of code with its line end, in pieces. A piece without a color has the text's. */
export type ColoredLine = { text: string; color: string | undefined }[];

/** The grammars, each loaded with the first code in its language, by the name that follows a fence. */
const GRAMMARS = {
	astro: () => import("shiki/langs/astro.mjs"),
	bash: () => import("shiki/langs/bash.mjs"),
	c: () => import("shiki/langs/c.mjs"),
	clojure: () => import("shiki/langs/clojure.mjs"),
	cmake: () => import("shiki/langs/cmake.mjs"),
	cpp: () => import("shiki/langs/cpp.mjs"),
	csharp: () => import("shiki/langs/csharp.mjs"),
	css: () => import("shiki/langs/css.mjs"),
	dart: () => import("shiki/langs/dart.mjs"),
	diff: () => import("shiki/langs/diff.mjs"),
	dockerfile: () => import("shiki/langs/docker.mjs"),
	elixir: () => import("shiki/langs/elixir.mjs"),
	go: () => import("shiki/langs/go.mjs"),
	graphql: () => import("shiki/langs/graphql.mjs"),
	haskell: () => import("shiki/langs/haskell.mjs"),
	hcl: () => import("shiki/langs/hcl.mjs"),
	html: () => import("shiki/langs/html.mjs"),
	ini: () => import("shiki/langs/ini.mjs"),
	java: () => import("shiki/langs/java.mjs"),
	javascript: () => import("shiki/langs/javascript.mjs"),
	json: () => import("shiki/langs/json.mjs"),
	julia: () => import("shiki/langs/julia.mjs"),
	kotlin: () => import("shiki/langs/kotlin.mjs"),
	latex: () => import("shiki/langs/latex.mjs"),
	lua: () => import("shiki/langs/lua.mjs"),
	make: () => import("shiki/langs/make.mjs"),
	markdown: () => import("shiki/langs/markdown.mjs"),
	matlab: () => import("shiki/langs/matlab.mjs"),
	nginx: () => import("shiki/langs/nginx.mjs"),
	nix: () => import("shiki/langs/nix.mjs"),
	perl: () => import("shiki/langs/perl.mjs"),
	php: () => import("shiki/langs/php.mjs"),
	powershell: () => import("shiki/langs/powershell.mjs"),
	python: () => import("shiki/langs/python.mjs"),
	r: () => import("shiki/langs/r.mjs"),
	ruby: () => import("shiki/langs/ruby.mjs"),
	rust: () => import("shiki/langs/rust.mjs"),
	scala: () => import("shiki/langs/scala.mjs"),
	scss: () => import("shiki/langs/scss.mjs"),
	sql: () => import("shiki/langs/sql.mjs"),
	svelte: () => import("shiki/langs/svelte.mjs"),
	swift: () => import("shiki/langs/swift.mjs"),
	toml: () => import("shiki/langs/toml.mjs"),
	tsx: () => import("shiki/langs/tsx.mjs"),
	typescript: () => import("shiki/langs/typescript.mjs"),
	vue: () => import("shiki/langs/vue.mjs"),
	xml: () => import("shiki/langs/xml.mjs"),
	yaml: () => import("shiki/langs/yaml.mjs"),
	zig: () => import("shiki/langs/zig.mjs"),
};
type Language = keyof typeof GRAMMARS;

// biome-ignore format: one line per language
const ALIASES: Record<string, Language> = {
	sh: "bash", shell: "bash", zsh: "bash", console: "bash", shellscript: "bash",
	"c++": "cpp", cc: "cpp", h: "c", hpp: "cpp",
	"c#": "csharp", cs: "csharp",
	clj: "clojure", docker: "dockerfile", ex: "elixir", golang: "go", gql: "graphql", hs: "haskell",
	terraform: "hcl", tf: "hcl", htm: "html", svg: "xml", env: "ini", properties: "ini",
	js: "javascript", mjs: "javascript", cjs: "javascript", node: "javascript", jsx: "tsx", jsonc: "json", json5: "json",
	jl: "julia", kt: "kotlin", tex: "latex", makefile: "make", md: "markdown", patch: "diff", pl: "perl",
	ps1: "powershell", pwsh: "powershell", py: "python", python3: "python", rb: "ruby", rs: "rust", sass: "scss",
	mysql: "sql", postgresql: "sql", postgres: "sql", sqlite: "sql", plsql: "sql",
	ts: "typescript", mts: "typescript", cts: "typescript", yml: "yaml",
};

const theme = createCssVariablesTheme({ name: "parley", variablePrefix: "--code-", fontStyle: false });
/** The default color, which needs no element. */
const TEXT = "var(--code-foreground)";

let highlighter: Promise<HighlighterCore> | undefined;

/** A highlighter for code that may still grow. Undefined for a language without a grammar. */
export async function highlightFor(name: string): Promise<GrowingHighlight | undefined> {
	const key = name.toLowerCase();
	const language = ALIASES[key] ?? (key in GRAMMARS ? (key as Language) : undefined);
	if (!language) return undefined;
	// Forgiving: a pattern that JavaScript does not support leaves its piece uncolored.
	highlighter ??= createHighlighterCore({ themes: [theme], langs: [], engine: createJavaScriptRegexEngine({ forgiving: true }) });
	const shared = await highlighter;
	await shared.loadLanguage(GRAMMARS[language]());
	return new GrowingHighlight(shared, name, language);
}

/** Caches complete lines, so that while code grows each is highlighted once, and only the last line again on each change. */
export class GrowingHighlight {
	readonly language: string;
	readonly #highlighter: HighlighterCore;
	readonly #grammar: Language;
	#whole = "";
	#lines: ColoredLine[] = [];
	#state: GrammarState | undefined;

	constructor(highlighter: HighlighterCore, language: string, grammar: Language) {
		this.#highlighter = highlighter;
		this.language = language;
		this.#grammar = grammar;
	}

	linesOf(code: string): ColoredLine[] {
		if (!code.startsWith(this.#whole)) {
			this.#whole = "";
			this.#lines = [];
			this.#state = undefined;
		}
		const end = code.lastIndexOf("\n") + 1;
		const added = code.slice(this.#whole.length, end);
		if (added) {
			const { lines, state } = this.#tokens(added.slice(0, -1));
			this.#lines = [...this.#lines, ...lines.map((line) => [...line, { text: "\n", color: undefined }])];
			this.#state = state;
			this.#whole = code.slice(0, end);
		}
		const rest = code.slice(end);
		return rest ? [...this.#lines, ...this.#tokens(rest).lines] : this.#lines;
	}

	#tokens(code: string): { lines: ColoredLine[]; state: GrammarState | undefined } {
		const tokens = this.#highlighter.codeToTokensBase(code, {
			lang: this.#grammar,
			theme: "parley",
			// A longer line is not highlighted. A line that exceeds the time limit (milliseconds) is cut short, and the next continues in the middle of its
			// tokens. The first line also compiles the grammar, for which a phone needs more than Shiki's default of half a second.
			tokenizeMaxLineLength: 2_000,
			tokenizeTimeLimit: 5_000,
			...(this.#state && { grammarState: this.#state }),
		});
		const lines = tokens.map((line) => line.map(({ content, color }) => ({ text: content, color: color === TEXT ? undefined : color })));
		return { lines, state: this.#highlighter.getLastGrammarState(tokens) };
	}
}
