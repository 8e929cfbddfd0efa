// @vitest-environment happy-dom
import { act } from "react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Mounted, mount } from "../testing/render.tsx";
import { modelOf } from "../testing/views.ts";
import { isChoice, ModelPicker, type ModelPickerProps } from "./model-picker.tsx";

const nano = modelOf("nano", { label: "GPT-5 nano", description: "Quick answers." });
const mini = modelOf("mini", { label: "GPT-5 mini", weight: 2, tiers: ["free", "paid"] });
const big = modelOf("big", { label: "GPT-5", weight: 6, efforts: { low: 1, high: 4 }, tiers: ["paid"] });

const onChoose = vi.fn();
const onWhole = vi.fn();
let page: Mounted;

const picker = (props: Partial<ModelPickerProps> = {}) => (
	<ModelPicker
		models={[nano, mini, big]}
		choice={{ model: nano, effort: null }}
		onChoose={onChoose}
		whole={undefined}
		onWhole={onWhole}
		unitsOf={({ model, effort }, whole) => model.weight * (model.efforts[effort ?? "low"] ?? 1) * (whole ? 3 : 1)}
		tier="paid"
		path="/c/abc"
		canPay
		{...props}
	/>
);

/** happy-dom has no popovers: this one is shown and hidden without the browser's rules. */
beforeEach(() => {
	const open = new WeakSet<Element>();
	vi.spyOn(HTMLElement.prototype, "matches").mockImplementation(function (this: Element, selector: string) {
		return selector === ":popover-open" && open.has(this);
	});
	HTMLElement.prototype.showPopover = function () {
		open.add(this);
	};
	HTMLElement.prototype.hidePopover = function () {
		this.dispatchEvent(Object.assign(new Event("toggle"), { newState: "closed" }));
	};
});
afterEach(async () => {
	await page.unmount();
	vi.restoreAllMocks();
});

const menu = () => page.root.querySelector<HTMLElement>('[role="dialog"]');

/** Presses the button and waits for the menu, which is loaded then. */
async function open(element = picker()): Promise<HTMLElement> {
	page = await mount(element);
	await act(async () => {
		page.root.querySelector("button")?.click();
		await vi.dynamicImportSettled();
	});
	// It is shown with the next turn.
	await act(() => new Promise((resolve) => setTimeout(resolve, 0)));
	const shown = menu();
	if (!shown) throw new Error("There is no menu");
	return shown;
}

/** The label of the choice that begins so, as a screen reader reads it. */
const choice = (name: string) => {
	const found = [...(menu()?.querySelectorAll("label") ?? [])].find((one) => one.textContent?.startsWith(name));
	const input = found?.querySelector("input");
	if (!found || !input) throw new Error(`There is no choice "${name}"`);
	return { input, text: found.textContent?.replace(/\s+/g, " ").trim() };
};

test("the button names the model, and the effort where there is a choice of it; the menu is loaded when it is pressed", async () => {
	page = await mount(picker());
	expect(page.button("Model: GPT-5 nano").getAttribute("aria-expanded")).toBe("false");
	await page.render(picker({ choice: { model: big, effort: "high" } }));
	expect(page.button("Model: GPT-5 · high").getAttribute("aria-haspopup")).toBe("dialog");
	expect(menu()).toBeNull();
});

test("there is a choice of several models, several efforts, or how much of the chat is sent", () => {
	const of = (props: Partial<ModelPickerProps>) =>
		isChoice({ models: [nano], choice: { model: nano, effort: null }, whole: undefined, ...props });
	expect(of({})).toBe(false);
	expect(of({ models: [nano, mini] })).toBe(true);
	expect(of({ choice: { model: big, effort: "low" } })).toBe(true);
	expect(of({ choice: { model: modelOf("one", { efforts: { low: 1 } }), effort: "low" } })).toBe(false);
	expect(of({ whole: false })).toBe(true);
});

describe("the menu", () => {
	test("has every model with its description and price, and begins at the chosen one", async () => {
		await open();
		expect(choice("GPT-5 nano").text).toBe("GPT-5 nano Quick answers.1 request");
		expect(choice("GPT-5 mini").text).toBe("GPT-5 mini 2 requests");
		expect(document.activeElement).toBe(choice("GPT-5 nano").input);
	});

	test("chooses a model, at the effort that is kept or its lowest", async () => {
		await open();
		await act(async () => choice("GPT-5 6").input.click());
		expect(onChoose).toHaveBeenLastCalledWith({ model: big, effort: "low" });
	});

	test("has the levels of effort that the model has, each with its price", async () => {
		const shown = await open(picker({ choice: { model: big, effort: "low" } }));
		expect(shown.querySelectorAll('[name="effort"]')).toHaveLength(2);
		expect(choice("low").text).toBe("low6 requests");
		await act(async () => choice("high").input.click());
		expect(onChoose).toHaveBeenLastCalledWith({ model: big, effort: "high" });
	});

	test("switches how much of the chat is sent, at its price", async () => {
		await open(picker({ whole: false }));
		expect(choice("Include the whole chat").text).toContain("3 requests each.");
		await act(async () => choice("Include the whole chat").input.click());
		expect(onWhole).toHaveBeenCalledExactlyOnceWith(true);
	});

	test("closes with Enter, and opens again", async () => {
		const shown = await open();
		await act(async () => shown.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true })));
		expect(menu()).toBeNull();
		await act(async () => page.root.querySelector("button")?.click());
		expect(menu()).not.toBeNull();
	});
});

describe("a model that is not in the viewer's plan", () => {
	test("is shown and cannot be chosen, with what it takes", async () => {
		const shown = await open(picker({ tier: "free" }));
		expect(choice("GPT-5 mini").input.disabled).toBe(false);
		expect(choice("GPT-5 Pro").input.disabled).toBe(true);
		expect(shown.querySelector("a")?.getAttribute("href")).toBe("/pricing");
	});

	test("leads a guest to an account first", async () => {
		const shown = await open(picker({ tier: "guest" }));
		expect(choice("GPT-5 mini Account").input.disabled).toBe(true);
		expect(choice("GPT-5 Pro").input.disabled).toBe(true);
		expect(shown.querySelector("a")?.getAttribute("href")).toBe("/sign-up?next=%2Fc%2Fabc");
	});

	test("leads nowhere where nothing is sold", async () => {
		expect((await open(picker({ tier: "free", canPay: false }))).querySelector("a")).toBeNull();
	});
});
