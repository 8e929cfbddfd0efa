import { mkdirSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// The list of chats: searching it, grouping by day, and the actions on a chat.

const VIEWS: View[] = [1440, 390].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
});
afterAll(() => parley?.close());

beforeEach(() => open());

/** A new user's browser. */
async function open(options: Parameters<Parley["browser"]["newContext"]>[0] = {}): Promise<void> {
	await context?.close();
	context = await parley.browser.newContext(options);
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
	await parley.control("faults", { model: { firstTokenMs: 1, chunks: 2, chunkMs: 1 } });
	await parley.openAccount(context.request);
}

/** Asks in a new chat through the API. @returns the chat's id */
async function ask(text: string): Promise<string> {
	const id = crypto.randomUUID();
	const messages = [{ id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] }];
	expect((await context.request.post(`${parley.app}/api/chat/ai`, { data: { id, messages } })).status()).toBe(200);
	return id;
}

async function load(path = "/"): Promise<void> {
	await page.goto(parley.app + path);
	await page.locator("button[type=submit]").waitFor();
	await page.waitForLoadState("networkidle");
}

const side = () => page.getByRole("complementary", { name: "Chats" });
const row = (title: string) => side().getByRole("link", { name: title, exact: true });
const titles = () => side().getByRole("listitem").allInnerTexts();
const menu = () => page.getByRole("menu");
const hasFocus = (element: ReturnType<typeof row>) => element.evaluate((one) => one === document.activeElement);

async function choose(title: string, action: string): Promise<void> {
	await row(title).hover();
	await side()
		.getByRole("button", { name: `Actions for “${title}”` })
		.click();
	await menu().getByRole("menuitem", { name: action }).click();
}

/** Takes screenshots of a state in both themes and sizes, if SCREENSHOTS names a folder. */
async function picture(name: string): Promise<void> {
	const folder = process.env.SCREENSHOTS;
	if (!folder) return;
	mkdirSync(folder, { recursive: true });
	for (const colorScheme of ["light", "dark"] as const) {
		await page.emulateMedia({ colorScheme });
		await page.screenshot({ path: `${folder}/chats-${name}-${colorScheme}.png` });
	}
	await page.emulateMedia({ colorScheme: "light" });
}

describe("a search", () => {
	test("finds a chat by its text, shows the passage with the words marked, and opens it", async () => {
		await ask("Where do penguins live, and what do they eat? I have read a lot about the emperor.");
		await ask("A recipe for pancakes");
		await load();
		await page.keyboard.press("Control+k");
		const search = page.getByRole("dialog", { name: "Find a chat" });
		await search.getByRole("searchbox").fill("NOTHING emperor");
		await search.getByRole("link").first().waitFor();
		await expect.poll(() => search.locator("mark").allInnerTexts()).toContain("emperor");
		expect(await search.getByRole("link").count()).toBe(1);
		await picture("search");
		await assertAccessible(page, VIEWS);
		await search.getByRole("searchbox").press("ArrowDown");
		await page.keyboard.press("Enter");
		await page.getByRole("article", { name: "You" }).getByText("penguins").waitFor();
	});
});

describe("the list", () => {
	test("is grouped by the reader's days, and hydrates from the server's HTML without an error", async () => {
		await open({ timezoneId: "Pacific/Kiritimati", viewport: { width: 1440, height: 900 } });
		await ask("Of today");
		await page.clock.setFixedTime(Date.now() + 86_400_000);
		const errors: string[] = [];
		page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
		page.on("pageerror", (error) => errors.push(error.message));
		await load();
		await side().getByRole("region", { name: "Yesterday" }).getByRole("link", { name: "Of today" }).waitFor();
		expect(errors).toEqual([]);
	});

	test("is one Tab stop, and every action works with the keyboard", async () => {
		for (const text of ["First", "Second", "Third"]) await ask(text);
		await load();
		await side().getByRole("button", { name: "Find a chat" }).focus();
		await page.keyboard.press("Tab");
		expect(await hasFocus(row("Third"))).toBe(true);
		await page.keyboard.press("Tab");
		expect(await hasFocus(side().getByRole("button", { name: "Archived chats" }))).toBe(true);
		await page.keyboard.press("Shift+Tab");
		await page.keyboard.press("End");
		expect(await hasFocus(row("First"))).toBe(true);
		// Pinning the last chat makes it the first.
		await page.keyboard.press("ArrowRight");
		await page.keyboard.press("Enter");
		await menu().waitFor();
		await assertAccessible(page, VIEWS.slice(0, 2));
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Enter");
		await side().getByRole("region", { name: "Pinned" }).getByRole("link", { name: "First" }).waitFor();
		// Rename the next one.
		await row("Third").focus();
		await page.keyboard.press("ArrowRight");
		await page.keyboard.press("Enter");
		await page.keyboard.press("Enter");
		await page.getByRole("textbox", { name: "Title" }).waitFor();
		await page.keyboard.type("Renamed by hand");
		await page.keyboard.press("Enter");
		await row("Renamed by hand").waitFor();
		await page.reload();
		await expect.poll(titles).toEqual(["First", "Renamed by hand", "Second"]);
		// Escape closes a menu and returns the focus.
		await row("Second").focus();
		await page.keyboard.press("ArrowRight");
		await page.keyboard.press("Enter");
		await menu().waitFor();
		await page.keyboard.press("Escape");
		await menu().waitFor({ state: "detached" });
		expect(await hasFocus(side().getByRole("button", { name: "Actions for “Second”" }))).toBe(true);
	});

	test("can be collapsed, and a new chat is still one press away", async () => {
		await open({ viewport: { width: 1440, height: 900 } });
		const chat = await ask("Something");
		await load(`/c/${chat}`);
		const begin = page.locator("header").getByRole("link", { name: "New chat" });
		expect(await begin.isVisible()).toBe(false);
		await side().getByRole("button", { name: "Fold the list of chats away" }).click();
		await picture("folded");
		await begin.click();
		await page.waitForURL(`${parley.app}/`);
	});
});

