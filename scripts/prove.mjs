// `npm run prove`: runs every proof in its long form, one after another (about an hour), and writes docs/proof.md.
// `npm run prove -- --short`: tests each page and command, runs the short forms of the crowd, kill and year proofs, and writes nothing.
// `npm run prove -- kill`: runs only the steps whose names start with "kill"; the page keeps its other sections.
// SEED=… repeats the random choices of an earlier run.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join, relative } from "node:path";
import { browser } from "./browser.mjs";
import { scratch } from "./scratch.mjs";
import { root, setup, toolEnv } from "./setup.mjs";

const MINUTE_MS = 60_000;
const web = join(root, "packages", "web");
const vitest = (project, ...files) => ({ cwd: web, command: ["vitest", "run", "--project", project, ...files] });

// The gate runs the `short` steps, which `npm test` leaves out. There, a step that takes longer than `shortMaxMs` counts as hung.
const STEPS = [
	{
		name: "product: each page and command, in Chromium and on the real process",
		...{ short: true, shortMaxMs: 40 * MINUTE_MS },
		...vitest("system", "tests/system"),
	},
	{
		name: "games: the core against its journal, and simulated worlds",
		cwd: root,
		command: ["npm", "run", "prove", "-w", "@parley/metering", "--"],
	},
	{
		name: "objects: concurrency, who pays and a provider that is down, in workerd",
		...vitest("workerd", "tests/workerd/concurrency", "tests/workerd/who-pays", "tests/workerd/provider-down"),
	},
	{ name: "growth: a ledger of a million requests, in workerd", ...vitest("workerd", "tests/workerd/ledger-growth") },
	{ name: "year: a year of one account, on the real process", short: true, ...vitest("system", "tests/year") },
	{ name: "crowd: leaving readers and a failing provider, on the real process", short: true, ...vitest("system", "tests/prove/crowd") },
	{ name: "kill: SIGKILL at random while people chat, on the real process", short: true, ...vitest("system", "tests/prove/kill") },
];

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const short = process.argv.includes("--short");
const seed = process.env.SEED ?? String(Date.now() % 2 ** 31);
const SHORT_MAX_MS = 8 * MINUTE_MS;
const WHOLE_MAX_MS = 180 * MINUTE_MS;

/** Runs one step. Returns its tests from Vitest's JSON report, or none if there is no report. */
async function run({ name, shortMaxMs = SHORT_MAX_MS, cwd, command: [command, ...args] }) {
	const maxMs = short ? shortMaxMs : WHOLE_MAX_MS;
	const folder = mkdtempSync(join(tmpdir(), "parley-prove-"));
	const file = join(folder, "results.json");
	const beganMs = Date.now();
	const child = spawn(command, [...args, "--reporter=verbose", "--reporter=json", `--outputFile.json=${file}`], {
		cwd,
		env: toolEnv({ CHROMIUM_PATH: chromium, TMPDIR: temporary, SEED: seed, PROVE: short ? "" : "whole", NO_COLOR: "1" }),
		stdio: ["ignore", "pipe", "pipe"],
		detached: process.platform !== "win32",
	});
	const prefix = `${name.split(":")[0]}: `;
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text) => process.stdout.write(text.replace(/^(?=.)/gm, prefix)));
	}
	let late = false;
	const timer = setTimeout(() => {
		late = true;
		process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
	}, maxMs);
	const code = await new Promise((resolve) => {
		child.on("error", () => resolve(1));
		child.on("close", resolve);
	});
	clearTimeout(timer);
	const tests = existsSync(file)
		? JSON.parse(readFileSync(file, "utf8")).testResults.flatMap((one) => one.assertionResults)
		: /* the run broke before it reported */ [];
	rmSync(folder, { recursive: true, force: true });
	const played = tests.filter(({ status }) => status === "passed" || status === "failed");
	// A run without tests proves nothing, whatever its exit code.
	const passed = code === 0 && !late && played.length > 0 && played.every(({ status }) => status === "passed");
	return { name, passed, stoppedAfterMs: late ? maxMs : null, tests: played, beganMs, tookMs: Date.now() - beganMs };
}

