// @vitest-environment happy-dom
import { act, createRef } from "react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Price } from "../../view/chat.ts";
import { type Mounted, mount } from "../testing/render.tsx";
import { fileLimit, modelOf } from "../testing/views.ts";
import { Composer, type ComposerHandle } from "./composer.tsx";

const onSend = vi.fn();
const onBlocked = vi.fn();
const onStop = vi.fn();
const onQueue = vi.fn();
const onEditLast = vi.fn();
const priceFor = (text: string): Price => ({ units: text.length > 10 ? 4 : 1, model: "m", effort: null, whole: false });
const handle = createRef<ComposerHandle>();
let page: Mounted;

const composer = (props: Partial<Parameters<typeof Composer>[0]> = {}) => (
	<Composer
		ref={handle}
		draftKey="new"
		isNew={false}
		answering={false}
		queues={false}
		priceFor={priceFor}
		chatId="c1"
		fileLimit={fileLimit}
		model={modelOf("m")}
		atLimit={false}
		due={undefined}
		onBlocked={onBlocked}
		onSend={onSend}
		onQueue={onQueue}
		onEditLast={onEditLast}
		onStop={onStop}
		onFocus={() => {}}
		{...props}
	/>
);

function field(): HTMLTextAreaElement {
	const area = page.root.querySelector("textarea");
	if (!area) throw new Error("There is no message field");
	return area;
}

/** Types like a browser: sets the value without React's setter, then dispatches an input event. */
const type = (text: string) =>
	act(async () => {
		Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(field(), text);
		field().dispatchEvent(new Event("input", { bubbles: true }));
	});

const press = (init: KeyboardEventInit) =>
	act(async () => {
		field().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init }));
	});

const onTouchScreen = (touch: boolean) => vi.stubGlobal("matchMedia", (query: string) => ({ matches: touch && query === "(hover: none)" }));

beforeEach(() => onTouchScreen(false));
afterEach(async () => {
	await page.unmount();
	sessionStorage.clear();
	vi.clearAllMocks();
	vi.unstubAllGlobals();
});

describe("keys", () => {
	test("Enter sends the trimmed message and empties the field", async () => {
		page = await mount(composer());
		await type("  Hello \n");
		await press({});
		expect(onSend).toHaveBeenCalledExactlyOnceWith("Hello", priceFor("Hello"), []);
		expect(field().value).toBe("");
		expect(sessionStorage.getItem("parley:draft:new")).toBeNull();
	});

	test("Shift+Enter does not send", async () => {
		page = await mount(composer());
		await type("Hello");
		await press({ shiftKey: true });
		expect(onSend).not.toHaveBeenCalled();
	});

	test("Enter that confirms an input-method composition does not send", async () => {
		page = await mount(composer());
		await type("にほん");
		await press({ isComposing: true });
		expect(onSend).not.toHaveBeenCalled();
	});

	test("on a touch screen Enter inserts a newline, and Ctrl+Enter sends", async () => {
		onTouchScreen(true);
		page = await mount(composer());
		await type("Hello");
		await press({});
		expect(onSend).not.toHaveBeenCalled();
		await press({ ctrlKey: true });
		expect(onSend).toHaveBeenCalledWith("Hello", priceFor("Hello"), []);
	});

	test("an empty message is not sent", async () => {
		page = await mount(composer());
		await type("  \n ");
		await press({});
		expect(onSend).not.toHaveBeenCalled();
	});
});

describe("the draft", () => {
	test("survives a reload", async () => {
		page = await mount(composer());
		await type("Half a thought");
		await page.unmount();
		page = await mount(composer());
		expect(field().value).toBe("Half a thought");
	});

	test("is saved at most twice a second while typing, and at once when the field or the page is left", async () => {
		vi.useFakeTimers();
		try {
			page = await mount(composer());
			const saved = vi.spyOn(Storage.prototype, "setItem");
			const kept = () => sessionStorage.getItem("parley:draft:new");
			for (let chars = 1; chars <= 40; chars++) {
				await type("x".repeat(chars));
				await act(async () => vi.advanceTimersByTime(50));
			}
			// Two seconds: one save at once, then one every half second.
			expect(saved.mock.calls.length).toBeLessThanOrEqual(5);
			await act(async () => vi.advanceTimersByTime(500));
			expect(kept()).toBe("x".repeat(40));
			for (const leave of [
				() => field().dispatchEvent(new FocusEvent("focusout", { bubbles: true })),
				() => dispatchEvent(new Event("pagehide")),
			]) {
				await type("one");
				await type("one, two");
				await act(async () => leave());
				expect(kept()).toBe("one, two");
				await type("");
				await act(async () => vi.advanceTimersByTime(1_000));
			}
			expect(kept()).toBeNull();
		} finally {
			vi.useRealTimers();
			vi.restoreAllMocks();
		}
	});

	test("moves to the chat's own key when a new chat gets its address", async () => {
		page = await mount(composer());
		await type("Next question");
		await page.render(composer({ draftKey: "c1" }));
		expect(field().value).toBe("Next question");
		expect(sessionStorage.getItem("parley:draft:new")).toBeNull();
		expect(sessionStorage.getItem("parley:draft:c1")).toBe("Next question");
	});

	test("survives a refusal: returned text is inserted before newly typed text", async () => {
		page = await mount(composer());
		await type("Typed meanwhile");
		await act(async () => handle.current?.insert("Refused"));
		expect(field().value).toBe("Refused\n\nTyped meanwhile");
	});

	test("is not doubled when the returned text is still there", async () => {
		page = await mount(composer());
		await type("Same ");
		await act(async () => handle.current?.insert("Same"));
		expect(field().value).toBe("Same");
	});
});

