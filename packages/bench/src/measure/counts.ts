import { setTimeout as sleep } from "node:timers/promises";
import type { FakeModel } from "../fakes/model.ts";
import type { FakeProvider } from "../fakes/provider.ts";
import type { Plan } from "../plan.ts";
import type { RunningWorker } from "../runtime.ts";
import { Visitor } from "../visitor.ts";

/** Counts per chat, from the counting Worker and the provider, including everything that the chats cause later. */
export interface Counted {
	chats: number;
	/** Rows written, by object ("user ledger") or "D1". A set alarm counts as one row. */
	rows: Record<string, number>;
	alarmsSet: Record<string, number>;
	/** Object calls by name ("UsageLedger.hold"), including alarms. */
	objectCalls: Record<string, number>;
	d1Queries: number;
	providerCalls: number;
	providerCallsBeforeFirstByte: number;
}

export interface CountResult {
	userFirstEver: Counted;
	userAlone: Counted;
	/** A single chat whose answer takes longer than the outbox's delay, like most real answers. */
	userSlowAnswer: Counted;
	userBurst: Counted;
	guestFirstEver: Counted;
	guestBurst: Counted;
	referenceBurst: Pick<Counted, "chats" | "providerCalls" | "providerCallsBeforeFirstByte">;
	/** Side D, a subscriber's chats in a row. */
	rowBurst: Counted;
}

/** Without failures, the outbox runs again within a minute. */
const DRAIN_MAX_MS = 90_000;
const SLOW_ANSWER_MS = 8_000;

/** Counts are exact and identical on every machine: nothing else runs, and each count waits until all reports are sent. */
export async function count(
	{ counting, countingRow, reference }: { counting: RunningWorker; countingRow: RunningWorker; reference: RunningWorker },
	{ provider, model }: { provider: FakeProvider; model: FakeModel },
	plan: Plan,
): Promise<CountResult> {
	// Long enough to see every call before the first byte, and short compared with the outbox's 3 s.
	provider.delayMs = 20;
	const user = await new Visitor(counting.url).subscribe();
	const guest = new Visitor(counting.url, { ip: "203.0.113.7" });
	const chatId = crypto.randomUUID();
	const guestChatId = crypto.randomUUID();
	const counted = (visitor: Visitor, id: string, chats: number, reports: boolean, onFirstByte?: () => void) =>
		countChats(counting, provider, visitor, { chatId: id, chats, reports, onFirstByte });
	const userFirstEver = await counted(user, chatId, 1, true);
	const alone: Counted[] = [];
	for (let run = 0; run < plan.alone; run += 1) alone.push(await counted(user, chatId, 1, true));
	model.holding = true;
	const userSlowAnswer = await counted(user, chatId, 1, true, () => setTimeout(() => model.release(), SLOW_ANSWER_MS));
	const userBurst = await counted(user, chatId, plan.burst, true);
	return {
		userFirstEver,
		userAlone: meanOf(alone),
		userSlowAnswer,
		userBurst,
		guestFirstEver: await counted(guest, guestChatId, 1, false),
		guestBurst: await counted(guest, guestChatId, plan.burst, false),
		referenceBurst: await countReference(reference, provider, Math.min(plan.burst, 10)),
		rowBurst: await countRow(countingRow, provider, plan.burst),
	};
}

/** The first chat is not counted: it creates the chat's tables, and in D1 the table of the rows. */
async function countRow(worker: RunningWorker, provider: FakeProvider, chats: number): Promise<Counted> {
	const visitor = await new Visitor(worker.url).subscribe();
	const chatId = crypto.randomUUID();
	await visitor.chat(chatId, "Hello");
	return countChats(worker, provider, visitor, { chatId, chats, reports: false });
}

/** Counts chats that are sent one after another, and everything that they cause later. `reports`: whether their usage is reported to the provider. */
export async function countChats(
	worker: RunningWorker,
	provider: FakeProvider,
	visitor: Visitor,
	{ chatId, chats, reports, onFirstByte }: { chatId: string; chats: number; reports: boolean; onFirstByte?: (() => void) | undefined },
): Promise<Counted> {
	await provider.quiet();
	await new Visitor(worker.url).ask("/__bench/counts", { method: "DELETE" });
	const events = provider.events.size;
	const calls = provider.callCount();
	const beforeFirstByte = await chatsOf(provider, visitor, chatId, chats, onFirstByte);
	const deadline = Date.now() + DRAIN_MAX_MS;
	while (reports && provider.events.size < events + chats && Date.now() < deadline) await sleep(50);
	if (reports && provider.events.size !== events + chats)
		throw new Error(`${chats} chats were to be reported, ${provider.events.size - events} were`);
	await provider.quiet();
	const counts: Record<string, number> = JSON.parse((await new Visitor(worker.url).ask("/__bench/counts")).body);
	const rows = perChat(counts, "rows ", chats);
	const alarmsSet = perChat(counts, "alarms set ", chats);
	for (const [of, alarms] of Object.entries(alarmsSet)) rows[of] = (rows[of] ?? 0) + alarms;
	return {
		chats,
		rows,
		alarmsSet,
		objectCalls: perChat(counts, "call ", chats),
		d1Queries: (counts.d1 ?? 0) / chats,
		providerCalls: (provider.callCount() - calls) / chats,
		providerCallsBeforeFirstByte: beforeFirstByte / chats,
	};
}

async function countReference(worker: RunningWorker, provider: FakeProvider, chats: number): Promise<CountResult["referenceBurst"]> {
	const visitor = await new Visitor(worker.url).subscribe();
	await provider.quiet();
	const calls = provider.callCount();
	const beforeFirstByte = await chatsOf(provider, visitor, crypto.randomUUID(), chats);
	return { chats, providerCalls: (provider.callCount() - calls) / chats, providerCallsBeforeFirstByte: beforeFirstByte / chats };
}

/** @returns the provider calls between a request and its first byte */
async function chatsOf(provider: FakeProvider, visitor: Visitor, chatId: string, chats: number, heard?: () => void): Promise<number> {
	let beforeFirstByte = 0;
	for (let chat = 0; chat < chats; chat += 1) {
		const before = provider.callCount();
		const onFirstByte = () => {
			beforeFirstByte += provider.callCount() - before;
			heard?.();
		};
		await visitor.chat(chatId, "Hello", { onFirstByte });
	}
	return beforeFirstByte;
}

/** Counters with this prefix, divided by the number of chats. Names lose the prefix. */
export function perChat(counts: Record<string, number>, prefix: string, chats: number): Record<string, number> {
	const own = Object.entries(counts).filter(([name]) => name.startsWith(prefix));
	return Object.fromEntries(own.map(([name, amount]) => [name.slice(prefix.length), amount / chats]));
}

/** The mean of several counts of the same chat. A missing name counts as 0. */
export function meanOf(all: Counted[]): Counted {
	const mean = (of: (one: Counted) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
	const means = (of: (one: Counted) => Record<string, number>) => {
		const names = new Set(all.flatMap((one) => Object.keys(of(one))));
		return Object.fromEntries([...names].map((name) => [name, mean((one) => of(one)[name] ?? 0)]));
	};
	return {
		chats: all.length,
		rows: means((one) => one.rows),
		alarmsSet: means((one) => one.alarmsSet),
		objectCalls: means((one) => one.objectCalls),
		d1Queries: mean((one) => one.d1Queries),
		providerCalls: mean((one) => one.providerCalls),
		providerCallsBeforeFirstByte: mean((one) => one.providerCallsBeforeFirstByte),
	};
}
