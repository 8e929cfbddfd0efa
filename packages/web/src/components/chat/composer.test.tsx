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
const priceFor = (text: string): Price => ({ units: text.length > 10 ? 4 : 1, model: "m", effort: null, whole: false });
const handle = createRef<ComposerHandle>();
let page: Mounted;

const composer = (props: Partial<Parameters<typeof Composer>[0]> = {}) => (
	<Composer
		ref={handle}
		draftKey="new"
		isNew={false}
		answering={false}
		priceFor={priceFor}
		chatId="c1"
		fileLimit={fileLimit}
		model={modelOf("m")}
		atLimit={false}
		due={undefined}
		onBlocked={onBlocked}
		onSend={onSend}
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

/** Types as a browser does: sets the value behind React's back and dispatches an input event. */
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

	test("Enter that confirms a word of an input method does not send", async () => {
		page = await mount(composer());
		await type("にほん");
		await press({ isComposing: true });
		expect(onSend).not.toHaveBeenCalled();
	});

	test("on a touch screen Enter breaks the line, and Ctrl+Enter sends", async () => {
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

	test("moves to the chat's own key when a new chat gets its address", async () => {
		page = await mount(composer());
		await type("Next question");
		await page.render(composer({ draftKey: "c1" }));
		expect(field().value).toBe("Next question");
		expect(sessionStorage.getItem("parley:draft:new")).toBeNull();
		expect(sessionStorage.getItem("parley:draft:c1")).toBe("Next question");
	});

	test("survives a refusal: returned text goes before what was typed meanwhile", async () => {
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

	test("a blocked message goes out once after the purchase", async () => {
		page = await mount(composer({ atLimit: true }));
		await type("Hello");
		await page.render(composer({ due: { text: "Hello" } }));
		await page.render(composer({ due: { text: "Hello" } }));
		expect(onSend).toHaveBeenCalledExactlyOnceWith("Hello", priceFor("Hello"), []);
	});

	test("a blocked message that was changed since does not go out by itself", async () => {
		page = await mount(composer({ atLimit: true }));
		await type("Hello, again");
		await page.render(composer({ due: { text: "Hello" } }));
		expect(onSend).not.toHaveBeenCalled();
	});
});

describe("the price", () => {
	test("is on the button when it is above one request, follows the text, and goes out with the message", async () => {
		page = await mount(composer());
		expect(page.button("Send").textContent).toBe("");
		await type("Hello, hello, hello");
		expect(page.button("Send · 4 requests").textContent).toBe("4");
		await press({});
		expect(onSend).toHaveBeenCalledExactlyOnceWith("Hello, hello, hello", expect.objectContaining({ units: 4 }), []);
		expect(page.button("Send").textContent).toBe("");
	});

	test("is not on the button that stops an answer", async () => {
		page = await mount(composer({ answering: true }));
		await type("Hello, hello, hello");
		expect(page.button("Stop").textContent).toBe("");
	});

	test("that the viewer has agreed to is sent past a limit, and the field is emptied", async () => {
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

test("a message over the server's limit is not sent, and the excess is named", async () => {
	page = await mount(composer());
	await type("x".repeat(32_769));
	await press({});
	expect(onSend).not.toHaveBeenCalled();
	expect(page.text()).toContain("1 character too long");
	await type("x".repeat(32_768));
	await press({});
	expect(onSend).toHaveBeenCalledTimes(1);
});

test("while an answer is being written the button stops it, and Enter sends nothing", async () => {
	page = await mount(composer({ answering: true }));
	await type("Next");
	await press({});
	await page.press("Stop");
	expect(onSend).not.toHaveBeenCalled();
	expect(onStop).toHaveBeenCalledTimes(1);
});

test("the button keeps its element and its focus while an answer is stopped and ends", async () => {
	page = await mount(composer({ answering: true }));
	const stop = page.button("Stop");
	stop.focus();
	await page.press("Stop");
	expect(stop.disabled).toBe(false);
	await page.render(composer({ answering: false }));
	expect(page.button("Send")).toBe(stop);
	expect(document.activeElement).toBe(stop);
});
