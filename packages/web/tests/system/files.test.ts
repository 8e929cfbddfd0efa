import { Buffer } from "node:buffer";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { Parley } from "./parley.ts";

// The demo's models: "Demo" reads images and says how many files it received; "Demo thinker", for accounts, reads text only.

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start({ model: "demo" });
});
afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext();
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
	await open();
});

/** Opens a new chat, and waits until the page is interactive. */
async function open(): Promise<void> {
	await page.goto(parley.app);
	await page.getByRole("button", { name: "Attach files" }).and(page.locator(":enabled")).waitFor();
}

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const form = () => page.locator("form").filter({ has: composer() });
const chips = () => form().getByRole("listitem");
const chip = (name: string) => chips().filter({ hasText: name });
const send = () => page.locator("button[type=submit]");
const question = () => page.getByRole("article", { name: "You" }).last();
const answer = () => page.getByRole("article", { name: "Answer" }).last();

const text = (name: string, content = `content of ${name}`) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
const choose = (...files: ReturnType<typeof text>[]) => page.locator("input[type=file]").setInputFiles(files);
const isReady = (name: string) => expect.poll(() => chip(name).getAttribute("aria-busy")).toBe("false");
const pick = (model: string) => page.getByRole("combobox", { name: "Model" }).selectOption(model);
const canSend = (can: boolean) => expect.poll(() => send().getAttribute("aria-disabled")).toBe(String(!can));

