import { Buffer } from "node:buffer";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// The composer: its queue, keys and drafts, and the form that edits a message.

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
});
afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	await model({});
	await open();
});

/** A new visitor's page; `signedUp` has 20 requests a day instead of 5. */
async function open({ signedUp = true }: { signedUp?: boolean } = {}): Promise<void> {
	context = await parley.browser.newContext();
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
	if (signedUp) await parley.openAccount(context.request);
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
}

const model = (set: Record<string, unknown>) => parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1, ...set } });
/** Pauses answers after their first words. `resume` continues them. */
const PAUSED = { pauseAfterChunks: 2 };
const resume = () => model({});

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const queue = (of: Page = page) => of.getByRole("region", { name: "Queue" });
const queued = () => queue().getByRole("listitem");
const said = () => page.locator('article[aria-label="You"] > p').allInnerTexts();
const used = () => page.evaluate<number>('fetch("/api/usage").then((response) => response.json()).then(({ used }) => used)');
const hasFocus = (element: ReturnType<typeof composer>) => element.evaluate((one) => one === document.activeElement);
const askedFor = async (text: string) =>
	(await parley.state()).modelCalls.filter(({ messages }) => JSON.stringify(messages.at(-1)?.content ?? "").includes(text)).length;

async function write(text: string): Promise<void> {
	await composer().fill(text);
	await composer().press("Enter");
}

/** Waits until an answer is being written. */
const writing = () => page.getByRole("button", { name: "Stop", exact: true }).waitFor();
/** Waits until no answer is being written. */
const ended = async () => {
	await page.waitForURL("**/c/*");
	await page.getByRole("button", { name: /^(Send|Add to queue)/ }).waitFor();
	await expect.poll(() => page.locator("article[aria-busy=true]").count()).toBe(0);
};

/** Sends a message whose answer pauses until `resume`. */
async function writeAndPause(text: string): Promise<void> {
	await model(PAUSED);
	await write(text);
	await page.locator("article[aria-busy=true] .prose").filter({ hasText: /\S/ }).waitFor();
}

const VIEWS: View[] = [1440, 390].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

