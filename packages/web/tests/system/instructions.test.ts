import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// A deployment with its own system prompt and its own suggested prompts.

const SITE = "You are the guide of a museum.";
const PROMPTS = [{ label: "Plan a visit", text: "Plan a visit of two hours for me." }, "What is new this week?"];

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start({ variables: { SYSTEM_PROMPT: SITE, SUGGESTED_PROMPTS: JSON.stringify(PROMPTS) } });
});
afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext();
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
});

const views: View[] = [
	{ width: 390, colorScheme: "light" },
	{ width: 390, colorScheme: "dark" },
	{ width: 1440, colorScheme: "light" },
	{ width: 1440, colorScheme: "dark" },
];
const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const answers = () => page.getByRole("article", { name: "Answer" });
const dialog = () => page.getByRole("dialog", { name: "Instructions for this chat" });
const field = () => dialog().getByRole("textbox");
/** The system message of the last model request, or "". */
async function lastSystem(): Promise<unknown> {
	const { modelCalls } = await parley.state();
	return modelCalls.at(-1)?.messages.find(({ role }) => role === "system")?.content ?? "";
}

async function open(path = "/"): Promise<void> {
	await page.goto(parley.app + path);
	await page.waitForLoadState("networkidle");
}

async function send(text: string): Promise<void> {
	const before = await answers().count();
	await composer().fill(text);
	await composer().press("Enter");
	await answers().nth(before).waitFor();
	await page.getByRole("button", { name: "Send", exact: true }).waitFor();
}

describe("a deployment's suggested prompts", () => {
	test("fill the composer and send nothing", async () => {
		await open();
		const calls = (await parley.state()).modelCalls.length;
		await page.getByRole("button", { name: "What is new this week?" }).waitFor();
		await page.getByRole("button", { name: "Plan a visit" }).click();
		expect(await composer().inputValue()).toBe("Plan a visit of two hours for me.");
		expect(await answers().count()).toBe(0);
		expect((await parley.state()).modelCalls).toHaveLength(calls);
	});
});

describe("a chat's instructions", () => {
	test("are set before its first message, survive a reload and a dismissal, and are sent with their size", async () => {
		await open();
		await page.getByRole("button", { name: "Instructions for this chat" }).click();
		await field().fill("Answer in rhymes.");
		await dialog()
			.getByText(/of this server, \d+ of this chat\. A short one costs 1 request\./)
			.waitFor();
		await assertAccessible(page, views);
		await page.keyboard.press("Escape");
		await dialog().waitFor({ state: "hidden" });
		// The text is still there.
		await page.getByRole("button", { name: "Instructions for this chat" }).click();
		expect(await field().inputValue()).toBe("Answer in rhymes.");
		await dialog().getByRole("button", { name: "Save" }).click();
		await page.getByRole("button", { name: "Instructions for this chat, set" }).waitFor();
		await page.reload();
		await page.getByRole("button", { name: "Instructions for this chat, set" }).waitFor();
		await page.waitForLoadState("networkidle");
		await send("Where are the dinosaurs?");
		expect(await lastSystem()).toMatch(/^You are the guide of a museum\.[\s\S]+<this_chat>\nAnswer in rhymes\.\n<\/this_chat>$/);
		await page.getByRole("button", { name: "Why" }).click();
		await page.getByText(/^\d+ tokens in the price$/).waitFor();

		await page.getByRole("button", { name: "Instructions for this chat, set" }).click();
		await field().fill("word ".repeat(801));
		await dialog().getByText("At most 4,000 characters are possible; this has 4,004.").waitFor();
		expect(await dialog().getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
		expect(await field().inputValue()).toBe("word ".repeat(801));
		await assertAccessible(page, views);
		await field().fill("Answer in one word.");
		await dialog().getByRole("button", { name: "Save" }).click();
		await dialog().waitFor({ state: "hidden" });
		await send("And the mummies?");
		expect(await lastSystem()).toContain("<this_chat>\nAnswer in one word.\n</this_chat>");
		// Another new chat has none.
		await open();
		await page.getByRole("button", { name: "Instructions for this chat", exact: true }).waitFor();
	});

	test("stay in the dialog when saving fails", async () => {
		await open();
		await send("Hello");
		await page.route("**/api/chat/*/instructions", (route) => route.abort());
		await page.getByRole("button", { name: "Instructions for this chat" }).click();
		await field().fill("Answer in rhymes.");
		await dialog().getByRole("button", { name: "Save" }).click();
		await dialog().getByRole("alert").waitFor();
		expect(await field().inputValue()).toBe("Answer in rhymes.");
		await page.unroute("**/api/chat/*/instructions");
		await dialog().getByRole("button", { name: "Save" }).click();
		await page.getByRole("button", { name: "Instructions for this chat, set" }).waitFor();
	});
});

describe("a user's instructions", () => {
	test("are saved on the account page, apply in a tab that is already open, and precede a chat's instructions", async () => {
		await parley.openAccount(context.request);
		await open();
		const chat = page;
		const account = await context.newPage();
		await account.goto(`${parley.app}/account/appearance`);
		await account.waitForLoadState("networkidle");
		await account.getByRole("textbox", { name: "About you" }).fill("I teach chemistry.");
		await account.getByRole("textbox", { name: "How to answer" }).fill("字".repeat(1_500));
		await account.getByText(/^At most 2,000 tokens are possible; this has [\d,]+\.$/).waitFor();
		expect(await account.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
		await assertAccessible(account, views);
		await account.getByRole("textbox", { name: "How to answer" }).fill("word ".repeat(790));
		await account.getByRole("button", { name: "Save" }).click();
		await account.getByText("Saved. Sent with your next message.").waitFor();
		await account.reload();
		expect(await account.getByRole("textbox", { name: "About you" }).inputValue()).toBe("I teach chemistry.");
		// The other tab knows its new prices: this message needs a second step only because of the instructions.
		await composer().fill("word ".repeat(4_000));
		await chat.getByRole("button", { name: "Send · 2 requests" }).waitFor();
		await send("Hello");
		expect(await lastSystem()).toMatch(/<about_the_user>\nI teach chemistry\.\n<\/about_the_user>[\s\S]+<how_to_answer>\nword /);
	});
});
