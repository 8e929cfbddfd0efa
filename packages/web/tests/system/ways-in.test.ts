import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { codeAt, stepAt } from "../../src/lib/identity/one-time-code.ts";
import { assertAccessible } from "./accessible.ts";
import { inDatabase } from "./database.ts";
import { Parley } from "./parley.ts";

// Each way into an account, in a browser.

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
	context = await newBrowser();
	page = await context.newPage();
});

/** better-auth limits requests per address. */
async function newBrowser(): Promise<BrowserContext> {
	const extraHTTPHeaders = { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` };
	const opened = await parley.browser.newContext({ locale: "en-GB", extraHTTPHeaders });
	opened.setDefaultTimeout(20_000);
	return opened;
}

const button = (name: string) => page.getByRole("button", { name, exact: true });
const field = (name: string) => page.getByLabel(name, { exact: true });
const section = (name: string) => page.getByRole("region", { name, exact: true });

/** A user with a confirmed address, signed in in this browser. */
async function signedIn(): Promise<{ userId: string; email: string }> {
	const userId = await parley.openAccount(context.request);
	const { user } = (await (await context.request.get(`${app}/api/auth/get-session`)).json()) as { user: { email: string } };
	return { userId, email: user.email };
}

/** Leaves the page first: it would navigate away by itself once it sees that its session has ended. */
async function signOut(): Promise<void> {
	await page.goto("about:blank");
	await context.clearCookies();
}

/** The text of the newest matching mail to an address. */
async function mailTo(email: string, pattern: RegExp): Promise<string> {
	const { text } = await parley.find(`a mail to ${email}`, ({ mailbox }) =>
		mailbox.findLast((mail) => mail.to === email && pattern.test(mail.text)),
	);
	return text;
}
const linkIn = (text: string) => /https?:\S+/.exec(text)?.[0] ?? "";
const codeIn = (text: string) => /^\d{6}$/m.exec(text)?.[0] ?? "";

/** The user signed in on the profile page. */
async function arriveAtProfile(email: string): Promise<void> {
	await page.waitForURL(({ pathname }) => pathname === "/account/profile");
	await section("You").getByText(email).waitFor();
}

const openSignIn = (next = "/account/profile") => page.goto(`${app}/sign-in?next=${encodeURIComponent(next)}`);

/** The views in which axe checks a page. */
const VIEWS = [
	{ width: 390, colorScheme: "light" },
	{ width: 1440, colorScheme: "dark" },
] as const;

describe("signing in", () => {
	test("works with a code from a mail, in the browser that requested it", async () => {
		const { email } = await signedIn();
		await signOut();
		await openSignIn();
		await assertAccessible(page, [...VIEWS]);
		await button("Email me a code").click();
		await page.getByText("Enter your email address first.").waitFor();
		await field("Email").fill(email);
		await button("Email me a code").click();
		await field("Code").fill("not it");
		await button("Sign in").click();
		await page.getByText("Wrong code.").waitFor();
		await assertAccessible(page, [...VIEWS]);
		await field("Code").fill(codeIn(await mailTo(email, /mail-link/)));
		await button("Sign in").click();
		await arriveAtProfile(email);
	});

	test("works with a link from a mail, in another browser, after a press", async () => {
		const { email } = await signedIn();
		await signOut();
		await openSignIn();
		await field("Email").fill(email);
		await button("Email me a code").click();
		const link = linkIn(await mailTo(email, /mail-link/));
		const other = await newBrowser();
		page = await other.newPage();
		await page.goto(link);
		await page.getByText(`Sign in as ${email} in this browser?`).waitFor();
		await assertAccessible(page, [...VIEWS]);
		await button("Sign in").click();
		await arriveAtProfile(email);
		await page.goto(link);
		await page.getByText("This link no longer works").waitFor();
		await other.close();
	});

	test("works with a new password, through a link from a mail", async () => {
		const { email } = await signedIn();
		await signOut();
		await openSignIn();
		await field("Email").fill(email);
		await button("Forgot your password?").click();
		await page.getByText(`If ${email} has an account, we’ve sent a link`).waitFor();
		await page.goto(linkIn(await mailTo(email, /new password/)));
		await assertAccessible(page, [...VIEWS]);
		await field("New password").fill("a new password");
		await button("Set password and sign in").click();
		await arriveAtProfile(email);
		await signOut();
		await openSignIn();
		await field("Email").fill(email);
		await field("Password").fill("a new password");
		await button("Sign in").click();
		await arriveAtProfile(email);
	});

	test("works with a passkey, which can be added, used, and removed", async () => {
		const { email } = await signedIn();
		const device = await context.newCDPSession(page);
		await device.send("WebAuthn.enable");
		await device.send("WebAuthn.addVirtualAuthenticator", {
			options: {
				protocol: "ctap2",
				transport: "internal",
				hasResidentKey: true,
				hasUserVerification: true,
				isUserVerified: true,
				automaticPresenceSimulation: true,
			},
		});
		await page.goto(`${app}/account/profile`);
		await button("Add a passkey").click();
		await page.getByText("Added. You can sign in with it now.").waitFor();
		await signOut();
		await openSignIn();
		await button("Use a passkey").click();
		await arriveAtProfile(email);
		await section("Passkeys").getByText("Last used").waitFor();
		await section("Passkeys")
			.getByRole("button", { name: /^Remove/ })
			.click();
		await page.getByText("Removed. Your device may still offer it.").waitFor();
		await signOut();
		await openSignIn();
		await button("Use a passkey").click();
		await page.getByText("This passkey was not accepted.").waitFor();
	});

	test.each(["GitHub", "Google"])("works with %s", async (provider) => {
		const email = `${crypto.randomUUID()}@example.com`;
		await openSignIn();
		await button(`Continue with ${provider}`).click();
		await button("Deny").click();
		await page.getByText("You cancelled the sign-in there.").waitFor();
		await button(`Continue with ${provider}`).click();
		await page.getByRole("heading", { name: `Sign in with ${provider}` }).waitFor();
		await field("Email").fill(email);
		await button("Allow").click();
		await arriveAtProfile(email);
		await field("Name").waitFor();
		expect(await field("Name").inputValue()).toBe("Octo Cat");
		await section("Password").getByText("Your account has no password.").waitFor();
	});

	test("works in two steps, with an app's code and with a recovery code", async () => {
		const { email } = await signedIn();
		await page.goto(`${app}/account/profile#second-factor`);
		await button("Set up an app").click();
		await page.getByRole("img", { name: "QR code for your authenticator app" }).waitFor();
		await assertAccessible(page, [...VIEWS]);
		const secret = bytesOf(((await section("Two steps").locator("code").textContent()) ?? "").replaceAll(" ", ""));
		await section("Two steps")
			.getByLabel("Code", { exact: true })
			.fill(codeAt(secret, stepAt(Date.now()) - 1));
		await section("Two steps").getByRole("button", { name: "Confirm" }).click();
		await page.getByText("Keep these recovery codes").waitFor();
		await assertAccessible(page, [...VIEWS]);
		const recovery = await section("Two steps").getByRole("listitem").allTextContents();
		expect(recovery).toHaveLength(10);
		for (const code of [() => codeAt(secret, stepAt(Date.now())), () => recovery[0] ?? ""]) {
			await signOut();
			await openSignIn();
			await field("Email").fill(email);
			await field("Password").fill("correct horse");
			await button("Sign in").click();
			await page.getByText("Enter the code from your authenticator app.").waitFor();
			await field("Code").fill(code());
			await button("Confirm").click();
			await arriveAtProfile(email);
		}
		await page.getByText("On. You have 9 recovery codes left.").waitFor();
	});
});

