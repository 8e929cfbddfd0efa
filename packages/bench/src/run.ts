import { loadavg } from "node:os";
import { boundsOf } from "./bounds.ts";
import { type Builds, build, type WorkerModules } from "./build.ts";
import type { CheckedIn } from "./checked-in.ts";
import { circumstances } from "./circumstances.ts";
import { costOf } from "./cost.ts";
import { isolateMiB } from "./inspector.ts";
import { type ChatResult, measureChats, meteringOverhead, type Samples, type Sides, warmUp } from "./measure/chats.ts";
import { type CountResult, count } from "./measure/counts.ts";
import { measureGrants } from "./measure/grants.ts";
import { type GrowthResult, measureGrowth } from "./measure/growth.ts";
import { measureGuests } from "./measure/guests.ts";
import { type LedgerResult, measureLedger } from "./measure/ledger.ts";
import { grownBy, type MemoryResult, measureEmptyObject } from "./measure/memory.ts";
import type { Plan } from "./plan.ts";
import { ABSENT, HARNESS, INCLUDES, type Result } from "./result.ts";
import type { RunningWorker } from "./runtime.ts";
import { type ScaleResult, scale } from "./scale/scale.ts";
import { Session } from "./session.ts";
import { randomFrom } from "./statistics.ts";

/** Above this load average, other processes distort the times. */
const QUIET_LOAD = 0.5;
/** Provider latency while grants are measured. */
const GRANT_DELAY_MS = 150;

export interface RunOptions {
	plan: Plan;
	seed: number;
	/** Whether to pin processes to cores. */
	pin: boolean;
	/** Reports progress. */
	log: (line: string) => void;
}

/**
 * Builds the product and its comparisons, and measures everything once.
 * @throws when a request fails or a Worker logs an error
 */
export async function run({ plan, seed, pin, log }: RunOptions): Promise<Result> {
	const startedMs = Date.now();
	const random = randomFrom(seed);
	const loadBefore = loadavg()[0] ?? 0;
	// Read at the start, because files may change during the run.
	const ranIn = circumstances(loadBefore);
	if (loadBefore > QUIET_LOAD) log(`the machine is busy (load ${loadBefore.toFixed(1)}): the times of this run are unreliable`);
	log(`seed ${seed}; building the product and the Workers to compare it with`);
	const builds = await build();
	const session = await Session.open(pin);
	const { provider, model } = session;
	try {
		const sides = {
			A: await session.start(builds.bare),
			// No free day: the grants need a subscriber without remaining units to be refused.
			B: await session.start(builds.product, { variables: { PAID_KEEPS_FREE_DAY: "false" } }),
			C: await session.start(builds.reference),
			D: await session.start(builds.row),
		};
		const { chats, rounds } = await timeChats(session, sides, plan, random, log);
		log("guests: refused and new ones");
		const guests = await measureGuests(sides.A, sides.B, plan);
		log(`memory of ${plan.openStreams} open streams`);
		const memory = await memoryOf(session, builds, plan.openStreams);
		log("one ledger, many callers");
		const ledger = { onDisk: await ledgerOf(session, builds, plan, false), inMemory: await ledgerOf(session, builds, plan, true) };
		log("grants at the provider");
		provider.delayMs = GRANT_DELAY_MS;
		const grants = await measureGrants(sides.B, provider, model, plan.granted);
		log("counts");
		const counts = await countsOf(session, builds, sides.C, plan);
		const growthByHistory = await measureGrowth(session, builds, plan.growth, log);
		session.assertNoErrors();
		const overhead = meteringOverhead(rounds);
		return {
			date: new Date(startedMs).toISOString(),
			seed,
			circumstances: ranIn,
			harness: HARNESS,
			pinned: session.pinned,
			plan,
			absent: ABSENT,
			includes: INCLUDES,
			bounds: boundsOf({ counts, grants, overhead, ledger, memory, growthByHistory }),
			overhead,
			chats,
			counts,
			grants,
			ledger,
			guests,
			memory,
			growthByHistory,
			costPerMillionChats: [
				...costOf("subscriber, chats in a row", counts.userBurst),
				...costOf("subscriber, a single chat", counts.userAlone),
				...costOf("guest, chats in a row", counts.guestBurst),
				...costOf("D, one row, chats in a row", counts.rowBurst),
			],
			tookSeconds: (Date.now() - startedMs) / 1000,
		};
	} finally {
		await session.close();
	}
}

