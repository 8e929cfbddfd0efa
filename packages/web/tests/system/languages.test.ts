import { readdirSync, readFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { de } from "../../src/text/de.ts";
import { en } from "../../src/text/en.ts";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// The pages in each language, with that language's scripts only.

const VIEWS: View[] = [
	{ width: 390, colorScheme: "light" },
	{ width: 1440, colorScheme: "dark" },
];

const built = new URL("../../dist/client/assets/", import.meta.url).pathname;

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start();
});

afterAll(() => parley?.close());

beforeEach(() => visitIn("de-DE"));

/** A new visitor whose browser prefers this language. */
async function visitIn(locale: string): Promise<void> {
	await context?.close();
	context = await parley.browser.newContext({ locale, timezoneId: "Europe/Berlin" });
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
}

/** The names of all scripts that a page has loaded. */
function scriptsOf(one: Page): Set<string> {
	const loaded = new Set<string>();
	one.on("request", (request) => {
		const name = /\/assets\/([^/?]+\.js)$/.exec(request.url())?.[1];
		if (name) loaded.add(name);
	});
	return loaded;
}

/** Texts of the Worker that a library in the page's scripts also contains. */
const IN_LIBRARIES = ["No active subscription found", "Invalid password"];

/** Sentences that exist in only one language. A lower-case word could also be a name in the code. */
function textsOnlyIn(own: Record<string, unknown>, other: Record<string, unknown>): string[] {
	const all = JSON.stringify(Object.values(other));
	return Object.values(own).filter((text): text is string => {
		if (typeof text !== "string" || IN_LIBRARIES.includes(text)) return false;
		return text.length > 14 && /^\p{Lu}/u.test(text) && !text.includes("{") && !all.includes(text);
	});
}

const codeOf = (names: Iterable<string>) => Array.from(names, (name) => readFileSync(built + name, "utf8")).join("\n");
const foundIn = (code: string, texts: string[]) => texts.filter((text) => code.includes(text));

describe("the scripts", () => {
	/** Opens several pages, including everything they load late. */
	async function tour(): Promise<Set<string>> {
		const loaded = scriptsOf(page);
		await page.goto(parley.app);
		await page.locator("button[type=submit]").waitFor();
		await page.locator("textarea").fill("Hello");
		await page.locator("textarea").press("Enter");
		await page.getByRole("article").nth(1).waitFor();
		await page.keyboard.press("Control+k");
		await page.getByRole("dialog").waitFor();
		for (const path of ["/pricing", "/sign-up", "/account/appearance", "/what-counts", "/nowhere"]) {
			await page.goto(parley.app + path);
			await page.waitForLoadState("networkidle");
		}
		return loaded;
	}

	test("of a German page are German, of an English page English, and a script without text is the same file", async () => {
		const german = await tour();
		await visitIn("en-US");
		const english = await tour();
		expect(german.size).toBe(english.size);
		expect(english.size).toBeGreaterThan(10);
		const [onlyEnglish, onlyGerman] = [textsOnlyIn(en, de), textsOnlyIn(de, en)];
		expect(foundIn(codeOf(german), onlyEnglish)).toEqual([]);
		expect(foundIn(codeOf(english), onlyGerman)).toEqual([]);
		// Proves that the search can find something.
		expect(foundIn(codeOf(english), onlyEnglish).length).toBeGreaterThan(100);
		expect(foundIn(codeOf(german), onlyGerman).length).toBeGreaterThan(100);
	});

	test("load no script of another language, however late it is loaded", () => {
		const names = readdirSync(built).filter((name) => name.endsWith(".js"));
		const [onlyEnglish, onlyGerman] = [textsOnlyIn(en, de), textsOnlyIn(de, en)];
		const languageOf = (name: string) => {
			const code = readFileSync(built + name, "utf8");
			const [isEnglish, isGerman] = [onlyEnglish, onlyGerman].map((texts) => foundIn(code, texts).length > 0);
			expect(isEnglish && isGerman, name).toBe(false);
			return isEnglish ? "en" : isGerman ? "de" : null;
		};
		const languages = new Map(names.map((name) => [name, languageOf(name)]));
		for (const [name, language] of languages) {
			const named = [...readFileSync(built + name, "utf8").matchAll(/[\w.$-]+\.js/g)]
				.map(([other]) => other)
				.filter((other) => languages.has(other));
			const others = named.filter((other) => language && languages.get(other) && languages.get(other) !== language);
			expect(others, name).toEqual([]);
		}
	});
});

