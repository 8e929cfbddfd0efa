import { describe, expect, test } from "vitest";
import { ariaKeys, isKey, KEYS, type KeyName } from "./keys.ts";

const names = Object.keys(KEYS) as KeyName[];
const plain = { key: "", keyCode: 0, isComposing: false, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
const keysOf = (press: Partial<typeof plain>) => names.filter((name) => isKey({ ...plain, ...press }, name));

describe("a key", () => {
	test("is recognized by what the list shows: with Ctrl or the Mac's command key, in upper case or lower, and no other", () => {
		expect(keysOf({ key: "k", ctrlKey: true })).toEqual(["search"]);
		expect(keysOf({ key: "K", metaKey: true })).toEqual(["search"]);
		expect(keysOf({ key: "O", ctrlKey: true, shiftKey: true })).toEqual(["newChat"]);
		expect(keysOf({ key: "Escape" })).toEqual(["stop"]);
		expect(keysOf({ key: "ArrowUp" })).toEqual(["editLast"]);
		for (const other of [
			{ key: "k" },
			{ key: "o", ctrlKey: true },
			{ key: "ArrowUp", shiftKey: true },
			{ key: "k", ctrlKey: true, altKey: true },
		])
			expect(keysOf(other)).toEqual([]);
	});

	test("that is a sign may need Shift on a keyboard", () => {
		expect(keysOf({ key: "?", shiftKey: true })).toEqual(["help"]);
		expect(keysOf({ key: "?" })).toEqual(["help"]);
	});

	test("that belongs to a word which an input method composes is none", () => {
		expect(keysOf({ key: "Escape", isComposing: true })).toEqual([]);
		expect(keysOf({ key: "Escape", keyCode: 229 })).toEqual([]);
	});

	test("is named for screen readers", () => {
		expect(ariaKeys("newChat")).toBe("Control+Shift+O Meta+Shift+O");
	});
});
