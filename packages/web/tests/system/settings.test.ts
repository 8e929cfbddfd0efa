import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Parley } from "./parley.ts";

// The sub-pages of the account: their addresses, their layout while they load, and the settings stored per browser.

let parley: Parley;
let app: string;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
	app = parley.app;
});

afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext({ locale: "en-GB", colorScheme: "light" });
	context.setDefaultTimeout(20_000);
	page = await context.newPage();
});

const button = (name: string) => page.getByRole("button", { name, exact: true });
const section = (name: string) => page.getByRole("region", { name, exact: true });
const choose = (group: string, option: string | RegExp) =>
	page
		.getByRole("group", { name: group })
		.getByRole("radio", typeof option === "string" ? { name: option, exact: true } : { name: option })
		.check();

describe("an account address", () => {
	test.each([
		["/account", "/account/plan"],
		["/account?upgraded=plan", "/account/plan?upgraded=plan"],
		["/account?error=INVALID_TOKEN", "/account/profile?error=INVALID_TOKEN"],
		["/account#instructions", "/account/appearance#instructions"],
	])("from an older mail, checkout or link leads to its sub-page: %s", async (old, now) => {
		await parley.openAccount(context.request);
		await page.goto(app + old);
		await page.waitForURL(app + now);
		await page.getByRole("navigation", { name: "Settings" }).locator('[aria-current="page"]').waitFor();
	});

	test("leads a guest to sign-in and back; appearance and data need no account", async () => {
		await page.goto(`${app}/account/usage`);
		await page.waitForURL(`${app}/sign-in?next=%2Faccount%2Fusage`);
		await page.goto(app);
		await page.getByRole("complementary", { name: "Chats" }).getByRole("link", { name: "Appearance" }).click();
		await page.waitForURL(`${app}/account/appearance`);
		const pages = page.getByRole("navigation", { name: "Settings" }).getByRole("link");
		await pages.last().waitFor();
		expect(await pages.allInnerTexts()).toEqual(["Appearance", "Data"]);
		await pages.last().click();
		await section("What we keep").getByText("400 days after your last request").waitFor();
	});
});