describe("at the limit", () => {
	test("sending keeps the text and reports it as blocked", async () => {
		page = await mount(composer({ atLimit: true }));
		await type("Hello");
		await press({});
		expect(onSend).not.toHaveBeenCalled();
		expect(onBlocked).toHaveBeenCalledExactlyOnceWith("Hello", []);
		expect(field().value).toBe("Hello");
		expect(page.button("Send").getAttribute("aria-disabled")).toBe("true");
	});

	test("a blocked message is sent once after the purchase", async () => {
		page = await mount(composer({ atLimit: true }));
		await type("Hello");
		await page.render(composer({ due: { text: "Hello" } }));
		await page.render(composer({ due: { text: "Hello" } }));
		expect(onSend).toHaveBeenCalledExactlyOnceWith("Hello", priceFor("Hello"), []);
	});

	test("a blocked message that was changed since is not sent automatically", async () => {
		page = await mount(composer({ atLimit: true }));
		await type("Hello, again");
		await page.render(composer({ due: { text: "Hello" } }));
		expect(onSend).not.toHaveBeenCalled();
	});
});

describe("the price", () => {
	test("is on the button when it is above one request, follows the text, and is sent with the message", async () => {
		page = await mount(composer());
		expect(page.button("Send").textContent).toBe("");
		await type("Hello, hello, hello");
		expect(page.button("Send · 4 requests").textContent).toBe("4");
		await press({});
		expect(onSend).toHaveBeenCalledExactlyOnceWith("Hello, hello, hello", expect.objectContaining({ units: 4 }), []);
		expect(page.button("Send").textContent).toBe("");
	});

	test("is not on the stop button", async () => {
		page = await mount(composer({ answering: true }));
		await type("Hello, hello, hello");
		expect(page.button("Stop").textContent).toBe("");
	});

	test("agreed to by the viewer is sent despite a limit, and the field is emptied", async () => {
		const agreed = vi.fn();
		page = await mount(composer({ atLimit: true }));
		await type("Hello");
		await act(async () => handle.current?.submit(agreed));
		expect(agreed).toHaveBeenCalledExactlyOnceWith("Hello", []);
		expect(onSend).not.toHaveBeenCalled();
		expect(onBlocked).not.toHaveBeenCalled();
		expect(field().value).toBe("");
	});
});

test("a message over the server's limit is not sent, and the excess is shown", async () => {
	page = await mount(composer());
	await type("x".repeat(32_769));
	await press({});
	expect(onSend).not.toHaveBeenCalled();
	expect(page.text()).toContain("1 character too long");
	await type("x".repeat(32_768));
	await press({});
	expect(onSend).toHaveBeenCalledTimes(1);
});

describe("while an answer is written", () => {
	test("the button stops it, and Enter queues the message at the displayed price", async () => {
		page = await mount(composer({ answering: true, queues: true }));
		await press({});
		expect(onQueue).not.toHaveBeenCalled();
		await type("Hello, hello, hello");
		expect(page.button("Add to queue · 4 requests").textContent).toBe("4");
		await press({});
		expect(onQueue).toHaveBeenCalledExactlyOnceWith("Hello, hello, hello", expect.objectContaining({ units: 4 }), []);
		expect(onSend).not.toHaveBeenCalled();
		expect(field().value).toBe("");
		await page.press("Stop");
		expect(onStop).toHaveBeenCalledTimes(1);
	});

	test("at the limit a message can be queued, and is not reported as blocked", async () => {
		page = await mount(composer({ answering: true, queues: true, atLimit: true }));
		await type("Next");
		await press({});
		expect(onQueue).toHaveBeenCalledTimes(1);
		expect(onBlocked).not.toHaveBeenCalled();
	});
});

test("a new message queues behind those about to be sent", async () => {
	page = await mount(composer({ queues: true }));
	await type("Next");
	await page.press("Add to queue");
	expect(onQueue).toHaveBeenCalledExactlyOnceWith("Next", priceFor("Next"), []);
});

test("Arrow Up edits the last message, only while the field is empty", async () => {
	page = await mount(composer());
	await press({ key: "ArrowUp", isComposing: true });
	await press({ key: "ArrowUp", shiftKey: true });
	expect(onEditLast).not.toHaveBeenCalled();
	await press({ key: "ArrowUp" });
	expect(onEditLast).toHaveBeenCalledTimes(1);
	await type(" ");
	await press({ key: "ArrowUp" });
	expect(onEditLast).toHaveBeenCalledTimes(1);
});

test("the main button keeps its element and focus while an answer is stopped and ends", async () => {
	page = await mount(composer({ answering: true }));
	const stop = page.button("Stop");
	stop.focus();
	await page.press("Stop");
	expect(stop.disabled).toBe(false);
	await page.render(composer({ answering: false }));
	expect(page.button("Send")).toBe(stop);
	expect(document.activeElement).toBe(stop);
});
