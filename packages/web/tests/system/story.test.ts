import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser.ts";
import { freePort, Running, temporaryFolder } from "./process.ts";

// The whole story, as a person lives it: guest, account, Pro, top-up. The real `npm start`, the real browser.

const state = temporaryFolder();
let parley: Running;
let browser: Browser;
let page: Page;
let app: string;
let sandbox: string;

beforeAll(async () => {
	const [port, sandboxPort] = [await freePort(), await freePort()];
	app = `http://localhost:${port}`;
	sandbox = `http://localhost:${sandboxPort}`;
	parley = new Running("npm", ["start"], { env: { PORT: String(port), SANDBOX_PORT: String(sandboxPort), PARLEY_STATE: state.path } });
	await parley.says(/Parley is ready/, 180_000);
	browser = await openBrowser();
	page = await browser.newPage();
	page.setDefaultTimeout(45_000);
});

afterAll(async () => {
	await browser?.close();
	await parley?.interrupt();
	state.remove();
});

const composer = () => page.getByRole("textbox", { name: "Message" });
const left = () => page.getByTestId("left");
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();

async function leftReads(text: string | RegExp): Promise<void> {
	await left().filter({ hasText: text }).waitFor();
}

/** Writes, sends, and hears the answer to its end. */
async function ask(text: string): Promise<void> {
	const answers = page.getByRole("article").filter({ hasText: "demo model" });
	const before = await answers.count();
	await composer().fill(text);
	await page.getByRole("button", { name: "Send", exact: true }).click();
	await answers.nth(before).waitFor();
	await page.getByRole("button", { name: "Stop", exact: true }).waitFor({ state: "detached" });
}

test("a visitor becomes a guest, an account, a Pro and buys a top-up, in one sitting", async () => {
	// A guest chats at once, and always sees what is left.
	await page.goto(app);
	await leftReads("5 of 5 free requests left, no reset.");
	for (const left of [4, 3, 2, 1, 0]) {
		await ask(`Question of a guest, ${left} more to come`);
		await leftReads(`${left} of 5 free requests left, no reset.`);
	}

	// At the limit the composer says why and keeps the draft.
	await composer().fill("What I still wanted to ask");
	await shows("You have used your 5 free requests. Sign up to get 20 a day.");
	await page.getByRole("status").getByRole("link", { name: "Sign up" }).click();

	// Signing up brings the chat, what was used today, and the draft along.
	await page.getByLabel("Name").fill("Ada");
	await page.getByLabel("Email").fill("ada@example.com");
	await page.getByLabel("Password").fill("correct horse");
	await page.getByRole("button", { name: "Sign up" }).click();
	await leftReads("You have 15 requests left today.");
	await shows("Question of a guest, 4 more to come");
	await expect.poll(() => composer().inputValue()).toBe("What I still wanted to ask");

	// The day has its limit too.
	for (let n = 14; n >= 0; n -= 1) await ask(`Question of the day, ${n} more to come`);
	await leftReads("You have no requests left today.");
	await composer().fill("Worth paying for");
	await shows(/You have used today’s 20 requests/);
	await page.getByRole("status").getByRole("link", { name: "Go Pro" }).click();

	// Paying needs a confirmed address, and the way there is shown.
	await page.getByRole("button", { name: "Go Pro" }).click();
	const mailbox = await page
		.getByRole("link", { name: /mailbox/i })
		.first()
		.getAttribute("href");
	await page.goto(mailbox ?? "");
	await page
		.getByRole("link", { name: /Confirm your email address/ })
		.first()
		.click();
	await page.getByRole("link", { name: /verify-email/ }).click();
	await page.goto(`${app}/pricing`);
	await shows("$7.99");

	// Paying, and going on in one breath.
	await page.getByRole("button", { name: "Go Pro" }).click();
	await page.getByRole("button", { name: "Pay" }).click();
	await shows(/You are on Pro now/);
	await leftReads(/1,?000 of 1,?000 left until/);
	for (let n = 1; n <= 3; n += 1) await ask(`Question of a subscriber, number ${n}`);
	await leftReads(/997 of 1,?000 left until/);

	// A top-up adds to what is left.
	await page.goto(`${app}/account`);
	await page.getByRole("button", { name: "Buy a top-up" }).click();
	await page.getByRole("button", { name: "Pay" }).click();
	await shows(/Your top-up is here/);
	await leftReads(/997 of 1,?000 left until .*, and 1,?000 from top-ups/);
	await ask("One more");
	await leftReads(/1,?000 from top-ups/);

	// The provider knows of each paid request, once, and of no other.
	const events = await reported(4);
	expect(events.map((event) => event.amount)).toEqual([1, 1, 1, 1]);
	expect(new Set(events.map((event) => event.transactionId)).size).toBe(4);
	expect(events.every((event) => /^user:[^:]+:/.test(event.transactionId))).toBe(true);
});

/** The usage events that the provider has, when there are as many as expected. */
async function reported(count: number): Promise<{ transactionId: string; amount: number }[]> {
	for (let tries = 0; tries < 60; tries += 1) {
		const { usageEvents } = (await (await fetch(`${sandbox}/__sandbox/state`)).json()) as {
			usageEvents: { transactionId: string; amount: number }[];
		};
		if (usageEvents.length >= count) return usageEvents;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
	throw new Error(`the provider did not hear of ${count} requests`);
}
