import { readFileSync, statSync } from "node:fs";
import type { BrowserContext, Download, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { filesIn } from "../../src/components/transfer/archive.ts";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// Downloading all chats as a zip file, importing chats from such a file and from ChatGPT's, and archived chats in the settings.

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

const button = (name: string) => page.getByRole("button", { name, exact: true });
const region = (name: string) => page.getByRole("region", { name, exact: true });
const list = () => page.getByRole("complementary", { name: "Chats" });

async function chat(text: string): Promise<string> {
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
	const composer = page.getByRole("textbox", { name: "Message", exact: true });
	await composer.fill(text);
	await composer.press("Enter");
	await page.getByRole("article", { name: "Answer" }).getByRole("button", { name: /^Copy/ }).first().waitFor();
	await list().getByRole("link", { name: text }).waitFor();
	return new URL(page.url()).pathname.replace("/c/", "");
}

async function openData(): Promise<void> {
	await page.goto(`${parley.app}/account/data`);
	// Its scripts run once the archived chats are read.
	await region("Archived chats").getByText("Nothing is archived.").or(region("Archived chats").getByRole("listitem").first()).waitFor();
}

const textsOf = async (download: Download) => {
	const files = await filesIn(new Blob([readFileSync(await download.path())]));
	return new Map(await Promise.all(files.map(async ({ name, stream }) => [name, await new Response(stream()).text()] as const)));
};

const pick = (name: string, content: unknown) =>
	page.getByLabel("File with chats").setInputFiles({
		name,
		mimeType: "application/json",
		buffer: Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
	});

const chatGpt = (n: number) => ({
	conversation_id: `elsewhere-${n}`,
	title: `Elsewhere ${n}`,
	create_time: 1_700_000_000 + n,
	update_time: 1_700_000_000 + n,
	current_node: "answer",
	mapping: {
		question: {
			parent: null,
			children: ["answer"],
			message: { author: { role: "user" }, content: { content_type: "text", parts: [`Abacus ${n}?`] } },
		},
		answer: {
			parent: "question",
			children: [],
			message: { author: { role: "assistant" }, content: { content_type: "text", parts: ["Beads."] }, metadata: { model_slug: "gpt-4o" } },
		},
	},
});

test("a guest can download all chats, even after a lost connection and without a chat that cannot be read", async () => {
	const [first, second] = [await chat("What is a tally?"), await chat("And a stick?")];
	await openData();
	await region("Import").getByRole("link", { name: "Sign up to import chats" }).waitFor();
	await page.route(`**/api/chat/${first}/export*`, (route) => route.abort());
	await page.route(`**/api/chat/${second}/export*`, (route) => route.fulfill({ status: 500, body: "" }));
	await button("Download everything").click();
	await page.getByRole("alert").getByText("The server could not be reached.").waitFor();
	await page.unroute(`**/api/chat/${first}/export*`);
	await button("Continue").click();
	await region("Download").getByRole("listitem").getByText("And a stick?").waitFor();
	await assertAccessible(page, VIEWS);
	await page.unroute(`**/api/chat/${second}/export*`);
	const [download] = await Promise.all([page.waitForEvent("download"), button("Try again").click()]);
	await region("Download").getByText("Saved 2 chats.").waitFor();
	expect(download.suggestedFilename()).toMatch(/^parley-data-\d{4}-\d\d-\d\d\.zip$/);
	const texts = await textsOf(download);
	expect([...texts.keys()].sort()).toEqual([
		"contents.json",
		"json/1 And a stick.json",
		"json/2 What is a tally.json",
		"markdown/1 And a stick.md",
		"markdown/2 What is a tally.md",
		"usage.json",
	]);
	expect(JSON.parse(texts.get("usage.json") ?? "").requests).toHaveLength(2);
	expect(JSON.parse(texts.get("json/2 What is a tally.json") ?? "")).toMatchObject({ format: "parley.chat", id: first });
	expect(texts.get("markdown/1 And a stick.md")).toContain("You said: “And a stick?”");
});

/** The names of files written by downloads into the browser's private file system. */
const onDisk = () =>
	page.evaluate(async () => {
		const sizes: Record<string, number> = {};
		try {
			const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("downloads");
			for await (const [name, file] of folder.entries())
				if (file instanceof FileSystemFileHandle) sizes[name] = (await file.getFile()).size;
		} catch {
			// Nothing has been written.
		}
		return sizes;
	});

async function downloadAll(): Promise<Download> {
	await openData();
	const [download] = await Promise.all([page.waitForEvent("download"), button("Download everything").click()]);
	await region("Download").getByText("Saved 1 chat.").waitFor();
	return download;
}

test("a download is written to the browser's disk and removed by the next page, or held in memory where there is no such disk", async () => {
	await chat("What is a tally?");
	const first = await downloadAll();
	expect([...(await textsOf(first)).keys()]).toContain("json/1 What is a tally.json");
	const [[left, bytes] = [], ...others] = Object.entries(await onDisk());
	expect(others).toEqual([]);
	expect(bytes).toBe(statSync(await first.path()).size);

	const next = await downloadAll();
	const names = Object.keys(await onDisk());
	expect(names).toHaveLength(1);
	expect(names).not.toContain(left);
	expect((await textsOf(next)).size).toBe((await textsOf(first)).size);

	await page.addInitScript(() => {
		// As in a private window of some browsers.
		StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("not allowed", "SecurityError"));
	});
	const inMemory = await downloadAll();
	expect([...(await textsOf(inMemory)).keys()]).toContain("json/1 What is a tally.json");
});