describe("the queue", () => {
	test("accepts messages while an answer is written, lets them be edited, and sends them in order, each counted once", async () => {
		await writeAndPause("First");
		for (const text of ["Second", "Third", "Fourth"]) await write(text);
		await page.getByRole("button", { name: "Remove queued message 2" }).click();
		await page.getByRole("button", { name: "Edit queued message 1" }).click();
		await page.getByRole("textbox", { name: "Edit the queued message" }).fill("Second, edited");
		await page.getByRole("button", { name: "Save", exact: true }).click();
		expect(await hasFocus(composer())).toBe(true);
		expect(await used()).toBe(0);
		await resume();
		await expect.poll(said).toEqual(["First", "Second, edited", "Fourth"]);
		await ended();
		expect(await queue().count()).toBe(0);
		expect(await used()).toBe(3);
		expect([await askedFor("Third"), await askedFor("Fourth")]).toEqual([0, 1]);
	});

	test("survives a reload, is shown only in its own tab, and sends nothing twice", async () => {
		await writeAndPause("First");
		await write("Reloaded, second");
		await write("Reloaded, third");
		await page.waitForURL("**/c/*");
		await page.reload();
		await queued().nth(1).waitFor();
		const other = await context.newPage();
		await other.goto(page.url());
		await other.locator("button[type=submit], button[aria-label=Stop]").first().waitFor();
		expect(await queue(other).count()).toBe(0);
		await resume();
		await expect.poll(said).toEqual(["First", "Reloaded, second", "Reloaded, third"]);
		await ended();
		expect([await askedFor("Reloaded, second"), await askedFor("Reloaded, third"), await used()]).toEqual([1, 1, 3]);
	});

	test("waits when the answer was stopped or failed, says so, and continues when the viewer wants", async () => {
		await writeAndPause("First");
		await write("Second");
		await composer().press("Escape");
		await queue().getByText("You stopped the answer, so the queue waits.").waitFor();
		await assertAccessible(page, VIEWS);
		await model({ ...PAUSED, failAfterChunks: 3 });
		await queue().getByRole("button", { name: "Send next · 1 request" }).click();
		await writing();
		await write("Third");
		await resume();
		await queue().getByText("The last answer failed, so the queue waits.").waitFor();
		expect(await said()).toEqual(["First", "Second"]);
		await page.reload();
		await queue().getByText("The last answer failed, so the queue waits.").waitFor();
		// It continues by itself after the next successful answer.
		await page.getByRole("button", { name: /^Try again/ }).click();
		await expect.poll(said).toEqual(["First", "Second", "Third"]);
		await ended();
		expect(await queue().count()).toBe(0);
	});

	test("keeps a message whose price has changed, and sends it at the price the viewer accepts", async () => {
		const long = "語".repeat(20_000);
		await writeAndPause("First");
		await composer().fill(long);
		await page.getByRole("button", { name: /^Add to queue · \d+ requests$/ }).click();
		// As if the price had been lower when it was queued.
		await page.route(
			"**/api/chat/ai",
			(route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), maxUnits: 1 }) }),
			{ times: 1 },
		);
		await resume();
		await page.getByText("The price has changed").waitFor();
		await queue().getByText("The next message was not sent, so the queue waits. It is kept.").waitFor();
		expect(
			await queue()
				.getByRole("button", { name: /^Send next/ })
				.count(),
		).toBe(0);
		await page.getByRole("button", { name: /^Send · \d+ requests$/ }).click();
		await expect.poll(async () => (await said()).length).toBe(2);
		await ended();
		expect([await queue().count(), await composer().inputValue()]).toEqual([0, ""]);
	});

	test("waits at the limit and loses nothing", async () => {
		await context.close();
		await open({ signedUp: false });
		for (const text of ["1", "2", "3", "4"]) {
			await write(text);
			await ended();
		}
		await writeAndPause("5");
		await write("Beyond the limit");
		await resume();
		await queue()
			.getByText(/so the queue waits\. It is kept\./)
			.waitFor();
		await page.getByText("You’ve used your 5 free requests.").waitFor();
		await page.reload();
		await queued().first().waitFor();
		expect(await queued().count()).toBe(1);
		expect([await askedFor("Beyond the limit"), await used()]).toEqual([0, 5]);
	});
});

describe("keys", () => {
	test("Escape stops the answer, and the arrow up edits the last message", async () => {
		await writeAndPause("First");
		await composer().press("Escape");
		await page.getByRole("article", { name: "Answer" }).getByText("You stopped this answer.").waitFor();
		await composer().press("ArrowUp");
		const form = page.getByRole("textbox", { name: "Edit your message" });
		expect([await hasFocus(form), await form.inputValue()]).toEqual([true, "First"]);
		await form.press("Escape");
		expect(await hasFocus(composer())).toBe(true);
		await composer().fill("A draft");
		await composer().press("ArrowUp");
		expect(await form.count()).toBe(0);
	});

	test("the question mark lists all keys, as does a button, and closing the list returns the focus", async () => {
		const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
		await composer().press("?");
		expect([await composer().inputValue(), await list.count()]).toEqual(["?", 0]);
		const about = page.getByRole("button", { name: "Keyboard shortcuts" });
		await about.focus();
		await page.keyboard.press("?");
		await list.getByText("Edit your last message").waitFor();
		await assertAccessible(page, VIEWS);
		// On a phone the button is hidden.
		await page.setViewportSize({ width: 1440, height: 900 });
		await page.keyboard.press("Escape");
		await list.waitFor({ state: "detached" });
		expect(await hasFocus(about)).toBe(true);
		await about.click();
		await list.getByRole("button", { name: "Close" }).click();
		expect(await hasFocus(about)).toBe(true);
	});

	test("Ctrl+K finds a chat by its title, with the keyboard alone", async () => {
		for (const text of ["Where is Ägypten?", "Where is Peru?"]) {
			await page.goto(parley.app);
			await page.locator("button[type=submit]").waitFor();
			await write(text);
			await ended();
		}
		const search = page.getByRole("dialog", { name: "Find a chat" });
		await composer().press("Control+k");
		await search.getByRole("link", { name: "Where is Peru?" }).waitFor();
		await page.keyboard.type("ägypten where");
		await expect.poll(() => search.getByRole("link").allInnerTexts()).toEqual(["Where is Ägypten?"]);
		await assertAccessible(page, VIEWS);
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Enter");
		await expect.poll(said).toEqual(["Where is Ägypten?"]);
		await search.waitFor({ state: "detached" });
		await composer().press("Control+k");
		await page.keyboard.type("nowhere at all");
		await search.getByText("No chat has all of these words.").waitFor();
	});

	test("Enter that confirms an input method's word sends and queues nothing, in Safari too", async () => {
		await composer().fill("にほんご");
		await composer().evaluate((area) => {
			area.dispatchEvent(new CompositionEvent("compositionend", { data: "日本語", bubbles: true }));
			// Safari sends this Enter after the composition has ended.
			const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
			Object.defineProperty(enter, "keyCode", { get: () => 229 });
			area.dispatchEvent(enter);
		});
		expect([await composer().inputValue(), (await said()).length]).toEqual(["にほんご", 0]);
	});
});