/** The bytes of a secret as typed by the user (RFC 4648). */
function bytesOf(typed: string): Uint8Array {
	const bits = [...typed].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
	return Uint8Array.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

describe("the profile", () => {
	test("changes name and address, and confirms the address at both mailboxes", async () => {
		const { email } = await signedIn();
		const to = `${crypto.randomUUID()}@example.com`;
		await page.goto(`${app}/account/profile`);
		await assertAccessible(page, [...VIEWS]);
		await field("Name").fill("Ada Lovelace");
		await section("You").getByRole("button", { name: "Save" }).click();
		await section("You").getByText("Saved.").waitFor();
		await field("New email address").fill(to);
		await button("Change email").click();
		await page.getByText(`Open the link we sent to ${email}.`).waitFor();
		await page.goto(linkIn(await mailTo(email, /change its address/)));
		await button("Allow the change").click();
		await page.getByText(`Now open the link we sent to ${to}`).waitFor();
		await page.goto(linkIn(await mailTo(to, /new address/)));
		await button("Use this address").click();
		await page.getByText(`${to} is your address now.`).waitFor();
		await page.goto(`${app}/account/profile`);
		await section("You").getByText(to).waitFor();
	});

	test("lists sessions with device and last use, and ends one or all", async () => {
		const { email } = await signedIn();
		const other = await newBrowser();
		const signIn = () => other.request.post(`${app}/api/auth/sign-in/email`, { data: { email, password: "correct horse" } });
		await signIn();
		await page.goto(`${app}/account/profile`);
		const sessions = section("Sessions").getByRole("listitem");
		expect(await sessions.count()).toBe(2);
		await sessions.filter({ hasText: "This session" }).waitFor();
		await sessions
			.filter({ hasText: "Last used" })
			.getByRole("button", { name: /^Sign out/ })
			.click();
		await sessions.filter({ hasText: "Last used" }).waitFor({ state: "detached" });
		await signIn();
		await button("Sign out everywhere").click();
		await page.waitForURL(/\/sign-in/);
		for (const one of [context, other]) expect(await (await one.request.get(`${app}/api/auth/get-session`)).json()).toBeNull();
		await other.close();
	});

	test("requires a new proof after ten minutes, and then completes the action", async () => {
		const { email, userId } = await signedIn();
		await page.goto(`${app}/account/profile`);
		await button("Set up an app").waitFor();
		const dialog = page.getByRole("dialog", { name: "Is it still you?" });
		const age = () =>
			inDatabase(parley.statePath, `UPDATE sessions SET created_at = created_at - 660000, proven_at = NULL WHERE user_id = '${userId}'`);
		await age();
		await button("Set up an app").click();
		await dialog.waitFor();
		await assertAccessible(page, [...VIEWS]);
		await dialog.getByRole("button", { name: "Cancel" }).click();
		await page.getByText("Confirm that it's you first").waitFor();
		await button("Set up an app").click();
		await dialog.getByLabel("Password").fill("battery staple");
		await dialog.getByRole("button", { name: "Confirm" }).click();
		await dialog.getByText("Wrong password.").waitFor();
		await dialog.getByLabel("Password").fill("correct horse");
		await dialog.getByRole("button", { name: "Confirm" }).click();
		await page.getByRole("img", { name: "QR code for your authenticator app" }).waitFor();
		await age();
		await page.reload();
		await button("Set up an app").click();
		await dialog.getByRole("button", { name: "Email me a code" }).click();
		await dialog.getByLabel("Code").fill(codeIn(await mailTo(email, /important change/)));
		await dialog.getByRole("button", { name: "Confirm" }).click();
		await page.getByRole("img", { name: "QR code for your authenticator app" }).waitFor();
	});
});
