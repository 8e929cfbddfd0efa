import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "../answer.ts";
import { type Context, counted, isChallenge, modelCallsToLimit, modelFailed, refusedByOthers, shortQuestion, usageOf } from "../context.ts";
import { Breach, Unjudged } from "../failure.ts";
import { type Choice, Client } from "../http.ts";
import { Checks, type Rule } from "../rule.ts";

const AT_ONCE = 10;
const CROSSING = 5;

/** Sends a request for each choice at once, and reads the usage meanwhile. `most` is the highest used + held seen. */
export async function burst(guest: Client, choices: (Choice | undefined)[]): Promise<{ answers: Answer[]; most: number }> {
	let over = false;
	const answering = Promise.all(choices.map(async (choice) => (await guest.ask(shortQuestion(), choice)).whole()));
	const end = answering.finally(() => {
		over = true;
	});
	// `end` is awaited below, which throws on failure. Until then a rejection must not be unhandled.
	end.catch(() => {});
	let most = 0;
	for (let looks = 0; looks < 15 && !over; looks += 1) {
		const { used, held } = await usageOf(guest);
		most = Math.max(most, used + held);
		await Promise.race([sleep(100), end]);
	}
	return { answers: await end, most };
}

/** Checks the fields of a limit's 429. `units`: the price of the refused request, which exceeds the remaining units. */
export function checkRefusal(checks: Checks, { headers, problem }: Answer, guestLimit: number, units = 1): void {
	const { status, title, detail, policy, tier, limit, remaining, resetAt, upgradeUrl } = problem ?? {};
	const type = headers.get("content-type") ?? "none";
	checks.that(type.startsWith("application/problem+json"), `429: content-type ${type}`);
	checks.that(status === 429, `429: status in the body ${String(status)}`);
	checks.that(typeof detail === "string" && detail !== "", "429: no detail");
	checks.that(policy === "guest" || policy === "network" || policy === "in-flight", `429: policy ${String(policy)}`);
	checks.that(tier === "guest", `429: tier ${String(tier)}`);
	checks.that(typeof limit === "number" && typeof remaining === "number", `429: limit ${String(limit)}, remaining ${String(remaining)}`);
	checks.that(resetAt === null || (typeof resetAt === "string" && !Number.isNaN(Date.parse(resetAt))), `429: resetAt ${String(resetAt)}`);
	checks.that(typeof upgradeUrl === "string" && upgradeUrl !== "", `429: upgradeUrl ${String(upgradeUrl)}`);
	if (policy === "in-flight") {
		checks.that(title === "Too many requests at once", `429 in flight: title ${String(title)}`);
		checks.that(headers.get("retry-after") === "1", `429 in flight: Retry-After ${headers.get("retry-after") ?? "none"}`);
	} else checks.that(title === "Usage limit reached", `429: title ${String(title)}`);
	if (policy !== "guest") return;
	checks.that(limit === guestLimit, `429: limit ${String(limit)}, usage says ${guestLimit}`);
	checks.that(Number(remaining) >= 0 && Number(remaining) < units, `429: remaining ${String(remaining)}`);
}

/** Sends a burst and checks that `left` of it are answered, so that the guest ends at its limit. */
async function judgeBurst(context: Context, guest: Client, left: number, count: number) {
	const { answers, most } = await burst(guest, Array(count).fill(undefined));
	const after = await usageOf(guest);
	const checks = new Checks();
	const answered = answers.filter((answer) => answer.status === 200);
	const refused = answers.filter((answer) => answer.status === 429);
	const others = answers.filter((answer) => answer.status !== 200 && answer.status !== 429 && !isChallenge(answer));
	const paid = answered.filter((answer) => answer.metadata.counted === true).length;
	const policies = [...new Set(refused.map((answer) => String(answer.problem?.policy)))];
	const failed = answered.filter(modelFailed).length;
	// Units of failed answers are released, so other requests may take them.
	const admitted = answered.length - failed;

	checks.that(others.length === 0, `unexpected status ${others.map((answer) => answer.status).join(", ")}`);
	checks.that(admitted <= left, `${admitted} of ${count} answered, but ${left} were left`);
	checks.that(most <= context.guestLimit, `used + held was ${most} of ${context.guestLimit}`);
	checks.that(after.used + after.held <= context.guestLimit, `used + held ended at ${after.used + after.held} of ${context.guestLimit}`);
	checks.that(after.held === 0, `${after.held} still held after the last answer`);
	const before = context.guestLimit - left;
	checks.that(after.used === before + paid, `${paid} answers report as counted, but usage went from ${before} to ${after.used}`);
	checks.that(
		answered.every((answer) => answer.headers.has("ratelimit") && answer.headers.has("ratelimit-policy")),
		"an answer has no RateLimit fields",
	);
	checks.that(
		answered.every((answer) => answer.headers.get("content-type")?.startsWith("text/event-stream")),
		"an answer is not an event stream",
	);
	for (const answer of refused) checkRefusal(checks, answer, context.guestLimit);
	if (checks.wrong.length > 0) return checks.finding("");
	for (const answer of answers.filter(isChallenge)) refusedByOthers(answer);
	if (failed > 0) throw new Unjudged(`the model failed ${failed} answers, whose units are released`);
	if (admitted < left && policies.includes("network"))
		throw new Unjudged(`${admitted} answered, which is not too many; the network's pool refused the rest`);
	checks.that(admitted === left || policies.includes("in-flight"), `only ${admitted} answered of the ${left} that were left`);
	if (after.used === context.guestLimit) context.spent ??= guest;
	return checks.finding(`${admitted} answered, ${refused.length} refused (${policies.join(", ")}); used ${after.used} of ${after.limit}`);
}

