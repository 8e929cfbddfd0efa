import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keepDraft, keepPending, type PendingSend, readDraft, readPending, sendFor } from "./draft.ts";

const stored = new Map<string, string>();

beforeEach(() => {
	stored.clear();
	vi.stubGlobal("sessionStorage", {
		getItem: (key: string) => stored.get(key) ?? null,
		setItem: (key: string, value: string) => stored.set(key, value),
		removeItem: (key: string) => stored.delete(key),
	});
});
afterEach(() => vi.unstubAllGlobals());

const price = { units: 3, model: "fast", effort: "low", whole: false } as const;
const pending: PendingSend = { key: "k", messageId: "m", chatId: "c", text: "Hello", price };

test("a draft survives a reload, each chat with its own", () => {
	keepDraft("new", "Hello");
	keepDraft("c1", "Other");
	expect([readDraft("new"), readDraft("c1"), readDraft("c2")]).toEqual(["Hello", "Other", ""]);
});

test("an emptied draft leaves nothing in storage", () => {
	keepDraft("new", "Hello");
	keepDraft("new", "");
	expect(stored.size).toBe(0);
});

test("a pending send survives a reload until it is removed", () => {
	keepPending("new", pending);
	expect(readPending("new")).toEqual(pending);
	keepPending("new", undefined);
	expect(readPending("new")).toBeUndefined();
});

test("damaged storage reads as no pending send", () => {
	for (const damaged of ["{", "null", "7", "[]", '{"key":"k"}', '{"key":1,"messageId":"m","chatId":"c","text":"t"}']) {
		stored.set("parley:pending:new", damaged);
		expect(readPending("new")).toBeUndefined();
	}
});

test("blocked storage never throws", () => {
	const blocked = () => {
		throw new DOMException("denied", "SecurityError");
	};
	vi.stubGlobal("sessionStorage", { getItem: blocked, setItem: blocked, removeItem: blocked });
	keepDraft("new", "Hello");
	keepPending("new", pending);
	expect(readDraft("new")).toBe("");
	expect(readPending("new")).toBeUndefined();
});

describe("sendFor", () => {
	const newId = () => "fresh";
	const wanted = { chatId: "c", text: "Hello", price, refusedAtMs: undefined };

	test("a retry keeps the ids of the first attempt", () => {
		expect(sendFor(pending, wanted, newId)).toMatchObject({ key: "k", messageId: "m" });
	});

	test("a retry at another price is the same request", () => {
		expect(sendFor(pending, { ...wanted, price: { ...price, units: 6 } }, newId)).toMatchObject({ key: "k", messageId: "m" });
	});

	test("another text, chat, model, effort or part of the chat is another request", () => {
		const prices = [{ model: "slow" }, { effort: null }, { whole: true }].map((other) => ({ price: { ...price, ...other } }));
		for (const other of [{ text: "Hello!" }, { chatId: "d" }, { price: undefined }, ...prices]) {
			expect(sendFor(pending, { ...wanted, ...other }, newId)).toMatchObject({ key: "fresh", messageId: "fresh" });
		}
	});

	test("a retry after a purchase no longer counts as refused", () => {
		expect(sendFor({ ...pending, refusedAtMs: 1 }, wanted, newId).refusedAtMs).toBeUndefined();
	});
});
