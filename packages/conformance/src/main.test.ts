import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { RULES } from "./main.ts";
import { against, closing, command } from "./testing/run.ts";
import { startServer } from "./testing/server.ts";
import type { Traits } from "./testing/traits.ts";

afterAll(() => {
	for (const close of closing) close();
});

describe.concurrent("a conforming deployment", () => {
	test("passes every rule, exits 0, and makes at most the announced number of model calls", async () => {
		const run = await against({});
		expect(run.report.results.filter((result) => result.verdict !== "ok")).toEqual([]);
		expect(run.report.results.map(({ rule }) => rule)).toEqual(RULES.map(({ name }) => name));
		expect(run.code).toBe(0);
		expect(run.server.modelCalls()).toBeLessThanOrEqual(run.report.modelCallsMax);
		expect(run.report.modelCallsMax).toBe(26);
		expect(run.server.accounts()).toBe(1);
		expect(run.report.guestRequests).toBe(15);
	});

	test("keeps only the run's guests: no chat, and no account without --account", async () => {
		const run = await against({}, "--time-limit", "60");
		expect({ code: run.code, breaches: run.breaches, skipped: run.skipped }).toEqual({
			code: 0,
			breaches: [],
			skipped: ["guest-to-account"],
		});
		expect([run.server.accounts(), run.server.chatsLeft(), run.report.chatsLeft]).toEqual([0, 0, 0]);
		expect(run.server.modelCalls()).toBeLessThanOrEqual(run.report.modelCallsMax);
		expect(run.report.guestRequests).toBe(23);
		expect(run.out).toContain("23 of them counted for guests of this network");
	});

	test("is checked only against the named rules and their prerequisites", async () => {
		const run = await against({}, "--only", "refusal", "--only", "reload,foreign-chat");
		expect(run.report.results.map(({ rule, verdict }) => [rule, verdict])).toEqual([
			["refusal", "ok"],
			["foreign-chat", "ok"],
			["reload", "ok"],
		]);
		expect(run.server.modelCalls()).toBe(6);
		expect(run.report.modelCallsMax).toBe(6);
	});

	test("passes with a model that takes 300 ms to the first word of a burst", async () => {
		const run = await against({ firstTokenMs: 300 }, "--only", "first-requests,burst-at-limit");
		expect({ code: run.code, breaches: run.breaches, skipped: run.skipped }).toEqual({ code: 0, breaches: [], skipped: [] });
		expect(run.found("first-requests")).toBe("5 answered, 5 refused (guest); used 5 of 5");
	});

	test.each([1, 2, 3, 8])("is checked against its own guest limit of %i", async (guestLimit) => {
		const run = await against({ guestLimit }, "--only", "first-requests,refusal,burst-at-limit,another-answer");
		expect(run.breaches).toEqual([]);
		expect(run.found("first-requests")).toContain(`used ${guestLimit} of ${guestLimit}`);
		expect(run.skipped).toEqual(guestLimit < 3 ? ["another-answer"] : []);
		expect(run.server.modelCalls()).toBeLessThanOrEqual(run.report.modelCallsMax);
	});
});

