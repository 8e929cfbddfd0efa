import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { assertAccessible, type View } from "./accessible.ts";
import { Parley } from "./parley.ts";

// Several users of one plan, each in their own browser.

let parley: Parley;
let app: string;
let contexts: BrowserContext[] = [];

beforeAll(async () => {
	parley = await Parley.start();
	app = parley.app;
	await parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1 } });
});

afterAll(() => parley?.close());

afterEach(async () => {
	await Promise.all(contexts.map((context) => context.close()));
	contexts = [];
});

async function browser(): Promise<Page> {
	const context = await parley.browser.newContext({ locale: "en-GB" });
	context.setDefaultTimeout(45_000);
	contexts.push(context);
	return context.newPage();
}

/** A new user with a confirmed address. */
async function someone(): Promise<Page> {
	const page = await browser();
	await parley.signUp(page.context().request);
	return page;
}

async function post<T>(page: Page, path: string, data: object): Promise<T> {
	const answer = await page.context().request.post(`${app}/api/auth/organization/${path}`, { data });
	expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
	return answer.json();
}

/** A user who has created an organization without a plan. */
async function owner(name: string): Promise<{ page: Page; organizationId: string }> {
	const page = await someone();
	const { id: organizationId } = await post<{ id: string }>(page, "create", { name, slug: crypto.randomUUID() });
	await post(page, "set-active", { organizationId });
	return { page, organizationId };
}

async function invitation(page: Page, email: string): Promise<{ id: string; path: string }> {
	const { id } = await post<{ id: string }>(page, "invite-member", { email, role: "member" });
	return { id, path: `/invitation/${id}` };
}

const emailOf = async (page: Page): Promise<string> => {
	const session = (await (await page.context().request.get(`${app}/api/auth/get-session`)).json()) as { user: { email: string } };
	return session.user.email;
};

async function mailTo(email: string, subject: RegExp): Promise<string> {
	const find = async () => (await parley.state()).mailbox.find((mail) => mail.to === email && subject.test(mail.subject))?.text ?? "";
	await expect.poll(find).toMatch(/https?:\S+/);
	return /https?:\S+/.exec(await find())?.[0] ?? "";
}

const section = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const leftReads = (page: Page, text: string | RegExp) => page.getByTestId("left").filter({ hasText: text }).waitFor();
const isFocused = (place: ReturnType<Page["getByRole"]>) =>
	expect.poll(() => place.evaluate((element) => element === document.activeElement)).toBe(true);

async function ask(page: Page, text: string): Promise<void> {
	await page.goto(app);
	await page.locator("button[type=submit]").waitFor();
	await page.getByRole("textbox", { name: "Message", exact: true }).fill(text);
	await page.getByRole("textbox", { name: "Message", exact: true }).press("Enter");
	await page.locator("main > [aria-live]").filter({ hasText: "Answer complete." }).waitFor();
}

