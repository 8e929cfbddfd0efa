import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page, Route } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { openBrowser } from "./browser.ts";
import { freePort, Running, stateFolder } from "./process.ts";

const state = stateFolder();
let parley: Running;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let app: string;
let sandbox: string;

beforeAll(async () => {
	const [port, sandboxPort] = [await freePort(), await freePort()];
	app = `http://localhost:${port}`;
	sandbox = `http://localhost:${sandboxPort}`;
	// The sandbox's model, whose pace and failures can be set.
	const model = { AI_BASE_URL: `${sandbox}/model/v1`, AI_MODELS: "sandbox=Sandbox" };
	parley = new Running("npm", ["start"], {
		env: { PORT: String(port), SANDBOX_PORT: String(sandboxPort), PARLEY_STATE: state.path, ...model },
	});
	await parley.says(/Parley is ready/, 180_000);
	browser = await openBrowser();
	context = await browser.newContext();
	context.setDefaultTimeout(45_000);
});

afterAll(async () => {
	await browser?.close();
	await parley?.interrupt();
	state.remove();
});

/** A new visitor: all state of the previous one is removed, but the browser keeps the scripts in its cache. */
beforeEach(async () => {
	await Promise.all(context.pages().map((one) => one.close()));
	await context.setOffline(false);
	await context.clearPermissions();
	await context.clearCookies();
	page = await context.newPage();
	await (await context.newCDPSession(page)).send("Storage.clearDataForOrigin", { origin: app, storageTypes: "all" });
	await model({});
});

async function model(faults: Record<string, unknown>): Promise<void> {
	await fetch(`${sandbox}/__sandbox/faults`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ model: faults }),
	});
}

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const answer = () => page.getByRole("article", { name: "Answer" }).last();
const leftReads = (text: string | RegExp) => page.getByTestId("left").filter({ hasText: text }).waitFor();

async function send(text: string): Promise<void> {
	// Enter sends once the page is interactive.
	await page.locator("button[type=submit]").waitFor();
	await composer().fill(text);
	await composer().press("Enter");
}

interface Mail {
	to: string;
	text: string;
}

const mailsTo = async (email: string): Promise<Mail[]> => {
	const { mailbox } = (await (await fetch(`${sandbox}/__sandbox/state`)).json()) as { mailbox: Mail[] };
	return mailbox.filter(({ to }) => to === email);
};

