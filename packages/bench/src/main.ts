// `npm run bench`: what metering costs, measured (README.md of this package).
//
//   --quick          a smoke run of less than a minute: its figures are no results
//   --seed=<number>  the order of the sides and the questions; default: the time
//   --no-pin         leaves the processes on whatever core the system likes
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, root } from "./build.ts";
import { circumstances } from "./circumstances.ts";
import { costOf } from "./cost.ts";
import { SECRET_KEY } from "./fakes/billing-sample.ts";
import { startModel } from "./fakes/model.ts";
import { startProvider } from "./fakes/provider.ts";
import { type ChatResult, measureChats, warmUp } from "./measure/chats.ts";
import { count } from "./measure/counts.ts";
import { measureGuests } from "./measure/guests.ts";
import { measureLedger } from "./measure/ledger.ts";
import { measureMemory } from "./measure/memory.ts";
import { FULL, QUICK } from "./plan.ts";
import { report } from "./report.ts";
import { ABSENT, HARNESS, INCLUDES, type Result } from "./result.ts";
import { pin, startWorker } from "./runtime.ts";
import { randomFrom } from "./statistics.ts";

const { values } = parseArgs({
	options: { quick: { type: "boolean", default: false }, seed: { type: "string" }, "no-pin": { type: "boolean", default: false } },
});
const plan = values.quick ? QUICK : FULL;
const seed = Number(values.seed ?? Math.floor(Date.now() / 1000));
const startedMs = Date.now();
const say = (line: string) => console.error(`bench: ${((Date.now() - startedMs) / 1000).toFixed(0)} s, ${line}`);

const open: (() => Promise<void>)[] = [];
function opened<T extends { close(): Promise<void> }>(one: T): T {
	open.unshift(() => one.close());
	return one;
}

async function run(): Promise<Result> {
	const random = randomFrom(seed);
	say(`seed ${seed}; building the product and the two Workers beside it`);
	const builds = await build();
	const model = opened(await startModel());
	const provider = opened(await startProvider());
	const variables = {
		BETTER_AUTH_SECRET: "bench bench bench bench bench bench",
		GUEST_COOKIE_SECRET: "bench bench bench bench bench bench",
		AI_BASE_URL: model.url,
		AI_MODELS: "bench",
		FLOWGLAD_SECRET_KEY: SECRET_KEY,
		FLOWGLAD_BASE_URL: provider.url,
	};
	const sides = {
		A: opened(await startWorker(builds.bare, variables)),
		B: opened(await startWorker(builds.product, variables)),
		C: opened(await startWorker(builds.reference, variables)),
	};
	// Limits that a burst of counted chats does not reach.
	const counting = opened(
		await startWorker(builds.counting, { ...variables, GUEST_FREE_REQUESTS: "1000", NETWORK_FREE_REQUESTS_DAILY: "1000" }),
	);
	const ledger = opened(await startWorker(builds.ledger, variables));
	const pinned = !values["no-pin"] && pin([sides.A, sides.B, sides.C, counting, ledger].map(({ pid }) => pid));

	say("warming up");
	await warmUp(sides, plan, random);
	const chats: ChatResult[] = [];
	for (const delay of plan.delays) {
		say(`the same chats on A, B and C, provider at ${delay.delayMs} ms`);
		chats.push(await measureChats(sides, provider, plan, random, delay));
	}
	provider.delayMs = 0;
	say("guests: refused ones and new ones");
	const guests = await measureGuests(sides.A, sides.B, plan);
	say(`memory of ${plan.openStreams} open streams`);
	const memory = {
		bare: await measureMemory(sides.A, model, plan.openStreams),
		ours: await measureMemory(sides.B, model, plan.openStreams),
	};
	say("one ledger, many callers");
	const rate = await measureLedger(ledger, plan);
	say("counts");
	const counts = await count(counting, sides.C, provider, plan);
	return {
		date: new Date(startedMs).toISOString(),
		seed,
		circumstances: circumstances(),
		harness: HARNESS,
		pinned,
		plan,
		absent: ABSENT,
		includes: INCLUDES,
		chats,
		counts,
		ledger: rate,
		guests,
		memory,
		costPerMillionChats: [
			...costOf("subscriber, chats in a row", counts.userBurst),
			...costOf("subscriber, a chat alone", counts.userAlone),
			...costOf("guest, chats in a row", counts.guestBurst),
		],
		tookSeconds: (Date.now() - startedMs) / 1000,
	};
}

try {
	const result = await run();
	console.log(report(result));
	const folder = join(root, "packages/bench/results");
	mkdirSync(folder, { recursive: true });
	const suffix = plan === QUICK ? "-quick" : "";
	const path = join(folder, `${result.date.slice(0, 10)}-${result.circumstances.commit}${suffix}.json`);
	writeFileSync(path, `${JSON.stringify(result, null, "\t")}\n`);
	say(`wrote ${path}`);
} catch (error) {
	console.error(error);
	process.exitCode = 1;
} finally {
	for (const close of open) await close();
}