const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 144]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj
4 0 obj<</Length 47>>stream
BT /F1 18 Tf 10 100 Td (Words of the PDF) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>`;

/** A PNG of this size, drawn by the browser: stripes, or noise that no format can compress. */
async function png(name: string, width: number, height: number, { noise = false } = {}) {
	const base64 = await page.evaluate(
		({ width, height, noise }) => {
			const canvas = document.createElement("canvas");
			[canvas.width, canvas.height] = [width, height];
			const pen = canvas.getContext("2d");
			const pixels = new ImageData(width, height);
			if (noise) {
				for (let at = 0; at < pixels.data.length; at += 65_536) crypto.getRandomValues(pixels.data.subarray(at, at + 65_536));
				for (let at = 3; at < pixels.data.length; at += 4) pixels.data[at] = 255;
				pen?.putImageData(pixels, 0, 0);
			}
			for (let x = 0; pen && !noise && x < width; x += 40) {
				pen.fillStyle = `hsl(${x % 360} 60% 60%)`;
				pen.fillRect(x, 0, 40, height);
			}
			return canvas.toDataURL("image/png").split(",")[1] ?? "";
		},
		{ width, height, noise },
	);
	return { name, mimeType: "image/png", buffer: Buffer.from(base64, "base64") };
}

/** Pastes or drops like a browser: with the data in the event. */
const transfer = (kind: "paste" | "drop", data: { text?: string; file?: [name: string, content: string] }) =>
	composer().evaluate(
		(area, { kind, data: { text, file } }) => {
			const items = new DataTransfer();
			if (text) items.setData("text/plain", text);
			if (file) items.items.add(new File([file[1]], file[0]));
			const init = { bubbles: true, cancelable: true };
			if (kind === "drop") document.body.dispatchEvent(new DragEvent("dragover", { ...init, dataTransfer: items }));
			return area.dispatchEvent(
				kind === "paste"
					? new ClipboardEvent("paste", { ...init, clipboardData: items })
					: new DragEvent("drop", { ...init, dataTransfer: items }),
			);
		},
		{ kind, data },
	);

describe("files attached with the button", () => {
	test("are previewed, sent, shown in the thread and kept after a reload; images are scaled down, PDFs become text", async () => {
		const loaded = new Set<string>();
		page.on("request", (request) => loaded.add(/\/(read-pdf|prepare-file)-[^/]*\.js$/.exec(request.url())?.[1] ?? "other"));
		await choose(await png("stripes.png", 3_000, 1_500), text("notes.md"));
		for (const name of ["stripes.png", "notes.md"]) await isReady(name);
		expect([...loaded].sort()).toEqual(["other", "prepare-file"]);
		await choose({ ...text("paper.pdf", PDF), mimeType: "application/pdf" });
		await isReady("paper.pdf");
		expect([...loaded]).toContain("read-pdf");
		for (const name of ["stripes.png", "notes.md", "paper.pdf"]) await isReady(name);
		await assertAccessible(page, [
			{ width: 390, colorScheme: "dark" },
			{ width: 1440, colorScheme: "light" },
		]);
		await composer().fill("What are these?");
		await composer().press("Enter");
		await answer().getByText("You attached 3 files.").waitFor();
		expect(await chips().count()).toBe(0);
		await page.reload();
		const image = question().getByRole("img", { name: "stripes.png" });
		await image.waitFor();
		await expect
			.poll(() => image.evaluate((element: HTMLImageElement) => [element.naturalWidth, element.naturalHeight]))
			.toEqual([1568, 784]);
		const pdf = await question().getByRole("link", { name: "paper.pdf" }).getAttribute("href");
		expect(await (await context.request.get(parley.app + pdf)).text()).toBe("Words of the PDF");
		await assertAccessible(page, [
			{ width: 390, colorScheme: "light" },
			{ width: 1440, colorScheme: "dark" },
		]);
	});

	test("may be sent without text, and then name the chat", async () => {
		await choose(text("list.csv"));
		await canSend(true);
		await send().click();
		await answer().getByText("You attached 1 file.").waitFor();
		await page.getByRole("heading", { name: "list.csv" }).waitFor();
	});

	test("raise the price before sending, and the price of a regeneration and of an edit", async () => {
		const pixel = (name: string) => png(name, 20, 20);
		await choose(await pixel("1.png"), await pixel("2.png"), await pixel("3.png"));
		await page.getByRole("button", { name: "Send · 2 requests" }).click();
		await answer().getByText("You attached 3 files.").waitFor();
		await page.getByRole("button", { name: "Ask again · uses 2 requests" }).waitFor();
		await question().getByRole("button", { name: "Edit" }).click();
		await page.getByRole("textbox", { name: "Edit your message" }).fill("Look");
		await page.getByRole("button", { name: "Save and send · 2 requests" }).waitFor();
	});

	test("are scaled down if they are images too large for the tier", async () => {
		await choose(await png("noise.png", 1_560, 1_560, { noise: true }));
		await isReady("noise.png");
		await canSend(true);
	});

	test("in a draft survive a reload, and can be removed with the keyboard", async () => {
		await choose(text("one.txt"), text("two.txt"));
		await isReady("one.txt");
		await isReady("two.txt");
		await page.reload();
		await isReady("two.txt");
		await page.getByRole("button", { name: "Remove one.txt" }).focus();
		await page.keyboard.press("Enter");
		await page.getByRole("status").filter({ hasText: "one.txt is removed." }).waitFor({ state: "attached" });
		expect(await chips().count()).toBe(1);
		await composer().fill("Hello");
		await composer().press("Enter");
		await answer().getByText("You attached 1 file.").waitFor();
	});
});

describe("files without the button", () => {
	test("can be dropped or pasted, and a long pasted text becomes one", async () => {
		await transfer("drop", { file: ["dropped.txt", "dropped"] });
		await isReady("dropped.txt");
		await transfer("paste", { file: ["pasted.py", "print(1)"] });
		await isReady("pasted.py");
		await transfer("paste", { text: "word ".repeat(900) });
		await isReady("Pasted text.txt");
		expect(await transfer("paste", { text: "a short text" })).toBe(true);
		await canSend(true);
		await composer().press("Enter");
		await answer().getByText("You attached 3 files.").waitFor();
	});
});

describe("a file that cannot be attached", () => {
	test("says why and blocks the message until it is removed", async () => {
		await composer().fill("Look at this");
		await choose(text("program.exe", "MZ\0\0"));
		await chip("program.exe").getByText("This kind of file cannot be attached. Images, PDFs and text files can.").waitFor();
		await canSend(false);
		await page.getByRole("button", { name: "Remove program.exe" }).click();
		await canSend(true);
	});

	test("after a lost connection is retried, and the message and the file are kept", async () => {
		await page.route("**/files?name=*", (route) => route.abort());
		await composer().fill("Look at this");
		await choose(text("notes.txt"));
		await chip("notes.txt").getByText("It was not uploaded. Check your connection.").waitFor();
		await assertAccessible(page, [
			{ width: 390, colorScheme: "light" },
			{ width: 390, colorScheme: "dark" },
		]);
		await page.unroute("**/files?name=*");
		await chip("notes.txt").getByRole("button", { name: "Try again" }).click();
		await isReady("notes.txt");
		expect(await composer().inputValue()).toBe("Look at this");
		await composer().press("Enter");
		await answer().getByText("You attached 1 file.").waitFor();
	});

	test("because there are too many is ignored, and the page shows the maximum", async () => {
		await choose(text("1.txt"), text("2.txt"), text("3.txt"), text("4.txt"));
		await form().getByText("A message can have 3 files.").first().waitFor();
		expect(await chips().count()).toBe(3);
	});
});

test("a refused message returns to the composer with its files", async () => {
	await page.route("**/api/chat/ai", (route) => route.abort());
	await choose(text("notes.txt"));
	await isReady("notes.txt");
	await composer().fill("Hello");
	await composer().press("Enter");
	await page.getByText("Your message wasn’t sent.").waitFor();
	await isReady("notes.txt");
	await page.unroute("**/api/chat/ai");
	await page.getByRole("button", { name: "Try again" }).click();
	await answer().getByText("You attached 1 file.").waitFor();
});

test("an edit keeps the files of its message", async () => {
	await choose(text("notes.txt"));
	await isReady("notes.txt");
	await composer().fill("Hello");
	await composer().press("Enter");
	await answer().getByText("You attached 1 file.").waitFor();
	await page.getByRole("button", { name: "Edit" }).click();
	await page.getByRole("textbox", { name: "Edit your message" }).fill("Hello again");
	await page.getByRole("button", { name: "Save and send" }).click();
	await answer().getByText("“Hello again”. You attached 1 file.").waitFor();
	await question().getByRole("link", { name: "notes.txt" }).waitFor();
});

test("a model that cannot read images says so before anything is sent", async () => {
	await parley.openAccount(context.request);
	await open();
	await pick("demo-thinker");
	await choose(await png("stripes.png", 40, 40));
	await form().getByText("Demo thinker can’t read images. Choose another model, or remove the image.").first().waitFor();
	await canSend(false);
	await assertAccessible(page, [
		{ width: 390, colorScheme: "dark" },
		{ width: 1440, colorScheme: "light" },
	]);
	await page.getByRole("button", { name: "Remove stripes.png" }).click();
	await composer().fill("Hello");
	await canSend(true);
});

test("a chat with an image says when the chosen model cannot see it, and continues with the image's name", async () => {
	await parley.openAccount(context.request);
	await open();
	await choose(await png("stripes.png", 40, 40));
	await canSend(true);
	await send().click();
	await answer().getByText("You attached 1 file.").waitFor();
	await page.getByRole("button", { name: /^Ask again/ }).waitFor();
	await pick("demo-thinker");
	await page.getByText("Demo thinker can’t see the image in this chat. It gets its name only.").waitFor();
	await answer().getByText("Demo thinker can’t read images. To ask this again, choose a model that does.").waitFor();
	expect(await page.getByRole("button", { name: /^Ask again/ }).count()).toBe(0);
	await assertAccessible(page, [
		{ width: 390, colorScheme: "light" },
		{ width: 1440, colorScheme: "dark" },
	]);
	await composer().fill("And now?");
	await send().click();
	await answer().getByText("You asked: “And now?”").waitFor();
	await page.getByRole("button", { name: /^Ask again/ }).waitFor();
});

test("a branch keeps the files of its messages", async () => {
	await choose(await png("stripes.png", 40, 40), text("notes.txt"));
	await canSend(true);
	await send().click();
	await answer().getByText("You attached 2 files.").waitFor();
	const first = page.url();
	await question().getByRole("button", { name: "Branch into a new chat" }).click();
	await page.waitForURL((url) => url.href !== first && url.pathname.startsWith("/c/"));
	const image = question().getByRole("img", { name: "stripes.png" });
	await image.waitFor();
	await expect.poll(() => image.getAttribute("src")).toContain(new URL(page.url()).pathname.replace("/c/", "/api/chat/"));
	await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(40);
	await page.getByText("There is no answer to this yet.").waitFor();
	await page.getByRole("button", { name: "Try again" }).click();
	await answer().getByText("You attached 2 files.").waitFor();
});