test("a draft is kept per chat, and a reload right after a key press loses none of it", async () => {
	await write("First");
	await ended();
	await composer().pressSequentially("Half a thought");
	await page.reload();
	await expect.poll(() => composer().inputValue()).toBe("Half a thought");
	await page.getByRole("link", { name: "New chat" }).first().click();
	await expect.poll(() => composer().inputValue()).toBe("");
	await page.goBack();
	await expect.poll(() => composer().inputValue()).toBe("Half a thought");
});

test("the edit form shows a message's files, and sends those that remain", async () => {
	const text = (name: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from(`content of ${name}`) });
	await page.locator("input[type=file]").setInputFiles([text("kept.txt"), text("dropped.txt")]);
	await expect.poll(() => page.locator("form li[aria-busy=false]").count()).toBe(2);
	await write("Compare them");
	await ended();
	await composer().press("ArrowUp");
	await page.getByRole("list", { name: "Files of this message" }).getByText("dropped.txt").waitFor();
	await assertAccessible(page, VIEWS);
	await page.getByRole("button", { name: "Remove dropped.txt" }).click();
	await page.getByRole("textbox", { name: "Edit your message" }).press("Enter");
	await page.getByRole("group", { name: "Version 2 of 2" }).waitFor();
	await ended();
	expect(await page.getByRole("list", { name: "Attached files" }).getByRole("link").allInnerTexts()).toEqual(["kept.txt"]);
	const asked = JSON.stringify((await parley.state()).modelCalls.at(-1));
	expect([asked.includes("content of kept.txt"), asked.includes("content of dropped.txt")]).toEqual([true, false]);
});

test("a long paste is never cut silently, in the edit form or in a password", async () => {
	await write("To be edited");
	await ended();
	await composer().press("ArrowUp");
	const paste = (text: string) => page.keyboard.insertText(text);
	await page.keyboard.press("Control+a");
	await paste("x".repeat(33_000));
	await page.getByText("232 characters too long").waitFor();
	expect((await page.getByRole("textbox", { name: "Edit your message" }).inputValue()).length).toBe(33_000);
	await context.clearCookies();
	await page.goto(`${parley.app}/sign-in`);
	await page.getByRole("button", { name: "Sign in" }).and(page.locator(":enabled")).waitFor();
	await page.getByLabel("Email").fill("ada@example.com");
	await page.getByLabel("Password").focus();
	await paste("p".repeat(200));
	await page.keyboard.press("Enter");
	await page.getByText("This is too long: at most 128 characters.").waitFor();
	expect((await page.getByLabel("Password").inputValue()).length).toBe(200);
});