test("ChatGPT's chats are imported, broken ones are named, the rest can be found, are marked as not counted, and are not imported twice", async () => {
	await parley.openAccount(context.request);
	await openData();
	await page.route("**/api/chats/import", (route) => route.abort());
	await pick("conversations.json", [chatGpt(1), { title: "Notes" }, chatGpt(2)]);
	await page.getByRole("alert").getByText("The server could not be reached.").waitFor();
	await page.unroute("**/api/chats/import");
	await button("Continue").click();
	await region("Import")
		.getByText(/Done: 2 imported · 1 not imported/)
		.waitFor();
	await page.getByRole("list", { name: "Not imported" }).getByText("Notes: This is not a chat from Parley or ChatGPT.").waitFor();
	await assertAccessible(page, VIEWS);
	await pick("conversations.json", [chatGpt(1), chatGpt(2), chatGpt(3)]);
	await region("Import")
		.getByText(/Done: 1 imported · 2 already here/)
		.waitFor();

	await page.getByRole("link", { name: "Go to your chats" }).click();
	await list().getByRole("region", { name: "November 2023" }).getByRole("link", { name: "Elsewhere 3" }).waitFor();
	expect(
		await list()
			.getByRole("link", { name: /^Elsewhere/ })
			.count(),
	).toBe(3);
	await page.keyboard.press("Control+k");
	await page.getByRole("searchbox").fill("abacus 2");
	await page
		.getByRole("dialog")
		.getByRole("link", { name: /Elsewhere 2/ })
		.click();
	const answer = page.getByRole("article", { name: "Answer" });
	await answer.getByText("Beads.").waitFor();
	await answer.getByRole("button", { name: "Why" }).click();
	await answer.getByText("No, it was imported").waitFor();
	await assertAccessible(page, VIEWS);
	const composer = page.getByRole("textbox", { name: "Message", exact: true });
	await composer.fill("And then?");
	await composer.press("Enter");
	await page.getByRole("article", { name: "Answer" }).last().getByText("You said: “And then?”").waitFor();
	await page.getByText("19 of 20 left today").first().waitFor();
});

test("another account can import a download, including archived chats, pins and folders", async () => {
	await parley.openAccount(context.request);
	await chat("What is a tally?");
	const archived = await chat("An old one");
	await context.request.patch(`${parley.app}/api/chat/${archived}`, { data: { archived: true } });
	const filed = await chat("In a folder");
	const pinned = await chat("An important one");
	const { folder } = await (await context.request.post(`${parley.app}/api/folders`, { data: { id: "f1", name: "Tallies" } })).json();
	await context.request.patch(`${parley.app}/api/chat/${filed}`, { data: { folder: folder.id } });
	await context.request.patch(`${parley.app}/api/chat/${pinned}`, { data: { pinned: true } });
	await openData();
	const [download] = await Promise.all([page.waitForEvent("download"), button("Download everything").click()]);
	const zip = readFileSync(await download.path());
	await context.clearCookies();
	await parley.openAccount(context.request);
	await openData();
	await page.getByLabel("File with chats").setInputFiles({ name: "parley.zip", mimeType: "application/zip", buffer: zip });
	await region("Import").getByText("Done: 4 imported").waitFor();
	await page.reload();
	await region("Archived chats").getByRole("link", { name: "An old one" }).waitFor();
	await page.goto(parley.app);
	await list().getByRole("link", { name: "What is a tally?" }).waitFor();
	expect(await list().getByRole("link", { name: "An old one" }).count()).toBe(0);
	await list().getByRole("region", { name: "Pinned" }).getByRole("link", { name: "An important one" }).waitFor();
	const folderButton = list().getByRole("button", { name: "Tallies", exact: true });
	// The page is new: a press before the folders' script has loaded does nothing.
	await expect
		.poll(async () => {
			await folderButton.click();
			return folderButton.getAttribute("aria-expanded");
		})
		.toBe("true");
	await list().getByRole("region", { name: "Folders" }).getByRole("link", { name: "In a folder" }).waitFor();
});

test("archived chats are listed in the settings, and can be opened, restored, and deleted with an undo", async () => {
	await parley.openAccount(context.request);
	for (const title of ["First", "Second"]) {
		const id = await chat(title);
		await context.request.patch(`${parley.app}/api/chat/${id}`, { data: { archived: true } });
	}
	await openData();
	await region("Archived chats").getByRole("link", { name: "First" }).waitFor();
	await assertAccessible(page, VIEWS);
	await button("Delete “First”").click();
	await region("Archived chats").getByText("“First” deleted.").waitFor();
	await button("Undo").click();
	await region("Archived chats").getByRole("link", { name: "First" }).waitFor();
	await button("Bring back “First”").click();
	await region("Archived chats").getByText("“First” is in your list again.").waitFor();
	await region("Archived chats").getByRole("link", { name: "Second" }).click();
	await page.getByRole("article", { name: "Answer" }).waitFor();
	await list().getByRole("link", { name: "First" }).waitFor();
});
