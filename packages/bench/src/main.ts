// `npm run bench`: what metering costs, measured (docs/benchmark.md).
//
//   --quick          a smoke run: its figures are no results
//   --seed=<number>  the order of the sides and the questions; default: the time
//   --no-pin         leaves the processes on whatever core the system likes
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { boundsOf } from "./bounds.ts";
import { build, root, type WorkerModules } from "./build.ts";
import { circumstances } from "./circumstances.ts";
import { costOf } from "./cost.ts";
import { SECRET_KEY } from "./fakes/billing-sample.ts";
import { startModel } from "./fakes/model.ts";
import { startProvider } from "./fakes/provider.ts";
import { isolateMiB } from "./inspector.ts";
import { type ChatResult, measureChats, meteringOverhead, type Samples, type Sides, warmUp } from "./measure/chats.ts";
import { count } from "./measure/counts.ts";
import { measureGrants } from "./measure/grants.ts";
import { measureGuests } from "./measure/guests.ts";
import { measureLedger } from "./measure/ledger.ts";
import { grownBy, measureEmptyObject } from "./measure/memory.ts";
import { FULL, QUICK } from "./plan.ts";
import { report } from "./report.ts";
import { ABSENT, HARNESS, INCLUDES, type Result } from "./result.ts";
import { pin, type RunningWorker, startWorker } from "./runtime.ts";
import { randomFrom } from "./statistics.ts";

/** More than this, and others are at work beside the bench. */
const QUIET_LOAD = 0.5;
/** What the provider takes for a call while grants are measured. */
const GRANT_DELAY_MS = 150;

const { values } = parseArgs({
	options: { quick: { type: "boolean", default: false }, seed: { type: "string" }, "no-pin": { type: "boolean", default: false } },
});
const plan = values.quick ? QUICK : FULL;
const seed = Number(values.seed ?? Math.floor(Date.now() / 1000));
const startedMs = Date.now();
const say = (line: string) => console.error(`bench: ${((Date.now() - startedMs) / 1000).toFixed(0)} s, ${line}`);

const open: { close(): Promise<void> }[] = [];
function opened<T extends { close(): Promise<void> }>(one: T): T {
	open.unshift(one);
	return one;
}

async function run(): Promise<Result> {
	const random = randomFrom(seed);
	const loadBefore = loadavg()[0] ?? 0;
	if (loadBefore > QUIET_LOAD) say(`the machine is not left alone (load ${loadBefore.toFixed(1)}): times of this run mean little`);
	say(`seed ${seed}; building the product and the two Workers beside it`);
	const builds = await build();
	const model = opened(await startModel());
	const provider = opened(await startProvider());
	const variables = {
		BETTER_AUTH_SECRET: randomBytes(32).toString("base64"),
		GUEST_COOKIE_SECRET: randomBytes(32).toString("base64"),
		AI_BASE_URL: model.url,
		AI_MODELS: "bench",
		FLOWGLAD_SECRET_KEY: SECRET_KEY,
		FLOWGLAD_BASE_URL: provider.url,
	};
	const started: RunningWorker[] = [];
	let pinned = !values["no-pin"];
	const start = async (worker: WorkerModules, more: Record<string, string> = {}, options?: { inspected?: boolean; inMemory?: boolean }) => {
		const running = opened(await startWorker(worker, { ...variables, ...more }, options));
		started.push(running);
		pinned &&= pin(running.pid);
		return running;
	};
	/** On a process of its own, which nothing has used before. */
	const afresh = async <T>(running: Promise<RunningWorker>, measure: (worker: RunningWorker) => Promise<T>) => {
		const worker = await running;
		const measured = await measure(worker);
		open.splice(open.indexOf(worker), 1);
		await worker.close();
		return measured;
	};

	const sides = { A: await start(builds.bare), B: await start(builds.product), C: await start(builds.reference) };
	say("warming up");
	await warmUp(sides, plan, random);
	const chats: ChatResult[] = [];
	const rounds: Sides<Samples>[] = [];
	for (const delay of plan.delays) {
		say(`the same chats on A, B and C, provider at ${delay.delayMs} ms`);
		const measured = await measureChats(sides, provider, plan, random, delay);
		chats.push(measured.result);
		rounds.push(...measured.rounds);
	}
	provider.delayMs = 0;
	say("guests: refused ones and new ones");
	const guests = await measureGuests(sides.A, sides.B, plan);

	say(`memory of ${plan.openStreams} open streams`);
	const { openStreams } = plan;
	const processOf = (worker: WorkerModules, asGuests: boolean) =>
		afresh(start(worker), (running) => grownBy(running, model, openStreams, { asGuests }));
	const isolateOf = (worker: WorkerModules) =>
		afresh(start(worker, {}, { inspected: true }), (running) =>
			grownBy(running, model, openStreams, { measure: () => isolateMiB(running.inspector) }),
		);
	const memory = {
		openStreams,
		subscribers: { bare: await processOf(builds.bare, false), ours: await processOf(builds.product, false) },
		guests: { bare: await processOf(builds.bare, true), ours: await processOf(builds.product, true) },
		isolate: { bare: await isolateOf(builds.bare), ours: await isolateOf(builds.product) },
		emptyObjectMiB: await afresh(start(builds.emptyObject), (running) => measureEmptyObject(running, openStreams)),
	};

	say("one ledger, many callers");
	const ledgerIn = (inMemory: boolean) => afresh(start(builds.ledger, {}, { inMemory }), (running) => measureLedger(running, plan));
	const ledger = { onDisk: await ledgerIn(false), inMemory: await ledgerIn(true) };
	provider.delayMs = GRANT_DELAY_MS;
	say("grants at the provider");
	const grants = await measureGrants(sides.B, provider, model, plan.granted);
	say("counts");
	// Limits that a burst of counted chats does not reach.
	const limits = { GUEST_FREE_REQUESTS: "1000", NETWORK_FREE_REQUESTS_DAILY: "1000" };
	const counts = await afresh(start(builds.counting, limits), (counting) =>
		count({ counting, reference: sides.C }, { provider, model }, plan),
	);

	const errors = started.flatMap((worker) => worker.errors);
	if (errors.length > 0) throw new Error(`the Workers logged ${errors.length} errors, so these are no results; the first: ${errors[0]}`);
	const overhead = meteringOverhead(rounds);
	return {
		date: new Date(startedMs).toISOString(),
		seed,
		circumstances: circumstances(loadBefore),
		harness: HARNESS,
		pinned,
		plan,
		absent: ABSENT,
		includes: INCLUDES,
		bounds: boundsOf({ counts, grants, overhead, ledger, memory }),
		overhead,
		chats,
		counts,
		grants,
		ledger,
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
	for (const one of open) await one.close();
}
