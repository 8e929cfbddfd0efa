import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { openBrowser } from "./browser.ts";
import { freePort, Running, root, stateFolder, temporaryFolder } from "./process.ts";

// A deployment with its own brand: built from its brand.json, started, and searched for our name.

/** What contains our name and is never shown (docs/decisions/0022): names in protocols and in a browser's storage. */
const TECHNICAL = [
	/urn:parley:problem:/g,
	/(?:__Host-)?parley\.(?:chats?\b|guest|viewer|language|zone|known|session_token|carried|moved|temporary)/g,
	/parley-viewer/g,
	/"parley:"\+|parley:(?:side|theme|text|enter|model|effort|search|draft|queue|viewer|last-chat|files|pending|left|carried)\b/g,
	/"parley-(?:shell|assets)"/g,
	/parley[.=](?:zone|language)/g,
];

const ours = (text: string) => {
	const shown = TECHNICAL.reduce((rest, name) => rest.replaceAll(name, ""), text);
	const at = shown.search(/parley/i);
	return at < 0 ? null : shown.slice(Math.max(0, at - 80), at + 80);
};

const NAME = "Café Nord & Söhne";
const BRAND = {
	name: NAME,
	icons: "icons",
	logo: { light: "logo.svg", dark: "logo-dark.svg" },
	accent: { light: "#7a1f4f", dark: "#f2a8d0" },
	support: "help@cafe.example",
	securityContact: "security@cafe.example",
	legal: { imprint: "imprint.md", privacy: "privacy.md", terms: "https://cafe.example/terms" },
	suggestedPrompts: { en: ["What is for lunch today?"], de: ["Was gibt es heute zu Mittag?"] },
	systemText: "You are the waiter of the café.",
	mailFrom: "Café Nord <mail@cafe.example>",
};
const square = (color: string) =>
	`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><title>Café Nord</title><rect width="32" height="32" fill="${color}"/></svg>`;

const folder = temporaryFolder();
const state = stateFolder();
const running: Running[] = [];
let app: string;
let sandbox: string;
let context: BrowserContext;
let page: Page;
let closeBrowser = async () => {};

interface Sandbox {
	mailbox: { from: string; to: string; subject: string; text: string; html?: string }[];
	modelRequests?: unknown[];
}
const sandboxState = async () => (await (await fetch(`${sandbox}/__sandbox/state`)).json()) as Sandbox;

async function finished(command: Running): Promise<void> {
	expect(await command.exit(), command.output).toBe(0);
}

beforeAll(async () => {
	const brand = join(folder.path, "brand.json");
	mkdirSync(join(folder.path, "icons"));
	writeFileSync(brand, JSON.stringify(BRAND));
	for (const [file, text] of Object.entries({
		"icons/icon.svg": square("#7a1f4f"),
		"logo.svg": square("#7a1f4f"),
		"logo-dark.svg": square("#f2a8d0"),
		"imprint.md": "# Imprint\n\nCafé Nord, Main Street 1",
		"imprint.de.md": "# Impressum\n\nCafé Nord, Hauptstraße 1",
		"privacy.md": "# Privacy\n\nWe keep **little**.",
	}))
		writeFileSync(join(folder.path, file), text);
	const env = { PARLEY_BRAND: brand };
	await finished(new Running("node", ["packages/web/scripts/draw-icons.ts"], { env }));
	const dist = ["--outDir", join(folder.path, "dist"), "--emptyOutDir", "--logLevel", "error"];
	await finished(new Running("vite", ["build", "packages/web", "--config", "packages/web/vite.config.ts", ...dist], { env }));
	const [port, sandboxPort] = [await freePort(), await freePort()];
	app = `http://localhost:${port}`;
	sandbox = `http://localhost:${sandboxPort}`;
	writeFileSync(
		join(folder.path, "vars.env"),
		[
			"BETTER_AUTH_SECRET=a-secret-of-the-test-long-enough",
			"GUEST_COOKIE_SECRET=another-secret-of-the-test",
			`EMAIL_URL=${sandbox}/__sandbox/mail`,
			`AI_BASE_URL=${sandbox}/model/v1`,
			"AI_MODELS=sandbox=Sandbox",
		].join("\n"),
	);
	const box = new Running("node", ["packages/sandbox/src/main.ts"], {
		env: { SANDBOX_PORT: String(sandboxPort), SANDBOX_STATE: join(folder.path, "sandbox.json"), APP_URL: app },
	});
	const server = new Running("node", [
		...["scripts/serve.mjs", "--port", String(port), "--state", state.path],
		...["--dist", join(folder.path, "dist"), "--env-file", join(folder.path, "vars.env")],
	]);
	running.push(box, server);
	await vi.waitUntil(
		() =>
			fetch(`${app}/api/health`)
				.then(({ ok }) => ok)
				.catch(() => false),
		{ timeout: 60_000, interval: 200 },
	);
	const browser = await openBrowser();
	closeBrowser = () => browser.close();
	context = await browser.newContext();
	page = await context.newPage();
});

afterAll(async () => {
	await closeBrowser();
	for (const one of running) await one.interrupt();
	state.remove();
	folder.remove();
});

const LANGUAGES = ["en", "de"] as const;
const PATHS = [
	...["/", "/pricing", "/what-counts", "/sign-in", "/sign-up", "/account", "/account/appearance", "/account/plan", "/shared"],
	...["/imprint", "/privacy", "/terms", "/nowhere", "/c/none", "/s/none", "/invitation/none", "/confirm-email?token=x"],
	...["/manifest.webmanifest", "/manifest.de.webmanifest", "/offline", "/offline.de", "/robots.txt", "/favicon.svg"],
	...["/.well-known/security.txt", "/api/health", "/api/usage", "/api/models", "/api/nowhere", "/api/chats", "/api/admin/usage"],
];

