import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Parley } from "./parley.ts";

// Accessibility beyond axe: high contrast, zoom, a phone's keyboard, touch, motion, and the amount of announcements.

let parley: Parley;
let context: BrowserContext | undefined;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
	await parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1 } });
});
afterAll(() => parley?.close());
afterEach(() => context?.close());

async function open(options: BrowserContextOptions = {}): Promise<void> {
	context = await parley.browser.newContext(options);
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
	await parley.openAccount(context.request);
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
}

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });

async function ask(text: string): Promise<void> {
	const before = await page.getByRole("article", { name: "Answer" }).count();
	await composer().fill(text);
	await page.getByRole("button", { name: "Send", exact: true }).click();
	await page
		.getByRole("article", { name: "Answer" })
		.nth(before)
		.getByRole("button", { name: /^Copy the answer/ })
		.waitFor();
	await page.locator("article[aria-busy=true]").waitFor({ state: "detached" });
}

/** The share of the viewport height that shows the conversation. */
const shareOfConversation = () =>
	page.evaluate(() => {
		const scroller = document.querySelector("main article")?.closest(".overflow-y-auto");
		return (scroller?.clientHeight ?? 0) / innerHeight;
	});
const overflowsSideways = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

test("high contrast outlines every control and every marked element", async () => {
	await open({ forcedColors: "active", viewport: { width: 1280, height: 800 } });
	await ask("Hello");
	const bordersOf = (selector: string) =>
		page
			.locator(selector)
			.first()
			.evaluate((one) => {
				const { borderTopWidth, borderInlineStartWidth, borderTopStyle } = getComputedStyle(one);
				return { top: borderTopStyle === "none" ? 0 : Number.parseFloat(borderTopWidth), start: Number.parseFloat(borderInlineStartWidth) };
			});
	const current = await bordersOf("nav a[aria-current=page]");
	expect(current.start).toBeGreaterThanOrEqual(4);
	expect((await bordersOf("nav a:not([aria-current])")).start).toBe(0);
	expect((await bordersOf("article[aria-label=You] p")).top).toBeGreaterThan(0);
	for (const one of [".composer", ".composer button[aria-label=Send]"]) expect((await bordersOf(one)).top, one).toBeGreaterThan(0);
	const marks = await page
		.locator("[data-testid=left]")
		.first()
		.locator("xpath=..")
		.locator(".tally-mark")
		.evaluateAll((all) => [...new Set(all.map((one) => getComputedStyle(one).fill))]);
	expect(marks, "used and left marks differ").toHaveLength(2);
});

test.each([
	["400 % zoom", { width: 320, height: 225 }, 0.4],
	["200 % zoom", { width: 720, height: 450 }, 0.5],
])("at %s the conversation is readable", async (_, viewport, share) => {
	await open({ viewport });
	await ask("Hello");
	await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
	expect(await shareOfConversation()).toBeGreaterThanOrEqual(share);
	expect(await overflowsSideways()).toBe(false);
	// What was hidden for space returns when the composer is used.
	await composer().focus();
	await page.getByRole("switch", { name: /^Web search/ }).waitFor();
});

test.each([
	["a small phone", { width: 375, height: 363 }],
	["a phone", { width: 390, height: 500 }],
])("above the keyboard of %s half of the height shows the conversation", async (_, viewport) => {
	await open({ viewport, hasTouch: true, isMobile: true });
	await ask("Hello");
	await composer().focus();
	expect(await shareOfConversation()).toBeGreaterThanOrEqual(0.5);
});

test("no field makes a phone zoom in", async () => {
	await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
	for (const path of ["/", "/account/profile", "/account/appearance", "/account/organization", "/pricing"]) {
		await page.goto(parley.app + path);
		await page.evaluate(() => document.documentElement.setAttribute("data-text", "small"));
		const sizes = await page
			.locator("input:not([type=checkbox], [type=radio], [type=file], [type=hidden]), textarea, select")
			.evaluateAll((all) => all.map((one) => Number.parseFloat(getComputedStyle(one).fontSize)));
		for (const size of sizes) expect(size, path).toBeGreaterThanOrEqual(16);
	}
});

test("nothing moves with reduced motion, even while a model is silent", async () => {
	await open({ reducedMotion: "reduce" });
	await parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1, pauseAfterChunks: 1 } });
	await composer().fill("Hello");
	await composer().press("Enter");
	await page.locator("article[aria-busy=true] .prose").filter({ hasText: /\S/ }).waitFor();
	const running = await page.evaluate(
		() =>
			document
				.getAnimations()
				.filter(({ playState, effect }) => playState === "running" && Number(effect?.getComputedTiming().duration) > 0).length,
	);
	await parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1 } });
	expect(running).toBe(0);
});

test("the announcements do not grow with the chat", async () => {
	await open();
	await ask("One");
	const regions = () => page.locator("[aria-live]:not([aria-live=off]), [role=status], [role=alert], output").count();
	const before = await regions();
	for (const text of ["Two", "Three", "Four"]) await ask(text);
	expect(await regions()).toBe(before);
});