const [cpu] = cpus();
const machine = `${cpus().length} × ${cpu?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const cell = (text) => String(text).replaceAll("|", "\\|").replaceAll("\n", " ");

/** One step as a section of the page: when and where it ran, and a row for each claim. */
function section({ passed, tests, beganMs, tookMs }) {
	const rows = tests.map(({ fullName, status, duration, meta }) => {
		const result = [status, meta?.proof?.result].filter(Boolean).join(": ");
		const claim = fullName.trim().replace(/ \(SEED=[^)]*\)$/, "");
		return `| ${[claim, result, meta?.proof?.seed ?? "", seconds(duration ?? 0)].map(cell).join(" | ")} |`;
	});
	const head = [`${passed ? "Passed" : "**FAILED**"} in ${seconds(tookMs)}`, new Date(beganMs).toISOString(), `commit ${commit}`, machine];
	return [
		"",
		`${[...head, `SEED=${seed}`].join(" · ")}`,
		"",
		"| Claim | Result | Seed | Duration |",
		"|---|---|---|---:|",
		...rows,
		"",
	].join("\n");
}

const page = join(root, "docs", "proof.md");
const introduction = [
	"# Proof",
	"",
	"<!-- Generated by `npm run prove`; do not edit. -->",
	"",
	"Each claim is a test in `packages/metering/proof`, or in `packages/web/tests`: `system`, `workerd`, `prove` or `year`.",
	"`SEED=… npm run prove -- <step>` repeats the random choices of a run.",
	"",
].join("\n");

/** The current page's sections, by heading. */
function sections() {
	const [, ...found] = existsSync(page) ? readFileSync(page, "utf8").split(/^## /m) : [];
	return new Map(found.map((text) => [text.slice(0, text.indexOf("\n")), `${text.slice(text.indexOf("\n") + 1).trimEnd()}\n`]));
}

function write(outcome) {
	const kept = sections().set(outcome.name, section(outcome));
	const inOrder = STEPS.filter(({ name }) => kept.has(name)).map(({ name }) => `## ${name}\n${kept.get(name)}`);
	writeFileSync(page, [introduction, ...inOrder].join("\n"));
}

/** Runs the steps, `atOnce` at a time. */
async function play(steps, atOnce) {
	const left = [...steps];
	const outcomes = [];
	const lane = async () => {
		for (let step = left.shift(); step; step = left.shift()) {
			const outcome = await run(step);
			outcomes.push(outcome);
			if (!short) write(outcome);
		}
	};
	await Promise.all(Array.from({ length: atOnce }, lane));
	return outcomes;
}

let chromium;
const temporary = scratch();
try {
	setup("install", "build");
	chromium = browser();
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
}
const steps = STEPS.filter(({ name, ...step }) =>
	wanted.length > 0 ? wanted.some((prefix) => name.startsWith(prefix)) : !short || step.short,
);
if (steps.length === 0) {
	console.error(`No step begins with ${wanted.join(" or ")}. There are: ${STEPS.map(({ name }) => name.split(":")[0]).join(", ")}.`);
	process.exit(1);
}
const outcomes = await play(steps, short ? 2 : 1);
console.log(`\nprove${short ? " --short" : ""} at ${commit}, SEED=${seed}, ${machine}`);
for (const { name, passed, stoppedAfterMs, tests, tookMs } of outcomes) {
	console.log(
		`${passed ? "passed" : "FAILED"} in ${seconds(tookMs)}: ${name}${stoppedAfterMs ? ` (stopped after ${seconds(stoppedAfterMs)})` : ""}`,
	);
	for (const { fullName, status, meta, failureMessages } of tests) {
		const detail = status === "failed" ? `\n${failureMessages.join("\n")}` : (meta?.proof?.result ?? "");
		console.log(`  ${status === "passed" ? "✓" : "×"} ${fullName.trim()}${detail ? `: ${detail}` : ""}`);
	}
}
if (!short) console.log(`wrote ${relative(root, page)}`);
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