const first: Rule = {
	name: "first-requests",
	did: `a new guest's first ${AT_ONCE} requests, all at once`,
	expected: "as many answered as the limit allows, used + held never above it; the others 429 problem+json with policy and next step",
	calls: modelCallsToLimit,
	leaves: "spent guest",
	judge: async (context) => judgeBurst(context, await context.guestWithAll(), context.guestLimit, AT_ONCE),
};

const last: Rule = {
	name: "burst-at-limit",
	did: `${CROSSING} requests at once from a guest with one left`,
	expected: `1 answered, ${CROSSING - 1} refused, used at the limit`,
	calls: modelCallsToLimit,
	judge: async (context) => judgeBurst(context, await context.guestWithOneLeft(), 1, CROSSING),
};

const refusal: Rule = {
	name: "refusal",
	did: "a request from a guest at the limit",
	expected: "429 problem+json: policy, tier, limit, remaining, resetAt, upgradeUrl; RateLimit fields; no-store; nothing counted",
	calls: () => 0,
	uses: "spent guest",
	judge: async (context) => {
		const guest = await context.spentGuest();
		const before = await usageOf(guest);
		const answer = await (await guest.ask(shortQuestion())).whole();
		const after = await usageOf(guest);
		const checks = new Checks();
		const header = (name: string) => answer.headers.get(name) ?? "none";
		if (answer.status !== 429) throw new Breach(`status ${answer.status}`);
		checkRefusal(checks, answer, before.limit);
		checks.that(answer.problem?.policy === "guest", `policy ${String(answer.problem?.policy)}`);
		const cache = header("cache-control");
		checks.that(/private/.test(cache) && /no-store/.test(cache), `cache-control ${cache}`);
		checks.that(/;\s*r=0(;|$)/.test(header("ratelimit")), `RateLimit: ${header("ratelimit")}`);
		const quota = new RegExp(`;\\s*q=${before.limit}(;|$)`);
		checks.that(quota.test(header("ratelimit-policy")), `RateLimit-Policy: ${header("ratelimit-policy")}`);
		checks.that(after.used === before.used && after.held === 0, `the refusal changed used from ${before.used} to ${after.used}`);
		const { title, policy, upgradeUrl } = answer.problem ?? {};
		return checks.finding(`429 "${String(title)}", policy ${String(policy)}, next step ${String(upgradeUrl)}`);
	},
};

const noCookie: Rule = {
	name: "no-cookie",
	did: "a first request from a client that has no cookie and loaded no page",
	expected: "answered as a new guest, 1 counted, with the guest cookie and the RateLimit fields",
	calls: () => 1,
	leaves: "newcomer",
	judge: async (context) => {
		// Created only to check that the network's pool has a request left. The client below is another guest.
		await context.guest(1);
		const client = new Client(context.site);
		const question = shortQuestion();
		const answer = await counted(await client.ask(question));
		const { tier, used, held } = await usageOf(client);
		const left = answer.headers.get("ratelimit") ?? "none";
		const checks = new Checks();
		checks.that(client.cookies.size > 0, "no cookie came with the answer");
		checks.that(tier === "guest" && used === 1 && held === 0, `afterwards: tier ${tier}, ${used} used, ${held} held`);
		checks.that(/;\s*r=\d+(;|$)/.test(left), `RateLimit: ${left}`);
		if (checks.wrong.length === 0) context.newcomer = { client, question };
		return checks.finding(`answered, ${used} counted, RateLimit: ${left}`);
	},
};

export const limits: Rule[] = [first, refusal, noCookie, last];
