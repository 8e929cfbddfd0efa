import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ChatDocument } from "../../src/chat-document.ts";
import { filesIn } from "../../src/components/transfer/archive.ts";
import { assertAccessible, type View } from "./accessible.ts";
import { inDatabase } from "./database.ts";
import { Parley } from "./parley.ts";

// Exporting everything, deleting an account and undoing that, handing over or deleting an organization. The clock only moves forward.

const DAY_MS = 86_400_000;
const PASSWORD = "correct horse";
const VIEWS: View[] = [390, 1440].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));

let parley: Parley;
let context: BrowserContext;
let page: Page;
let userId: string;
let email: string;

beforeAll(async () => {
	parley = await Parley.start();
	await parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1 } });
});

afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext({ locale: "en-GB" });
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
	({ userId } = await parley.signUp(context.request));
	email = (await (await context.request.get(`${parley.app}/api/auth/get-session`)).json()).user.email;
});

const button = (name: string) => page.getByRole("button", { name, exact: true });
const region = (name: string) => page.getByRole("region", { name, exact: true });
const dialog = (name: string) => page.getByRole("dialog", { name, exact: true });
const isFocused = (place: ReturnType<Page["getByRole"]>) =>
	expect.poll(() => place.evaluate((element) => element.contains(document.activeElement))).toBe(true);

