// Prints what each renderer of answers does with the same cases, what it weighs, and what it costs while an answer streams:
//   node packages/web/scripts/compare-renderers.mjs
// Installs the others in a temporary folder (a minute), so that they are no dependencies of this repository.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const source = new URL("../src/components", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "renderers-"));
const versions = ["streamdown@2.7.1", "react-markdown@10.1.0", "remark-gfm@4.0.1", "remark-math@6.0.0", "remark-cjk-friendly@2.3.3"];
const plugins = ["rehype-harden@1.1.9", "rehype-katex@7.0.1", "react@19.3.1", "react-dom@19.3.1"];

const renderers = {
	streamdown: `import { createElement } from "react"; import { Streamdown } from "streamdown";
		export default (text) => createElement(Streamdown, { linkSafety: { enabled: false } }, text);`,
	"react-markdown": `import { createElement } from "react"; import Markdown from "react-markdown";
		import gfm from "remark-gfm"; import math from "remark-math"; import cjk from "remark-cjk-friendly"; import { harden } from "rehype-harden";
		const safe = [harden, { allowedLinkPrefixes: ["*"], allowedImagePrefixes: [] }];
		export default (text) => createElement(Markdown, { remarkPlugins: [gfm, math, cjk], rehypePlugins: [safe] }, text);`,
	ours: `import { createElement } from "react"; import { FormattedAnswer } from "./components/answer-text/formatted-answer.tsx";
		export default (text) => createElement(FormattedAnswer, { text });`,
};
/** KaTeX and highlighters are the same for all, and loaded on first use. */
const notWeighed = /^(react|react-dom|katex|shiki|mermaid)(\/|$)/;

async function bundle(name, code, external) {
	const entry = join(folder, `${name}.entry.js`);
	writeFileSync(entry, code);
	const lib = { entry, formats: ["es"], fileName: () => `${name}.js` };
	const result = await build({
		root: folder,
		logLevel: "silent",
		configFile: false,
		define: { "process.env.NODE_ENV": '"production"', "import.meta.env.SSR": "false" },
		// Not weighed: a page starts it with its first code or formula.
		worker: { format: "es", rolldownOptions: { external } },
		build: { lib, write: false, minify: true, rolldownOptions: { external, output: { codeSplitting: true } } },
	});
	return (Array.isArray(result) ? result : [result]).flatMap(({ output }) => output).filter(({ type }) => type === "chunk");
}

const harness = (
	name,
) => `import { createElement } from "react"; import { createRoot } from "react-dom/client"; import { flushSync } from "react-dom";
	import { renderToStaticMarkup } from "react-dom/server"; import element from "./${name}.entry.js";
	export { renderToStaticMarkup, element, createRoot, flushSync };`;

const sample = `## A heading\n\nSome prose with **bold**, \`code\` and a [link](https://example.com), which goes on for a line or two.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\`\`\`js\nconst a = 1;\n\`\`\`\n\n`;
const streamed = sample.repeat(Math.ceil(20_480 / sample.length)).slice(0, 20_480);
const hostile = ["_a_ __", ">", "[](x", "**a*b", "- "].map((mark) => mark.repeat(1_000 / mark.length));

async function measure(name, cases, faultOf) {
	const chunks = await bundle(name, renderers[name], (id) => notWeighed.test(id));
	const first = chunks.filter((chunk) => chunk.isEntry || chunks.some((other) => other.imports.includes(chunk.fileName)));
	const kib = first.reduce((bytes, { code }) => bytes + gzipSync(code, { level: 9 }).length, 0) / 1024;
	const run = await bundle(`${name}-run`, harness(name), (id) => notWeighed.test(id));
	for (const { fileName, code } of run) {
		mkdirSync(dirname(join(folder, fileName)), { recursive: true });
		writeFileSync(join(folder, fileName), code);
	}
	const { element, renderToStaticMarkup, createRoot, flushSync } = await import(join(folder, run.find(({ isEntry }) => isEntry).fileName));
	const attempt = (text) => {
		try {
			// Streamdown draws bold text as a styled span.
			return renderToStaticMarkup(element(text)).replace(/<span[^>]*data-streamdown="strong"[^>]*>(.*?)<\/span>/gs, "<strong>$1</strong>");
		} catch (error) {
			return `${error}`;
		}
	};
	const failed = cases.flatMap((one) => (faultOf(one, attempt(one.markdown)) ? [one.name] : []));
	const root = createRoot(document.body.appendChild(document.createElement("div")));
	const started = process.cpuUsage();
	// Four updates a second at 100 tokens of 4 characters. The page makes twenty, which takes five times as long.
	for (let end = 100; end <= streamed.length; end += 100) flushSync(() => root.render(element(streamed.slice(0, end))));
	const { user } = process.cpuUsage(started);
	const slowest = hostile.map((text) => {
		const before = process.cpuUsage();
		attempt(text);
		return process.cpuUsage(before).user / 1000;
	});
	const passed = `${cases.length - failed.length} of ${cases.length}`;
	console.log(
		`| ${name} | ${passed} | ${kib.toFixed(0)} | ${(user / 1000).toFixed(0)} | ${Math.max(...slowest).toFixed(0)} | ${failed.join(", ")} |`,
	);
}

try {
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
	execFileSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", folder, ...versions, ...plugins], { stdio: "ignore" });
	mkdirSync(join(folder, "components"));
	for (const part of ["answer-text", "frame"]) cpSync(join(source, part), join(folder, "components", part), { recursive: true });
	const { Window } = await import("happy-dom");
	const window = new Window();
	Object.assign(globalThis, {
		window,
		document: window.document,
		IntersectionObserver: window.IntersectionObserver,
		ResizeObserver: window.ResizeObserver,
	});
	const { CASES, faultOf } = await import(join(source, "answer-text/cases.ts"));
	console.log("| renderer | cases | KiB gzip | ms for 20 KiB streamed | ms for the worst 1,000 characters | cases that fail |");
	console.log("|---|---|---|---|---|---|");
	for (const name of Object.keys(renderers)) await measure(name, CASES, faultOf);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
