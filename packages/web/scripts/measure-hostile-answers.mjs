// Prints the CPU time that the server needs for 300,000 characters of hostile text, each kind in a process of its own:
//   node packages/web/scripts/measure-hostile-answers.mjs
// `first` is the first answer of a process, `warm` the median of the next five.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";

const LENGTH = 300_000;
const web = new URL("../", import.meta.url).pathname;
// biome-ignore format: one line for each kind
const UNITS = [
	"_a_ __", ">", "[", "`", "*a ", "|a", "<sub>", "$x$ ", "- ", "[^1]", "&amp;", "https://a.b ", "![", "](", "\\", "w",
	"a\n\n", "# a\n", "- a\n", "1. a\n\n", "- [ ] a\n", "> a\n\n", "***\n", "a\n=\n", "[a]: b\n", "```\na\n```\n", "$$\na\n$$\n", "<br> ", "<!-- a -->",
	"|a|b|\n|-|-|\n|c|d|\n\n", "<details>\n<summary>a</summary>\nb\n</details>\n", "**「a」**", "**a**中", "https://a.b。",
	`${"> ".repeat(15)}a\n\n`, `${"1. ".repeat(15)}a\n`, "- x\n\n  |a|b|\n  |-|-|\n  |c|d|\n", "- **a** `b` [c](https://d) $x$\n- [ ] *e*\n\n> f\n\n",
	...["*a* ", "`a` ", "$x$ ", "[a](https://b) ", "https://a.b ", "a@b.co ", "<sub>a</sub> ", "a<br>", "_a_ __", "&amp;"].map((mark) => `${mark.repeat(50)}\n\n`),
	`${"word ".repeat(15)}*a* `,
];
const texts = [
	...UNITS.map((unit) => [unit, unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH)]),
	["rows of a table", `|a|b|\n|-|-|\n${"|*c*|d|\n".repeat(LENGTH / 8)}`],
	[
		"footnotes",
		Array.from({ length: 9_000 }, (_, at) => `[^${at}]: b\n`).join("") + Array.from({ length: 9_000 }, (_, at) => `[^${at}] `).join(""),
	],
];

const folder = mkdtempSync(join(tmpdir(), "hostile-"));
try {
	// A module that is no file, in a folder from which React is found.
	const entry = `${web}src/render-hostile.ts`;
	const code = `import { readFileSync } from "node:fs";
		import { createElement } from "react";
		import { renderToReadableStream } from "react-dom/server.edge";
		import { FormattedAnswer } from "./components/answer-text/formatted-answer.tsx";
		const render = async (text) => new Response(await renderToReadableStream(createElement(FormattedAnswer, { text }))).text();
		const text = readFileSync(process.argv[2], "utf8");
		await render("");
		const ms = [];
		for (let run = 0; run < 6; run += 1) {
			const before = process.cpuUsage();
			await render(text);
			const { user, system } = process.cpuUsage(before);
			ms.push((user + system) / 1000);
		}
		const [first, ...warm] = ms;
		console.log(JSON.stringify({ first, warm: warm.sort((a, b) => a - b)[2] }));`;
	await build({
		root: web,
		configFile: false,
		logLevel: "silent",
		define: { "process.env.NODE_ENV": '"production"' },
		ssr: { noExternal: true },
		plugins: [
			{
				name: "entry",
				enforce: "pre",
				resolveId: (id) => (id === entry ? id : undefined),
				load: (id) => (id === entry ? code : undefined),
			},
		],
		build: { ssr: entry, outDir: folder, rolldownOptions: { output: { entryFileNames: "render.mjs" } } },
	});
	const rows = texts.map(([name, text]) => {
		const input = join(folder, "text.md");
		writeFileSync(input, text);
		return { name, ...JSON.parse(execFileSync(process.execPath, [join(folder, "render.mjs"), input], { encoding: "utf8" })) };
	});
	console.log("| 300,000 characters of | ms CPU first | ms CPU warm |\n|---|--:|--:|");
	for (const { name, first, warm } of rows.sort((a, b) => b.first - a.first))
		console.log(`| ${JSON.stringify(name.length > 50 ? `${name.slice(0, 50)}…` : name)} | ${first.toFixed(0)} | ${warm.toFixed(0)} |`);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