async function api<T>(path: string, data: object): Promise<T> {
	const answer = await context.request.post(`${parley.app}${path}`, { data });
	expect(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
	return answer.json();
}

const post = (chat: string, parts: object[]) =>
	context.request.post(`${parley.app}/api/chat/ai`, {
		data: { id: chat, messages: [{ id: crypto.randomUUID(), role: "user", parts }], trigger: "submit-message" },
	});

/** A chat whose first question has a file. */
async function chatWithFile(text: string, file: { name: string; content: string }): Promise<string> {
	const chat = crypto.randomUUID();
	const uploaded = await context.request.post(`${parley.app}/api/chat/${chat}/files?name=${file.name}`, {
		headers: { "content-type": "application/octet-stream" },
		data: Buffer.from(file.content),
	});
	await (await post(chat, [await uploaded.json(), { type: "text", text }])).text();
	return chat;
}

/** Buys Pro without a browser. */
async function buyPro(): Promise<void> {
	const { url } = await api<{ url: string }>("/api/billing/checkout", { priceSlug: "pro_monthly" });
	await context.request.post(url, { form: { action: "pay", card: "4242" } });
	await expect.poll(async () => (await api<{ tier: string }>("/api/billing/refresh", {})).tier).toBe("paid");
}

const runCron = async () => expect((await fetch(`${parley.app}/cdn-cgi/local/scheduled`)).ok).toBe(true);

async function signIn(): Promise<void> {
	await page.goto(`${parley.app}/sign-in`);
	await page.getByLabel("Email").fill(email);
	await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
	await page.keyboard.press("Enter");
}

/** Opens the account deletion dialog with the keyboard. */
async function openDeletion(): Promise<void> {
	await page.goto(`${parley.app}/account/data`);
	const open = region("Delete account").getByRole("button", { name: "Delete account" });
	await open.and(page.locator(":enabled")).waitFor();
	await open.focus();
	await page.keyboard.press("Enter");
	await dialog("Delete your account?").waitFor();
}

test("everything can be downloaded as one zip file: chats with their files, usage, payments and the account", async () => {
	const chat = await chatWithFile("What do my notes say?", { name: "notes.txt", content: "Tallies on bone" });
	await (await post(chat, [{ type: "text", text: "And then?" }])).text();
	await buyPro();
	await api("/api/folders", { id: "f1", name: "Tallies", instructions: "Be brief" });
	await context.request.patch(`${parley.app}/api/chat/${chat}`, { data: { folder: "f1" } });
	await api("/api/instructions", { about: "I am Ada", answer: "" });
	await api(`/api/chat/${chat}/share`, { files: false });
	const organization = await api<{ id: string }>("/api/auth/organization/create", { name: "Acme", slug: crypto.randomUUID() });
	await page.goto(`${parley.app}/account/data`);
	await region("Archived chats").getByText("Nothing is archived.").waitFor();
	const [download] = await Promise.all([page.waitForEvent("download"), button("Download everything").click()]);
	await region("Download").getByText("Saved 1 chat.").waitFor();
	expect(download.suggestedFilename()).toMatch(/^parley-data-\d{4}-\d\d-\d\d\.zip$/);
	const zip = await filesIn(new Blob([readFileSync(await download.path())]));
	const texts = new Map(await Promise.all(zip.map(async ({ name, stream }) => [name, await new Response(stream()).text()] as const)));
	const json = (name: string) => JSON.parse(texts.get(name) ?? "");
	const title = "1 What do my notes say";
	expect([...texts.keys()].sort()).toEqual([
		"account.json",
		"contents.json",
		`files/${title}/1-1 notes.txt`,
		`json/${title}.json`,
		`markdown/${title}.md`,
		"payments.json",
		"usage.json",
	]);
	expect(texts.get(`files/${title}/1-1 notes.txt`)).toBe("Tallies on bone");
	const { turns }: ChatDocument = json(`json/${title}.json`);
	expect(turns.map(({ question }) => question?.files.map(({ path }) => path))).toEqual([[`files/${title}/1-1 notes.txt`], []]);
	expect(texts.get(`markdown/${title}.md`)).toContain(`Attached: [notes.txt](<../files/${title}/1-1 notes.txt>)`);
	expect(json("contents.json")).toMatchObject({
		chats: [{ id: chat, folder: "f1" }],
		folders: [{ name: "Tallies", instructions: "Be brief" }],
	});
	expect(json("usage.json").requests).toMatchObject([
		{ state: "settled", chatId: chat },
		{ state: "settled", chatId: chat },
	]);
	expect(json("payments.json")).toMatchObject({ plans: [{ name: "Pro" }], invoices: [{ url: expect.stringMatching(/^http/) }] });
	expect(json("account.json")).toMatchObject({
		profile: { id: userId, email },
		instructions: { about: "I am Ada" },
		organizations: [{ id: organization.id, name: "Acme", role: "owner" }],
		shares: [{ chatId: chat }],
	});
});

test("an account deleted after a choice about its plan and a proof can be kept within seven days, and is gone after them", async () => {
	const chat = await chatWithFile("What do my notes say?", { name: "notes.txt", content: "Tallies on bone" });
	await buyPro();
	await openDeletion();
	const confirm = dialog("Delete your account?");
	await confirm.getByRole("group", { name: /^Pro, / }).waitFor();
	await isFocused(confirm);
	await assertAccessible(page, VIEWS);
	await confirm.getByRole("button", { name: "Delete account" }).click();
	await confirm.getByRole("alert").getByText("Choose when your plan is cancelled.").waitFor();
	await page.keyboard.press("Escape");
	await confirm.waitFor({ state: "detached" });
	await isFocused(region("Delete account").getByRole("button", { name: "Delete account" }));

	inDatabase(parley.statePath, `UPDATE sessions SET created_at = created_at - 660000, proven_at = NULL WHERE user_id = '${userId}'`);
	await openDeletion();
	await confirm.getByRole("radio", { name: /^Cancel now/ }).focus();
	await page.keyboard.press("Space");
	await page.keyboard.press("Enter");
	await page.getByRole("dialog").getByLabel("Password", { exact: true }).fill(PASSWORD);
	await page.keyboard.press("Enter");
	await page.waitForURL(`${parley.app}/leaving`);
	await page.getByRole("heading", { name: "Your account is locked" }).waitFor();
	await assertAccessible(page, VIEWS);
	const states = (await parley.state()).subscriptions.filter(({ isFreePlan }) => !isFreePlan).map(({ status }) => status);
	expect(states).toContain("canceled");
	const mail = await parley.find("the mail about it", ({ mailbox }) =>
		mailbox.find(({ to, subject }) => to === email && subject === "Your account will be deleted"),
	);
	expect(mail.text).toContain("/sign-in");

	await signIn();
	await page.waitForURL(`${parley.app}/leaving`);
	await page.getByText(email).waitFor();
	await assertAccessible(page, VIEWS);
	await page.goto(`${parley.app}/c/${chat}`);
	await page.waitForURL(`${parley.app}/leaving`);
	await button("Keep my account").click();
	await page.waitForURL(`${parley.app}/account/data`);
	await page.goto(`${parley.app}/c/${chat}`);
	await page.getByRole("article", { name: "You" }).getByText("What do my notes say?").waitFor();

	await openDeletion();
	await confirm.getByText("For 7 days you can sign in and keep the account").waitFor();
	await confirm.getByRole("button", { name: "Delete account" }).click();
	await page.waitForURL(`${parley.app}/leaving`);
	await parley.control("clock", { advanceMs: 7 * DAY_MS + 60_000 });
	await runCron();
	await expect.poll(() => inDatabase(parley.statePath, `SELECT id FROM users WHERE id = '${userId}'`)).toEqual([]);
	await signIn();
	await page.getByText("Wrong email or password.").waitFor();
	expect((await context.request.get(`${parley.app}/api/chat/${chat}/export?format=json`)).status()).toBe(404);
});

test("an organization is handed over to a member, and deleted by its new owner", async () => {
	const { id: organizationId } = await api<{ id: string }>("/api/auth/organization/create", { name: "Acme", slug: crypto.randomUUID() });
	await openDeletion();
	await dialog("Delete your account?").getByRole("link", { name: "Acme" }).click();
	await page.waitForURL(/\/account\/organization\?show=/);
	const other = await parley.browser.newContext({ locale: "en-GB" });
	await parley.signUp(other.request);
	const heir = (await (await other.request.get(`${parley.app}/api/auth/get-session`)).json()).user;
	const invited = await api<{ id: string }>("/api/auth/organization/invite-member", { email: heir.email, role: "member", organizationId });
	const accepted = await other.request.post(`${parley.app}/api/auth/organization/accept-invitation`, {
		data: { invitationId: invited.id },
	});
	expect(accepted.ok()).toBe(true);

	await page.reload();
	await button("Hand over Acme").click();
	await dialog("Hand over Acme?")
		.getByRole("combobox", { name: "New owner" })
		.selectOption({ label: `Ada · ${heir.email}` });
	await assertAccessible(page, VIEWS);
	await dialog("Hand over Acme?").getByRole("button", { name: "Hand over", exact: true }).click();
	const said = page.getByText("Ada is the owner of Acme now.");
	await said.waitFor();
	await isFocused(said);
	expect(await button("Delete organization").count()).toBe(0);
	const roles = inDatabase(parley.statePath, `SELECT user_id, role FROM members WHERE organization_id = '${organizationId}' ORDER BY role`);
	expect(roles).toMatchObject([
		{ user_id: userId, role: "admin" },
		{ user_id: heir.id, role: "owner" },
	]);

	const heirs = await other.newPage();
	heirs.setDefaultTimeout(45_000);
	await heirs.goto(`${parley.app}/account/organization`);
	await heirs.getByRole("button", { name: "Delete organization" }).click();
	const confirm = heirs.getByRole("dialog", { name: "Delete Acme?" });
	await confirm.getByText("Their chats stay theirs.").waitFor();
	await assertAccessible(heirs, VIEWS);
	await confirm.getByRole("button", { name: "Delete organization" }).click();
	await heirs.getByText("Acme is deleted.").waitFor();
	expect(inDatabase(parley.statePath, `SELECT id FROM organizations WHERE id = '${organizationId}'`)).toEqual([]);
	await page.reload();
	await page.getByText("Share one plan with your team.").waitFor();
	await other.close();
});

test("an organization with a plan is deleted when the plan ends, and can be kept until then", async () => {
	const { id: organizationId } = await api<{ id: string }>("/api/auth/organization/create", { name: "Acme", slug: crypto.randomUUID() });
	await api("/api/auth/organization/set-active", { organizationId });
	await buyPro();
	await page.goto(`${parley.app}/account/organization`);
	await button("Delete organization").click();
	const confirm = dialog("Delete Acme?");
	await confirm.getByRole("radio", { name: /^Cancel at the end of the period/ }).check();
	await confirm.getByRole("button", { name: "Delete organization" }).click();
	await page.getByText(/^Acme will be deleted on .+, when its plan ends\. Until then it can be used\.$/).waitFor();
	await assertAccessible(page, VIEWS);
	await button("Keep Acme").click();
	await page.getByText(/^Acme will be deleted on/).waitFor({ state: "detached" });
	expect(await button("Delete organization").count()).toBe(1);
});

test("the dialog is in German for a German reader", async () => {
	const german = await parley.browser.newContext({ locale: "de-DE" });
	german.setDefaultTimeout(45_000);
	const theirs = await german.newPage();
	await parley.signUp(german.request);
	await theirs.goto(`${parley.app}/account/data`);
	await theirs.getByRole("button", { name: "Konto löschen" }).click();
	await theirs.getByRole("dialog", { name: "Dein Konto löschen?" }).getByText("7 Tage lang kannst du dich anmelden").waitFor();
	await german.close();
});