describe("a chat", () => {
	test("shows a new title everywhere after a rename, and keeps it", async () => {
		const chat = await ask("Old name");
		await load(`/c/${chat}`);
		await choose("Old name", "Rename");
		await picture("rename");
		await page.getByRole("textbox", { name: "Title" }).fill("  New   name ");
		await assertAccessible(page, VIEWS.slice(0, 2));
		await page.getByRole("button", { name: "Save" }).click();
		await row("New name").waitFor();
		await page.getByRole("heading", { level: 1, name: "New name" }).waitFor();
		expect(await page.title()).toBe("New name · Parley");
		await page.reload();
		await page.getByRole("heading", { level: 1, name: "New name" }).waitFor();
	});

	test("leaves the list when archived, and can be restored from the archived chats", async () => {
		const chat = await ask("Put away");
		await load(`/c/${chat}`);
		await picture("list");
		await choose("Put away", "Archive");
		await side().getByText("Chat archived.").waitFor();
		expect(await titles()).toEqual([]);
		await page.reload();
		expect(await titles()).toEqual([]);
		await side().getByRole("button", { name: "Archived chats" }).click();
		const archived = page.getByRole("dialog", { name: "Archived chats" });
		await archived.getByRole("link", { name: "Put away" }).waitFor();
		await picture("archived");
		await assertAccessible(page, VIEWS);
		await page.setViewportSize({ width: 1440, height: 900 });
		await archived.getByRole("button", { name: "Bring back “Put away”" }).click();
		await archived.getByText("Nothing is archived.").waitFor();
		await page.keyboard.press("Escape");
		await row("Put away").waitFor();
	});

	test("can be restored in its place for some seconds after it was deleted", async () => {
		const chat = await ask("Not this one");
		await load(`/c/${chat}`);
		await choose("Not this one", "Delete");
		await page.waitForURL(`${parley.app}/`);
		await side().getByText("Chat deleted.").waitFor();
		await picture("deleted");
		await assertAccessible(page, VIEWS.slice(0, 2));
		expect(await titles()).toEqual([]);
		await side().getByRole("button", { name: "Undo" }).click();
		await page.waitForURL(`${parley.app}/c/${chat}`);
		await row("Not this one").waitFor();
		await page.reload();
		await row("Not this one").waitFor();
	});

	test("is deleted permanently even if the page is closed at once", async () => {
		const chat = await ask("Gone");
		await load(`/c/${chat}`);
		const deleted = page.waitForResponse((response) => response.request().method() === "PATCH");
		await choose("Gone", "Delete");
		await deleted;
		await page.close();
		const again = () => context.request.patch(`${parley.app}/api/chat/${chat}`, { data: { deleted: false } });
		// No request mentions the chat until its time is over, because a restore request would bring it back.
		await expect
			.poll(async () => (await context.request.get(`${parley.app}/api/chat/${chat}/stream`)).status(), { timeout: 40_000 })
			.toBe(404);
		expect((await again()).status()).toBe(404);
	});

	test("and all others can be deleted together after a confirmation, and restored", async () => {
		for (const text of ["One", "Two"]) await ask(text);
		await load();
		await side().getByRole("button", { name: "Archived chats" }).click();
		await page.getByRole("button", { name: "Delete all chats…" }).click();
		const question = page.getByRole("dialog", { name: "Delete all chats?" });
		await picture("delete-all");
		await question.getByRole("button", { name: "Cancel" }).click();
		await question.waitFor({ state: "detached" });
		expect(await page.locator("aside nav li").count()).toBe(2);
		await page.getByRole("button", { name: "Delete all chats…" }).click();
		await question.getByRole("button", { name: "Delete all" }).click();
		await expect.poll(titles).toEqual([]);
		await side().getByRole("button", { name: "Undo" }).click();
		await expect.poll(titles).toEqual(["Two", "One"]);
	});
});

test("on a phone, a chat's actions are in the sheet of chats", async () => {
	await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
	const chat = await ask("On the way");
	await load(`/c/${chat}`);
	await page.getByRole("button", { name: "Show the list of chats" }).click();
	const sheet = page.getByRole("dialog", { name: "Chats" });
	await sheet.getByRole("button", { name: "Actions for “On the way”" }).click();
	await menu().getByRole("menuitem", { name: "Pin" }).waitFor();
	await picture("phone-menu");
	await menu().getByRole("menuitem", { name: "Pin" }).click();
	await sheet.getByRole("region", { name: "Pinned" }).getByRole("link", { name: "On the way" }).waitFor();
	await sheet.getByRole("button", { name: "Actions for “On the way”" }).click();
	await menu().getByRole("menuitem", { name: "Delete" }).click();
	// The sheet closes with the chat, and the undo is shown on the page.
	await page.waitForURL(`${parley.app}/`);
	await picture("phone-deleted");
	await page.getByRole("main").getByRole("button", { name: "Undo" }).click();
	await page.waitForURL(`${parley.app}/c/${chat}`);
	await page.getByRole("button", { name: "Show the list of chats" }).click();
	await sheet.getByRole("link", { name: "On the way" }).waitFor();
	await picture("phone-sheet");
});