test("an owner creates an organization, invites a colleague and buys Pro; both use it until the colleague is removed", async () => {
	const ada = await someone();
	await ada.goto(`${app}/account/organization`);
	await button(ada, "Create an organization").click();
	await isFocused(ada.getByLabel("Name of the organization"));
	await ada.getByLabel("Name of the organization").fill("Acme");
	await ada.keyboard.press("Enter");
	await isFocused(ada.getByText("Acme created. You’re the owner."));
	// Creating it does not change the payer.
	expect(await ada.getByRole("radio", { name: "Me", exact: true }).isChecked()).toBe(true);
	await ada.getByText("Your requests count on your own plan.").waitFor();
	await ada.getByRole("radio", { name: "Acme" }).check();
	await ada.getByText("Acme has no plan yet. Until then, you use your own requests.").waitFor();
	await ada.getByLabel("Invite by email").fill("bob@example.com");
	await button(ada, "Invite").click();
	await ada.getByText("Invitation sent to bob@example.com.").waitFor();
	await isFocused(ada.getByLabel("Invite by email"));
	expect(await ada.getByLabel("Invite by email").inputValue()).toBe("");

	// The colleague has no account yet: the mail's link leads through sign-up and confirmation back to the invitation.
	const bob = await browser();
	await bob.goto(await mailTo("bob@example.com", /^Join Acme/));
	await bob.getByRole("heading", { name: "Ada invites you to Acme" }).waitFor();
	await bob.getByRole("link", { name: "Sign up" }).click();
	await bob.getByLabel("Name").fill("Bob");
	await bob.getByLabel("Email").fill("bob@example.com");
	await bob.getByLabel("Password").fill("correct horse");
	await button(bob, "Sign up").click();
	await bob.getByText("Confirm your email first, before you join.").waitFor();
	await bob.goto(await mailTo("bob@example.com", /^Confirm/));
	await button(bob, "Accept").click();
	await isFocused(bob.getByRole("heading", { name: "You are in Acme" }));
	await bob.getByRole("link", { name: "Go to the chat" }).click();
	await leftReads(bob, "20 of 20 left today");

	await ada.goto(`${app}/pricing`);
	await ada.getByText("What you buy here is for everyone in Acme.").waitFor();
	await button(ada, "Go Pro").click();
	await button(ada, "Pay").click();
	await ada.getByText("Acme is on Pro. You have 1,000 requests.").waitFor();
	await ask(ada, "For Acme");
	await leftReads(ada, /Acme: 999 of 1,000 left · renews/);
	await ask(bob, "For Acme, too");
	await leftReads(bob, /Acme: 199 of your 200 left · renews/);

	// Members who cannot buy see no prices, and @flowglad/react is not loaded.
	const flowglad: string[] = [];
	bob.on("request", (request) => request.url().includes("/api/flowglad/") && flowglad.push(request.url()));
	await bob.goto(`${app}/account/organization`);
	await bob.waitForLoadState("networkidle");
	await section(bob, "Acme").getByText("Your own share of this billing period: 1 of 200 requests.").waitFor();
	expect(await bob.getByText(/Invoices|Payment|\$/).count()).toBe(0);
	expect(
		await section(bob, "Acme")
			.getByRole("button", { name: /Remove|Invite|Save|Change role/ })
			.count(),
	).toBe(0);
	await bob.goto(`${app}/account/plan`);
	await bob.waitForLoadState("networkidle");
	await section(bob, "Plan").getByText("Owners and admins of Acme manage its plan and payments.").waitFor();
	expect(await bob.getByText(/Invoices|Payment|\$/).count()).toBe(0);
	await bob.goto(`${app}/pricing`);
	await bob.getByText("Owners and admins of Acme manage its plan.").waitFor();
	expect(await bob.getByRole("button", { name: /Go / }).count()).toBe(0);
	expect(flowglad).toEqual([]);

	// A cap for each member, already reached by the colleague.
	await ada.goto(`${app}/account/organization`);
	await ada.getByLabel("Limit per member").fill("lots");
	await section(ada, "Acme").getByRole("button", { name: "Save", exact: true }).click();
	await ada.getByText("Enter a whole number from 1 to 1,000,000, or leave it blank.").waitFor();
	expect(await ada.getByLabel("Limit per member").inputValue()).toBe("lots");
	await ada.getByLabel("Limit per member").fill("1");
	await section(ada, "Acme").getByRole("button", { name: "Save", exact: true }).click();
	await ada.getByText("Saved: 1 for each member, per billing period.").waitFor();
	await bob.goto(app);
	await leftReads(bob, /Acme: 0 of your 1 left · renews/);
	await bob.getByText(/You’ve used the 1 request Acme gives each member\..*An owner or admin can give you more\./).waitFor();

	// A removed member's next request uses their own allowance.
	await button(ada, "Remove Bob").click();
	await ada.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
	await ada.getByText("Bob is no longer in Acme.").waitFor();
	await isFocused(ada.getByRole("heading", { name: "Members" }));
	await ask(bob, "On my own");
	await leftReads(bob, "19 of 20 left today");
	await bob.goto(`${app}/account/organization`);
	await button(bob, "Create an organization").waitFor();
});

