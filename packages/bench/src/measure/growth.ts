import { setTimeout as sleep } from "node:timers/promises";
import type { Builds } from "../build.ts";
import { startModel } from "../fakes/model.ts";
import type { FakeProvider } from "../fakes/provider.ts";
import { isolateMiB } from "../inspector.ts";
import type { GrowthPlan } from "../plan.ts";
import type { RunningWorker } from "../runtime.ts";
import type { Session } from "../session.ts";
import { quantile } from "../statistics.ts";
import { Visitor } from "../visitor.ts";
import { type CoreTime, measureCore } from "./core-time.ts";
import { countChats } from "./counts.ts";

/** Figures that could grow with a ledger's or chat's history, or with an answer's readers. */
export interface GrowthResult {
	/** The pure core with recomputed and with kept sums, in Node. */
	core: CoreTime[];
	/** A ledger object with this many earlier requests, in workerd. */
	ledgers: LedgerGrowth[];
	/** A chat with this many messages, in workerd. */
	chats: ChatGrowth[];
	readers: ReaderGrowth;
}

/** Times are medians over rounds in which all sizes take turns. */
interface LedgerGrowth {
	rows: number;
	/** One hold and its settlement, with the call to the object. */
	pairMs: number;
	/** From a request to the first byte of its answer. */
	firstByteMs: number;
	/** Rows that the ledger reads for a chat. */
	rowsReadPerChat: number;
	rowsReadOnWake: number;
	/** Requests that were held or owed at that wake. */
	openOnWake: number;
	/** Growth of the isolate by this ledger, after a garbage collection. */
	isolateMiB: number;
	/** Size of the object's database. */
	diskMiB: number;
	/** Rows written per chat, for consecutive chats: in a subscriber's ledger, and in a guest's two ledgers, both with this history. */
	rowsWritten: { user: number; guest: number };
}

interface ChatGrowth {
	messages: number;
	firstByteMs: number;
	/** Rows that the chat reads for a request until its answer ends. */
	rowsReadPerChat: number;
	/** The chat's page, rendered. */
	pageMs: number;
	rowsReadPerPage: number;
	messagesOnPage: number;
}

interface ReaderGrowth {
	/** Length of the answer that the readers do not read, in characters. */
	answerChars: number;
	/** Isolate memory after a garbage collection, with one and with `readers` stalled readers. */
	oneMiB: number;
	manyMiB: number;
	readers: number;
	/** Readers that the answer accepts, and the status of the next one. */
	admitted: number;
	statusBeyond: number;
}

/** This many consecutive chats include every step of the ledger, which adds requests to its sums in batches of 50. */
const COUNTED_CHATS = 50;
/** A ledger with more requests than 40 is kept in tables (packages/web/src/objects/ledger-storage.ts). */
const OUTGROWN_BY = 50;
/** Unmeasured warm-up rounds, which compile the code. */
const WARM_ROUNDS = 2;
/** A ledger of an older version adds up its requests in steps, and refuses calls until then. */
const WOKEN_MAX_MS = 600_000;
const WAKE_EVERY_MS = 500;
/** Almost 300,000 characters, the length at which the product ends an answer. */
const ANSWER_WORDS = 14_990;
const WORD = "twenty characters a ";
const RECEIVED_MAX_MS = 300_000;

/** Limits above what any counted guest reaches. */
const VARIABLES = { GUEST_FREE_REQUESTS: "100000", NETWORK_FREE_REQUESTS_DAILY: "100000" };

/** Measures everything that must not grow. `log` reports progress. */
export async function measureGrowth(
	session: Session,
	builds: Builds,
	plan: GrowthPlan,
	log: (line: string) => void,
): Promise<GrowthResult> {
	log("growth: the pure core, before and after");
	const core = measureCore(plan.histories, plan.rounds);
	log("growth: ledgers with a history");
	const growing = { variables: VARIABLES, inMemory: true };
	const timed = await session.fresh(builds.growing, growing, (worker) => measureLedgers(worker, session.provider, plan));
	log("growth: memory of ledgers with a history");
	const inspected = { variables: VARIABLES, inspected: true, inMemory: true };
	const memory = await session.fresh(builds.growing, inspected, (worker) => memoryOf(worker, session, plan.histories));
	log("growth: long chats");
	const chats = await session.fresh(builds.growing, growing, (worker) => measureLongChats(worker, plan));
	log("growth: readers that do not read");
	return {
		core,
		ledgers: timed.map((one, size) => ({ ...one, isolateMiB: memory[size] ?? Number.NaN })),
		chats,
		readers: await readersOf(session, builds, plan),
	};
}

