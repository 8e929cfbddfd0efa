import { afterEach, describe, expect, test } from "vitest";
import type { FakeModel } from "../fakes/model.ts";
import { QUICK } from "../plan.ts";
import { startApp } from "../testing/app.ts";
import { memoryProvider } from "../testing/provider.ts";
import { type Counted, count, meanOf, perChat } from "./counts.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closing.splice(0)) await close();
});

const model: FakeModel = { url: "", holding: false, release: () => {}, close: async () => {} };
const plan = { ...QUICK, alone: 2, burst: 4 };

/** Counts against an app with these counters. Each count finds `later` provider calls that its chats caused after their first byte. */
async function counted(counters: Record<string, number> = {}, later = 0) {
	const provider = memoryProvider();
	const call = (times: number) => {
		provider.calls.set("call", (provider.calls.get("call") ?? 0) + times);
	};
	const counts = () => {
		call(later);
		return counters;
	};
	const report = (userId: string) => {
		if (userId !== "") provider.events.add(crypto.randomUUID());
	};
	const counting = await startApp({ counts, onChat: report });
	const countingRow = await startApp({ counts: () => ({ "rows D1": 4 }) });
	const reference = await startApp({ onChat: () => call(2) });
	closing.push(counting.close, countingRow.close, reference.close);
	return { result: await count({ counting, countingRow, reference }, { provider, model }, plan), counting };
}

const one: Counted = {
	chats: 1,
	rows: { "user ledger": 4 },
	alarmsSet: { "user ledger": 2 },
	objectCalls: { "UsageLedger.hold": 1 },
	d1Queries: 1,
	providerCalls: 2,
	providerCallsBeforeFirstByte: 0,
};

describe("counters per chat", () => {
	test("are selected by prefix, lose the prefix, and are divided by the number of chats", () => {
		const counters = { "rows user ledger": 10, "rows Conversation": 5, "alarms set user ledger": 2, d1: 3 };
		expect(perChat(counters, "rows ", 5)).toEqual({ "user ledger": 2, Conversation: 1 });
		expect(perChat(counters, "alarms set ", 1)).toEqual({ "user ledger": 2 });
		expect(perChat(counters, "call ", 1)).toEqual({});
	});
});

describe("the mean of counts", () => {
	test("equals a single count", () => {
		expect(meanOf([one])).toEqual(one);
	});

	test("takes a missing name as 0", () => {
		const other = { ...one, rows: { "user ledger": 6, Conversation: 2 }, providerCalls: 0 };
		expect(meanOf([one, other])).toMatchObject({ chats: 2, rows: { "user ledger": 5, Conversation: 1 }, providerCalls: 1 });
	});
});

describe("counting", () => {
	test("adds a row for each set alarm, as Cloudflare bills it", async () => {
		const { result } = await counted({ "rows user ledger": 3, "alarms set user ledger": 2, "call UsageLedger.hold": 1, d1: 1 });
		expect(result.userFirstEver.rows).toEqual({ "user ledger": 5 });
		expect(result.userFirstEver.alarmsSet).toEqual({ "user ledger": 2 });
		expect(result.userFirstEver.objectCalls).toEqual({ "UsageLedger.hold": 1 });
		expect(result.userFirstEver.d1Queries).toBe(1);
	});

	test("divides a burst by its chats, and averages chats sent alone", async () => {
		const { result } = await counted({ "rows user ledger": 8 });
		expect(result.userBurst).toMatchObject({ chats: 4, rows: { "user ledger": 2 } });
		expect(result.userAlone).toMatchObject({ chats: 2, rows: { "user ledger": 8 } });
	});

	test("separates calls before the first byte from later ones", async () => {
		const { result } = await counted({}, 4);
		expect(result.userBurst).toMatchObject({ providerCalls: 1, providerCallsBeforeFirstByte: 0 });
		expect(result.referenceBurst).toEqual({ chats: 4, providerCalls: 2, providerCallsBeforeFirstByte: 2 });
	});

	test("counts the rows of D1 beside those of objects", async () => {
		const { result } = await counted();
		expect(result.rowBurst).toMatchObject({ chats: 4, rows: { D1: 1 }, providerCalls: 0 });
	});

	test("resets the counters before each count, so that counts do not overlap", async () => {
		const { counting } = await counted();
		const order = counting.requests.filter((request) => request.includes("__bench")).map((request) => request.split(" ")[0]);
		expect(order).toHaveLength(2 * (plan.alone + 5));
		expect(order.every((method, index) => method === (index % 2 === 0 ? "DELETE" : "GET"))).toBe(true);
	});
});
