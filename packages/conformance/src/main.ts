import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isRecord } from "./answer.ts";
import { clearUp } from "./clear-up.ts";
import { Context, modelCallsToLimit, type Usage, usageOf } from "./context.ts";
import { describe } from "./failure.ts";
import { Client, type Site } from "./http.ts";
import { exitCode, table, tally } from "./report.ts";
import { judge, type Leaving, type Result, type Rule } from "./rule.ts";
import { answers } from "./rules/answers.ts";
import { identity } from "./rules/identity.ts";
import { input } from "./rules/input.ts";
import { limits } from "./rules/limits.ts";
import { prices } from "./rules/prices.ts";
import { requests } from "./rules/requests.ts";
import { site as siteRules } from "./rules/site.ts";

/**
 * Rules without model calls come first, so that a wrong address fails before anything costs money. Later rules reuse state of earlier ones,
 * above all guests. A group that runs alone creates what it needs.
 */
export const GROUPS = [
	["health", "page", "unknown-address", "wrong-verb"],
	["usage-is-advice", "billing-closed", "bad-input", "foreign-origin"],
	["first-requests", "refusal", "no-cookie", "guest-to-account"],
	["duplicates", "repeat", "other-body", "foreign-chat", "reload", "deleted-chat", "another-answer"],
	["joining", "stop-before-output", "stop-after-output", "disconnect"],
	["max-units", "mixed-prices"],
	["burst-at-limit"],
];
const ORDER = GROUPS.flat();

export const RULES: Rule[] = [...siteRules, ...input, ...identity, ...limits, ...requests, ...answers, ...prices].sort(
	(a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name),
);

const CHAT_REQUESTS_MAX = 100;

const HELP = `Runs Parley's published rules against a running deployment.

  npm run conformance -- --url https://chat.example.com

  --url URL         the deployment; nothing is sent anywhere else
  --only NAME       only this rule; repeatable, or a comma-separated list
  --account         may create one account, which remains: checks guest-to-account, and saves the network's pool
  --json FILE       also write the result to this file
  --time-limit S    seconds for all rules together (300)
  --timeout S       seconds for one answer of the model (60)

Exit code: 0 no rule is broken, 1 a rule is broken, 2 bad arguments, an unreachable URL, or a run that was cut off.

Rules: ${RULES.map((rule) => rule.name).join(", ")}`;

class BadArguments extends Error {
	override name = "BadArguments";
}

interface Options {
	origin: string;
	rules: Rule[];
	account: boolean;
	json: string | undefined;
	timeLimitMs: number;
	answerMs: number;
}

/** Where a run writes its output: the console, except in tests. */
export type Output = Pick<Console, "log" | "error">;

