import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isSameMessage, keepDraft, keepFiles, keepPending, type PendingSend, readDraft, readFiles, readPending, sendFor } from "./draft.ts";
import { keepQueue, readQueue } from "./kept-queue.ts";

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

test("each chat's draft survives a reload", () => {
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

const file = { type: "file", url: "/api/chat/c/files/f", mediaType: "text/plain", filename: "a.txt" } as const;

test("uploaded files survive a reload with their chat, and leave no storage once removed", () => {
	keepFiles("new", { chatId: "c", files: [file] });
	expect(readFiles("new")).toEqual({ chatId: "c", files: [file] });
	keepFiles("new", { chatId: "c", files: [] });
	expect(readFiles("new")).toBeUndefined();
	expect(stored.size).toBe(0);
});

test("damaged storage reads as no files", () => {
	for (const damaged of [
		"{",
		"null",
		"7",
		'{"chatId":"c"}',
		'{"chatId":"c","files":[]}',
		'{"chatId":"c","files":[{"url":1}]}',
		'{"chatId":1,"files":[]}',
	]) {
		stored.set("parley:files:new", damaged);
		expect(readFiles("new")).toBeUndefined();
	}
});

test("two messages are the same only with the same text and files", () => {
	expect(isSameMessage({ text: "a", files: [file] }, { text: "a", files: [{ ...file, filename: "b" }] })).toBe(true);
	expect(isSameMessage({ text: "a" }, { text: "a", files: [] })).toBe(true);
	expect(isSameMessage({ text: "a" }, { text: "a", files: [file] })).toBe(false);
	expect(isSameMessage({ text: "a" }, { text: "b" })).toBe(false);
});

test("a queue survives a reload, without its damaged messages", () => {
	const { price: _price, ...priceless } = pending;
	const queue = { messages: [{ ...pending, price }], ended: { end: "failed" as const, atMs: 5, messageId: undefined } };
	keepQueue("c", queue);
	expect(readQueue("c")).toEqual(queue);
	stored.set("parley:queue:c", JSON.stringify({ messages: [7, priceless, { ...pending, price: {} }, pending], ended: "so" }));
	expect(readQueue("c")).toEqual({ messages: [pending] });
	for (const damaged of ["{", "null", "7", "[]", '{"messages":{}}']) {
		stored.set("parley:queue:c", damaged);
		expect(readQueue("c")).toEqual({ messages: [] });
	}
	keepQueue("c", { messages: [] });
	expect(stored.size).toBe(0);
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

	test("another text, chat, model, effort or history setting is another request", () => {
		const prices = [{ model: "slow" }, { effort: null }, { whole: true }].map((other) => ({ price: { ...price, ...other } }));
		for (const other of [{ text: "Hello!" }, { chatId: "d" }, { price: undefined }, ...prices]) {
			expect(sendFor(pending, { ...wanted, ...other }, newId)).toMatchObject({ key: "fresh", messageId: "fresh" });
		}
	});

	test("a retry after a purchase is no longer marked as refused", () => {
		expect(sendFor({ ...pending, refusedAtMs: 1 }, wanted, newId).refusedAtMs).toBeUndefined();
	});
});
