import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Result } from "./rule.ts";
import { type Flaws, startServer } from "./testing/server.ts";

const closing: (() => void)[] = [];
afterEach(() => {
	for (const close of closing.splice(0)) close();
});

const main = join(import.meta.dirname, "main.ts");

/** Runs the command as a deployer does. */
async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
	const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
	const heard = { out: "", err: "" };
	child.stdout.on("data", (bytes) => {
		heard.out += bytes;
	});
	child.stderr.on("data", (bytes) => {
		heard.err += bytes;
	});
	const [code] = await once(child, "close");
	return { code, ...heard };
}

interface Report {
	exitCode: number;
	modelCallsMax: number;
	chatRequests: number;
	results: Result[];
}

/** Runs the suite against a tiny chat with these flaws. */
async function against(flaws: Flaws, ...args: string[]) {
	const server = await startServer(flaws);
	closing.push(server.close);
	const file = join(mkdtempSync(join(tmpdir(), "conformance-")), "result.json");
	const { code, out, err } = await command("--url", server.url, "--json", file, ...args);
	const report: Report = JSON.parse(readFileSync(file, "utf8"));
	const named = (verdict: Result["verdict"]) => report.results.filter((result) => result.verdict === verdict).map((result) => result.rule);
	return { code, out, err, report, breaches: named("BREACH"), skipped: named("skipped"), modelCalls: server.modelCalls() };
}

describe("a deployment that keeps the rules", () => {
	test("is told so, exits 0, and pays for no more model calls than were announced", async () => {
		const run = await against({});
		expect(run.report.results.filter((result) => result.verdict !== "ok")).toEqual([]);
		expect(run.code).toBe(0);
		expect(run.modelCalls).toBe(run.report.modelCallsMax);
		expect(run.modelCalls).toBeLessThanOrEqual(25);
		expect(run.out).toContain(`at most ${run.modelCalls} model calls`);
	});

	test("makes no account where none is wanted, and says what that leaves unjudged", async () => {
		const run = await against({}, "--no-accounts");
		expect({ code: run.code, breaches: run.breaches, skipped: run.skipped }).toEqual({
			code: 0,
			breaches: [],
			skipped: ["guest-to-account"],
		});
		expect(run.modelCalls).toBe(run.report.modelCallsMax);
	});

	test("is asked only what was named, with what that needs", async () => {
		const run = await against({}, "--only", "refusal", "--only", "reload,foreign-chat");
		expect(run.report.results.map(({ rule, verdict }) => [rule, verdict])).toEqual([
			["refusal", "ok"],
			["foreign-chat", "ok"],
			["reload", "ok"],
		]);
		expect(run.modelCalls).toBe(6);
		expect(run.report.modelCallsMax).toBe(6);
	});
});

describe("a deployment that breaks a rule", () => {
	const FLAWS: [what: string, flaws: Flaws, breaches: string[]][] = [
		["by admitting one more than the limit", { admitsOneMore: true }, ["burst-at-limit", "first-requests", "refusal"]],
		["by answering a wrong verb with a page", { htmlForWrongVerb: true }, ["wrong-verb"]],
		["by counting a request again that is sent again", { countsDuplicates: true }, ["disconnect", "duplicates", "joining", "repeat"]],
		["by joining a second tab where the answer is", { joinsLate: true }, ["joining"]],
		["by counting what was stopped before output", { countsEarlyStops: true }, ["stop-before-output"]],
	];

	test.each(FLAWS)("%s is told just that, and exits 1", async (_, flaws, breaches) => {
		const run = await against(flaws);
		expect(run.breaches.toSorted()).toEqual(breaches);
		expect(run.code).toBe(1);
		expect(run.report.exitCode).toBe(1);
		expect(run.out).toContain("BREACH");
	});
});

describe("what cannot be judged is skipped with its reason, and is no breach", () => {
	test("when the network's guests have used up its pool", async () => {
		const run = await against({ poolUsedUp: true });
		expect(run.breaches).toEqual([]);
		expect(run.skipped).toEqual(["first-requests", "refusal", "burst-at-limit", "guest-to-account"]);
		expect(run.report.results.find(({ rule }) => rule === "first-requests")?.found).toContain("network's pool");
		expect(run.code).toBe(0);
	});

	test("when the model fails", async () => {
		const run = await against({ modelFails: true });
		expect(run.breaches).toEqual([]);
		expect(run.skipped).toContain("first-requests");
		expect(run.skipped).toContain("duplicates");
	});

	test("when the model is too fast to be stopped", async () => {
		const run = await against({ instantModel: true });
		expect(run.breaches).toEqual([]);
		expect(run.skipped).toEqual(["joining", "stop-before-output", "stop-after-output", "disconnect"]);
	});

	test("when sign-up is limited: guests do the rest", async () => {
		const run = await against({ signUpLimited: true });
		expect({ breaches: run.breaches, skipped: run.skipped, code: run.code }).toEqual({
			breaches: [],
			skipped: ["guest-to-account"],
			code: 0,
		});
	});

	test("when the time is up, which exits 2", async () => {
		const run = await against({}, "--time-limit", "0.3");
		expect(run.breaches).toEqual([]);
		expect(run.code).toBe(2);
	});
});

describe("the command", () => {
	test.each([
		["no URL", []],
		["no http", ["--url", "ftp://example.com"]],
		["a path", ["--url", "http://127.0.0.1:9/app"]],
		["an unknown rule", ["--url", "http://127.0.0.1:9", "--only", "nothing"]],
		["an unknown option", ["--url", "http://127.0.0.1:9", "--wrong"]],
		["no time", ["--url", "http://127.0.0.1:9", "--time-limit", "0"]],
		["nobody there", ["--url", "http://127.0.0.1:1"]],
	])("exits 2 for %s, and says why", async (_, args) => {
		const { code, out, err } = await command(...args);
		expect(code).toBe(2);
		expect(out).toBe("");
		expect(err.trim().split("\n")).toHaveLength(1);
	});

	test("follows no redirect: nothing is sent elsewhere", async () => {
		const elsewhere = await startServer();
		closing.push(elsewhere.close);
		const { createServer } = await import("node:http");
		let hits = 0;
		const mover = createServer((_, response) => {
			hits += 1;
			response.writeHead(302, { location: elsewhere.url }).end();
		}).listen(0, "127.0.0.1");
		await once(mover, "listening");
		closing.push(() => mover.close());
		const address = mover.address();
		const { code, err } = await command("--url", `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
		expect({ code, hits }).toEqual({ code: 2, hits: 3 });
		expect(err).toContain("cannot be judged");
		expect(elsewhere.modelCalls()).toBe(0);
	});
});