/** A growing Worker's own requests (src/workers/growing.ts). */
class Grower {
	readonly #worker: RunningWorker;
	readonly #wokenMaxMs: number;

	constructor(worker: RunningWorker, wokenMaxMs = WOKEN_MAX_MS) {
		this.#worker = worker;
		this.#wokenMaxMs = wokenMaxMs;
	}

	async ask(path: string, query: Record<string, string | number> = {}): Promise<unknown> {
		const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
		const { status, body } = await new Visitor(this.#worker.url).ask(`/__bench/grow/${path}?${parameters}`);
		if (status !== 200) throw new Error(`growth: ${path}: ${status} ${body.slice(-500)}`);
		return JSON.parse(body);
	}

	/** Gives a ledger a history. @returns the size of its database in MiB */
	async fill(key: string, rows: number): Promise<number> {
		const bytes = await this.ask("fill-ledger", { key, amount: rows });
		await this.wake(key);
		return Number(bytes) / 1024 ** 2;
	}

	/**
	 * Restarts the ledger's object. Lines that the Worker logs until then are not errors: a ledger that is adding up its requests refuses calls, and its
	 * thread is too busy to read the provider in time.
	 */
	async wake(key: string): Promise<void> {
		const { errors } = this.#worker;
		const before = errors.length;
		await this.#wakeUp(key);
		errors.length = before;
	}

	async #wakeUp(key: string): Promise<void> {
		await this.ask("leave", { key });
		for (const startedMs = performance.now(); ; await sleep(WAKE_EVERY_MS)) {
			const woken = await this.ask("wake", { key }).catch((error: unknown) => error);
			if (!(woken instanceof Error)) return;
			if (performance.now() - startedMs > this.#wokenMaxMs) throw woken;
		}
	}

	async ms(path: string, query: Record<string, string | number>): Promise<number> {
		const startedMs = performance.now();
		await this.ask(path, query);
		return performance.now() - startedMs;
	}

	/** Rows that objects of one kind read during `work`. */
	async rowsRead(of: string, work: () => Promise<unknown>): Promise<number> {
		const visitor = new Visitor(this.#worker.url);
		await visitor.ask("/__bench/counts", { method: "DELETE" });
		await work();
		const counts: Record<string, number> = JSON.parse((await visitor.ask("/__bench/counts")).body);
		return counts[`read ${of}`] ?? 0;
	}
}

const keyOf = ({ userId }: Visitor) => `user:${userId}`;

/** Measures a ledger of each history, in one process. `worker`: the growing one. */
export async function measureLedgers(
	worker: RunningWorker,
	provider: FakeProvider,
	plan: GrowthPlan,
	wokenMaxMs?: number,
): Promise<Omit<LedgerGrowth, "isolateMiB">[]> {
	const grower = new Grower(worker, wokenMaxMs);
	const filled = [];
	for (const rows of plan.histories) {
		const visitor = await new Visitor(worker.url).subscribe();
		const chatId = crypto.randomUUID();
		await visitor.chat(chatId, "Hello");
		filled.push({ rows, visitor, key: keyOf(visitor), chatId, diskMiB: 0, pairMs: [] as number[], firstByteMs: [] as number[] });
	}
	await provider.quiet();
	for (const one of filled) one.diskMiB = await grower.fill(one.key, one.rows);
	for (let round = -WARM_ROUNDS; round < plan.rounds; round += 1) {
		for (const one of round % 2 === 0 ? filled : filled.toReversed()) {
			const pairMs = (await grower.ms("pairs", { key: one.key, amount: plan.pairs })) / plan.pairs;
			const { firstByteMs } = await one.visitor.chat(one.chatId, "Hello");
			if (round < 0) continue;
			one.pairMs.push(pairMs);
			one.firstByteMs.push(firstByteMs);
		}
	}
	const measured = [];
	for (const { rows, visitor, key, chatId, diskMiB, pairMs, firstByteMs } of filled) {
		await provider.quiet();
		// The object may have been evicted meanwhile.
		await grower.ask("wake", { key });
		const rowsReadPerChat = await grower.rowsRead("user ledger", () => visitor.chat(chatId, "Hello"));
		await provider.quiet();
		await grower.ask("leave", { key });
		const rowsReadOnWake = await grower.rowsRead("user ledger", () => grower.ask("wake", { key }));
		const user = await countChats(worker, provider, visitor, { chatId, chats: COUNTED_CHATS, reports: true });
		measured.push({
			rows,
			pairMs: quantile(pairMs, 0.5),
			firstByteMs: quantile(firstByteMs, 0.5),
			rowsReadPerChat,
			rowsReadOnWake,
			openOnWake: Number(await grower.ask("open", { key })),
			diskMiB,
			rowsWritten: { user: user.rows["user ledger"] ?? 0, guest: await guestRowsOf(worker, grower, provider, rows) },
		});
	}
	return measured;
}

/** Rows per chat of a guest, whose own ledger and network ledger both have a history. */
async function guestRowsOf(worker: RunningWorker, grower: Grower, provider: FakeProvider, rows: number): Promise<number> {
	const before = new Set((await grower.ask("ledgers")) as string[]);
	const guest = new Visitor(worker.url, { ip: `203.0.113.${1 + Math.round(Math.log10(rows))}` });
	const chatId = crypto.randomUUID();
	await guest.chat(chatId, "Hello");
	const own = ((await grower.ask("ledgers")) as string[]).filter((key) => !before.has(key));
	if (own.length !== 2) throw new Error(`growth: a guest has two ledgers, not ${own.join(", ")}`);
	for (const key of own) {
		// A guest's ledger is a single value at first. Only once it has outgrown that does it have the tables to fill.
		await grower.ask("pairs", { key, amount: OUTGROWN_BY });
		await grower.fill(key, rows);
	}
	const counted = await countChats(worker, provider, guest, { chatId, chats: COUNTED_CHATS, reports: false });
	return (counted.rows["guest ledger"] ?? 0) + (counted.rows["network ledger"] ?? 0);
}

/** Growth of the isolate by one ledger of each size, measured one after another. */
async function memoryOf(worker: RunningWorker, { provider }: Session, histories: readonly number[]): Promise<number[]> {
	const grower = new Grower(worker);
	const keys: string[] = [];
	for (const _ of histories) {
		const visitor = await new Visitor(worker.url).subscribe();
		await visitor.chat(crypto.randomUUID(), "Hello");
		keys.push(keyOf(visitor));
	}
	await provider.quiet();
	// Idle objects are evicted after some seconds.
	const withAwake = async (awake: readonly string[]) => {
		for (const key of awake) await grower.ask("wake", { key });
		return isolateMiB(worker.inspector);
	};
	let before = await withAwake([]);
	const grown: number[] = [];
	for (const [size, rows] of histories.entries()) {
		await grower.fill(keys[size] ?? "", rows);
		const after = await withAwake(keys.slice(0, size + 1));
		grown.push(after - before);
		before = after;
	}
	return grown;
}

/** Measures chats of each length, in one process. `worker`: the growing one. */
export async function measureLongChats(worker: RunningWorker, plan: GrowthPlan): Promise<ChatGrowth[]> {
	const grower = new Grower(worker);
	const visitor = await new Visitor(worker.url).subscribe();
	const sizes = plan.chats.map((messages) => ({ messages, firstByteMs: [] as number[], pageMs: [] as number[] }));
	/** A chat of this length whose object is awake. */
	const chatOf = async (messages: number): Promise<string> => {
		const chatId = crypto.randomUUID();
		await visitor.chat(chatId, "Hello");
		if (messages > 4) await grower.ask("fill-chat", { key: chatId, amount: messages / 2 - 2 });
		await visitor.chat(chatId, "Hello");
		return chatId;
	};
	const page = async (chatId: string) => {
		const { status, fullMs } = await visitor.ask(`/c/${chatId}`);
		if (status !== 200) throw new Error(`growth: the page of a chat: ${status}`);
		return fullMs;
	};
	for (let round = -WARM_ROUNDS; round < plan.rounds; round += 1) {
		for (const one of round % 2 === 0 ? sizes : sizes.toReversed()) {
			const chatId = await chatOf(one.messages);
			const { firstByteMs } = await visitor.chat(chatId, "Hello");
			const pageMs = await page(chatId);
			if (round < 0) continue;
			one.firstByteMs.push(firstByteMs);
			one.pageMs.push(pageMs);
		}
	}
	const measured: ChatGrowth[] = [];
	for (const { messages, firstByteMs, pageMs } of sizes) {
		const chatId = await chatOf(messages);
		measured.push({
			messages,
			firstByteMs: quantile(firstByteMs, 0.5),
			rowsReadPerChat: await grower.rowsRead("Conversation", () => visitor.chat(chatId, "Hello")),
			pageMs: quantile(pageMs, 0.5),
			rowsReadPerPage: await grower.rowsRead("Conversation", () => page(chatId)),
			messagesOnPage: Number(await grower.ask("page", { key: chatId, owner: keyOf(visitor) })),
		});
	}
	return measured;
}

/** Readers stall inside the Worker, because for a client that does not read, the kernel would buffer the whole answer. */
async function readersOf(session: Session, builds: Builds, { readers }: GrowthPlan): Promise<ReaderGrowth> {
	const model = await startModel({ chunks: ANSWER_WORDS + 1, word: WORD, wordsBeforePause: ANSWER_WORDS });
	model.holding = true;
	const options = { variables: { ...VARIABLES, MODELS: longAnswersOf(model.url) }, inspected: true };
	try {
		const measured = await session.fresh(builds.growing, options, async (worker) => {
			const visitor = await new Visitor(worker.url).subscribe();
			const chatId = crypto.randomUUID();
			const answer = await longAnswer(visitor, chatId);
			const stall = (amount: number) => stalled(worker, { key: chatId, owner: keyOf(visitor), amount });
			let admitted = await stall(1);
			const oneMiB = await isolateMiB(worker.inspector);
			admitted += await stall(readers - 1);
			const manyMiB = await isolateMiB(worker.inspector);
			// The visitor reads the answer as well.
			for (let more = 1; more > 0; admitted += more) more = await stall(10);
			const { status } = await visitor.ask(`/api/chat/${chatId}/stream`);
			model.release();
			await answer.ended;
			return { oneMiB, manyMiB, readers, admitted: admitted + 1, statusBeyond: status };
		});
		return { answerChars: ANSWER_WORDS * WORD.length, ...measured };
	} finally {
		await model.close();
	}
}

/** A model file whose output limit allows the whole long answer. */
function longAnswersOf(baseUrl: string): string {
	const upstreams = [{ kind: "openai-compatible", baseUrl, model: "bench" }];
	const tokens = { inputStep: 8_000, maxOutput: 100_000, contextWindow: 400_000 };
	const model = { id: "bench", label: "Bench", weight: 1, ...tokens, price: { input: 1, cachedInput: 1, output: 1 }, upstreams };
	return JSON.stringify({ models: [model] });
}

/** Starts an answer, and waits until its reader has received every word that the model sends before its pause. */
async function longAnswer(visitor: Visitor, chatId: string): Promise<{ ended: Promise<unknown> }> {
	let received = 0;
	let before = "";
	// Several words may arrive as one piece, and a word may be split across chunks.
	const onText = (text: string) => {
		const words = (before + text).split(WORD);
		received += words.length - 1;
		before = words.at(-1) ?? "";
	};
	const ended = visitor.chat(chatId, "Hello", { onText });
	const failed = ended.then(
		() => new Error("growth: the answer ended early"),
		(error: unknown) => error,
	);
	const deadline = Date.now() + RECEIVED_MAX_MS;
	while (received < ANSWER_WORDS) {
		if (Date.now() > deadline) throw new Error(`growth: only ${received} words of a long answer arrived`);
		const over = await Promise.race([failed, sleep(100)]);
		if (over) throw over;
	}
	return { ended };
}

/** Opens readers that never read. Their request stays open, because they end with it. @returns how many the answer accepted */
function stalled(worker: RunningWorker, query: { key: string; owner: string; amount: number }): Promise<number> {
	const parameters = new URLSearchParams({ ...query, amount: String(query.amount) });
	return new Promise((resolve, reject) => {
		const asked = new Visitor(worker.url).ask(`/__bench/grow/stall?${parameters}`, { onText: (text) => resolve(Number(text)) });
		// Closing the Worker ends the request.
		asked.then(({ status, body }) => reject(new Error(`growth: stall: ${status} ${body}`)), reject);
	});
}