describe("a reader", () => {
	test("gets the page in the browser's language, and can change it without scripts", async () => {
		const response = await page.goto(parley.app);
		expect(response?.headers()).toMatchObject({ "content-language": "de", vary: expect.stringContaining("accept-language") });
		expect(await page.locator("html").getAttribute("lang")).toBe("de");
		await page.getByText("Ein ruhiger Ort, um mit KI zu sprechen.").waitFor();
		const plain = await parley.browser.newContext({ locale: "de-DE", javaScriptEnabled: false });
		const bare = await plain.newPage();
		await bare.goto(`${parley.app}/account/appearance`);
		await bare.getByRole("button", { name: "English" }).click();
		await bare.getByRole("heading", { name: "Appearance" }).waitFor();
		await bare.goto(`${parley.app}/pricing`);
		await bare.getByRole("heading", { name: "What counts" }).waitFor();
		await plain.close();
	});

	test("changes the language of all pages, with the scripts of the new one", async () => {
		await page.goto(`${parley.app}/account/appearance`);
		await page.getByRole("button", { name: "English" }).click();
		await page.getByRole("heading", { name: "Appearance" }).waitFor();
		await page.getByRole("link", { name: "Chat" }).click();
		await page.getByText("A quiet place to talk to AI.").waitFor();
		await page.getByRole("button", { name: "Find a chat" }).waitFor();
		await page.goto(`${parley.app}/account/appearance`);
		await page.getByRole("button", { name: "Deutsch" }).click();
		await page.getByRole("heading", { name: "Darstellung" }).waitFor();
		expect(await page.getByRole("button", { name: "Deutsch" }).getAttribute("aria-pressed")).toBe("true");
	});
});

describe("without a connection", () => {
	test("the offline page is in the reader's language, as is the app's description", async () => {
		await page.goto(parley.app);
		await page.evaluate(async () => void (await navigator.serviceWorker.ready));
		await context.setOffline(true);
		await page.goto(`${parley.app}/pricing`);
		await page.getByRole("heading", { name: "Du bist offline" }).waitFor();
		expect(await page.locator("html").getAttribute("lang")).toBe("de");
		await context.setOffline(false);
		const manifest = await (await fetch(`${parley.app}/manifest.de.webmanifest`)).json();
		expect(manifest).toMatchObject({ name: "Parley", description: de.site_description });
	});
});

describe("a problem and a mail", () => {
	test("are in the language of the request, and a problem keeps its code", async () => {
		const inGerman = { "accept-language": "de-AT, en;q=0.5" };
		const response = await fetch(`${parley.app}/api/nothing`, { headers: inGerman });
		expect(response.headers.get("content-language")).toBe("de");
		expect(await response.json()).toMatchObject({
			type: "urn:parley:problem:not-found",
			title: "Nicht gefunden",
			detail: "Unter dieser Adresse ist nichts.",
		});
		const bad = await fetch(`${parley.app}/api/chat/ai`, {
			method: "POST",
			headers: { ...inGerman, "content-type": "application/json" },
			body: "{}",
		});
		expect(((await bad.json()) as { detail: string }).detail).toMatch(/Ungültige Eingabe/);
		const email = `${crypto.randomUUID()}@example.com`;
		const data = { name: "Ada", email, password: "correct horse", callbackURL: "/" };
		await context.request.post(`${parley.app}/api/auth/sign-up/email`, { data, headers: inGerman });
		const mail = await parley.find(`a mail to ${email}`, ({ mailbox }) => mailbox.find(({ to }) => to === email));
		expect(mail.text).toContain("Bestätige deine E-Mail-Adresse");
	});
});

describe("nothing changes at hydration", () => {
	test.each(["de-DE", "en-US"])(
		"in a browser with %s: neither text nor times in the reader's zone, from the first page on",
		async (locale) => {
			await visitIn(locale);
			const complaints: string[] = [];
			page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
			page.on("pageerror", (error) => complaints.push(String(error)));
			await parley.openAccount(context.request);
			for (const path of ["/", "/account/usage", "/pricing", "/account/plan"]) {
				// The first paint shows what the server sent and the inline script in it.
				await page.route("**/assets/*.js", (route) => route.abort());
				await page.goto(parley.app + path);
				const painted = await page.locator("body").innerText();
				await page.unroute("**/assets/*.js");
				complaints.length = 0;
				await page.goto(parley.app + path);
				await page.waitForLoadState("networkidle");
				const hydrated = await page.locator("body").innerText();
				if (path !== "/account/plan") expect(hydrated, path).toBe(painted);
				expect(complaints, path).toEqual([]);
			}
		},
	);

	test("and times are in the reader's zone on their very first page", async () => {
		await parley.openAccount(context.request);
		await page.route("**/assets/*.js", (route) => route.abort());
		await page.goto(parley.app);
		// A day begins at midnight UTC, which in Berlin is one o'clock in winter and two in summer.
		await page
			.getByTestId("left")
			.filter({ hasText: /neu um 0[12]:00$/ })
			.waitFor();
	});
});

describe("in German", () => {
	test.each(["/", "/pricing", "/sign-in", "/sign-up", "/account/appearance", "/account/data", "/what-counts", "/nowhere", "/c/nowhere"])(
		"axe finds nothing on %s",
		async (path) => {
			await page.goto(parley.app + path);
			await page.waitForLoadState("networkidle");
			await assertAccessible(page, VIEWS);
		},
	);
});
