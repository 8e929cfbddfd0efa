import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Parley } from "../system/parley.ts";

// The whole story without a pointer. Nothing here clicks, fills or focuses: the page only receives key presses.

let parley: Parley;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
	await parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1 } });
	page = await parley.browser.newPage();
	page.setDefaultTimeout(45_000);
});
afterAll(() => parley?.close());

/** More Tab stops than any page of the story has. */
const STOPS_MAX = 60;

const press = (key: string) => page.keyboard.press(key);
const type = (text: string) => page.keyboard.type(text);
const hasFocus = (element: Locator) => element.evaluate((one) => one === document.activeElement);
const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });
const link = (name: string) => page.getByRole("link", { name, exact: true });

/** Presses Tab until the element has the focus, which must be visible. */
async function tabTo(element: Locator): Promise<void> {
	await element.first().waitFor();
	for (let left = STOPS_MAX; left > 0; left -= 1) {
		if (await hasFocus(element.first())) return expect(await isOutlined()).toBe(true);
		await press("Tab");
	}
	throw new Error(`Tab does not reach ${element}`);
}

/** Whether the focused element, or an element around it, shows the focus. */
const isOutlined = () =>
	page.evaluate(() => {
		for (let one: Element | null = document.activeElement; one && one !== document.body; one = one.parentElement) {
			const { outlineStyle, boxShadow } = getComputedStyle(one);
			if (outlineStyle !== "none" || (one.matches(":focus-within") && boxShadow !== "none")) return true;
		}
		return false;
	});

async function follow(element: Locator): Promise<void> {
	await tabTo(element);
	await press("Enter");
}

const answerEnds = async (text: string) => {
	await page.getByRole("article", { name: "Answer" }).filter({ hasText: text }).waitFor();
	await page.locator("article[aria-busy=true]").waitFor({ state: "detached" });
};

test("a guest asks, signs up, pays, searches, shares and deletes with the keyboard alone", async () => {
	await page.goto(parley.app);
	await page.locator("button[type=submit]").waitFor();
	await follow(link("Skip to the chat"));
	await tabTo(page.getByRole("textbox", { name: "Message", exact: true }));
	await type("What is a tally stick?");
	await press("Enter");
	await answerEnds("What is a tally stick?");

	await follow(link("Sign up"));
	const email = `${crypto.randomUUID()}@example.com`;
	for (const [label, text] of [
		["Name", "Ada"],
		["Email", email],
		["Password", "correct horse"],
	] as const) {
		await tabTo(page.getByLabel(label, { exact: true }));
		await type(text);
	}
	await press("Enter");
	await page.getByText("What is a tally stick?").first().waitFor();
	await page.getByTestId("left").filter({ hasText: "19 of 20 left today" }).waitFor();
	const { text } = await parley.find("a mail", ({ mailbox }) => mailbox.find(({ to }) => to === email));
	await page.goto(/https?:\S+/.exec(text)?.[0] ?? "");

	await page.goto(parley.app);
	await follow(link("Pricing"));
	await follow(button("Go Pro"));
	await follow(button("Pay"));
	await page.getByText("You’re on Pro.").waitFor();
	await page.locator("button[type=submit]").waitFor();

	await tabTo(page.getByRole("textbox", { name: "Message", exact: true }));
	await type("Where were split tallies used?");
	await press("Enter");
	await answerEnds("Where were split tallies used?");

	await press("Control+k");
	await page.getByRole("dialog").waitFor();
	await type("stick");
	await page
		.getByRole("dialog")
		.getByRole("link", { name: /What is a tally stick/ })
		.waitFor();
	await press("ArrowDown");
	await press("Enter");
	await page.getByRole("heading", { name: "What is a tally stick?" }).waitFor();

	await follow(button("Share or download"));
	await follow(page.getByRole("dialog").getByRole("button", { name: "Create link" }));
	await page.getByRole("textbox", { name: "Link" }).waitFor();
	await press("Escape");
	await page.getByRole("dialog").waitFor({ state: "detached" });
	expect(await hasFocus(button("Share or download"))).toBe(true);

	const row = page.getByRole("navigation").getByRole("link", { name: "What is a tally stick?", exact: true });
	await tabTo(row);
	await press("ArrowRight");
	await press("Enter");
	await page.getByRole("menuitem", { name: "Delete" }).waitFor();
	await press("End");
	expect(await hasFocus(page.getByRole("menuitem", { name: "Delete" }))).toBe(true);
	await press("Enter");
	await page.getByText("Chat deleted.").first().waitFor();
	await row.waitFor({ state: "detached" });
	await follow(button("Undo"));
	await row.waitFor();
});
