// @vitest-environment happy-dom
import { act } from "react";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Mounted, mount } from "../testing/render.tsx";
import { modelOf } from "../testing/views.ts";
import { isChoice, ModelPicker, type ModelPickerProps } from "./model-picker.tsx";

const nano = modelOf("nano", { label: "GPT-5 nano", description: "Quick answers." });
const mini = modelOf("mini", { label: "GPT-5 mini", weight: 2, tiers: ["free", "paid"] });
const big = modelOf("big", { label: "GPT-5", weight: 6, efforts: { low: 1, high: 4 }, tiers: ["paid"] });

const onChoose = vi.fn();
const onWhole = vi.fn();
let page: Mounted;

afterEach(async () => {
	await page.unmount();
	vi.clearAllMocks();
});

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

const list = (name: string) => page.root.querySelector(`select[aria-label="${name}"]`) as unknown as HTMLSelectElement | null;
const optionsOf = (name: string) => [...(list(name)?.options ?? [])].map(({ textContent }) => textContent);

async function choose(name: string, value: string): Promise<void> {
	const element = list(name);
	if (!element) throw new Error(`There is no list "${name}"`);
	await act(async () => {
		element.value = value;
		element.dispatchEvent(new Event("change", { bubbles: true }));
	});
}

test("the picker appears with several models, several efforts, or a choice of history", async () => {
	page = await mount(null);
	const of = (props: Partial<ModelPickerProps>) =>
		isChoice({ models: [nano], choice: { model: nano, effort: null }, whole: undefined, ...props });
	expect(of({})).toBe(false);
	expect(of({ models: [nano, mini] })).toBe(true);
	expect(of({ choice: { model: big, effort: "low" } })).toBe(true);
	expect(of({ choice: { model: modelOf("one", { efforts: { low: 1 } }), effort: "low" } })).toBe(false);
	expect(of({ whole: false })).toBe(true);
});

describe("the lists", () => {
	test("list every model with its price and description, and mark the chosen one", async () => {
		page = await mount(picker());
		expect(optionsOf("Model")).toEqual(["GPT-5 nano · 1 request", "GPT-5 mini · 2 requests", "GPT-5 · 6 requests"]);
		expect(list("Model")?.value).toBe("nano");
		expect(list("Model")?.options[0]?.dataset.about).toBe("Quick answers.");
		expect(list("Effort")).toBeNull();
	});

	test("choose a model at the kept effort, or its lowest", async () => {
		page = await mount(picker());
		await choose("Model", "big");
		expect(onChoose).toHaveBeenLastCalledWith({ model: big, effort: "low" });
	});

	test("list the model's effort levels, each with its price", async () => {
		page = await mount(picker({ choice: { model: big, effort: "low" } }));
		expect(optionsOf("Effort")).toEqual(["Low effort · 6 requests", "High effort · 24 requests"]);
		await choose("Effort", "high");
		expect(onChoose).toHaveBeenLastCalledWith({ model: big, effort: "high" });
	});

	test("come with a switch for sending the whole chat, at its price", async () => {
		page = await mount(picker({ whole: false }));
		const label = page.root.querySelector("label");
		expect(label?.textContent).toBe("Include the whole chat · 3 requests each");
		await act(async () => label?.querySelector("input")?.click());
		expect(onWhole).toHaveBeenCalledExactlyOnceWith(true);
	});
});

describe("a model that is not in the viewer's plan", () => {
	test("is listed with the plan it needs, and choosing it leads to that plan instead of a request", async () => {
		page = await mount(picker({ tier: "free" }));
		expect(optionsOf("Model")[2]).toBe("GPT-5 · 6 requests · in Pro");
		await choose("Model", "big");
		expect(onChoose).not.toHaveBeenCalled();
		expect(page.root.querySelector('[role="status"] a')?.textContent).toBe("Go Pro to use GPT-5");
		expect(page.root.querySelector("a")?.getAttribute("href")).toBe("/pricing");
		await choose("Model", "mini");
		expect(page.root.querySelector("a")).toBeNull();
	});

	test("leads a guest to an account first", async () => {
		page = await mount(picker({ tier: "guest" }));
		expect(optionsOf("Model").slice(1)).toEqual(["GPT-5 mini · 2 requests · with an account", "GPT-5 · 6 requests · in Pro"]);
		await choose("Model", "mini");
		expect(page.root.querySelector("a")?.getAttribute("href")).toBe("/sign-up?next=%2Fc%2Fabc");
	});

	test("cannot be chosen on a server that sells nothing", async () => {
		page = await mount(picker({ tier: "free", canPay: false }));
		expect([...(list("Model")?.options ?? [])].map(({ disabled }) => disabled)).toEqual([false, false, true]);
	});
});
