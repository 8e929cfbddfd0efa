// `npm run prove`: every proof in its long form, one after the other, for half an hour and more. What they print, with machine and seeds, becomes
// docs/proof.md. SEED=… repeats the random choices of an earlier run. `npm run prove -- kill` plays only the steps whose name begins so, and
// leaves what the page says of the others.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { buildEnv, root, setup, toolEnv } from "./setup.mjs";

const seed = process.env.SEED ?? String(Date.now() % 2 ** 31);
const web = join(root, "packages", "web");

const STEPS = [
	{ name: "games: the core against its journal, and simulated worlds", cwd: root, args: ["npm", "run", "prove", "-w", "@parley/metering"] },
	{
		name: "objects: concurrency, who pays and a provider that is down, in workerd",
		cwd: web,
		args: ["vitest", "run", "--project", "workerd", "tests/workerd/concurrency", "tests/workerd/who-pays", "tests/workerd/provider-down"],
	},
	{
		name: "crowd: leaving readers and a failing provider, on the real process",
		cwd: web,
		args: ["vitest", "run", "--project", "system", "tests/prove/crowd"],
	},
	{
		name: "kill: SIGKILL at random while people chat, on the real process",
		cwd: web,
		args: ["vitest", "run", "--project", "system", "tests/prove/kill"],
	},
];

/** What of the output is a result: what passed or failed, what a proof says of itself, the sums. */
const telling = /✓|×|SEED|first byte|Tests |Duration/;

function run({ args: [command, ...args], cwd }) {
	return new Promise((resolve) => {
		const env = toolEnv({ ...buildEnv(), SEED: seed, PROVE: "whole", NO_COLOR: "1" });
		const child = spawn(command, [...args, ...(command === "vitest" ? ["--reporter=verbose"] : [])], {
			cwd,
			env,
			stdio: ["ignore", "pipe", "pipe"],
		});
		let output = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text) => {
				output += text;
				process.stdout.write(text);
			});
		}
		child.on("exit", (code) => resolve({ passed: code === 0, output: stripVTControlCharacters(output) }));
	});
}

setup("install", "build");
const wanted = process.argv.slice(2);
const [cpu] = cpus();
const page = join(root, "docs", "proof.md");
const introduction = [
	"# Proof",
	"",
	"<!-- Written by `npm run prove`. -->",
	"",
	"What each step claims stands in its test; the code is in `packages/metering/proof`, `packages/web/tests/workerd` and `packages/web/tests/prove`.",
	"",
].join("\n");

/** The sections of the page as it is, by their headings. */
function sections() {
	const [, ...found] = existsSync(page) ? readFileSync(page, "utf8").split(/^## /m) : [];
	return new Map(found.map((text) => [text.slice(0, text.indexOf("\n")), text.slice(text.indexOf("\n") + 1)]));
}

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
const machine = `${cpus().length} × ${cpu?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const said = sections();
let failed = 0;
for (const step of STEPS.filter(({ name }) => wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)))) {
	const began = Date.now();
	const { passed, output } = await run(step);
	if (!passed) failed += 1;
	const seconds = Math.round((Date.now() - began) / 1000);
	const lines = output.split("\n").filter((line) => telling.test(line));
	const verdict = `${passed ? "Passed" : "FAILED"} in ${seconds} s. ${new Date(began).toISOString()}, commit ${commit}, ${machine}, SEED=${seed}`;
	said.set(step.name, ["", verdict, "", "```text", ...lines, "```", ""].join("\n"));
	const inOrder = STEPS.filter(({ name }) => said.has(name)).map(({ name }) => `## ${name}\n${said.get(name)}`);
	writeFileSync(page, [introduction, ...inOrder].join("\n"));
}
process.exitCode = failed === 0 ? 0 : 1;
