// @vitest-environment happy-dom
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Mounted, mount } from "../testing/render.tsx";
import { Waiting } from "./waiting.tsx";

let page: Mounted;

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(async () => {
	await page?.unmount();
	vi.useRealTimers();
});

const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

test("a model's pause is shown after five seconds, outside live regions, until the next word", async () => {
	page = await mount(<Waiting progress={1} />);
	await wait(4_000);
	expect(page.text()).toBe("");
	await wait(4_000);
	expect(page.text()).toBe("Waiting for the model · 8 s");
	expect(page.root.querySelector("[aria-live], [role=status], [role=alert]")).toBeNull();
	await wait(57_000);
	expect(page.text()).toBe("Waiting for the model · 1 min 5 s");
	await page.render(<Waiting progress={2} />);
	expect(page.text()).toBe("");
	await wait(4_000);
	expect(page.text()).toBe("");
});
