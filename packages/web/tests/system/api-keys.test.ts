import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { inDatabase } from "./database.ts";
import { Parley } from "./parley.ts";
import { root } from "./process.ts";

// API keys on their pages, and the commands of docs/api.md run with a key created there.

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

const VIEWS = [
	{ width: 390, colorScheme: "light" },
	{ width: 1440, colorScheme: "dark" },
] as const;
const button = (name: string) => page.getByRole("button", { name, exact: true });
const keys = () => page.getByRole("region", { name: "API keys", exact: true });
const usage = async () => (await (await context.request.get(`${app}/api/usage`)).json()) as { used: number };
const modelsWith = (key: string) => fetch(`${app}/v1/models`, { headers: { authorization: `Bearer ${key}` } });

async function create(name: string, limit = ""): Promise<string> {
	await page.getByLabel("Name", { exact: true }).fill(name);
	await page.getByLabel("Limit, requests").fill(limit);
	await button("Create key").click();
	return keys()
		.locator("code", { hasText: /^key_[\w-]{43}$/ })
		.innerText();
}

/** The commands on the docs page, each joined with its continued lines. */
function documentedCommands(): string[] {
	const docs = readFileSync(join(root, "docs/api.md"), "utf8");
	return [...docs.matchAll(/```sh\n([\s\S]*?)```/g)]
		.flatMap(([, block = ""]) => block.replaceAll("\\\n", " ").split("\n"))
		.filter((line) => line.startsWith("curl "));
}

test("a key is created, shown once, used by every command of docs/api.md, listed with its last use, and revoked at once", async () => {
	await parley.openAccount(context.request);
	await page.goto(`${app}/account/keys`);
	await button("Create key").click();
	await page.getByText("Give the key a name.").waitFor();
	const key = await create("Script", "100");
	await keys().getByText("Copy your new key now").waitFor();
	await assertAccessible(page, [...VIEWS]);

	const commands = documentedCommands();
	expect(commands).toHaveLength(5);
	const env = { ...process.env, ORIGIN: app, KEY: key };
	const answers = commands.map((command) =>
		execFileSync("bash", ["-c", `curl() { command curl -sS --fail-with-body "$@"; }; ${command}`], { env }).toString(),
	);
	expect(answers[0]).toContain("You said: “Hello”");
	expect(answers[1]).toMatch(/^data: \{[\s\S]*data: \[DONE\]\n\n$/);
	expect(JSON.parse(answers[2] ?? "")).toMatchObject({ object: "response", status: "completed" });
	expect(JSON.parse(answers[3] ?? "").data).toEqual([expect.objectContaining({ id: "sandbox" })]);
	expect(JSON.parse(answers[4] ?? "")).toMatchObject({ used: 3, held: 0 });
	expect(await usage()).toMatchObject({ used: 3, held: 0 });

	await page.reload();
	await keys().getByText("100 requests a day").waitFor();
	await keys().getByText("Last used").waitFor();
	await keys()
		.getByText(`${key.slice(0, 12)}…`)
		.waitFor();
	expect(await page.content()).not.toContain(key);
	expect((await modelsWith(key)).status).toBe(200);
	await button("Revoke Script").click();
	await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
	await keys().getByText("Script was revoked.").waitFor();
	expect((await modelsWith(key)).status).toBe(401);
	expect(await keys().getByRole("listitem").count()).toBe(0);
});

test("creating a key requires a new proof ten minutes after the last one", async () => {
	const userId = await parley.openAccount(context.request);
	await page.goto(`${app}/account/keys`);
	await page.getByLabel("Name", { exact: true }).fill("Late");
	inDatabase(parley.statePath, `UPDATE sessions SET created_at = created_at - 660000, proven_at = NULL WHERE user_id = '${userId}'`);
	await button("Create key").click();
	await page.getByRole("dialog").getByLabel("Password").fill("correct horse");
	await page.getByRole("dialog").getByRole("button", { name: "Confirm", exact: true }).click();
	await keys().getByText("Copy your new key now").waitFor();
});

test("an organization's page lists its keys, as does the account's list of keys, also in German", async () => {
	await parley.signUp(context.request);
	const created = await context.request.post(`${app}/api/auth/organization/create`, { data: { name: "Acme", slug: crypto.randomUUID() } });
	expect(created.ok()).toBe(true);
	await page.goto(`${app}/account/organization`);
	const key = await create("Team");
	await keys().getByText("Team").first().waitFor();
	await assertAccessible(page, [...VIEWS]);
	expect((await modelsWith(key)).status).toBe(200);
	await page.goto(`${app}/account/keys`);
	await keys().getByText("· Acme").waitFor();

	await context.addCookies([{ name: "parley.language", value: "de", url: app }]);
	await page.goto(`${app}/account/keys`);
	const german = await page.getByRole("main").innerText();
	expect(german).toContain("Schlüssel erstellen");
	expect(german).toContain("Zuletzt benutzt");
});