test.each(LANGUAGES)("no page, file or problem contains our name, in %s", async (language) => {
	for (const path of PATHS) {
		const response = await fetch(app + path, { headers: { "accept-language": language }, redirect: "manual" });
		expect(ours(await response.text()), `${path} (${response.status})`).toBeNull();
		for (const [name, value] of response.headers) expect(ours(`${name}: ${value}`), `${path}: ${name}`).toBeNull();
	}
	for (const [path, body] of [
		["/api/chat/ai", "{"],
		["/api/usage-events", "{}"],
		["/api/auth/sign-in/email", '{"email":"a@b.example","password":"wrong word"}'],
		["/api/flowglad/webhook", "{}"],
		["/api/stripe/webhook", "{}"],
	] as const) {
		const headers = { "content-type": "application/json", "accept-language": language };
		const response = await fetch(app + path, { method: "POST", headers, body });
		expect(ours(await response.text()), path).toBeNull();
	}
});

test("no script, style or image of the site contains our name, and the preview image is the brand's", () => {
	const client = join(folder.path, "dist/client");
	const files = readdirSync(client, { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name));
	expect(files.length).toBeGreaterThan(100);
	// A highlighter theme and a file part's field are named so in scripts, and never shown.
	const named =
		/"parley"|name:`parley`|`parley[:.]?[\w:.-]*|"parley[:.][\w:.-]*"|\.parley\b|parley:\{|\?\.parley|parley\$|new BroadcastChannel\(.parley.\)|['"]parley:['"]|`parley:|parley\.chats?/g;
	for (const file of files) {
		if (/\.(?:woff2?|png|map)$/.test(file)) continue;
		const text = readFileSync(join(client, file), "utf8").replaceAll(named, "");
		expect(ours(text), file).toBeNull();
		expect(text, file).not.toContain("Parley");
	}
	for (const icon of ["share.png", "icon-512.png"])
		expect(readFileSync(join(client, "icons", icon)).equals(readFileSync(join(root, "brand/icons", icon))), icon).toBe(false);
});

test("no mail, export, API text or page that the Worker can write contains our name", () => {
	const server = join(folder.path, "dist/server");
	const scripts = readdirSync(server, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
	const code = scripts.map((file) => readFileSync(join(server, file), "utf8"));
	// Protocol names are in lower case.
	for (const [at, text] of code.entries()) expect(/.{0,80}Parley.{0,80}/.exec(text)?.[0], scripts[at]).toBeUndefined();
	// Proves that the search finds anything: the frame of every mail, one per language, begins with the name.
	expect(code.join("").split("Café Nord &amp; Söhne</p><h1").length).toBe(1 + LANGUAGES.length);
});

test("pages carry the brand: name, logo, color, prompts, icons, legal pages", async () => {
	await page.goto(app);
	expect(await page.title()).toContain(NAME);
	await page.getByRole("button", { name: "What is for lunch today?" }).waitFor();
	expect(await page.locator("img.only-light").first().getAttribute("src")).toBe("/brand/logo-light.svg");
	await page.goto(`${app}/sign-up`);
	const form = page.locator("form");
	expect(await form.getByRole("link", { name: "the terms of use" }).getAttribute("href")).toBe("https://cafe.example/terms");
	expect(await form.getByRole("link", { name: "the privacy policy" }).getAttribute("href")).toBe("/privacy");
	// The button is pale until its scripts have loaded.
	const color = () => page.getByRole("button", { name: "Sign up" }).evaluate((one) => getComputedStyle(one).backgroundColor);
	await expect.poll(color, { timeout: 45_000 }).toBe("rgb(122, 31, 79)");
	const links = page.getByRole("navigation", { name: "Legal" }).getByRole("link");
	expect(await links.allTextContents()).toEqual(["Imprint", "Privacy", "Terms", "Help"]);
	await page.getByRole("link", { name: "Imprint" }).click();
	await page.getByRole("heading", { name: "Imprint" }).waitFor();
	await page.getByText("Main Street 1").waitFor();
	await assertAccessible(page, [{ width: 390, colorScheme: "light" }]);
	const manifest = (await (await fetch(`${app}/manifest.webmanifest`)).json()) as { name: string };
	expect(manifest.name).toBe(NAME);
	const german = await (await fetch(`${app}/imprint`, { headers: { "accept-language": "de" } })).text();
	expect(german).toContain("Hauptstraße 1");
	expect(await (await fetch(`${app}/.well-known/security.txt`)).text()).toContain("Contact: mailto:security@cafe.example");
});

test("mails come from the brand's sender and never contain our name", async () => {
	const email = `${crypto.randomUUID()}@example.com`;
	const response = await fetch(`${app}/api/auth/sign-up/email`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ name: "Ada", email, password: "correct horse", callbackURL: "/" }),
	});
	expect(response.status).toBe(200);
	await expect.poll(async () => (await sandboxState()).mailbox.length).toBeGreaterThan(0);
	for (const mail of (await sandboxState()).mailbox) {
		expect(mail.from).toBe(BRAND.mailFrom);
		expect(ours([mail.subject, mail.text, mail.html ?? ""].join("\n"))).toBeNull();
		expect(mail.text).toContain(NAME);
		for (const link of [`${app}/imprint`, `${app}/privacy`, "https://cafe.example/terms", "help@cafe.example"]) {
			expect(mail.text).toContain(link);
			expect(mail.html).toContain(link);
		}
	}
});
