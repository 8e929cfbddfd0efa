import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isRecord } from "./answer.ts";
import { Context, tooDear, type Usage, usageOf } from "./context.ts";
import { Client, type Site } from "./http.ts";
import { exitCode, table, tally } from "./report.ts";
import { describe, judge, type Result, type Rule } from "./rule.ts";
import { answers } from "./rules/answers.ts";
import { identity } from "./rules/identity.ts";
import { input } from "./rules/input.ts";
import { limits } from "./rules/limits.ts";
import { requests } from "./rules/requests.ts";
import { site as siteRules } from "./rules/site.ts";

/** Cheap ones first: who asked for the wrong address learns it before anything costs money. */
const RULES: Rule[] = [
	...siteRules,
	...input,
	...identity.slice(0, 2),
	...limits,
	...identity.slice(2, 3),
	...requests,
	...identity.slice(3),
	...answers,
];

const CHAT_REQUESTS_MAX = 80;

const HELP = `Runs Parley's published rules against a running deployment.

  npm run conformance -- --url https://chat.example.com

  --url URL         the deployment; nothing is sent anywhere else
  --only NAME       only this rule; may be repeated, or be a list with commas
  --no-accounts     make no accounts; guests are used instead
  --json FILE       write the result there, too
  --time-limit S    seconds for all rules together (300)
  --timeout S       seconds for one answer of the model (60)

Exit code: 0 no rule is broken, 1 one is, 2 bad arguments, an unreachable URL, or a run that could not be carried out.

Rules: ${RULES.map((rule) => rule.name).join(", ")}`;

class BadArguments extends Error {
	override name = "BadArguments";
}

interface Options {
	origin: string;
	rules: Rule[];
	accounts: boolean;
	json: string | undefined;
	timeLimitMs: number;
	answerMs: number;
}

/** @returns null where help is asked for */
function parse(args: string[]): Options | null {
	const { values } = parseArgs({
		args,
		allowNegative: true,
		options: {
			url: { type: "string" },
			only: { type: "string", multiple: true },
			accounts: { type: "boolean", default: true },
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
		throw new BadArguments(`no rule is named ${unknown.join(", ")}. There are: ${RULES.map((rule) => rule.name).join(", ")}`);
	return {
		origin: url.origin,
		rules: names.length > 0 ? RULES.filter((rule) => names.includes(rule.name)) : RULES,
		accounts: values.accounts,
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

/** Model calls that the rules make on a deployment that keeps them: what one leaves, another uses. */
function callsOf(rules: Rule[], guestLimit: number): number {
	const made = (thing: Rule["uses"], calls: number) =>
		rules.some((rule) => rule.uses === thing) && !rules.some((rule) => rule.leaves === thing) ? calls : 0;
	const own = rules.reduce((sum, rule) => sum + rule.calls(guestLimit), 0);
	return own + made("finished chat", 1) + made("spent guest", tooDear(guestLimit) ? 0 : guestLimit);
}

/** What the deployment says of itself, before anything is asked of it. */
async function lookAt(site: Site): Promise<{ build: string; usage: Usage }> {
	const client = new Client(site);
	const { json } = await client.read("/api/health");
	await client.read("/");
	return { build: isRecord(json) ? String(json.build) : "unknown", usage: await usageOf(client) };
}

async function run(options: Options): Promise<number> {
	const startedAt = new Date();
	const deadline = AbortSignal.timeout(options.timeLimitMs);
	const site: Site = {
		origin: options.origin,
		deadline,
		requestMs: 20_000,
		answerMs: options.answerMs,
		chatRequests: 0,
		chatRequestsMax: CHAT_REQUESTS_MAX,
		sentAgain: 0,
	};
	let seen: { build: string; usage: Usage };
	try {
		seen = await lookAt(site);
	} catch (error) {
		console.error(`${options.origin} cannot be judged: ${describe(error)}`);
		return 2;
	}
	const rules = options.rules.filter((rule) => options.accounts || !rule.needsAccounts);
	const guestLimit = seen.usage.limit;
	const modelCallsMax = callsOf(rules, guestLimit);
	console.log(`Parley's rules against ${options.origin}, build ${seen.build}; a guest gets ${guestLimit}.`);
	console.log(
		`${rules.length} rules: at most ${modelCallsMax} model calls with short messages, and at most ${CHAT_REQUESTS_MAX} requests to the chat endpoint whatever it answers;` +
			` ${options.accounts ? "makes at most one account (@example.com)" : "makes no account"}; at most ${options.timeLimitMs / 1000} s.\n`,
	);

	const context = new Context(site, { accounts: options.accounts, guestLimit });
	const results: Result[] = [];
	for (const rule of options.rules) {
		const result = deadline.aborted ? notBegun(rule) : await judge(rule, context);
		results.push(result);
		if (process.stderr.isTTY) console.error(`${result.verdict.padEnd(7)} ${rule.name} (${result.durationMs} ms)`);
	}
	const code = exitCode(results);
	const { ok, BREACH, skipped } = tally(results);
	const durationMs = Date.now() - startedAt.getTime();
	console.log(table(results, process.stdout.columns ?? 160));
	console.log(
		`\n${ok} ok, ${BREACH} ${BREACH === 1 ? "breach" : "breaches"}, ${skipped} skipped in ${(durationMs / 1000).toFixed(1)} s; ${site.chatRequests} requests to the chat endpoint.`,
	);
	if (site.sentAgain > 0)
		console.log(`${site.sentAgain} requests were sent again: the proxy of a local start (wrangler dev) had lost them.`);
	if (options.json) {
		const { origin, accounts } = options;
		const record = {
			url: origin,
			build: seen.build,
			startedAt,
			durationMs,
			guestLimit,
			accounts,
			modelCallsMax,
			chatRequests: site.chatRequests,
			sentAgain: site.sentAgain,
		};
		writeFileSync(options.json, `${JSON.stringify({ ...record, ok, breaches: BREACH, skipped, exitCode: code, results }, null, "\t")}\n`);
	}
	return code;
}

function notBegun(rule: Rule): Result {
	const { name, did, expected } = rule;
	return { rule: name, did, expected, found: "the run's time was up", verdict: "skipped", cutOff: true, durationMs: 0 };
}

try {
	const options = parse(process.argv.slice(2));
	if (!options) console.log(HELP);
	process.exitCode = options ? await run(options) : 0;
} catch (error) {
	// parseArgs throws TypeErrors with a code of their own; whatever else comes here is a file that cannot be written, or ours.
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 2;
}