test("switching the payer updates every tab, and a member who leaves uses their own allowance", async () => {
	const { page, organizationId } = await owner("Zürich & Söhne");
	const mia = await someone();
	await mia.goto(app + (await invitation(page, await emailOf(mia))).path);
	await button(mia, "Accept").click();
	await mia.getByRole("heading", { name: "You are in Zürich & Söhne" }).waitFor();
	await page.context().request.post(`${app}/api/flowglad/checkout`, { data: { priceSlug: "pro_monthly" } });
	const bought = await page.context().request.post(`${app}/api/flowglad/checkout`, { data: { priceSlug: "pro_monthly" } });
	const { url } = (await bought.json()) as { url: string };
	await page.context().request.post(url, { form: { action: "pay" }, maxRedirects: 0 });
	await page.goto(`${app}/?upgraded=plan`);
	await leftReads(page, /Zürich & Söhne: 1,000 of 1,000 left/);

	const chat = await mia.context().newPage();
	await chat.goto(app);
	await leftReads(chat, /Zürich & Söhne: 200 of your 200 left/);
	// It receives updates from other tabs once it is interactive.
	await chat.locator("button[type=submit]").waitFor();
	await mia.goto(`${app}/account/organization`);
	await mia.waitForLoadState("networkidle");
	await mia.getByRole("radio", { name: "Me", exact: true }).check();
	await mia.getByText("Your requests count on your own plan.").waitFor();
	await isFocused(mia.getByRole("radio", { name: "Me", exact: true }));
	await leftReads(chat, "20 of 20 left today");
	await mia.getByRole("radio", { name: "Zürich & Söhne" }).check();
	await leftReads(chat, /Zürich & Söhne: 200 of your 200 left/);

	// The page never mixes the owner's billing with the organization's.
	const settings = (name: string) => page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name }).click();
	await page.goto(`${app}/account/plan`);
	await section(page, "Plan").getByText("All members of Zürich & Söhne can use this plan.").waitFor();
	await settings("Organization");
	await page.getByRole("radio", { name: "Me", exact: true }).check();
	await page.getByText("Your requests count on your own plan.").waitFor();
	await settings("Plan and billing");
	await section(page, "Plan").getByText("Free: 20 requests a day.").waitFor();
	expect(await button(page, "Cancel Pro").count()).toBe(0);
	await settings("Organization");
	await page.getByRole("radio", { name: "Zürich & Söhne" }).check();
	await page.getByText("Your requests count on Zürich & Söhne’s plan.").waitFor();
	await settings("Plan and billing");
	await button(page, "Cancel Pro").waitFor();
	await settings("Organization");

	// An admin can manage the plan, and an owner can leave when there is another one.
	await page.getByText("You’re the only owner.").waitFor();
	await button(page, "Change role of Ada").click();
	await page.getByRole("dialog").getByLabel("Role").selectOption("owner");
	await page.getByRole("dialog").getByRole("button", { name: "Change role" }).click();
	await page.getByText("Ada is an owner now.").waitFor();
	await mia.goto(`${app}/account/plan`);
	await section(mia, "Plan").getByRole("button", { name: "Cancel Pro" }).waitFor();
	await button(page, "Leave Zürich & Söhne").click();
	await page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
	await isFocused(page.getByText("You’ve left Zürich & Söhne."));
	await settings("Plan and billing");
	await section(page, "Plan").getByText("Free: 20 requests a day.").waitFor();

	// At the limit the page says who can buy more.
	const spend = { usageMeterSlug: "ai_requests", amount: 1000 };
	expect((await mia.context().request.post(`${app}/api/usage-events`, { data: spend })).status()).toBe(201);
	await chat.reload();
	await chat.getByText("Zürich & Söhne has used all its requests for this billing period.").waitFor();
	await chat.getByRole("link", { name: "Buy a top-up" }).waitFor();
	const nils = await someone();
	await nils.goto(app + (await invitation(mia, await emailOf(nils))).path);
	await button(nils, "Accept").click();
	await nils.getByRole("link", { name: "Go to the chat" }).click();
	await nils.getByText("An owner or admin can buy a top-up to keep everyone going.").waitFor();
	expect(await nils.getByRole("status").getByRole("link").count()).toBe(0);
	expect(organizationId).toBeTruthy();
});

test("a retry after a lost response creates one organization, and the page keeps its text while offline", async () => {
	const page = await someone();
	await page.goto(`${app}/account/organization`);
	await button(page, "Create an organization").click();
	await page.getByLabel("Name of the organization").fill("Acme");
	await page.context().setOffline(true);
	await button(page, "Create").click();
	await page.getByText("The server could not be reached.").waitFor();
	expect(await page.getByLabel("Name of the organization").inputValue()).toBe("Acme");
	await page.context().setOffline(false);
	await page.route("**/organization/create", async (route) => {
		await route.fetch();
		await route.abort();
	});
	await button(page, "Create").click();
	await button(page, "Create").and(page.locator(":enabled")).waitFor();
	await page.unroute("**/organization/create");
	await button(page, "Create").click();
	await isFocused(page.getByText("Acme created. You’re the owner."));
	expect(await page.getByRole("radio", { name: "Acme" }).count()).toBe(1);
	await page.context().setOffline(true);
	await page.getByLabel("Invite by email").fill("dora@example.com");
	await button(page, "Invite").click();
	await page.getByText("The server could not be reached.").waitFor();
	expect(await page.getByLabel("Invite by email").inputValue()).toBe("dora@example.com");
	await page.getByRole("radio", { name: "Acme" }).click();
	await page.getByRole("alert").getByText("The server could not be reached.").waitFor();
	expect(await page.getByRole("radio", { name: "Me", exact: true }).isChecked()).toBe(true);
});