/** Builds the product, and measures only what must not grow with history. @throws like `run` */
export function runGrowth({ plan, pin, log }: Omit<RunOptions, "seed">): Promise<GrowthResult> {
	return withProduct(pin, log, (session, builds) => measureGrowth(session, builds, plan.growth, log));
}

/** Simulates apps of all sizes. `newest`: the result that provides their figures. @throws like `run` */
export function runScale({ newest, seed, pin, log }: Omit<RunOptions, "plan"> & { newest: CheckedIn }): Promise<ScaleResult> {
	return withProduct(pin, log, (session, { product }) => scale(session, product, newest, seed, log));
}

async function withProduct<T>(pin: boolean, log: RunOptions["log"], work: (session: Session, builds: Builds) => Promise<T>): Promise<T> {
	log("building the product");
	const builds = await build();
	const session = await Session.open(pin);
	try {
		const done = await work(session, builds);
		session.assertNoErrors();
		return done;
	} finally {
		await session.close();
	}
}

async function timeChats(
	{ provider }: Session,
	sides: Sides<RunningWorker>,
	plan: Plan,
	random: () => number,
	log: RunOptions["log"],
): Promise<{ chats: ChatResult[]; rounds: Sides<Samples>[] }> {
	log("warming up");
	await warmUp(sides, plan, random);
	const chats: ChatResult[] = [];
	const rounds: Sides<Samples>[] = [];
	for (const delay of plan.delays) {
		log(`the same chats on A, B, C and D, provider at ${delay.delayMs} ms`);
		const measured = await measureChats(sides, provider, plan, random, delay);
		chats.push(measured.result);
		rounds.push(...measured.rounds);
	}
	provider.delayMs = 0;
	return { chats, rounds };
}

async function memoryOf(session: Session, builds: Builds, openStreams: number): Promise<MemoryResult> {
	const { model } = session;
	const processOf = (worker: WorkerModules, asGuests: boolean) =>
		session.fresh(worker, {}, (running) => grownBy(running, model, openStreams, { asGuests }));
	const isolateOf = (worker: WorkerModules) =>
		session.fresh(worker, { inspected: true }, (running) =>
			grownBy(running, model, openStreams, { measure: () => isolateMiB(running.inspector) }),
		);
	return {
		openStreams,
		subscribers: { bare: await processOf(builds.bare, false), ours: await processOf(builds.product, false) },
		guests: { bare: await processOf(builds.bare, true), ours: await processOf(builds.product, true) },
		isolate: { bare: await isolateOf(builds.bare), ours: await isolateOf(builds.product) },
		emptyObjectMiB: await session.fresh(builds.emptyObject, {}, (running) => measureEmptyObject(running, openStreams)),
	};
}

function ledgerOf(session: Session, builds: Builds, plan: Plan, inMemory: boolean): Promise<LedgerResult> {
	return session.fresh(builds.ledger, { inMemory }, (running) => measureLedger(running, plan));
}

function countsOf(session: Session, builds: Builds, reference: RunningWorker, plan: Plan): Promise<CountResult> {
	// High enough that a burst of counted chats never reaches a limit.
	const variables = { GUEST_FREE_REQUESTS: "1000", NETWORK_FREE_REQUESTS_DAILY: "1000" };
	return session.fresh(builds.countingRow, {}, (countingRow) =>
		session.fresh(builds.counting, { variables }, (counting) => count({ counting, countingRow, reference }, session, plan)),
	);
}
