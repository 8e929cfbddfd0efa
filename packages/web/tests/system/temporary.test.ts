import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// Temporary chats: counted, but kept only in the page.

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
	await parley.control("faults", { model: { firstTokenMs: 5, chunkMs: 1 } });
	await parley.openAccount(context.request);
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
	await toggle().click();
	await page.getByText("Temporary chat: it isn’t saved").waitFor();
});

const toggle = () => page.getByRole("switch", { name: "Temporary chat" });
const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const answers = () => page.getByRole("article", { name: "Answer" });
const list = () => page.getByRole("complementary", { name: "Chats" });
const used = () => page.evaluate<number>('fetch("/api/usage").then((response) => response.json()).then(({ used }) => used)');
const lastSent = async () => ((await parley.state()).modelCalls.at(-1)?.messages ?? []).map(({ content }) => content);

async function send(text: string): Promise<void> {
	await composer().fill(text);
	await composer().press("Enter");
}

async function ask(text: string): Promise<void> {
	await send(text);
	await answers().last().getByText(`You said: “${text}”`).waitFor();
	await page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden" });
}

test("a temporary chat is answered with its history, counted, and not listed; a reload asks first and then discards it", async () => {
	await assertAccessible(page, VIEWS);
	expect(await page.getByRole("button", { name: "Attach files" }).count()).toBe(0);
	await ask("First secret");
	await ask("Second secret");
	expect(await lastSent()).toEqual(["First secret", expect.stringContaining("You said: “First secret”"), "Second secret"]);
	expect(await used()).toBe(2);
	expect(new URL(page.url()).pathname).toBe("/");
	await list().getByText("Your chats will be listed here.").waitFor();
	expect(await page.getByRole("button", { name: "Branch into a new chat" }).count()).toBe(0);
	expect(await page.getByRole("button", { name: "Share or download" }).count()).toBe(0);
	await assertAccessible(page, VIEWS);

	const asked = page.waitForEvent("dialog");
	const reloaded = page.reload();
	const dialog = await asked;
	expect(dialog.type()).toBe("beforeunload");
	await dialog.accept();
	await reloaded;
	await toggle().waitFor();
	expect(await toggle().getAttribute("aria-checked")).toBe("false");
	expect(await answers().count()).toBe(0);
	await page.getByText("Your temporary chat is gone.").waitFor();
	await assertAccessible(page, VIEWS);
	await list().getByText("Your chats will be listed here.").waitFor();
	expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain("secret");
	await page.reload();
	await toggle().waitFor();
	expect(await page.getByText("Your temporary chat is gone.").count()).toBe(0);
});

test("a temporary chat asks once before it is left within Parley, for another page and for a new chat", async () => {
	const question = page.getByRole("dialog", { name: "Leave this temporary chat?" });
	await ask("Kept nowhere");
	for (const leave of [() => list().getByRole("link", { name: "Pricing" }).click(), () => page.keyboard.press("Control+Shift+O")]) {
		await leave();
		await question.waitFor();
		await assertAccessible(page, VIEWS);
		await question.getByRole("button", { name: "Stay" }).click();
		await question.waitFor({ state: "detached" });
		await answers().getByText("You said: “Kept nowhere”").waitFor();
	}
	await list().getByRole("link", { name: "Pricing" }).click();
	let browserAsked = 0;
	page.on("dialog", (dialog) => {
		browserAsked += 1;
		void dialog.accept();
	});
	await question.getByRole("button", { name: "Leave" }).click();
	await page.waitForURL(/\/pricing/);
	expect(browserAsked).toBe(0);
	await page.goto(parley.app);
	await toggle().waitFor();
	expect(await page.getByText("Your temporary chat is gone.").count()).toBe(0);
	await list().getByRole("link", { name: "New chat" }).click();
	expect(await question.count()).toBe(0);
});

test("a temporary chat is edited and regenerated in place, and a new chat can be begun next to it", async () => {
	await ask("First");
	await page.getByRole("button", { name: /^Ask again/ }).click();
	await expect.poll(used).toBe(2);
	await page.getByRole("button", { name: /^Ask again/ }).waitFor();
	expect(await answers().count()).toBe(1);
	await page.getByRole("article", { name: "You" }).hover();
	await page.getByRole("button", { name: "Edit", exact: true }).click();
	await page.getByRole("textbox", { name: "Edit your message" }).fill("Changed");
	await page.getByRole("button", { name: /^Save and send/ }).click();
	await answers().getByText("You said: “Changed”").waitFor();
	await expect.poll(used).toBe(3);
	expect(await answers().count()).toBe(1);
	await list().getByRole("link", { name: "New chat" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
	await toggle().waitFor();
	expect(await toggle().getAttribute("aria-checked")).toBe("false");
	await ask("Kept");
	await page.waitForURL(/\/c\//);
	await list().getByRole("link", { name: "Kept" }).waitFor();
});

test("a temporary chat resumes the server's answer after a lost connection, and can be stopped", async () => {
	await ask("First");
	await parley.control("faults", { model: { firstTokenMs: 5, chunks: 60, chunkMs: 20 } });
	await page.evaluate(loseNextAnswer);
	await send("Second");
	await answers()
		.nth(1)
		.getByRole("button", { name: /^Ask again/ })
		.waitFor();
	expect(await answers().allInnerTexts()).toEqual([
		expect.stringContaining("You said: “First”"),
		expect.stringContaining("You said: “Second”"),
	]);
	expect(await used()).toBe(2);
	await parley.control("faults", { model: { firstTokenMs: 5, chunks: 400, chunkMs: 20 } });
	await send("Third");
	await answers().nth(2).getByText("You said").waitFor();
	await page.getByRole("button", { name: "Stop" }).click();
	await answers().nth(2).getByText("You stopped this answer.").waitFor();
	expect(await lastSent()).toHaveLength(5);
});

/** Breaks the connection of the next answer after some of its chunks. */
function loseNextAnswer(): void {
	const real = window.fetch;
	window.fetch = async (...request) => {
		const response = await real(...request);
		if (!String(request[0]).includes("/api/chat/ai")) return response;
		window.fetch = real;
		const reader = response.body?.getReader();
		let chunks = 0;
		const broken = new ReadableStream<Uint8Array>({
			async pull(controller) {
				chunks += 1;
				const { value } = (await reader?.read()) ?? {};
				if (chunks < 10 && value) return controller.enqueue(value);
				controller.error(new TypeError("lost"));
			},
		});
		return new Response(broken, response);
	};
}