/** Parses the arguments; null for `--help`. @throws BadArguments */
function parse(args: string[]): Options | null {
	const { values } = parseArgs({
		args,
		options: {
			url: { type: "string" },
			only: { type: "string", multiple: true },
			account: { type: "boolean", default: false },
			json: { type: "string" },
			"time-limit": { type: "string", default: "300" },
			timeout: { type: "string", default: "60" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) return null;
	const url = URL.canParse(values.url ?? "") ? new URL(values.url ?? "") : null;
	if (!url || !/^https?:$/.test(url.protocol)) throw new BadArguments("--url must be the http or https address of a deployment");
	if (url.pathname !== "/" || url.search || url.username) throw new BadArguments("--url must be an origin, without path, query or name");
	const names = (values.only ?? []).flatMap((list) => list.split(",")).map((name) => name.trim());
	const unknown = names.filter((name) => !RULES.some((rule) => rule.name === name));
	if (unknown.length > 0)
		throw new BadArguments(`no rule is named ${unknown.join(", ")}. The rules: ${RULES.map((rule) => rule.name).join(", ")}`);
	return {
		origin: url.origin,
		rules: names.length > 0 ? RULES.filter((rule) => names.includes(rule.name)) : RULES,
		account: values.account,
		json: values.json,
		timeLimitMs: seconds("--time-limit", values["time-limit"]),
		answerMs: seconds("--timeout", values.timeout),
	};
}

function seconds(name: string, text: string): number {
	const value = Number(text);
	if (!(value > 0 && value <= 3600)) throw new BadArguments(`${name} must be a number of seconds, at most 3600`);
	return value * 1000;
}

/** Upper bound of the model calls that these rules make on a conforming deployment. */
function callsOf(rules: Rule[], guestLimit: number): number {
	const made = (thing: Leaving, calls: number) =>
		rules.some((rule) => rule.uses === thing) && !rules.some((rule) => rule.leaves === thing) ? calls : 0;
	const own = rules.reduce((sum, rule) => sum + rule.calls(guestLimit), 0);
	return own + made("finished chat", 1) + made("newcomer", 1) + made("spent guest", modelCallsToLimit(guestLimit));
}

/** Reads the build and a guest's usage before any rule runs. */
async function lookAt(site: Site): Promise<{ build: string; usage: Usage }> {
	const client = new Client(site);
	const { json } = await client.read("/api/health");
	await client.read("/");
	return { build: isRecord(json) ? String(json.build) : "unknown", usage: await usageOf(client) };
}

async function run(options: Options, output: Output): Promise<number> {
	const startedAt = new Date();
	const { origin, account } = options;
	const site: Site = {
		origin,
		deadline: AbortSignal.timeout(options.timeLimitMs),
		requestMs: 20_000,
		answerMs: options.answerMs,
		chatRequests: 0,
		chatRequestsMax: CHAT_REQUESTS_MAX,
		sentAgain: 0,
		guestRequestsMoved: 0,
		chats: new Map(),
	};
	let seen: { build: string; usage: Usage };
	try {
		seen = await lookAt(site);
	} catch (error) {
		output.error(`${origin} cannot be checked: ${describe(error)}`);
		return 2;
	}
	const guestLimit = seen.usage.limit;
	const modelCallsMax = callsOf(
		options.rules.filter((rule) => account || !rule.needsAccount),
		guestLimit,
	);
	output.log(
		`Parley's rules against ${origin}, build ${seen.build}; a guest gets ${guestLimit} requests, ${seen.usage.remaining} of them available here today.`,
	);
	output.log(
		`${options.rules.length} rules: at most ${modelCallsMax} model calls with short messages, and never more than ${CHAT_REQUESTS_MAX} requests to the chat endpoint;` +
			` ${account ? "creates at most one account (@example.com)" : "creates guests, but no account"}; at most ${options.timeLimitMs / 1000} s.\n`,
	);

	const context = new Context(site, { mayMakeAccount: account, guestLimit });
	const results: Result[] = [];
	for (const rule of options.rules) {
		const result = site.deadline.aborted ? notBegun(rule) : await judge(rule, context);
		results.push(result);
		if (process.stderr.isTTY) output.error(`${result.verdict.padEnd(7)} ${rule.name} (${result.durationMs} ms)`);
	}
	const remains = await clearUp(site);
	const code = exitCode(results);
	const { ok, BREACH, skipped } = tally(results);
	const durationMs = Date.now() - startedAt.getTime();
	output.log(table(results, process.stdout.columns ?? 160));
	output.log(`\n${ok} ok, ${BREACH} ${BREACH === 1 ? "breach" : "breaches"}, ${skipped} skipped in ${(durationMs / 1000).toFixed(1)} s.`);
	output.log(
		`${site.chatRequests} requests to the chat endpoint, ${remains.guestRequests} of them counted for guests of this network;` +
			` ${remains.chats - remains.chatsLeft} chats deleted${remains.chatsLeft > 0 ? `, ${remains.chatsLeft} could not be deleted` : ""}.`,
	);
	if (site.sentAgain > 0)
		output.log(`${site.sentAgain} requests were resent because the proxy of a local start (wrangler dev) had lost them.`);
	if (options.json) {
		const { build } = seen;
		const { chatRequests, sentAgain } = site;
		const head = { url: origin, build, startedAt, durationMs, guestLimit, account, modelCallsMax, chatRequests, sentAgain, ...remains };
		writeFileSync(options.json, `${JSON.stringify({ ...head, ok, breaches: BREACH, skipped, exitCode: code, results }, null, "\t")}\n`);
	}
	return code;
}

function notBegun(rule: Rule): Result {
	const { name, did, expected } = rule;
	return { rule: name, did, expected, found: "the time limit was reached", verdict: "skipped", cutOff: true, durationMs: 0 };
}

/** Runs the command and returns its exit code. Never throws. */
export async function main(args: string[], output: Output = console): Promise<number> {
	try {
		const options = parse(args);
		if (options) return await run(options, output);
		output.log(HELP);
		return 0;
	} catch (error) {
		// Bad arguments (ours, or a TypeError of parseArgs), or a file that cannot be written.
		output.error(error instanceof Error ? error.message : error);
		return 2;
	}
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