describe("the theme", () => {
	const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const barColor = () => page.evaluate(() => document.querySelector<HTMLMetaElement>('meta[name="theme-color"]')?.content);
	/** A browser notifies its scripts of a changed color scheme a moment after drawing it. */
	const colors = async () => [await paper(), await barColor()];
	const LIGHT = "rgb(251, 250, 247)";
	const DARK = "rgb(22, 21, 19)";

	test("follows the system until one is chosen, which then applies to every page before any of our scripts has loaded", async () => {
		await page.goto(`${app}/account/appearance`);
		await expect.poll(colors).toEqual([LIGHT, "rgb(251,250,247)"]);
		await page.emulateMedia({ colorScheme: "dark" });
		await expect.poll(colors).toEqual([DARK, "rgb(22,21,19)"]);
		await page.emulateMedia({ colorScheme: "light" });
		const other = await context.newPage();
		await other.goto(app);
		await choose("Theme", "Dark");
		await expect.poll(colors).toEqual([DARK, "rgb(22,21,19)"]);
		// Another tab follows.
		await expect.poll(() => other.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(DARK);

		await page.route("**/assets/*.js", (route) => route.abort());
		await page.goto(`${app}/pricing`);
		await expect.poll(colors).toEqual([DARK, "rgb(22,21,19)"]);
		await page.unroute("**/assets/*.js");

		await page.goto(`${app}/account/appearance`);
		await choose("Theme", "System");
		await expect.poll(colors).toEqual([LIGHT, "rgb(251,250,247)"]);
		await page.emulateMedia({ colorScheme: "dark" });
		await choose("Theme", "Light");
		await expect.poll(colors).toEqual([LIGHT, "rgb(251,250,247)"]);
	});
});

test("the text size applies to every page, and is kept", async () => {
	const size = () => page.evaluate(() => getComputedStyle(document.body).fontSize);
	await page.goto(`${app}/account/appearance`);
	expect(await size()).toBe("15px");
	await choose("Text size", "Larger");
	expect(await size()).toBe("18.75px");
	await page.goto(app);
	expect(await size()).toBe("18.75px");
});

test("with Ctrl+Enter set to send, Enter starts a new line, and the list of keys shows it", async () => {
	const composer = page.getByRole("textbox", { name: "Message", exact: true });
	await page.goto(`${app}/account/appearance`);
	await choose("Send with", /^Ctrl\+Enter/);
	await page.goto(app);
	await page.locator("button[type=submit]").waitFor();
	await composer.fill("One");
	await composer.press("Enter");
	await composer.pressSequentially("two");
	expect(await composer.inputValue()).toBe("One\ntwo");
	await composer.press("Control+Enter");
	await page.waitForURL(/\/c\//);
	await page.getByRole("article", { name: "Question" }).or(page.getByText("One\ntwo")).first().waitFor();

	await button("Keyboard shortcuts").click();
	await page.getByRole("dialog").getByText("New line", { exact: true }).waitFor();
	const keysOf = async (does: string) =>
		page
			.getByRole("dialog")
			.locator("dl > div")
			.filter({ has: page.getByText(does, { exact: true }) })
			.locator("kbd")
			.allInnerTexts();
	expect([await keysOf("New line")]).toEqual([["Enter"]]);
	expect(await page.getByRole("dialog").locator("dl > div").first().locator("kbd").allInnerTexts()).toEqual(["Ctrl", "Enter"]);
});

describe("a sub-page on a slow phone", () => {
	interface Shift extends PerformanceEntry {
		value: number;
		hadRecentInput: boolean;
	}

	test("does not shift while it loads: its layout shift is at most 0.02", async () => {
		const { customerId } = await parley.signUp(context.request);
		await parley.control("scenarios/pro-999-of-1000", { customerId });
		await page.setViewportSize({ width: 390, height: 844 });
		const devtools = await context.newCDPSession(page);
		await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
		await devtools.send("Network.enable");
		const speed = (1.6 * 1024 * 1024) / 8;
		await devtools.send("Network.emulateNetworkConditions", {
			offline: false,
			latency: 150,
			downloadThroughput: speed,
			uploadThroughput: speed,
		});
		await page.addInitScript(() => {
			const shifts: number[] = [];
			Object.assign(globalThis, { shifts });
			new PerformanceObserver((list) => {
				for (const shift of list.getEntries() as Shift[]) if (!shift.hadRecentInput) shifts.push(shift.value);
			}).observe({ type: "layout-shift", buffered: true });
		});
		const found: Record<string, number> = {};
		for (const path of [
			"/account/plan",
			"/account/usage",
			"/account/organization",
			"/account/keys",
			"/account/profile",
			"/account/appearance",
		]) {
			await page.goto(app + path);
			await page.waitForLoadState("networkidle");
			if (path === "/account/plan") await button("Cancel Pro").waitFor();
			found[path] = await page.evaluate(() =>
				(globalThis as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0),
			);
		}
		console.log(`Layout shift of the account: ${JSON.stringify(found)}`);
		for (const [path, shift] of Object.entries(found)) expect(shift, path).toBeLessThanOrEqual(0.02);
	}, 120_000);
});

test("the viewer's own plan is shown next to an organization without one, and links to its card and cancellation", async () => {
	const { customerId } = await parley.signUp(context.request);
	await parley.control("scenarios/pro-999-of-1000", { customerId });
	const created = await context.request.post(`${app}/api/auth/organization/create`, { data: { name: "Acme", slug: crypto.randomUUID() } });
	expect(created.ok()).toBe(true);
	await expect.poll(async () => (await (await context.request.get(`${app}/api/usage`)).json()).tier).toBe("paid");
	await page.goto(`${app}/account/plan`);
	await section("Your own plan").getByText("Your own plan pays for your requests, because Acme doesn’t have one.").waitFor();
	await section("Plan").getByText("Acme has no plan yet.").waitFor();
	await button("Show my own plan").click();
	await button("Cancel Pro").waitFor();
	expect(await section("Your own plan").count()).toBe(0);
});

test("changing the password requires the current one, and a refusal keeps the input", async () => {
	await parley.openAccount(context.request);
	const elsewhere = await parley.browser.newContext();
	const session = (await context.cookies()).filter(({ name }) => name.includes("session"));
	await elsewhere.addCookies(session);
	await page.goto(`${app}/account/profile`);
	await page.getByLabel("Current password").fill("wrong horse");
	await page.getByLabel("New password").fill("better horse");
	await button("Change password").click();
	await page.getByText("Wrong password.").waitFor();
	expect(await page.getByLabel("New password").inputValue()).toBe("better horse");
	await page.getByLabel("Current password").fill("correct horse");
	await button("Change password").click();
	await page.getByText("Password changed. You’ve been signed out everywhere else.").waitFor();
	await page.reload();
	await section("Password").waitFor();
	const stale = await elsewhere.request.get(`${app}/api/auth/get-session?disableCookieCache=true`);
	expect(await stale.json()).toBeNull();
	await elsewhere.close();
});

describe("an email address", () => {
	test("shows its confirmation, and a page that is already open notices it", async () => {
		const email = `${crypto.randomUUID()}@example.com`;
		const data = { name: "Ada", email, password: "correct horse", callbackURL: "/pricing" };
		expect((await context.request.post(`${app}/api/auth/sign-up/email`, { data })).ok()).toBe(true);
		await page.goto(app);
		const banner = page.getByText(`Confirm your email before you upgrade. We sent a link to ${email}.`);
		await banner.waitFor();
		await page.locator("button[type=submit]").waitFor();
		const { text } = await parley.find(`a mail to ${email}`, ({ mailbox }) => mailbox.find(({ to }) => to === email));
		const opened = await context.newPage();
		await opened.goto(/https?:\S+/.exec(text)?.[0] ?? "");
		await opened.waitForURL(`${app}/pricing?confirmed=true`);
		await opened.getByText(`Your email is confirmed: ${email}.`).waitFor();
		await banner.waitFor({ state: "detached" });
		await opened.getByRole("button", { name: "Close" }).click();
		await opened.waitForURL(`${app}/pricing`);
	});
});

test("signing up leads back to the previous page, from every page", async () => {
	await page.goto(app);
	await page.locator("button[type=submit]").waitFor();
	await page.getByRole("textbox", { name: "Message", exact: true }).fill("Hello");
	await page.keyboard.press("Enter");
	await page.waitForURL(/\/c\//);
	const chat = new URL(page.url()).pathname;
	const next = (path: string) => new RegExp(`[?]next=${encodeURIComponent(path)}$`);
	for (const name of ["Sign up", "Sign in"])
		expect(await page.getByRole("navigation", { name: "You" }).getByRole("link", { name }).getAttribute("href")).toMatch(next(chat));
	await page.goto(`${app}/pricing`);
	expect(await page.getByRole("main").getByRole("link", { name: "Sign up" }).getAttribute("href")).toMatch(next("/pricing"));
	await page.goto(`${app}/account/data`);
	expect(await page.getByRole("link", { name: "Sign in" }).getAttribute("href")).toMatch(next("/account/data"));
});
