import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FakeModel } from "../fakes/model.ts";
import { type RunningWorker, residentMiB } from "../runtime.ts";
import { quantile } from "../statistics.ts";
import { Visitor } from "../visitor.ts";

export interface MemoryResult {
	openStreams: number;
	beforeMiB: number;
	openMiB: number;
	perStreamMiB: number;
}

/** So many streams are opened at once; the rest wait for them. */
const OPENED_TOGETHER = 20;

/**
 * What the whole workerd process grows by while so many answers are being written, each to a guest of its own in a chat of its own: the
 * streams, and the objects behind them with their databases. A first set of streams is opened and ended before, so that what is compiled
 * and allocated once is not counted.
 */
export async function measureMemory(worker: RunningWorker, model: FakeModel, openStreams: number): Promise<MemoryResult> {
	const agent = new Agent({ keepAlive: true });
	await (await open(worker, model, agent, Math.ceil(openStreams / 4)))();
	const beforeMiB = await settledMiB(worker.pid);
	const end = await open(worker, model, agent, openStreams);
	const openMiB = await settledMiB(worker.pid);
	await end();
	agent.destroy();
	return { openStreams, beforeMiB, openMiB, perStreamMiB: (openMiB - beforeMiB) / openStreams };
}

async function open(worker: RunningWorker, model: FakeModel, agent: Agent, streams: number): Promise<() => Promise<unknown>> {
	model.holding = true;
	const answers: Promise<unknown>[] = [];
	while (answers.length < streams) {
		const batch = Array.from({ length: Math.min(OPENED_TOGETHER, streams - answers.length) }, () => {
			const { promise: speaks, resolve, reject } = Promise.withResolvers<void>();
			const answer = new Visitor(worker.url, { agent }).chat(crypto.randomUUID(), "Hello", { onFirstWord: resolve });
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

async function settledMiB(pid: number): Promise<number> {
	await sleep(1_000);
	const samples: number[] = [];
	for (let sample = 0; sample < 5; sample += 1) {
		samples.push(residentMiB(pid));
		await sleep(100);
	}
	return quantile(samples, 0.5);
}