describe("an invitation", () => {
	test.each<[what: string, prepare: (owner: Page, guest: Page) => Promise<string>, heading: string, next: string]>([
		[
			"for another address",
			async (page) => (await invitation(page, "someone-else@example.com")).path,
			"This invitation is for another address",
			"Sign out",
		],
		[
			"that was cancelled",
			async (page, guest) => {
				const { id, path } = await invitation(page, await emailOf(guest));
				await post(page, "cancel-invitation", { invitationId: id });
				return path;
			},
			"This invitation was taken back",
			"Go to the chat",
		],
		[
			"that was accepted by a member who has left",
			async (page, guest) => {
				const { id, path } = await invitation(page, await emailOf(guest));
				await post(guest, "accept-invitation", { invitationId: id });
				await post(page, "remove-member", { memberIdOrEmail: await emailOf(guest) });
				return path;
			},
			"This invitation has been accepted",
			"Go to the chat",
		],
		["that does not exist", async () => "/invitation/nowhere", "There is no such invitation", ""],
	])("%s shows its state", async (_, prepare, heading, next) => {
		const { page } = await owner("Acme");
		const guest = await someone();
		await guest.goto(app + (await prepare(page, guest)));
		await guest.getByRole("heading", { name: heading }).waitFor();
		if (next) await guest.getByRole("link", { name: next }).or(button(guest, next)).waitFor();
		expect(await button(guest, "Accept").count()).toBe(0);
	});

	test("can be declined; a failure is shown and can be retried", async () => {
		const { page } = await owner("Acme");
		const guest = await someone();
		const { path } = await invitation(page, await emailOf(guest));
		await guest.goto(app + path);
		await guest.waitForLoadState("networkidle");
		await guest.route("**/reject-invitation", (route) => route.abort());
		await button(guest, "Decline").click();
		await guest.getByText("The server could not be reached.").waitFor();
		await guest.unroute("**/reject-invitation");
		await button(guest, "Decline").click();
		await guest.getByRole("heading", { name: "This invitation was declined" }).waitFor();
	});

	test("is sent once on a double press, keeps the typed address on failure, and can be cancelled", async () => {
		const { page } = await owner("Acme");
		await page.goto(`${app}/account/organization`);
		await page.waitForLoadState("networkidle");
		await page.route("**/invite-member", (route) => route.abort());
		await page.getByLabel("Invite by email").fill("carla@example.com");
		await button(page, "Invite").click();
		await page.getByText("The server could not be reached.").waitFor();
		expect(await page.getByLabel("Invite by email").inputValue()).toBe("carla@example.com");
		await page.unroute("**/invite-member");
		await button(page, "Invite").dblclick();
		await page.getByText("Invitation sent to carla@example.com.").waitFor();
		expect((await parley.state()).mailbox.filter(({ to }) => to === "carla@example.com")).toHaveLength(1);
		await button(page, "Cancel the invitation for carla@example.com").click();
		await page.getByText("Invitation for carla@example.com cancelled.").waitFor();
		await isFocused(section(page, "Invitations"));
		expect(await page.getByRole("list", { name: "Invited" }).count()).toBe(0);
	});
});

describe("every width and color scheme", () => {
	async function assertPageAccessible(page: Page, path: string): Promise<void> {
		await page.goto(app + path);
		await page.waitForLoadState("networkidle");
		const views: View[] = [
			{ width: 1440, colorScheme: "light" },
			{ width: 375, colorScheme: "dark" },
			{ width: 320, colorScheme: "light" },
		];
		await assertAccessible(page, views);
	}

	test("has no axe findings for owners, members and invitees with the longest names", async () => {
		const { page } = await owner(`${"Donaudampfschifffahrt".repeat(2)} & Söhne in Linz`);
		const guest = await someone();
		const { path } = await invitation(page, await emailOf(guest));
		await invitation(page, `${"a".repeat(60)}@${"b".repeat(50)}.example.com`);
		await assertPageAccessible(guest, path);
		const visitor = await browser();
		await assertPageAccessible(visitor, path);
		await guest.goto(app + path);
		await button(guest, "Accept").click();
		await guest.getByRole("heading", { name: /^You are in/ }).waitFor();
		for (const one of [page, guest])
			for (const where of ["/account/organization", "/account/plan", "/pricing"]) await assertPageAccessible(one, where);
	});
});
