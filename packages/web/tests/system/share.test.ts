import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// A chat that its owner shares, everyone reads, and the owner takes back.

const VIEWS: View[] = [
	{ width: 390, colorScheme: "light" },
	{ width: 390, colorScheme: "dark" },
	{ width: 1440, colorScheme: "light" },
	{ width: 1440, colorScheme: "dark" },
];

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
});

afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
});

async function chat(text: string): Promise<void> {
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
	const composer = page.getByRole("textbox", { name: "Message", exact: true });
	await composer.fill(text);
	await composer.press("Enter");
	await page.getByRole("article", { name: "Answer" }).getByRole("button", { name: /^Copy/ }).first().waitFor();
}

/** Opens a page without scripts and without a session. */
async function readPlain(address: string): Promise<{ status: number | undefined; plain: Page; close: () => Promise<void> }> {
	const others = await parley.browser.newContext({ javaScriptEnabled: false });
	const plain = await others.newPage();
	return { status: (await plain.goto(address))?.status(), plain, close: () => others.close() };
}

test("a chat can be shared with the keyboard, read without scripts or an account, and taken back from the list", async () => {
	await parley.openAccount(context.request);
	await chat("What is a tally?");
	await page.getByRole("button", { name: "Share or download" }).focus();
	await page.keyboard.press("Enter");
	await page.getByRole("dialog", { name: "Share this chat" }).getByRole("button", { name: "Create link" }).waitFor();
	await assertAccessible(page, VIEWS);
	await page.getByRole("button", { name: "Create link" }).focus();
	await page.keyboard.press("Enter");
	const link = await page.getByRole("textbox", { name: "Link" }).inputValue();
	expect(link).toMatch(new RegExp(`^${parley.app}/s/[\\w-]{22}$`));
	await page.getByRole("button", { name: "Copy link" }).click();
	await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(link);

	const shown = await readPlain(link);
	await shown.plain.getByRole("heading", { name: "What is a tally?" }).waitFor();
	await shown.plain.getByRole("article", { name: "Answer" }).getByText("You said").waitFor();
	await shown.close();

	await page.getByRole("link", { name: "Your shared chats" }).click();
	await page.getByRole("heading", { name: "Shared chats" }).waitFor();
	await assertAccessible(page, VIEWS);
	await page.getByRole("link", { name: "What is a tally?" }).click();
	await page.waitForURL(link);
	await assertAccessible(page, VIEWS);
	await page.goBack();
	await page.getByRole("button", { name: /^Stop sharing/ }).click();
	await page.getByRole("dialog", { name: "Stop sharing?" }).getByRole("button", { name: "Stop sharing" }).click();
	await page.getByText("You don’t share any chats.").waitFor();
	await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
	const gone = await readPlain(link);
	expect(gone.status).toBe(404);
	await gone.plain.getByRole("heading", { name: "This link doesn’t work" }).waitFor();
	await gone.close();
});

test("a guest is sent to sign-in and back to the chat; the list of shares requires an account", async () => {
	await chat("Hello");
	const address = new URL(page.url()).pathname;
	await page.getByRole("button", { name: "Share or download" }).click();
	await page.getByRole("dialog").getByRole("link", { name: "Sign in" }).click();
	await page.waitForURL(`${parley.app}/sign-in?next=${encodeURIComponent(address)}`);
	await page.goto(`${parley.app}/shared`);
	await page.waitForURL(`${parley.app}/sign-in?next=%2Fshared`);
});

test("a guest can download the chat as Markdown and as JSON", async () => {
	await chat("What is a tally?");
	await page.getByRole("button", { name: "Share or download" }).click();
	for (const [name, file, begins] of [
		["Markdown", "What is a tally_.md", "# What is a tally?"],
		["JSON", "What is a tally_.json", '{"format":"parley.chat","version":1,'],
	] as const) {
		const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
		expect(download.suggestedFilename()).toBe(file);
		expect(readFileSync(await download.path(), "utf8").slice(0, begins.length)).toBe(begins);
	}
	await assertAccessible(page, VIEWS);
});

test("a refusal is shown in the dialog, and can be retried", async () => {
	await parley.openAccount(context.request);
	await chat("Hello");
	await page.route("**/api/chat/*/share", (route) => route.abort());
	await page.getByRole("button", { name: "Share or download" }).click();
	await page.getByRole("button", { name: "Create link" }).click();
	await page.getByRole("alert").getByText("The server could not be reached.").waitFor();
	await page.unroute("**/api/chat/*/share");
	await page.getByRole("button", { name: "Create link" }).click();
	await page.getByRole("textbox", { name: "Link" }).waitFor();
});
