import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "../answer.ts";
import { type Context, counted, modelFailed, shortQuestion, tooDear, usageOf } from "../context.ts";
import type { Client } from "../http.ts";
import { Checks, type Rule, Unjudged } from "../rule.ts";

const AT_ONCE = 10;
const CROSSING = 5;

/** Asks so many things at once, and looks at the usage meanwhile. */
async function burst(guest: Client, count: number): Promise<{ answers: Answer[]; most: number }> {
	let over = false;
	const answering = Promise.all(Array.from({ length: count }, async () => (await guest.ask(shortQuestion())).whole()));
	const end = answering.finally(() => {
		over = true;
	});
	// Whoever awaits `end` below hears of a failure; the looks in between must not die of it first.
	end.catch(() => {});
	let most = 0;
	for (let looks = 0; looks < 15 && !over; looks += 1) {
		const { used, held } = await usageOf(guest);
		most = Math.max(most, used + held);
		await Promise.race([sleep(100), end]);
	}
	return { answers: await end, most };
}

/** Judges a burst of which `left` should be answered; the guest ends at its limit. */
async function judgeBurst(context: Context, guest: Client, left: number, count: number) {
	const { answers, most } = await burst(guest, count);
	const after = await usageOf(guest);
	const checks = new Checks();
	const answered = answers.filter((answer) => answer.status === 200);
	const refused = answers.filter((answer) => answer.status === 429);
	const others = answers.filter((answer) => answer.status !== 200 && answer.status !== 429);
	const paid = answered.filter((answer) => answer.metadata.counted === true).length;
	const policies = [...new Set(refused.map((answer) => String(answer.problem?.policy)))];
	const failed = answered.filter(modelFailed).length;
	// Those that the model failed are given back, and let others in.
	const admitted = answered.length - failed;

	checks.that(others.length === 0, `answered ${others.map((answer) => answer.status).join(", ")}`);
	checks.that(admitted <= left, `${admitted} of ${count} answered where ${left} were left`);
	checks.that(most <= context.guestLimit, `used + held was ${most} of ${context.guestLimit}`);
	checks.that(after.used + after.held <= context.guestLimit, `used + held ended at ${after.used + after.held} of ${context.guestLimit}`);
	checks.that(after.held === 0, `${after.held} still held after the last answer`);
	const before = context.guestLimit - left;
	checks.that(after.used === before + paid, `${paid} answers say that they are counted, usage went from ${before} to ${after.used}`);
	checks.that(
		answered.every((answer) => answer.headers.has("ratelimit") && answer.headers.has("ratelimit-policy")),
		"an answer has no RateLimit fields",
	);
	if (checks.wrong.length > 0) return checks.finding("");
	if (failed > 0) throw new Unjudged(`the model failed ${failed} answers, which are given back`);
	if (admitted < left && policies.includes("network"))
		throw new Unjudged(`${admitted} answered, none too many; the network's pool refused the rest`);
	checks.that(admitted === left || policies.includes("in-flight"), `only ${admitted} answered of the ${left} that were left`);
	if (after.used === context.guestLimit) context.spent ??= guest;
	return checks.finding(`${admitted} answered, ${refused.length} refused (${policies.join(", ")}); used ${after.used} of ${after.limit}`);
}

const first: Rule = {
	name: "first-requests",
	did: `a new guest's first ${AT_ONCE} requests, all at once`,
	expected: "as many answered as the limit says, used + held never above it, the others 429",
	calls: (limit) => (tooDear(limit) ? 0 : limit),
	leaves: "spent guest",
	judge: async (context) => judgeBurst(context, await context.guestWithAll(), context.guestLimit, AT_ONCE),
};

const last: Rule = {
	name: "burst-at-limit",
	did: `${CROSSING} requests at once from a guest with one left`,
	expected: `1 answered, ${CROSSING - 1} refused, used at the limit`,
	calls: (limit) => (tooDear(limit) ? 0 : limit),
	judge: async (context) => {
		const guest = await context.guestWithAll();
		for (let n = 1; n < context.guestLimit; n += 1) await counted(await guest.ask(shortQuestion()));
		return judgeBurst(context, guest, 1, CROSSING);
	},
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
		const problem = answer.problem ?? {};
		const checks = new Checks();
		const header = (name: string) => answer.headers.get(name) ?? "";
		checks.that(answer.status === 429, `status ${answer.status}`);
		checks.that(header("content-type").startsWith("application/problem+json"), `content-type ${header("content-type")}`);
		checks.that(
			/private/.test(header("cache-control")) && /no-store/.test(header("cache-control")),
			`cache-control ${header("cache-control")}`,
		);
		checks.that(/;\s*r=0(;|$)/.test(header("ratelimit")), `RateLimit: ${header("ratelimit") || "none"}`);
		checks.that(
			new RegExp(`;\\s*q=${before.limit}(;|$)`).test(header("ratelimit-policy")),
			`RateLimit-Policy: ${header("ratelimit-policy") || "none"}`,
		);
		checks.that(problem.status === 429, `status in the body ${String(problem.status)}`);
		checks.that(typeof problem.title === "string" && typeof problem.detail === "string", "no title or detail");
		checks.that(problem.policy === "guest", `policy ${String(problem.policy)}`);
		checks.that(problem.tier === "guest", `tier ${String(problem.tier)}`);
		checks.that(problem.limit === before.limit, `limit ${String(problem.limit)}, usage says ${before.limit}`);
		checks.that(problem.remaining === 0, `remaining ${String(problem.remaining)}`);
		checks.that(
			problem.resetAt === null || (typeof problem.resetAt === "string" && !Number.isNaN(Date.parse(problem.resetAt))),
			`resetAt ${String(problem.resetAt)}`,
		);
		checks.that(typeof problem.upgradeUrl === "string" && problem.upgradeUrl !== "", `upgradeUrl ${String(problem.upgradeUrl)}`);
		checks.that(after.used === before.used && after.held === 0, `the refusal changed used from ${before.used} to ${after.used}`);
		return checks.finding(`429 "${String(problem.title)}", policy ${String(problem.policy)}, next step ${String(problem.upgradeUrl)}`);
	},
};

export const limits: Rule[] = [first, refusal, last];
