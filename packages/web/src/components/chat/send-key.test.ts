// @vitest-environment happy-dom
import { afterEach, describe, expect, test, vi } from "vitest";
import { isSendKey } from "./send-key.ts";

afterEach(() => {
	vi.unstubAllGlobals();
	delete document.documentElement.dataset.enter;
});

const press = (init: KeyboardEventInit & { isComposing?: boolean; keyCode?: number } = {}) => {
	const { shiftKey = false, ctrlKey = false, metaKey = false, key = "Enter", isComposing = false, keyCode = 13 } = init;
	return isSendKey({ key, shiftKey, ctrlKey, metaKey, isComposing, keyCode } as KeyboardEvent);
};
const screen = (touch: boolean) => vi.stubGlobal("matchMedia", () => ({ matches: touch }));

describe("Enter", () => {
	test("sends, and inserts a newline with Shift; on a touch keyboard only Ctrl+Enter or ⌘+Enter sends", () => {
		screen(false);
		expect([press(), press({ shiftKey: true }), press({ key: "a" })]).toEqual([true, false, false]);
		screen(true);
		expect([press(), press({ ctrlKey: true }), press({ metaKey: true })]).toEqual([false, true, true]);
	});

	test("inserts a newline if the reader has chosen to send with Ctrl or ⌘", () => {
		screen(false);
		document.documentElement.dataset.enter = "mod";
		expect([press(), press({ ctrlKey: true }), press({ metaKey: true }), press({ shiftKey: true })]).toEqual([false, true, true, false]);
	});

	test("never sends while it confirms an input-method composition, including Safari's Enter after the composition", () => {
		screen(false);
		expect([press({ isComposing: true }), press({ keyCode: 229 })]).toEqual([false, false]);
	});
});
