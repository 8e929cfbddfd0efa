import { describe, expect, test } from "vitest";
import { ariaKeys, isKey, KEYS, type KeyName } from "./keys.ts";

const names = Object.keys(KEYS) as KeyName[];
const plain = { key: "", keyCode: 0, isComposing: false, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
const keysOf = (press: Partial<typeof plain>) => names.filter((name) => isKey({ ...plain, ...press }, name));

describe("a keyboard shortcut", () => {
	test("matches the listed keys only: with Ctrl or ⌘, in upper or lower case", () => {
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

	test("for a symbol may need Shift, depending on the keyboard", () => {
		expect(keysOf({ key: "?", shiftKey: true })).toEqual(["help"]);
		expect(keysOf({ key: "?" })).toEqual(["help"]);
	});

	test("does not match a key that belongs to an input-method composition", () => {
		expect(keysOf({ key: "Escape", isComposing: true })).toEqual([]);
		expect(keysOf({ key: "Escape", keyCode: 229 })).toEqual([]);
	});

	test("is named for screen readers", () => {
		expect(ariaKeys("newChat")).toBe("Control+Shift+O Meta+Shift+O");
	});
});