describe.concurrent("a rule is skipped with a reason, without a breach,", () => {
	test("when the network's guests have used up its pool", async () => {
		const run = await against({ poolUsedUp: true });
		expect(run.breaches).toEqual([]);
		expect(run.skipped).toEqual(["first-requests", "refusal", "no-cookie", "guest-to-account", "mixed-prices", "burst-at-limit"]);
		expect(run.found("first-requests")).toContain("network's pool");
		expect(run.code).toBe(0);
	});

	test("when new guests need a human check; the other rules use an account", async () => {
		const run = await against({ wantsHumans: true });
		expect([run.code, run.breaches]).toEqual([0, []]);
		expect(run.skipped).toEqual(["first-requests", "refusal", "no-cookie", "guest-to-account", "mixed-prices", "burst-at-limit"]);
		expect(run.found("no-cookie")).toContain("human");
		const guests = ["joining", "stop-before-output", "stop-after-output", "disconnect"];
		const alone = await against({ wantsHumans: true }, "--only", guests.join());
		expect([alone.breaches, alone.skipped]).toEqual([[], guests]);
	});

	test("when a guest's limit is too high to use up, or is 0", async () => {
		const high = await against({ guestLimit: 50 });
		expect([high.breaches, high.skipped]).toEqual([[], ["first-requests", "refusal", "mixed-prices", "burst-at-limit"]]);
		expect(high.server.modelCalls()).toBe(high.report.modelCallsMax);
		const none = await against({ guestLimit: 0 }, "--only", "first-requests,refusal,no-cookie,burst-at-limit");
		expect([none.breaches, none.skipped, none.server.modelCalls()]).toEqual([[], ["no-cookie", "burst-at-limit"], 0]);
	});

	test("when there is only one price", async () => {
		const run = await against({ weights: [1] }, "--only", "max-units,mixed-prices");
		expect([run.code, run.breaches, run.skipped]).toEqual([2, [], ["max-units", "mixed-prices"]]);
		expect(run.found("max-units")).toBe("no model costs 2 or more of the 5 requests that are left");
		expect(run.found("mixed-prices")).toBe("all models that a guest may ask cost the same");
		expect(run.server.modelCalls()).toBe(0);
	});

	test("when the model fails", async () => {
		const run = await against({ modelFails: true });
		expect(run.breaches).toEqual([]);
		expect(run.skipped).toContain("first-requests");
		expect(run.skipped).toContain("duplicates");
	});

	test("when the model finishes before it can be stopped", async () => {
		const run = await against({ instantModel: true });
		expect(run.breaches).toEqual([]);
		expect(run.skipped).toEqual(["joining", "stop-before-output", "stop-after-output", "disconnect"]);
	});

	test("when sign-up is rate-limited; the other rules use guests", async () => {
		const run = await against({ signUpLimited: true });
		expect([run.code, run.breaches, run.skipped]).toEqual([0, [], ["guest-to-account"]]);
	});

	test("when the time limit is reached, which exits 2", async () => {
		const run = await against({ firstTokenMs: 10_000 }, "--only", "first-requests,refusal", "--time-limit", "4");
		expect([run.breaches, run.skipped]).toEqual([[], ["first-requests", "refusal"]]);
		expect(run.found("refusal")).toBe("the time limit was reached");
		expect(run.code).toBe(2);
	});
});

describe.concurrent("the command", () => {
	test.each([
		["no URL", []],
		["an unsupported scheme", ["--url", "ftp://example.com"]],
		["a path", ["--url", "http://127.0.0.1:9/app"]],
		["an unknown rule", ["--url", "http://127.0.0.1:9", "--only", "nothing"]],
		["an unknown option", ["--url", "http://127.0.0.1:9", "--wrong"]],
		["a time limit of 0", ["--url", "http://127.0.0.1:9", "--time-limit", "0"]],
		["an unreachable host", ["--url", "http://127.0.0.1:1"]],
	])("exits 2 for %s, with one line that says why", async (_, args) => {
		const { code, out, err } = await command(...args);
		expect(code).toBe(2);
		expect(out).toBe("");
		expect(err.trim().split("\n")).toHaveLength(1);
	});

	test.each([
		[0, {}],
		[1, { isUnwell: true }],
	])("exits %i as a process", async (expected, traits: Traits) => {
		const server = await startServer(traits);
		closing.push(server.close);
		const args = [join(import.meta.dirname, "main.ts"), "--url", server.url, "--only", "health"];
		const [code] = await once(spawn(process.execPath, args, { stdio: "ignore" }), "close");
		expect(code).toBe(expected);
	});

	test("does not follow a redirect to another origin", async () => {
		const elsewhere = await startServer();
		closing.push(elsewhere.close);
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
		expect(err).toContain("cannot be checked");
		expect(elsewhere.modelCalls()).toBe(0);
	});
});
