import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Parley } from "./parley.ts";

// After a payment: messages that waited for a plan, in every tab of a browser.

let parley: Parley;
let app: string;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
	app = parley.app;
});

afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext();
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
	await faults({});
});

const faults = (set: object) => parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1 }, ...set });

/** Opens a confirmed account and uses up its 20 requests for today. */
async function spendTheDay(): Promise<void> {
	await parley.signUp(context.request);
	for (let n = 0; n < 20; n += 1) {
		const message = { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text: `Question ${n}` }] };
		const asked = await context.request.post(`${app}/api/chat/ai`, { data: { id: crypto.randomUUID(), messages: [message] } });
		expect(asked.status()).toBe(200);
		await asked.body();
	}
}

const composer = (tab: Page) => tab.getByRole("textbox", { name: "Message", exact: true });
const leftReads = (tab: Page, text: string | RegExp) => tab.getByTestId("left").filter({ hasText: text }).waitFor();

async function write(tab: Page, text: string): Promise<void> {
	await tab.locator("button[type=submit]").waitFor();
	await composer(tab).fill(text);
}

/** The number of model calls with this text. */
async function asked(text: string): Promise<number> {
	const { modelCalls } = await parley.state();
	return modelCalls.filter(({ messages }) => JSON.stringify(messages.at(-1)?.content).includes(text)).length;
}

/** Copies a tab with its session storage, like the browser's "Duplicate". */
async function duplicate(tab: Page): Promise<Page> {
	const [copy] = await Promise.all([context.waitForEvent("page"), tab.evaluate(() => void window.open(location.href))]);
	await copy.waitForLoadState("networkidle");
	return copy;
}

describe("a message refused by the daily limit", () => {
	test("is sent automatically, once, when the page sees the plan, and every tab continues without a reload", async () => {
		await spendTheDay();
		await page.goto(app);
		await write(page, "Worth paying for");
		await composer(page).press("Enter");
		await page.getByText("We’ll send your message as soon as you upgrade.").waitFor();
		const copy = await duplicate(page);
		await leftReads(copy, "No requests left today");
		const typing = await context.newPage();
		await typing.goto(app);
		await write(typing, "Only typed");
		for (const tab of [copy, typing]) await tab.evaluate("window.isTheSamePage = true");

		await faults({ activationDelayMs: 1_000 });
		await page.getByRole("status").getByRole("link", { name: "Go Pro" }).click();
		await page.getByRole("button", { name: "Go Pro" }).click();
		const pay = page.getByRole("button", { name: "Pay" });
		await pay.waitFor();
		const loads: string[] = [];
		/** The page's reads of its plan, in order, until it sent the message. */
		const refreshes: Promise<{ tier: string }>[] = [];
		let refreshesBeforeSending: Promise<{ tier: string }>[] = [];
		page.on("request", (request) => {
			if (request.isNavigationRequest() && request.url().startsWith(app)) loads.push(request.url());
			if (request.url().endsWith("/api/chat/ai")) refreshesBeforeSending = [...refreshes];
		});
		page.on("response", (response) => {
			if (response.url().endsWith("/api/billing/refresh") && response.ok()) refreshes.push(response.json());
		});
		const accepted = page.waitForResponse((response) => response.url().endsWith("/api/chat/ai") && response.status() === 200);
		await pay.click();
		await accepted;
		const tiers = (await Promise.all(refreshesBeforeSending)).map(({ tier }) => tier);
		// The page may also see the plan on its first load, before it polls.
		expect(tiers.filter((tier) => tier === "paid").length, `sent after the first read that shows the plan: ${tiers}`).toBeLessThanOrEqual(
			1,
		);
		expect(loads).toEqual([`${app}/?upgraded=plan`]);

		await page.getByText(/You’re on Pro/).waitFor();
		for (const tab of [page, copy]) await leftReads(tab, /999 of 1,000 left · renews/);
		await leftReads(typing, /(1,000|999) of 1,000 left · renews/);
		for (const tab of [copy, typing]) expect(await tab.evaluate("window.isTheSamePage")).toBe(true);
		expect(await composer(typing).inputValue()).toBe("Only typed");
		for (const tab of [page, copy]) {
			await tab.getByRole("article", { name: "Answer" }).waitFor();
			expect(await tab.getByRole("article", { name: "You" }).allInnerTexts()).toEqual([expect.stringMatching(/^Worth paying for/)]);
			expect(await composer(tab).inputValue()).toBe("");
		}
		expect([await asked("Worth paying for"), await asked("Only typed")]).toEqual([1, 0]);
		const usage = await (await context.request.get(`${app}/api/usage`)).json();
		expect(usage).toMatchObject({ tier: "paid", used: 1, remaining: 999 });
	});

	test("is not sent automatically after its text has changed", async () => {
		await spendTheDay();
		await page.goto(app);
		await write(page, "First thought");
		await composer(page).press("Enter");
		await page.getByText("We’ll send your message").waitFor();
		await composer(page).fill("Second thought");
		const other = await context.newPage();
		await other.goto(`${app}/pricing`);
		await other.getByRole("button", { name: "Go Pro" }).click();
		await other.getByRole("button", { name: "Pay" }).click();
		await leftReads(other, /1,000 of 1,000 left · renews/);
		await leftReads(page, /1,000 of 1,000 left · renews/);
		// Long enough for the page to send: it would do so in the render that shows the plan.
		await page.waitForTimeout(200);
		expect(await composer(page).inputValue()).toBe("Second thought");
		expect([await asked("First thought"), await asked("Second thought")]).toEqual([0, 0]);
	});
});