/** Signs up in this test's browser; `confirmed` also follows the link in the mail. */
async function signUp({ confirmed, name = "Ada" }: { confirmed: boolean; name?: string }): Promise<string> {
	const email = `${crypto.randomUUID()}@example.com`;
	const data = { name, email, password: "correct horse", callbackURL: "/" };
	// better-auth limits sign-ups per address.
	const headers = { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` };
	expect((await context.request.post(`${app}/api/auth/sign-up/email`, { data, headers })).status()).toBe(200);
	if (!confirmed) return email;
	await expect.poll(async () => (await mailsTo(email)).length).toBe(1);
	const link = /https?:\S+/.exec((await mailsTo(email))[0]?.text ?? "")?.[0] ?? "";
	await context.request.get(link);
	return email;
}

async function buyPro(): Promise<void> {
	const opened = await context.request.post(`${app}/api/flowglad/checkout`, { data: { priceSlug: "pro_monthly" } });
	const { url } = (await opened.json()) as { url: string };
	await context.request.post(url, { form: { action: "pay" }, maxRedirects: 0 });
}

/** Waits for the announcement that a screen reader receives. */
const heard = (text: string | RegExp) => page.locator("main > [aria-live]").filter({ hasText: text }).waitFor();

describe("the JavaScript of /", () => {
	test("in its HTML is at most 160 KiB gzip, and all that loads before the first answer at most 210", async () => {
		const html = await (await fetch(app)).text();
		const named = new Set([...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map((match) => match[1] ?? ""));
		const loaded = new Set<string>();
		page.on("response", (response) => {
			const { pathname } = new URL(response.url());
			if (pathname.endsWith(".js")) loaded.add(pathname);
		});
		await page.goto(app);
		await send("Hello");
		await leftReads("4 free requests left");
		const weigh = async (paths: Iterable<string>) => {
			let bytes = 0;
			for (const path of paths) bytes += gzipSync(Buffer.from(await (await fetch(app + path)).arrayBuffer()), { level: 9 }).length;
			return bytes / 1024;
		};
		const [initial, first] = [await weigh(named), await weigh(loaded)];
		console.log(`JavaScript of /: ${initial.toFixed(1)} KiB gzip named in the HTML, ${first.toFixed(1)} KiB before the first answer`);
		expect(named.size).toBeGreaterThan(0);
		expect(initial).toBeLessThan(160);
		expect(first).toBeLessThan(210);
	});
});

describe("a running answer", () => {
	test("is complete after a reload and in a second tab, and is counted once", async () => {
		await model({ chunks: 60, chunkMs: 50 });
		await page.goto(app);
		await send("A long one, please");
		await page.getByRole("button", { name: "Stop", exact: true }).waitFor();
		await page.waitForURL(/\/c\//);
		const other = await context.newPage();
		await Promise.all([page.reload(), other.goto(page.url())]);
		for (const tab of [page, other]) {
			await tab.getByTestId("left").filter({ hasText: "4 free requests left" }).waitFor();
			await tab.getByRole("button", { name: "Stop", exact: true }).waitFor({ state: "detached" });
		}
		const texts = await Promise.all([page, other].map((tab) => tab.getByRole("article", { name: "Answer" }).last().innerText()));
		expect(texts[0]).toBe(texts[1]);
		await page.reload();
		await leftReads("4 free requests left");
	});

	test("can be stopped, and says whether it was counted", async () => {
		await model({ chunks: 400, chunkMs: 30 });
		await page.goto(app);
		await send("Too long");
		await answer()
			.filter({ hasText: /\w+ \w+/ })
			.waitFor();
		await page.getByRole("button", { name: "Stop", exact: true }).click();
		await answer().getByText("You stopped this answer.").waitFor();
		await leftReads("4 free requests left");
	});

	test.each(["a new", "an existing"])(
		"in %s chat can be stopped before its request arrives, and the button keeps the focus",
		async (which) => {
			await page.goto(app);
			if (which === "an existing") {
				await send("First");
				await heard("4 of 5");
			}
			await model({ chunks: 400, chunkMs: 30 });
			let arrive = () => {};
			const arrived = new Promise<void>((resolve) => {
				arrive = resolve;
			});
			const sent = page.waitForRequest("**/api/chat/ai");
			await page.route("**/api/chat/ai", async (route) => {
				await arrived;
				await route.continue();
			});
			await send("Too long");
			// Before the live chat has loaded, Stop takes the message back, and no request needs to be stopped.
			await sent;
			const stop = page.getByRole("button", { name: "Stop", exact: true });
			await stop.focus();
			await Promise.all([page.waitForResponse(/\/stop$/), page.keyboard.press("Enter")]);
			expect(await stop.evaluate((element: HTMLButtonElement) => element === document.activeElement && !element.disabled)).toBe(true);
			arrive();
			await answer().getByText("You stopped this answer. It was not counted.").waitFor();
			const button = page.getByRole("button", { name: "Send", exact: true });
			expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
			await page.unroute("**/api/chat/ai");
		},
	);

	test("that fails costs nothing, says so, and can be retried", async () => {
		await model({ failAfterChunks: 3, chunks: 9 });
		await page.goto(app);
		await send("Will break");
		await answer().getByText("That answer was interrupted, so it was not counted.").waitFor();
		await leftReads("5 free requests left");
		await model({});
		await page.getByRole("button", { name: "Try again" }).click();
		await leftReads("4 free requests left");
		await page.getByText("That answer was interrupted").waitFor({ state: "detached" });
	});
});

describe("a message", () => {
	test("that fails to send is kept, and its retry counts once", async () => {
		// An earlier visit leaves its chunks in the cache, which then load without a network.
		await (await context.newCDPSession(page)).send("Network.clearBrowserCache");
		await page.goto(app);
		await page.waitForLoadState("networkidle");
		await context.setOffline(true);
		// The first time, the chunk that sends is not loaded yet.
		await send("Into the tunnel");
		await page.getByText("Your message wasn’t sent.").waitFor();
		await context.setOffline(false);
		await composer().blur();
		await Promise.all([page.waitForResponse(/live-chat.*\.js$/), composer().focus()]);
		await context.setOffline(true);
		await composer().press("Enter");
		await page.getByText("Your message wasn’t sent.").waitFor();
		await context.setOffline(false);
		await page.getByRole("status").getByRole("button", { name: "Try again" }).click();
		await leftReads("4 free requests left");
		expect(await page.getByRole("article", { name: "You" }).count()).toBe(1);
	});

	test("half written is restored after a reload", async () => {
		await page.goto(app);
		await page.waitForLoadState("networkidle");
		await composer().fill("Not yet sent");
		await page.reload();
		await expect.poll(() => composer().inputValue()).toBe("Not yet sent");
	});

	test("can be written and sent, and its chat deleted, with the keyboard alone", async () => {
		await page.goto(app);
		for (let tabs = 0; tabs < 30 && !(await composer().evaluate((element) => element === document.activeElement)); tabs += 1)
			await page.keyboard.press("Tab");
		await page.keyboard.type("By hand");
		await page.keyboard.press("Enter");
		await leftReads("4 free requests left");
		await page.getByRole("complementary").getByRole("link", { name: "By hand" }).focus();
		await page.keyboard.press("ArrowRight");
		await page.keyboard.press("Enter");
		await page.getByRole("menuitem", { name: "Delete" }).waitFor();
		await page.keyboard.press("End");
		await page.keyboard.press("Enter");
		await page.waitForURL(`${app}/`);
		await leftReads("4 free requests left");
		await expect.poll(() => composer().evaluate((element) => element === document.activeElement)).toBe(true);
	});

	test.each([
		["fails before its first word", { failBeforeOutput: 500 }, 1, "That answer failed, so it was not counted. The chat is as it was."],
		["fails midway", { failAfterChunks: 3, chunks: 9 }, 2, "That answer was interrupted, so it was not counted. The chat is as it was."],
	])("whose edit %s is shown unchanged, and the edited text is kept", async (_, fault, versions, notice) => {
		await page.goto(app);
		for (const [text, left] of [
			["One", "4 of 5"],
			["Two", "3 of 5"],
		] as const) {
			await send(text);
			await heard(left);
		}
		// Output before a failure is a version, which is not shown.
		const switcher = /\s+1\/2\s+Version 1 of 2/;
		const shown = async () => (await page.getByRole("article").allInnerTexts()).map((text) => text.replace(switcher, ""));
		const before = await shown();
		await model(fault);
		await page.getByRole("button", { name: "Edit" }).first().focus();
		await page.keyboard.press("Enter");
		await page.keyboard.press("End");
		await page.keyboard.type(" and a half");
		await page.keyboard.press("Enter");
		await page.getByText(notice).waitFor();
		// The live chat renders its messages after the notice.
		await expect.poll(shown).toEqual(before);
		await expect.poll(() => page.getByText("Version 1 of 2").count()).toBe(versions - 1);
		await expect.poll(() => composer().inputValue()).toBe("One and a half");
		await page.reload();
		await leftReads("3 free requests left");
		const beginnings = (texts: string[]) => texts.map((text) => text.slice(0, 40));
		await expect.poll(async () => beginnings(await shown())).toEqual(beginnings(before));
	});

	test("sent earlier can be edited, which replaces all that follows; cancelling returns the focus", async () => {
		await page.goto(app);
		for (const [text, left] of [
			["One", "4 of 5"],
			["Two", "3 of 5"],
		] as const) {
			await send(text);
			await heard(left);
		}
		const edit = page.getByRole("button", { name: "Edit" }).first();
		await edit.focus();
		await page.keyboard.press("Enter");
		await page.getByText("This version and what follows it are kept.").waitFor();
		await page.keyboard.press("Escape");
		await expect.poll(() => edit.evaluate((element) => element === document.activeElement)).toBe(true);
		await page.keyboard.press("Enter");
		await page.keyboard.press("End");
		await page.keyboard.type(" and a half");
		await page.keyboard.press("Enter");
		await heard("2 of 5");
		await page.reload();
		expect(await page.getByRole("article", { name: "You" }).allInnerTexts()).toEqual([expect.stringMatching(/^One and a half/)]);
		await answer().getByText("One and a half").waitFor();
	});

	test("that is too long is kept in full, and the page says by how much it exceeds the limit", async () => {
		await page.goto(app);
		await page.waitForLoadState("networkidle");
		const text = "word ".repeat(6_553).padEnd(32_768 + 5, "s");
		await send(text);
		await page.getByText("This message is 5 characters too long.").waitFor();
		expect(await composer().inputValue()).toBe(text);
		await composer().fill(text.slice(5));
		await page.getByText("too long").waitFor({ state: "detached" });
		// It takes two steps of 8,000 tokens.
		await page.getByRole("button", { name: "Send · 2 requests" }).waitFor();
		await composer().press("Enter");
		await leftReads("3 free");
	});

	test("can have several lines on a phone, whose keyboard has no Shift+Enter", async () => {
		const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
		const touched = await phone.newPage();
		await touched.goto(app);
		await touched.waitForLoadState("networkidle");
		const box = touched.getByRole("textbox", { name: "Message" });
		await box.pressSequentially("Milk\nBread");
		expect(await box.inputValue()).toBe("Milk\nBread");
		await touched.getByRole("button", { name: "Send" }).tap();
		await touched.getByTestId("left").filter({ hasText: "4 free" }).waitFor();
		await phone.close();
	});

	test("names its chat without Markdown, and the name is the same before and after the server sends its title", async () => {
		await page.goto(app);
		await send("# Plan: use `git` for **C#**");
		const named = page.getByRole("link", { name: "Plan: use git for C#", exact: true });
		await named.waitFor();
		await heard("Answer complete.");
		await page.reload();
		await named.waitFor();
	});
});

describe("an answer", () => {
	const code = "let a = 1;\n\tlet b = 2;";

	test("and its code blocks can be copied, also in older answers", async () => {
		await context.grantPermissions(["clipboard-read", "clipboard-write"]);
		const pasted = () => page.evaluate(() => navigator.clipboard.readText());
		await page.goto(app);
		await send(`This\n\n\`\`\`js\n${code}\n\`\`\`\n\nthat`);
		await heard("Answer complete.");
		await send("And more");
		await heard("3 of 5");
		const first = page.getByRole("article", { name: "Answer" }).first();
		await first.getByRole("button", { name: "Copy the code" }).click();
		await first.getByRole("button", { name: "Copied the code" }).waitFor();
		expect(await pasted()).toBe(code);
		await first.getByRole("button", { name: "Copy the answer" }).click();
		await first.getByRole("button", { name: "Copied the answer" }).waitFor();
		expect(await pasted()).toMatch(/^You said: “This\n\n```js/);
	});

	test("is announced to a screen reader when it ends, with the remaining requests", async () => {
		await page.goto(app);
		await send("Hello");
		await heard("Thinking.");
		await heard("Answer complete. 4 of 5 requests left.");
	});

	test("does not move the composer while it is being written", async () => {
		await model({ chunks: 40, chunkMs: 30 });
		await page.setViewportSize({ width: 390, height: 844 });
		await page.goto(app);
		await send("Hello");
		const top = async () => (await composer().boundingBox())?.y;
		await page.waitForURL(/\/c\//);
		const seen = new Set([await top()]);
		await answer()
			.filter({ hasText: /\w+ \w+/ })
			.waitFor();
		seen.add(await top());
		const words = answer().getByText("You said").first();
		const before = await answer().boundingBox();
		await heard("Answer complete.");
		seen.add(await top());
		expect([...seen]).toHaveLength(1);
		// The answer's actions appear in space reserved for them.
		expect((await words.boundingBox())?.y).toBe(before?.y);
	});
});

describe("a chat that is open in two tabs", () => {
	test("looks the same in both, even while an answer is being written", async () => {
		await page.goto(app);
		await send("One");
		await heard("4 of 5");
		const other = await context.newPage();
		await other.goto(page.url());
		// It receives updates from the other tab once it is interactive.
		await other.locator("button[type=submit]").waitFor();
		await model({ chunks: 160, chunkMs: 50 });
		await page.bringToFront();
		await send("Two, from another tab");
		await other.getByText("Two, from another tab").first().waitFor();
		await other.getByRole("button", { name: "Stop", exact: true }).waitFor();
		await other.getByTestId("left").filter({ hasText: "3 free requests left" }).waitFor();
		const words = (tab: Page) => tab.getByRole("article", { name: "Answer" }).last().innerText();
		await expect.poll(async () => (await words(other)) === (await words(page))).toBe(true);
	});

	test("loses nothing to a tab that is behind: its message is refused and kept, and the newer messages are shown", async () => {
		await page.goto(app);
		await send("One");
		await heard("4 of 5");
		// This tab receives no updates from the others.
		const behind = await context.newPage();
		await behind.addInitScript(() => {
			BroadcastChannel.prototype.addEventListener = () => {};
		});
		await behind.goto(page.url());
		await behind.locator("button[type=submit]").waitFor();
		await page.bringToFront();
		await send("Two");
		await heard("3 of 5");
		await behind.getByRole("textbox", { name: "Message", exact: true }).fill("Late");
		await behind.keyboard.press("Enter");
		await behind.getByText("This chat has gone on in another tab or on another device. Nothing was sent or counted.").waitFor();
		await behind.getByRole("article", { name: "You" }).filter({ hasText: "Two" }).waitFor();
		await expect.poll(() => behind.getByRole("textbox", { name: "Message", exact: true }).inputValue()).toBe("Late");
		await behind.getByRole("button", { name: "Try again" }).click();
		await behind.getByTestId("left").filter({ hasText: "Last 2 free" }).waitFor();
		await expect.poll(() => behind.getByRole("article", { name: "You" }).count()).toBe(3);
	});
});

describe("a long history", () => {
	/** Holds back the reads of earlier messages, one after another. */
	async function holdEarlier(): Promise<{ next: () => Promise<Route> }> {
		const held: Route[] = [];
		await page.route(
			(url) => url.pathname.startsWith("/_serverFn/") && url.search.includes("before"),
			(route) => void held.push(route),
		);
		return {
			next: async () => {
				await expect.poll(() => held.length).toBeGreaterThan(0);
				return held.shift() as Route;
			},
		};
	}

	/** Wheel scrolling is animated. */
	const scrolledToBeginning = () => expect.poll(() => page.locator("main .overflow-y-auto").evaluate(({ scrollTop }) => scrollTop)).toBe(0);

	test("is loaded page by page: the earlier messages of a chat, and older chats", async () => {
		await signUp({ confirmed: true });
		await buyPro();
		await page.goto(`${app}/?upgraded=1`);
		await leftReads(/1,000 of 1,000 left/);
		await model({ firstTokenMs: 1, chunks: 1, chunkMs: 1 });
		const ask = async (id: string, text: string) => {
			const messages = [{ id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] }];
			expect((await context.request.post(`${app}/api/chat/ai`, { data: { id, messages } })).status()).toBe(200);
		};
		const long = crypto.randomUUID();
		for (let n = 1; n <= 52; n += 1) await ask(long, `Question ${n}.`);
		for (let n = 1; n <= 50; n += 1) await ask(crypto.randomUUID(), `Chat ${n}.`);
		await page.goto(`${app}/c/${long}`);
		const asked = () => page.getByRole("article", { name: "You" });
		const topOf = async (text: string) => Math.round((await page.getByText(text, { exact: true }).boundingBox())?.y ?? -1);
		await asked().first().getByText("Question 28.").waitFor();
		await expect.poll(() => asked().count()).toBe(25);
		await page.locator("button[type=submit]").waitFor();
		// Scrolling near the beginning loads the previous page, and the view stays in place.
		const reads = await holdEarlier();
		await page.mouse.move(700, 400);
		await page.mouse.wheel(0, -100_000);
		const first = await reads.next();
		await scrolledToBeginning();
		const before = await topOf("Question 28.");
		await first.continue();
		await asked().first().getByText("Question 3.").waitFor();
		await expect.poll(() => topOf("Question 28.")).toBe(before);
		// If that fails, the button loads it.
		await page.mouse.wheel(0, -100_000);
		await (await reads.next()).abort();
		await page.getByText("That didn’t work.").waitFor();
		await page.getByRole("button", { name: "Show earlier messages" }).press("Enter");
		await (await reads.next()).continue();
		await asked().first().getByText("Question 1.").waitFor();
		await expect.poll(() => asked().count()).toBe(52);
		await expect.poll(() => page.getByRole("button", { name: "Show earlier messages" }).count()).toBe(0);
		const listed = page.getByRole("complementary").getByRole("listitem");
		await expect.poll(() => listed.count()).toBe(50);
		await page.getByRole("complementary").getByRole("button", { name: "Show older chats" }).click();
		await page.getByRole("link", { name: "Question 1.", exact: true }).waitFor();
		await expect.poll(() => listed.count()).toBe(51);
	});
});

describe("offline", () => {
	test("the page says so; a chat that cannot be loaded keeps the list, and loads by itself once the network is back", async () => {
		await page.goto(app);
		await send("Hello");
		await heard("Answer complete.");
		await page.getByRole("link", { name: "New chat" }).first().click();
		await expect.poll(() => composer().evaluate((element) => element === document.activeElement)).toBe(true);
		await context.setOffline(true);
		await page.getByText("You’re offline. Keep writing").waitFor();
		const link = page.getByRole("link", { name: "Hello" });
		await link.click();
		await page.getByRole("heading", { name: "This chat didn’t load" }).waitFor();
		await expect.poll(() => page.getByRole("main").count()).toBe(1);
		await page.getByRole("button", { name: "Try again" }).waitFor();
		await context.setOffline(false);
		await answer().getByText("You said").waitFor();
	});
});

describe("a tab whose viewer has changed", () => {
	const secret = "a secret of the first person";

	test("reloads at once when another tab signs out, shows nothing of the account, and says so", async () => {
		await signUp({ confirmed: false });
		await page.goto(app);
		await send(secret);
		await page.getByText(secret).first().waitFor();
		await page.waitForURL("**/c/*");
		const other = await context.newPage();
		await other.goto(app);
		await other.getByRole("button", { name: "Sign out", exact: true }).click();
		await page.getByText("You've been signed out.").waitFor();
		await composer().waitFor();
		expect(await page.locator("body").innerText()).not.toContain(secret);
	});

	test("sends no message for the previous user when only the server has noticed the change, and mixes no lists", async () => {
		await signUp({ confirmed: false });
		await page.goto(app);
		await send(secret);
		await page.waitForURL("**/c/*");
		await answer().waitFor();
		// A page that was just loaded sends nothing by itself.
		await page.reload();
		await page.getByRole("button", { name: "Send", exact: true }).waitFor();
		// No tab of this browser announces the change.
		await context.clearCookies();
		await signUp({ confirmed: false, name: "Grace" });
		await send("written by the second person");
		await page.getByText("You're now signed in as Grace.").waitFor();
		await composer().waitFor();
		await expect.poll(() => composer().inputValue()).toBe("written by the second person");
		expect(await page.locator("body").innerText()).not.toContain(secret);
		await send("written by the second person");
		await page.waitForURL("**/c/*");
		await answer().waitFor();
		expect(await page.locator("body").innerText()).not.toContain(secret);
	});

	test("switches to the account and its chats when the guest signs up in another tab", async () => {
		await page.goto(app);
		await send("begun as a guest");
		await page.waitForURL("**/c/*");
		await answer().waitFor();
		const other = await context.newPage();
		await other.goto(`${app}/sign-up`);
		await other.getByLabel("Name").fill("Ada");
		await other.getByLabel("Email", { exact: true }).fill(`${crypto.randomUUID()}@example.com`);
		await other.getByLabel("Password").fill("correct horse");
		await other.locator("button[type=submit]").click();
		await page.getByRole("button", { name: "Sign out", exact: true }).waitFor();
		await page.getByText("begun as a guest").first().waitFor();
		await send("and as a user");
		await expect.poll(() => page.getByRole("article", { name: "Answer" }).count()).toBe(2);
	});
});

describe("an invalid confirmation link", () => {
	const broken = () => `${app}/api/auth/verify-email?token=no-such-token&callbackURL=${encodeURIComponent("/")}`;

	test("offers a new one to a signed-in user", async () => {
		const email = await signUp({ confirmed: false });
		await page.goto(broken());
		await page.getByText(`This confirmation link has expired. We can send a new one to ${email}.`).waitFor();
		await page.getByRole("button", { name: "Send the link again" }).click();
		await page.getByText("Sent.").waitFor();
		await expect.poll(async () => (await mailsTo(email)).length).toBe(2);
	});

	test("leads a guest through sign-in to the same offer", async () => {
		const email = await signUp({ confirmed: false });
		await context.clearCookies();
		await page.goto(broken());
		await page.getByText("This confirmation link has expired. Sign in").waitFor();
		await page.getByLabel("Confirm your email address").getByRole("link", { name: "Sign in" }).click();
		await page.getByLabel("Email", { exact: true }).fill(email);
		await page.getByLabel("Password").fill("correct horse");
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.getByText(`We can send a new one to ${email}.`).waitFor();
	});
});

describe("the plans", () => {
	test("are visible with their prices on a phone without scrolling", async () => {
		await page.setViewportSize({ width: 390, height: 844 });
		await page.goto(`${app}/pricing`);
		const tops = [];
		for (const name of ["Guest", "Free", "Pro"]) tops.push((await page.getByRole("region", { name, exact: true }).boundingBox())?.y ?? 0);
		expect(tops).toEqual(tops.toSorted((a, b) => a - b));
		const price = await page.getByText("$7.99").boundingBox();
		expect((price?.y ?? Number.POSITIVE_INFINITY) + (price?.height ?? 0)).toBeLessThan(844);
	});

	test("a cancelled plan must be kept before a top-up can be bought, and the account shows amounts", async () => {
		await signUp({ confirmed: true });
		await buyPro();
		await page.goto(`${app}/?upgraded=1`);
		await leftReads(/1,000 of 1,000 left/);
		await page.goto(`${app}/account/plan`);
		const section = (name: string) => page.getByRole("region", { name, exact: true });
		await section("Invoices").getByText("$7.99").waitFor();
		expect(await section("Top-up").innerText()).toMatch(
			/^Top-up\s+1,000 more requests\s+Used after your plan’s requests\. Valid while your plan is active\./,
		);
		const usage = { usageMeterSlug: "ai_requests", amount: 1000 };
		expect((await context.request.post(`${app}/api/usage-events`, { data: usage })).status()).toBe(201);
		await page.goto(app);
		await leftReads(/^No requests left · renews .* · 20 of 20 free requests left today · Buy a top-up$/);
		await page.getByRole("link", { name: "Buy a top-up" }).click();
		await page.getByRole("button", { name: "Cancel Pro" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Cancel Pro" }).click();
		await page.getByText("Pro (cancelled).").waitFor();
		await page.getByRole("button", { name: "Resume Pro" }).click();
		await page.getByRole("button", { name: "Buy a top-up" }).waitFor();
	});
});

describe("a guest who must pass the human check", () => {
	test("solves it, and the message is sent automatically", async () => {
		// This product has no Turnstile keys, so its policy blocks Cloudflare's script (security-headers.test.ts).
		const unbound = await browser.newContext({ bypassCSP: true });
		page = await unbound.newPage();
		const tokens: (string | undefined)[] = [];
		await page.route("**/api/chat/ai", async (route) => {
			tokens.push(route.request().headers()["cf-turnstile-response"]);
			if (tokens.length > 1) return route.continue();
			const problem = { title: "Human check needed", status: 403, detail: "Show that you are human, or sign up.", siteKey: "a site key" };
			return route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify(problem) });
		});
		// Cloudflare's script is not available offline, so this one has its interface.
		await page.route("https://challenges.cloudflare.com/**", (route) =>
			route.fulfill({
				contentType: "text/javascript",
				body: `window.turnstile = {
					render(place, { sitekey, action, callback }) {
						const button = document.createElement("button");
						button.textContent = "I am human, says " + sitekey + " for " + action;
						button.onclick = () => callback("a token");
						place.append(button);
						return "widget";
					},
					remove() {},
				};`,
			}),
		);
		await page.goto(app);
		await send("Am I?");
		await page.getByText("Show that you are human, or sign up. Your draft is saved.").waitFor();
		await page.getByRole("button", { name: "I am human, says a site key for guest" }).click();
		await leftReads("4 free requests left");
		expect(tokens).toEqual([undefined, "a token"]);
		await unbound.close();
	});
});

describe("every page", () => {
	/** Opens a page and checks it on desktop and phone, in light and dark. */
	async function assertPageAccessible(path: string): Promise<void> {
		await page.goto(app + path);
		await page.waitForLoadState("networkidle");
		const views = [1440, 390].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));
		await assertAccessible(page, views);
	}

	test.each(["/", "/pricing", "/sign-in", "/sign-up", "/account/appearance", "/account/data", "/what-counts", "/nowhere", "/c/nowhere"])(
		"%s has no serious axe findings",
		assertPageAccessible,
	);

	test("a subscriber's chat and account have no serious axe findings", async () => {
		await signUp({ confirmed: true });
		await buyPro();
		await page.goto(app);
		await send("This\n\n```js\nlet a = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |");
		await heard("Answer complete.");
		await assertPageAccessible(new URL(page.url()).pathname);
		for (const sub of ["usage", "plan", "organization", "profile", "appearance", "data"]) await assertPageAccessible(`/account/${sub}`);
	});

	test("is readable without JavaScript", async () => {
		const plain = await browser.newContext({ javaScriptEnabled: false });
		const bare = await plain.newPage();
		await bare.goto(app);
		await bare.getByText("5 free requests left").waitFor();
		await bare.goto(`${app}/pricing`);
		await bare.getByText("$7.99").first().waitFor();
		await plain.close();
	});
});
