import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { Parley } from "./parley.ts";

// Versions of questions and answers, branches, and the scroll position while an answer grows.

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
});
afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext();
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
	await quick();
	await parley.openAccount(context.request);
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
});

const views = [1440, 390].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));
const model = (set: Record<string, unknown>) => parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1, ...set } });
const quick = () => model({});
const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const questions = () => page.getByRole("article", { name: "You" });
const answers = () => page.getByRole("article", { name: "Answer" });
const version = (of: Page | ReturnType<typeof questions>, name: string) => of.getByRole("group", { name });

async function ask(text: string): Promise<void> {
	await composer().fill(text);
	await composer().press("Enter");
	await ended();
}

/** Waits until no answer is being written. */
const ended = async () => {
	await page.waitForURL("**/c/*");
	await page.getByRole("button", { name: "Send", exact: true }).waitFor();
	await expect.poll(() => page.locator("article[aria-busy=true]").count()).toBe(0);
};

async function edit(at: number, text: string): Promise<void> {
	await questions().nth(at).hover();
	await questions().nth(at).getByRole("button", { name: "Edit", exact: true }).click();
	await page.getByRole("textbox", { name: "Edit your message" }).fill(text);
	await page.getByRole("textbox", { name: "Edit your message" }).press("Enter");
}

const said = () => page.locator('article[aria-label="You"] > p').allInnerTexts();
const used = () => page.evaluate<number>('fetch("/api/usage").then((response) => response.json()).then(({ used }) => used)');
/** The distance from the top of the scroller to an element's top, pixels. */
const topOf = (selector: string, at: number) =>
	page.evaluate(
		([selector, at]) => {
			const scroller = document.querySelector("main .overflow-y-auto");
			const element = [...document.querySelectorAll(selector)].at(at);
			return Math.round((element?.getBoundingClientRect().top ?? -1) - (scroller?.getBoundingClientRect().top ?? 0));
		},
		[selector, at] as const,
	);

/** Runs in the page: records every text that a live region receives. */
function recordAnnouncements(): void {
	const regions = () => document.querySelectorAll("[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]");
	const said = new Map([...regions()].map((region) => [region, region.textContent ?? ""]));
	const announced: string[] = [];
	Object.assign(globalThis, { announced });
	new MutationObserver(() => {
		for (const region of regions()) {
			const text = region.textContent ?? "";
			// A region inserted together with its text is not announced, unless it is an alert or a status.
			const before = said.get(region) ?? (region.matches("[role=status], [role=alert]") ? "" : text);
			said.set(region, text);
			if (text !== "" && text !== before) announced.push(text);
		}
	}).observe(document.body, { subtree: true, childList: true, characterData: true });
}
const announced = () => page.evaluate<string[]>("announced");

