import type { Plan } from "../plan.ts";
import type { RunningWorker } from "../runtime.ts";
import { acrossRounds, type Range, type Summary, summarize } from "../statistics.ts";
import { connections, Visitor } from "../visitor.ts";

export interface LedgerResult {
	callers: number;
	pairsPerRun: number;
	pairsPerSecond: Range;
	/** Duration of one pair under full load, HTTP included. */
	pairMs: Summary;
	/** The rate as one ledger grows, by its rows at the start of each interval. */
	growth: { rowsBefore: number; pairsPerSecond: number }[];
}

/** Pairs per interval of a growing ledger, and the time limit for all intervals. */
const GROWTH_STEP = 1_000;
const GROWTH_MAX_MS = 60_000;

/** Measures hold + settle on one paying subject's ledger with concurrent callers, one HTTP request per pair, while its outbox reports. */
export async function measureLedger(worker: RunningWorker, { ledger: plan }: Plan): Promise<LedgerResult> {
	const agent = connections({ maxSockets: plan.callers });
	const caller = new Visitor(worker.url, { agent });
	await pairs(caller, await subject(caller), plan.callers, Math.min(200, plan.pairs));
	const rates: number[] = [];
	const all: number[] = [];
	for (let run = 0; run < plan.runs; run += 1) {
		const { perSecond, durations } = await pairs(caller, await subject(caller), plan.callers, plan.pairs);
		rates.push(perSecond);
		all.push(...durations);
	}
	const growth: LedgerResult["growth"] = [];
	const growing = await subject(caller);
	const deadline = Date.now() + GROWTH_MAX_MS;
	for (let rows = 0; rows < plan.growthPairs && Date.now() < deadline; rows += GROWTH_STEP) {
		growth.push({ rowsBefore: rows, pairsPerSecond: (await pairs(caller, growing, plan.callers, GROWTH_STEP)).perSecond });
	}
	agent.destroy();
	return { callers: plan.callers, pairsPerRun: plan.pairs, pairsPerSecond: acrossRounds(rates), pairMs: summarize(all), growth };
}

/** The key of a new paying subject. */
async function subject(caller: Visitor): Promise<string> {
	const key = `user:${crypto.randomUUID()}`;
	const { body } = await caller.ask(`/?key=${key}&refresh=`);
	if (JSON.parse(body).tier !== "paid") throw new Error(`the ledger is not a paying one: ${body}`);
	return key;
}

async function pairs(caller: Visitor, key: string, callers: number, amount: number): Promise<{ perSecond: number; durations: number[] }> {
	let left = amount;
	const durations: number[] = [];
	const loop = async () => {
		while (left > 0) {
			left -= 1;
			const { status, fullMs, body } = await caller.ask(`/?key=${key}`, { method: "POST" });
			if (status !== 204) throw new Error(`pair: ${status} ${body}`);
			durations.push(fullMs);
		}
	};
	const startedMs = performance.now();
	await Promise.all(Array.from({ length: callers }, loop));
	return { perSecond: (amount * 1000) / (performance.now() - startedMs), durations };
}
