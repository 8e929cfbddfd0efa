import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// Folders in the side column: created by moving a chat, given instructions, and deleted.

const VIEWS: View[] = [390, 1440].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

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
});

const list = () => page.getByRole("complementary", { name: "Chats" });
const folders = () => list().getByRole("region", { name: "Folders" });
const today = () => list().getByRole("region", { name: "Today" });

async function chat(text: string): Promise<void> {
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
	await send(text);
	await today().getByRole("link", { name: text }).waitFor();
}

async function send(text: string): Promise<void> {
	const composer = page.getByRole("textbox", { name: "Message", exact: true });
	await composer.fill(text);
	await composer.press("Enter");
	await page.getByRole("article", { name: "Answer" }).last().getByText(`You said: “${text}”`).waitFor();
	await page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden" });
}

async function openMenu(title: string): Promise<void> {
	await list().getByRole("link", { name: title }).focus();
	await page.keyboard.press("ArrowRight");
	await page.keyboard.press("Enter");
	await page.getByRole("menuitem", { name: "Move to a folder" }).click();
}

const lastSystem = async () => {
	const { modelCalls } = await parley.state();
	return modelCalls.at(-1)?.messages.find(({ role }) => role === "system")?.content ?? null;
};

test("a chat moved to a new folder follows its instructions, and stays when the folder is deleted", async () => {
	await parley.openAccount(context.request);
	await chat("What is a tally?");
	await openMenu("What is a tally?");
	const dialog = page.getByRole("dialog", { name: /^Move/ });
	await dialog.getByRole("textbox", { name: "New folder" }).fill("Tallies");
	await assertAccessible(page, VIEWS);
	await dialog.getByRole("button", { name: "Create and move" }).click();
	await folders().getByRole("button", { name: "Tallies", exact: true }).waitFor();
	await today().waitFor({ state: "hidden" });
	await folders().getByRole("button", { name: "Tallies", exact: true }).click();
	await folders().getByRole("link", { name: "What is a tally?" }).waitFor();

	await folders().getByRole("button", { name: "Edit folder “Tallies”" }).click();
	const editing = page.getByRole("dialog", { name: "Folder" });
	await editing.getByRole("textbox", { name: /^What should every answer/ }).fill("Answer in verse.");
	await assertAccessible(page, VIEWS);
	await editing.getByRole("button", { name: "Save" }).click();
	await editing.waitFor({ state: "hidden" });
	await send("And a stick?");
	expect(await lastSystem()).toContain("<this_folder>\nAnswer in verse.\n</this_folder>");
	await page.getByRole("button", { name: "Instructions for this chat" }).click();
	await page
		.getByRole("dialog")
		.getByText(/tokens of instructions/)
		.waitFor();
	await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
	await assertAccessible(page, VIEWS);

	await folders().getByRole("button", { name: "Edit folder “Tallies”" }).click();
	await editing.getByRole("button", { name: "Delete folder…" }).click();
	await page.getByRole("dialog", { name: "Delete this folder?" }).getByRole("button", { name: "Delete folder" }).click();
	await today().getByRole("link", { name: "What is a tally?" }).waitFor();
	await folders().waitFor({ state: "hidden" });
	await send("In prose?");
	expect(await lastSystem()).toBeNull();
});

test("a chat is taken out of its folder", async () => {
	await parley.openAccount(context.request);
	await chat("Hello");
	await openMenu("Hello");
	await page.getByRole("textbox", { name: "New folder" }).fill("Greetings");
	await page.keyboard.press("Enter");
	await folders().getByRole("button", { name: "Greetings", exact: true }).click();
	await folders().getByRole("link", { name: "Hello" }).waitFor();
	await openMenu("Hello");
	await page.getByRole("button", { name: "No folder" }).click();
	await folders().getByText("No chats in this folder.").waitFor();
	await today().getByRole("link", { name: "Hello" }).waitFor();
});

test("a chat returns to the list when its new folder is deleted at once", async () => {
	await parley.openAccount(context.request);
	await chat("Hello");
	await openMenu("Hello");
	await page.getByRole("textbox", { name: "New folder" }).fill("Greetings");
	await page.keyboard.press("Enter");
	await today().waitFor({ state: "hidden" });
	await folders().getByRole("button", { name: "Edit folder “Greetings”" }).click();
	await page.getByRole("button", { name: "Delete folder…" }).click();
	await page.getByRole("dialog", { name: "Delete this folder?" }).getByRole("button", { name: "Delete folder" }).click();
	await today().getByRole("link", { name: "Hello" }).waitFor();
});

test("a chat begun in a folder shows the price with the folder's instructions before it begins", async () => {
	await parley.openAccount(context.request);
	await chat("Hello");
	await openMenu("Hello");
	await page.getByRole("textbox", { name: "New folder" }).fill("Greetings");
	await page.keyboard.press("Enter");
	await folders().getByRole("button", { name: "Edit folder “Greetings”" }).click();
	const editing = page.getByRole("dialog", { name: "Folder" });
	await editing.getByRole("textbox", { name: /^What should every answer/ }).fill("Answer in verse.");
	await editing.getByRole("button", { name: "Save" }).click();
	await editing.waitFor({ state: "hidden" });
	await folders().getByRole("button", { name: "Greetings", exact: true }).click();
	await folders().getByRole("link", { name: "New chat here" }).click();
	await page.getByText("Begins in the folder “Greetings”. It follows the folder’s instructions.").waitFor();
	await assertAccessible(page, VIEWS);
	await page.getByRole("button", { name: "Instructions for this chat" }).click();
	await page
		.getByRole("dialog")
		.getByText(/tokens of instructions/)
		.waitFor();
	await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
	await send("And a stick?");
	expect(await lastSystem()).toContain("<this_folder>\nAnswer in verse.\n</this_folder>");
	await folders().getByRole("link", { name: "And a stick?" }).waitFor();
	expect(await page.getByText("Begins in the folder").count()).toBe(0);
	expect(new URL(page.url()).search).toBe("");
	expect(await list().getByRole("link", { name: "And a stick?" }).count()).toBe(1);
	await send("Once more");
	expect(await lastSystem()).toContain("Answer in verse.");
});

test("a guest is offered no folders", async () => {
	await chat("Hello");
	await list().getByRole("link", { name: "Hello" }).focus();
	await page.keyboard.press("ArrowRight");
	await page.keyboard.press("Enter");
	await page.getByRole("menuitem", { name: "Rename" }).waitFor();
	expect(await page.getByRole("menuitem", { name: "Move to a folder" }).count()).toBe(0);
});