describe("versions", () => {
	test("of a question and of an answer can be switched with mouse and keyboard, free of charge; other tabs follow", async () => {
		await ask("First");
		await ask("Second");
		const before = await used();
		await edit(0, "First, edited");
		await version(questions().first(), "Version 2 of 2").waitFor();
		expect(await said()).toEqual(["First, edited"]);
		await page.getByRole("button", { name: /^Ask again/ }).click();
		await version(answers(), "Version 2 of 2").waitFor();
		expect(await used()).toBe(before + 2);
		const other = await context.newPage();
		await other.goto(page.url());
		await other.locator("button[type=submit]").waitFor();
		await version(questions(), "Version 2 of 2").getByRole("button", { name: "Previous version" }).click();
		await version(questions().first(), "Version 1 of 2").waitFor();
		expect(await said()).toEqual(["First", "Second"]);
		expect(await page.locator("[aria-live=polite].sr-only").innerText()).toBe("Version 1 of 2.");
		await expect.poll(() => other.locator('article[aria-label="You"] > p').allInnerTexts()).toEqual(["First", "Second"]);
		// At either end the pressed button keeps the focus, and the arrow keys do the same.
		const previous = questions().first().getByRole("button", { name: "Previous version" });
		expect(await previous.getAttribute("aria-disabled")).toBe("true");
		expect(await previous.evaluate((element) => element === document.activeElement)).toBe(true);
		await page.keyboard.press("ArrowRight");
		await version(questions().first(), "Version 2 of 2").waitFor();
		await version(answers(), "Version 2 of 2").waitFor();
		expect(await said()).toEqual(["First, edited"]);
		await page.reload();
		await version(answers(), "Version 2 of 2").waitFor();
		expect(await used()).toBe(before + 2);
		await assertAccessible(page, views);
	});

	test("are not created by an edit that changes nothing, and a failed answer hides none", async () => {
		await ask("Unchanged");
		const before = await used();
		await edit(0, "Unchanged ");
		await page.getByRole("textbox", { name: "Edit your message" }).waitFor({ state: "detached" });
		expect(
			await questions()
				.getByRole("button", { name: "Edit" })
				.evaluate((element) => element === document.activeElement),
		).toBe(true);
		const good = await answers().locator(".prose").innerText();
		await model({ failAfterChunks: 2, chunks: 6 });
		await page.getByRole("button", { name: /^Ask again/ }).click();
		await page.getByText("The chat is as it was.").waitFor();
		await version(answers(), "Version 1 of 2").waitFor();
		expect(await answers().locator(".prose").innerText()).toBe(good);
		// The partial answer is the other version, with the reference to quote to support.
		await answers().getByRole("button", { name: "Next version" }).click();
		await answers().getByText("Reference for support:").waitFor();
		expect(await used()).toBe(before);
	});

	test("a branch is a new chat with the path up to that point, listed, and free", async () => {
		await ask("First");
		await ask("Second");
		const [first, before] = [page.url(), await used()];
		await answers().first().hover();
		await answers().first().getByRole("button", { name: "Branch into a new chat" }).click();
		await page.waitForURL((url) => url.href !== first && url.pathname.startsWith("/c/"));
		await expect.poll(said).toEqual(["First"]);
		await page.getByRole("link", { name: "Branch · First" }).waitFor();
		await ask("Third");
		expect(await used()).toBe(before + 1);
		await page.goto(first);
		await expect.poll(said).toEqual(["First", "Second"]);
	});

	test("a branch from a question waits for its answer, and the first chat stays", async () => {
		await ask("First");
		const [first, before] = [page.url(), await used()];
		await questions().first().hover();
		await questions().first().getByRole("button", { name: "Branch into a new chat" }).click();
		await page.waitForURL((url) => url.href !== first && url.pathname.startsWith("/c/"));
		await page.getByText("There is no answer to this yet.").waitFor();
		expect(await used()).toBe(before);
		await assertAccessible(page, views);
		await page.getByRole("button", { name: "Try again" }).click();
		await ended();
		expect(await used()).toBe(before + 1);
	});
});

describe("each answer", () => {
	test("shows its model, time and price; “Why” shows the rule and the tokens", async () => {
		await ask("Why?");
		await answers()
			.getByText(/^Sandbox · .*\d\d.* · 1 request$/)
			.waitFor();
		await answers().getByRole("button", { name: "Why" }).click();
		await answers().getByText("The answer is complete").waitFor();
		await answers().getByText("1 request", { exact: true }).waitFor();
		await answers()
			.getByText(/, took [\d.]+ s$/)
			.waitFor();
		await answers()
			.getByText(/\d+ read, \d+ written/)
			.waitFor();
		await page.getByRole("button", { name: "Why", expanded: true }).waitFor();
		await assertAccessible(page, views);
	});

	test("that failed says that it did not count, by which rule, and what to quote to support", async () => {
		await model({ failAfterChunks: 2, chunks: 6 });
		await composer().fill("Fail");
		await composer().press("Enter");
		await answers().getByText("Reference for support:").waitFor();
		await answers()
			.getByText(/^Sandbox · .* · not counted$/)
			.waitFor();
		await answers().getByRole("button", { name: "Why" }).click();
		await answers().getByText("trying again is free").waitFor();
		const reference = answers().locator("dt", { hasText: "Reference" }).locator("+ dd");
		expect(await answers().locator("p .select-all").innerText()).toBe(await reference.innerText());
		await assertAccessible(page, views);
	});

	test("to an edit without output shows its reference in the notice", async () => {
		await ask("First");
		await model({ failBeforeOutput: 500 });
		await edit(0, "Second");
		await page.getByRole("status").filter({ hasText: "The chat is as it was." }).getByText("Reference for support:").waitFor();
		await assertAccessible(page, views);
	});
});

