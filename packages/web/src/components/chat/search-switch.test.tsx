// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Mounted, mount } from "../testing/render.tsx";
import { modelOf } from "../testing/views.ts";
import { priceOfSend } from "./price.ts";
import { SearchSwitch } from "./search-switch.tsx";
import { useChoice } from "./use-choice.ts";

const offer = { units: 2, max: 8 };
const NAME = "Web search · +2 requests each";

function Chat({ id, offered = true }: { id: string; offered?: boolean }) {
	const [choice, choose] = useChoice([modelOf("m")], "free", id, offered ? offer : null);
	return (
		<>
			<SearchSwitch offer={offer} choice={choice} onChoose={choose} />
			<output>{JSON.stringify(priceOfSend({ ...choice, instructions: 0 }, false, 0, "Hello"))}</output>
		</>
	);
}

let page: Mounted;
beforeEach(() => localStorage.clear());
afterEach(() => page.unmount());

const isOn = () => page.button(NAME).getAttribute("aria-checked") === "true";
const price = () => JSON.parse(page.root.querySelector("output")?.textContent ?? "");

describe("the web search switch", () => {
	test("shows the price per search before it is switched on, and adds at most that to the price", async () => {
		page = await mount(<Chat id="a" />);
		expect(isOn()).toBe(false);
		expect(price()).toEqual({ units: 1, model: "m", effort: null, whole: false });
		await page.press(NAME);
		expect(isOn()).toBe(true);
		expect(price()).toEqual({ units: 1, model: "m", effort: null, whole: false, search: true, upTo: 17 });
		await page.press(NAME);
		expect(isOn()).toBe(false);
	});

	test("is remembered for its own chat only", async () => {
		page = await mount(<Chat id="a" />);
		await page.press(NAME);
		await page.unmount();
		page = await mount(<Chat id="a" />);
		expect(isOn()).toBe(true);
		await page.unmount();
		page = await mount(<Chat id="b" />);
		expect(isOn()).toBe(false);
		await page.press(NAME);
		await page.unmount();
		page = await mount(<Chat id="a" />);
		expect(isOn()).toBe(true);
	});

	test("has no effect once search is no longer offered", async () => {
		page = await mount(<Chat id="a" />);
		await page.press(NAME);
		await page.render(<Chat id="a" offered={false} />);
		expect(price()).not.toHaveProperty("search");
	});
});
