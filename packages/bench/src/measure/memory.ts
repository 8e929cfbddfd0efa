import { setTimeout as sleep } from "node:timers/promises";
import type { FakeModel } from "../fakes/model.ts";
import { type RunningWorker, residentMiB } from "../runtime.ts";
import { quantile } from "../statistics.ts";
import { connections, Visitor } from "../visitor.ts";

export interface Grown {
	beforeMiB: number;
	openMiB: number;
	perStreamMiB: number;
}

/** Memory per open stream. Each stream is an answer being written in its own chat, and so has its own Conversation object. */
export interface MemoryResult {
	openStreams: number;
	/** Process memory (RSS), with 10 streams per subscriber. */
	subscribers: { bare: Grown; ours: Grown };
	/** Process memory (RSS), with one stream per guest: a conversation, a chat list and a ledger each. */
	guests: { bare: Grown; ours: Grown };
	/** Isolate memory after garbage collection, for subscribers. The platform's limit of 128 MB applies to it. */
	isolate: { bare: Grown; ours: Grown };
	/** RSS per empty Durable Object. */
	emptyObjectMiB: number;
}

const STREAMS_PER_SUBSCRIBER = 10;
/** Number of streams that are opened concurrently. */
const OPENED_TOGETHER = 20;

/**
 * Memory growth while `openStreams` answers are being written. A few warm-up streams run first, so that one-time compilation is not
 * measured.
 * @param worker an unused Worker; in a used one, streams would reuse freed memory, and the growth would be too small
 */
export async function grownBy(
	worker: RunningWorker,
	model: FakeModel,
	openStreams: number,
	{ asGuests = false, measure = () => settledRssMiB(worker.pid) }: { asGuests?: boolean; measure?: () => Promise<number> } = {},
): Promise<Grown> {
	const agent = connections();
	const subscribers: Visitor[] = [];
	for (let streams = 0; !asGuests && streams < openStreams; streams += STREAMS_PER_SUBSCRIBER) {
		subscribers.push(await new Visitor(worker.url, { agent }).subscribe());
	}
	const visitor = (stream: number) => subscribers[stream % subscribers.length] ?? new Visitor(worker.url, { agent });
	await (await open(visitor, model, OPENED_TOGETHER))();
	const beforeMiB = await measure();
	const end = await open(visitor, model, openStreams);
	const openMiB = await measure();
	await end();
	agent.destroy();
	return { beforeMiB, openMiB, perStreamMiB: (openMiB - beforeMiB) / openStreams };
}

/** @param worker src/workers/empty-object.ts */
export async function measureEmptyObject(worker: RunningWorker, objects: number): Promise<number> {
	const make = async () => {
		const { status } = await new Visitor(worker.url).ask(`/?objects=${objects}`);
		if (status !== 200) throw new Error(`empty objects: ${status}`);
		return settledRssMiB(worker.pid);
	};
	const beforeMiB = await make();
	return ((await make()) - beforeMiB) / objects;
}

async function open(visitor: (stream: number) => Visitor, model: FakeModel, streams: number): Promise<() => Promise<unknown>> {
	model.holding = true;
	const answers: Promise<unknown>[] = [];
	while (answers.length < streams) {
		const batch = Array.from({ length: Math.min(OPENED_TOGETHER, streams - answers.length) }, () => {
			const { promise: speaks, resolve, reject } = Promise.withResolvers<void>();
			const answer = visitor(answers.length).chat(crypto.randomUUID(), "Hello", { onFirstWord: resolve });
			answer.catch(reject);
			answers.push(answer);
			return speaks;
		});
		await Promise.all(batch);
	}
	return () => {
		model.release();
		return Promise.all(answers);
	};
}

async function settledRssMiB(pid: number): Promise<number> {
	await sleep(1_000);
	const samples: number[] = [];
	for (let sample = 0; sample < 5; sample += 1) {
		samples.push(residentMiB(pid));
		await sleep(100);
	}
	return quantile(samples, 0.5);
}