describe("scrolling", () => {
	const LONG = { chunks: 400, chunkMs: 1 };

	test("a new question moves to the top, its answer grows below it, and the end is one press away", async () => {
		await page.setViewportSize({ width: 390, height: 844 });
		await model(LONG);
		await ask("First");
		await model({ ...LONG, chunkMs: 5 });
		await composer().fill("Second");
		await composer().press("Enter");
		await questions().nth(1).waitFor();
		await expect.poll(() => topOf('article[aria-label="You"]', -1)).toBe(16);
		const jump = page.getByRole("button", { name: "Jump to latest" });
		await jump.waitFor();
		expect(await page.getByRole("img", { name: "Thinking" }).count()).toBe(1);
		await ended();
		expect(await topOf('article[aria-label="You"]', -1)).toBe(16);
		await jump.click();
		await jump.waitFor({ state: "detached" });
		await expect.poll(() => topOf('article[aria-label="Answer"]', -1)).toBeLessThan(0);
	});

	test("the text being read stays in place while its answer grows, even after the viewer has scrolled", async () => {
		await page.setViewportSize({ width: 390, height: 844 });
		await model({ chunks: 5_000, chunkMs: 10 });
		await composer().fill("A long answer, please");
		await composer().press("Enter");
		const text = answers().locator(".prose");
		const length = async () => (await text.innerText()).length;
		const longer = async (than: number) => expect.poll(length).toBeGreaterThan(than);
		await text.waitFor();
		await longer(2_000);
		expect(await topOf('article[aria-label="You"]', 0)).toBe(16);
		await page.mouse.move(200, 400);
		await page.mouse.wheel(0, 120);
		await expect.poll(() => topOf('article[aria-label="You"]', 0)).toBe(16 - 120);
		await longer((await length()) + 200);
		expect(await topOf('article[aria-label="You"]', 0)).toBe(16 - 120);
		// Back at the end, the view follows the answer again.
		await page.getByRole("button", { name: "Jump to latest" }).click();
		const fromEnd = () =>
			page.evaluate<number>(
				"(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.querySelector('main .overflow-y-auto'))",
			);
		await expect.poll(fromEnd).toBeLessThan(32);
		await longer((await length()) + 200);
		await expect.poll(fromEnd).toBeLessThan(32);
		await page.getByRole("button", { name: "Stop" }).click();
		await ended();
	});

	test("a silent model shows that it is working, and an answer is announced twice", async () => {
		await page.evaluate(recordAnnouncements);
		await model({ chunks: 40, silentAfterChunks: 20 });
		await composer().fill("Hello");
		await composer().press("Enter");
		await answers().locator(".prose").waitFor();
		await page.getByRole("img", { name: "Thinking" }).waitFor();
		await page.getByText(/^Waiting for the model · \d+ s$/).waitFor();
		await page.getByRole("button", { name: "Stop" }).click();
		await ended();
		await expect.poll(announced).toHaveLength(2);
		await quick();
		await ask("Again");
		await expect.poll(async () => (await announced()).slice(2)).toEqual(["Thinking.", expect.stringMatching(/^Answer complete\. /)]);
	});

	test("the end of a chat is on screen without scripts, and the rest can be scrolled to", async () => {
		await model(LONG);
		for (const text of ["First", "Second", "Third"]) await ask(text);
		const plain = await parley.browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
		const still = await plain.newPage();
		await still.setViewportSize({ width: 390, height: 844 });
		await still.goto(page.url());
		const lastLine = still.getByRole("article", { name: "Answer" }).last().locator(".prose > :last-child");
		const isSeen = (box: { y: number; height: number } | null) => box !== null && box.y + box.height > 0 && box.y < 844;
		expect(isSeen(await lastLine.boundingBox())).toBe(true);
		await still.mouse.move(200, 400);
		// A wheel turn before the page handles scrolling is lost.
		const scrolled = async () => {
			await still.mouse.wheel(0, -100_000);
			return isSeen(await still.getByRole("article", { name: "You" }).first().boundingBox());
		};
		await expect.poll(scrolled).toBe(true);
		await plain.close();
	});
});
