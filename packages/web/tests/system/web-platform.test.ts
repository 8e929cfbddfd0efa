import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// What surrounds the pages: files for browsers, no scripts, no network, and addresses without a page.

const VIEWS: View[] = [
	{ width: 390, colorScheme: "light" },
	{ width: 1440, colorScheme: "dark" },
];

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

/** Opens the chat and waits until its service worker controls the pages that follow. */
async function visit(): Promise<void> {
	await page.goto(parley.app);
	await page.evaluate(async () => void (await navigator.serviceWorker.ready));
}

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });

/** The paths of everything that the service worker stores. */
const keptPaths = (): Promise<string[]> =>
	page.evaluate(async () => {
		const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
		return all.flat().map(({ url }) => new URL(url).pathname);
	});

describe("the files for browsers", () => {
	test("exist, and only those with content hashes in their names are cached without revalidation", async () => {
		const html = await (await fetch(parley.app)).text();
		const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
		expect(assets.length).toBeGreaterThan(3);
		for (const path of assets) {
			const response = await fetch(parley.app + path);
			await response.text();
			expect(response.headers.get("cache-control"), path).toBe("public, max-age=31536000, immutable");
		}
		for (const [path, type] of [
			["/manifest.webmanifest", "application/manifest+json"],
			["/favicon.svg", "image/svg+xml"],
			["/icons/share.png", "image/png"],
			["/robots.txt", "text/plain; charset=utf-8"],
			["/sw.js", "text/javascript; charset=utf-8"],
			["/offline", "text/html; charset=utf-8"],
		] as const) {
			const response = await fetch(parley.app + path);
			await response.arrayBuffer();
			expect([response.status, response.headers.get("content-type")], path).toEqual([200, type]);
			expect(response.headers.get("cache-control"), path).not.toContain("immutable");
		}
	});

	test("make the app installable in Chromium", async () => {
		await visit();
		const session = await context.newCDPSession(page);
		const { errors, data } = await session.send("Page.getAppManifest");
		expect(errors).toEqual([]);
		expect(JSON.parse(data ?? "{}")).toMatchObject({ name: "Parley", display: "standalone" });
		expect((await session.send("Page.getInstallabilityErrors")).installabilityErrors.map(({ errorId }) => errorId)).toEqual([]);
	});

	test("give the browser's bars the page's color in each theme", async () => {
		await page.goto(parley.app);
		// A browser takes the first one, which follows the reader's own choice. The others are for browsers without scripts.
		const colors: [string, string[]][] = [
			["light", ["rgb(251,250,247)", "#fbfaf7"]],
			["dark", ["rgb(22,21,19)", "#161513"]],
		];
		for (const [colorScheme, both] of colors) {
			await page.emulateMedia({ colorScheme: colorScheme as "light" | "dark" });
			const shown = () =>
				page.evaluate(() =>
					[...document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')]
						.filter(({ media }) => matchMedia(media).matches)
						.map(({ content }) => content),
				);
			await expect.poll(shown, { message: colorScheme }).toEqual(both);
		}
	});
});

describe("without a network", () => {
	test("every address shows the offline page, and the real page once the network is back", async () => {
		await visit();
		await context.setOffline(true);
		for (const path of ["/", "/pricing"]) {
			await page.goto(parley.app + path);
			await page.getByRole("heading", { name: "You’re offline" }).waitFor();
		}
		await assertAccessible(page, VIEWS);
		await context.setOffline(false);
		await page.getByRole("link", { name: "Try again" }).click();
		await page.waitForURL(`${parley.app}/pricing`);
		await page.getByRole("navigation", { name: "Pages" }).waitFor();
	});

	test("an open page loads parts that the browser had before, without the browser's own cache", async () => {
		await visit();
		// From here on the worker sees each request.
		await page.reload();
		await expect.poll(async () => (await keptPaths()).filter((path) => path.endsWith(".js")).length).toBeGreaterThan(3);
		const kept = (await keptPaths()).filter((path) => path.endsWith(".js"));
		await (await context.newCDPSession(page)).send("Network.clearBrowserCache");
		await context.setOffline(true);
		const statuses = await page.evaluate((paths) => Promise.all(paths.map(async (path) => (await fetch(path)).status)), kept);
		expect(statuses).toEqual(kept.map(() => 200));
	});
});

describe("the service worker", () => {
	test("stores only the offline page and assets, whatever is read and written, signed in or out", async () => {
		await parley.openAccount(context.request);
		await visit();
		await page.reload();
		await page.locator("button[type=submit]").waitFor();
		await composer().fill("A secret");
		await composer().press("Enter");
		await page.getByRole("article", { name: "Answer" }).getByText("You said").waitFor();
		await page.goto(`${parley.app}/account/profile`);
		await page.getByRole("button", { name: "Sign out", exact: true }).click();
		await page.waitForURL(`${parley.app}/`);
		expect((await keptPaths()).filter((path) => path !== "/offline" && !path.startsWith("/assets/"))).toEqual([]);
		// No cache shows anything of the account.
		expect(await page.getByText("A secret").count()).toBe(0);
	});

	test("of an older version is replaced by the page's version", async () => {
		await page.goto(`${parley.app}/offline`);
		await visit();
		await page.evaluate(async () => void (await navigator.serviceWorker.register("/sw.js?an-older-build")));
		await page.reload();
		const html = await (await fetch(parley.app)).text();
		const [, current = "none"] = /register\("(\/sw\.js\?[^"]*)"\)/.exec(html) ?? [];
		await expect
			.poll(() =>
				page.evaluate(async () => {
					const found = await navigator.serviceWorker.getRegistrations();
					return found.map(({ installing, waiting, active }) => [installing, waiting, active?.scriptURL.replace(location.origin, "")]);
				}),
			)
			.toEqual([[null, null, current]]);
	});
});

describe("without scripts", () => {
	test("each page that needs them says so, and a chat can be read", async () => {
		const plain = await parley.browser.newContext({ javaScriptEnabled: false });
		const without = await plain.newPage();
		await without.goto(parley.app);
		const id = crypto.randomUUID();
		const messages = [{ id: "m", role: "user", parts: [{ type: "text", text: "Hello" }] }];
		await (await plain.request.post(`${parley.app}/api/chat/ai`, { data: { id, messages } })).text();
		await without.goto(`${parley.app}/c/${id}`);
		await without.getByRole("article", { name: "Answer" }).getByText("You said").waitFor();
		// Playwright does not find text within `noscript`.
		const shown = () => without.locator("body").innerText();
		expect(await shown()).toContain("You can read your chats without JavaScript, but sending needs it.");
		for (const path of ["/sign-in", "/sign-up", "/pricing"]) {
			await without.goto(parley.app + path);
			expect((await shown()).match(/JavaScript/g), path).toHaveLength(1);
		}
		await plain.close();
	});
});

describe("an address without a page", () => {
	test("answers 404 with a way back, as a page and as a chat, for which a guest may have to sign in", async () => {
		const response = await page.goto(`${parley.app}/nothing/here`);
		expect(response?.status()).toBe(404);
		await page.getByRole("heading", { name: "Page not found" }).waitFor();
		await assertAccessible(page, VIEWS);
		await page.goto(`${parley.app}/c/not-mine`);
		await page.getByRole("heading", { name: "Chat not found" }).waitFor();
		await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
		await page.waitForURL(`${parley.app}/sign-in?next=%2Fc%2Fnot-mine`);
	});
});
