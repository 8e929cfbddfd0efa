import type { FakeProvider } from "../fakes/provider.ts";
import type { Plan } from "../plan.ts";
import { cpuMs, type RunningWorker } from "../runtime.ts";
import { acrossRounds, quantile, type Range, ratio, type Summary, summarize } from "../statistics.ts";
import { Visitor } from "../visitor.ts";

/** A: metering off. B: ours, for a known paying subscriber. C: the reference design. D: one D1 row per subject. */
type Side = "A" | "B" | "C" | "D";
export type Sides<T> = Record<Side, T>;
/** As stored: results from before 2026-11-29 lack D. */
type StoredSides<T> = Omit<Sides<T>, "D"> & { D?: T };
const SIDES = ["A", "B", "C", "D"] as const satisfies Side[];

type Figure = "firstByte" | "firstWord" | "full";
const FIGURES: Figure[] = ["firstByte", "firstWord", "full"];

/** Messages per conversation, so that histories stay equally long on all sides. */
const CHATS_PER_CONVERSATION = 10;

export type Samples = Record<Figure, number[]>;

export interface ChatResult {
	delayMs: number;
	/** Times of all chats in all rounds, in ms. */
	sides: StoredSides<Record<Figure, Summary>>;
	/** CPU time of the workerd process per chat: an upper bound for the Worker and its objects. */
	cpuMsPerChat: StoredSides<number>;
	/** Within each round: the difference or ratio of two sides' medians. */
	rounds: Record<
		Figure,
		{ oursMinusBare: Range; referenceMinusBare: Range; rowMinusBare?: Range; overheadRatio: Range; referenceOverOurs: Range }
	>;
	/** p99 of all B chats minus p99 of all A chats. */
	p99OursMinusBareMs: number;
}

/** First byte, B minus A, across all latencies: neither side calls the provider before it, so the provider's delay does not matter. */
export interface MeteringOverhead {
	chatsOfEachSide: number;
	p50Ms: Range;
	p99Ms: number;
	/** A's first blocks minus A's second blocks. Both run the same code, so this is the noise of the measurement. */
	noise: { p50Ms: Range; p99Ms: number };
}

/** Measures the same chats on all sides, interleaved, with one client in a closed loop. */
export async function measureChats(
	workers: Sides<RunningWorker>,
	provider: FakeProvider,
	plan: Plan,
	random: () => number,
	delay: Plan["delays"][number],
): Promise<{ result: ChatResult; rounds: Sides<Samples>[] }> {
	const { delayMs, referenceChatsPerBlock } = delay;
	const perBlock: Sides<number> = { ...each(() => plan.chatsPerBlock), C: referenceChatsPerBlock };
	const all = each(emptySamples);
	const cpu = each(() => 0);
	const rounds: Sides<Samples>[] = [];
	for (let round = 0; round < plan.rounds; round += 1) {
		provider.delayMs = 0;
		const visitors = await eachSide(async (side) => new Visitor(workers[side].url).subscribe());
		provider.delayMs = delayMs;
		const samples = each(emptySamples);
		for (const side of orderOf(random)) {
			const before = cpuMs(workers[side].pid);
			await block(visitors[side], perBlock[side], random, samples[side]);
			cpu[side] += cpuMs(workers[side].pid) - before;
		}
		rounds.push(samples);
		for (const side of SIDES) for (const figure of FIGURES) all[side][figure].push(...samples[side][figure]);
	}
	const measured = await eachSide(async (side) => byFigure((figure) => summarize(all[side][figure])));
	const result = {
		delayMs,
		sides: measured,
		cpuMsPerChat: await eachSide(async (side) => cpu[side] / all[side].full.length),
		rounds: byFigure((figure) => compare(rounds, figure)),
		p99OursMinusBareMs: measured.B.firstByte.p99 - measured.A.firstByte.p99,
	};
	return { result, rounds };
}

export function meteringOverhead(rounds: Sides<Samples>[]): MeteringOverhead {
	const bare = rounds.map((round) => round.A.firstByte);
	const ours = rounds.map((round) => round.B.firstByte);
	const first = bare.map((samples) => samples.slice(0, samples.length / 2));
	const second = bare.map((samples) => samples.slice(samples.length / 2));
	return { chatsOfEachSide: ours.flat().length, ...minus(ours, bare), noise: minus(first, second) };
}

/** @param a samples by round, like `b` */
function minus(a: number[][], b: number[][]): { p50Ms: Range; p99Ms: number } {
	return {
		p50Ms: acrossRounds(a.map((samples, round) => quantile(samples, 0.5) - quantile(b[round] ?? [], 0.5))),
		p99Ms: quantile(a.flat(), 0.99) - quantile(b.flat(), 0.99),
	};
}

/** Unmeasured requests, so that code is compiled, connections are open and caches are warm. */
export async function warmUp(workers: Sides<RunningWorker>, plan: Plan, random: () => number): Promise<void> {
	for (const side of SIDES) {
		await block(await new Visitor(workers[side].url).subscribe(), plan.warmUpChats, random, emptySamples());
	}
}

/** The sides in a random order, then in reverse (such as A B C D D C B A). */
export function orderOf(random: () => number): Side[] {
	const order: Side[] = SIDES.map((side) => ({ side, at: random() }))
		.sort((a, b) => a.at - b.at)
		.map(({ side }) => side);
	return [...order, ...order.toReversed()];
}

async function block(visitor: Visitor, chats: number, random: () => number, samples: Samples): Promise<void> {
	let chatId = "";
	for (let chat = 0; chat < chats; chat += 1) {
		if (chat % CHATS_PER_CONVERSATION === 0) {
			chatId = crypto.randomUUID();
			await visitor.chat(chatId, "Hello");
		}
		const answer = await visitor.chat(chatId, `Question ${"word ".repeat(5 + Math.floor(random() * 20))}`);
		samples.firstByte.push(answer.firstByteMs);
		samples.firstWord.push(answer.firstWordMs);
		samples.full.push(answer.fullMs);
	}
}

/** Compares the medians of two sides within each round. */
export function compare(rounds: Sides<Samples>[], figure: Figure): ChatResult["rounds"][Figure] {
	const medians = rounds.map((round) => ({
		A: quantile(round.A[figure], 0.5),
		B: quantile(round.B[figure], 0.5),
		C: quantile(round.C[figure], 0.5),
		D: quantile(round.D[figure], 0.5),
	}));
	return {
		oursMinusBare: acrossRounds(medians.map(({ A, B }) => B - A)),
		referenceMinusBare: acrossRounds(medians.map(({ A, C }) => C - A)),
		rowMinusBare: acrossRounds(medians.map(({ A, D }) => D - A)),
		overheadRatio: acrossRounds(medians.map(({ A, B, C }) => ratio(C - A, B - A))),
		referenceOverOurs: acrossRounds(medians.map(({ B, C }) => ratio(C, B))),
	};
}

const emptySamples = (): Samples => ({ firstByte: [], firstWord: [], full: [] });

function byFigure<T>(make: (figure: Figure) => T): Record<Figure, T> {
	return { firstByte: make("firstByte"), firstWord: make("firstWord"), full: make("full") };
}

function each<T>(make: (side: Side) => T): Sides<T> {
	return { A: make("A"), B: make("B"), C: make("C"), D: make("D") };
}

async function eachSide<T>(make: (side: Side) => Promise<T>): Promise<Sides<T>> {
	return { A: await make("A"), B: await make("B"), C: await make("C"), D: await make("D") };
}
