import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { Parley } from "./parley.ts";

// The account page in every state of the billing provider.

let parley: Parley;
let app: string;
let context: BrowserContext;
let page: Page;
let userId: string;
let customerId: string;

beforeAll(async () => {
	parley = await Parley.start();
	app = parley.app;
});

afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	await parley.control("settings", { maxPlan: false });
	context = await parley.browser.newContext({ locale: "en-GB" });
	context.setDefaultTimeout(20_000);
	page = await context.newPage();
	({ userId, customerId } = await parley.signUp(context.request));
});

const section = (name: string) => page.getByRole("region", { name, exact: true });
const button = (name: string) => page.getByRole("button", { name, exact: true });
const dialog = () => page.getByRole("dialog");

async function open(scenario: string): Promise<void> {
	await parley.control(`scenarios/${scenario}`, { customerId });
	await page.goto(`${app}/account/plan`);
	await section("Plan").getByText("Loading your plan").waitFor({ state: "detached" });
}

async function plans(): Promise<string[]> {
	const { subscriptions } = await parley.state();
	return subscriptions.filter((one) => one.customerId === customerId && !one.isFreePlan).map(({ status }) => status);
}

describe("a plan", () => {
	test("can be cancelled, kept and ended at once, and the chat in another tab shows its end", async () => {
		await open("pro-999-of-1000");
		const chat = await context.newPage();
		await chat.goto(app);
		await chat
			.getByTestId("left")
			.filter({ hasText: /Only 1 of 1,000 left · renews|No requests left/ })
			.waitFor();
		await button("Cancel Pro").click();
		await dialog()
			.getByText(/Pro stays active until \w+ \d+, \d{4}, then you move to Free\. You can undo this before then\./)
			.waitFor();
		await dialog().getByRole("button", { name: "Keep Pro" }).click();
		expect(await plans()).toEqual(["active"]);
		await button("Cancel Pro").click();
		await dialog().getByRole("button", { name: "Cancel Pro" }).click();
		await section("Plan")
			.getByText(/Pro \(cancelled\)\. Active until/)
			.waitFor();
		expect(await plans()).toEqual(["cancellation_scheduled"]);
		await section("Top-up").getByText("Resume Pro to buy a top-up.").waitFor();
		expect(await button("Buy a top-up").count()).toBe(0);
		await button("Resume Pro").click();
		await section("Plan")
			.getByText(/It renews on/)
			.waitFor();
		await button("Buy a top-up").waitFor();

		await button("Cancel immediately").click();
		await dialog()
			.getByText(/There’s no refund and no undo\. You’ll have 20 free requests a day\./)
			.waitFor();
		await dialog().getByRole("button", { name: "Cancel immediately" }).click();
		await section("Plan").getByText("Free: 20 requests a day.").waitFor();
		expect(await plans()).toEqual(["canceled"]);
		await page.getByTestId("left").filter({ hasText: "20 of 20 left today" }).waitFor();
		await chat.getByTestId("left").filter({ hasText: "20 of 20 left today" }).waitFor();
	});

	test("is upgraded at once and downgraded later, as announced", async () => {
		await parley.control("settings", { maxPlan: true });
		await open("pro-999-of-1000");
		await section("Other plan").getByText("3,000 requests a month, First in line").waitFor();
		await button("Change to Max").click();
		await dialog()
			.getByText(/Max starts now.*Today you pay the difference for the rest of the period, at most \$12;.*it’s \$19\.99 a month\./)
			.waitFor();
		await dialog().getByRole("button", { name: "Change to Max" }).click();
		await section("Plan")
			.getByText(/Max, \$19\.99 a month/)
			.waitFor();
		await page
			.getByTestId("left")
			.filter({ hasText: /of 3,000 left/ })
			.waitFor();
		await button("Change to Pro").click();
		await dialog()
			.getByText(/You keep Max until .* and pay nothing today\. Then Pro starts, for \$7\.99 a month\./)
			.waitFor();
		await dialog().getByRole("button", { name: "Change to Pro" }).click();
		await page
			.getByRole("status")
			.getByText(/Done\. Pro starts on .*; until then you keep Max\./)
			.waitFor();
		const chat = await context.newPage();
		await chat.goto(app);
		await chat
			.getByTestId("plan-news")
			.getByText(/^Your plan changes on \w+ \d+\. See plan$/)
			.waitFor();
		// The outcome stays on the page until it is undone.
		await section("Plan")
			.getByText(/Max, \$19\.99 a month.* Pro starts on/)
			.waitFor();
		expect(await section("Other plan").getByRole("status").textContent()).toMatch(/^Done\. Pro starts on/);
		await button("Keep Max").click();
		await section("Plan")
			.getByText(/It renews on/)
			.waitFor();
		expect(await section("Other plan").getByRole("status").count()).toBe(0);
	});

	test("stays unchanged when the new price is not paid, and the page says so", async () => {
		await parley.control("settings", { maxPlan: true });
		await open("pro-999-of-1000");
		await parley.control("faults", { failPayments: true });
		await button("Change to Max").click();
		await dialog().getByRole("button", { name: "Change to Max" }).click();
		await dialog().getByText("The payment did not go through. You keep the plan that you have.").waitFor();
		await parley.control("faults");
	});

	test("whose change is slow at the provider is shown as being confirmed, and then with its outcome", async () => {
		await parley.control("settings", { maxPlan: true });
		await open("pro-999-of-1000");
		// Longer than our server lets a page wait (6 s), like a Flowglad billing run that may take a minute.
		const slow = { api: [{ path: "/api/v1/subscriptions/:id/adjust", delayMs: 8_000 }] };
		await parley.control("faults", slow);
		await button("Change to Max").click();
		await dialog().getByRole("button", { name: "Change to Max" }).click();
		const said = section("Other plan").getByRole("status");
		await said.getByText("Your change to Max is being confirmed. This can take a minute.").waitFor();
		await section("Plan")
			.getByText(/Pro, \$7\.99 a month/)
			.waitFor();
		await said.getByText("You’re on Max now.").waitFor();
		await section("Plan")
			.getByText(/Max, \$19\.99 a month/)
			.waitFor();
		await page
			.getByTestId("left")
			.filter({ hasText: /of 3,000 left/ })
			.waitFor();

		await button("Change to Pro").click();
		await dialog().getByRole("button", { name: "Change to Pro" }).click();
		await said.getByText("Your change to Pro is being confirmed.").waitFor();
		await said.getByText(/^Done\. Pro starts on .*; until then you keep Max\.$/).waitFor();
		await parley.control("faults");
	});

	test("that waits for a card starts once one is added", async () => {
		await fetch(`${parley.sandbox}/api/v1/subscriptions`, {
			method: "POST",
			headers: { authorization: "sk_test_sandbox", "content-type": "application/json" },
			body: JSON.stringify({ customerExternalId: userId, priceSlug: "pro_monthly" }),
		});
		await page.goto(`${app}/account/plan`);
		await section("Plan").getByText("Pro, $7.99 a month, needs a card to start.").waitFor();
		await button("Start Pro").click();
		await button("Pay").click();
		await page.getByText(/You’re on Pro\. You have 1,000 requests\./).waitFor();
	});
});

test("cards can be listed and added, invoices and receipts link to their pages", async () => {
	await open("pro-999-of-1000");
	await section("Payment")
		.getByText(/^Visa ending in 4242 · expires 12\/\d{4} · default$/)
		.waitFor();
	await section("Payment").getByRole("button", { name: "Add a card" }).click();
	await page.getByLabel("Card").selectOption("0341");
	await button("Pay").click();
	await page.waitForURL(`${app}/account/plan`);
	await section("Payment")
		.getByText(/^Visa ending in 0341 · expires 12\/\d{4} · default$/)
		.waitFor();
	for (const name of [/^SBX/, "Receipt"]) {
		const href = await section("Invoices").getByRole("link", { name }).first().getAttribute("href");
		expect((await context.request.get(href ?? "")).status()).toBe(200);
	}
	const portal = await section("Payment").getByRole("link", { name: "Open the billing portal" }).getAttribute("href");
	expect((await context.request.get(portal ?? "")).status()).toBe(200);
});

test("usage is shown as a chart and as a table with the same numbers, without axe findings", async () => {
	await page.goto(`${app}/account/usage`);
	await section("Usage").getByText("No requests in the last 31 days.").waitFor();
	for (const chat of [crypto.randomUUID(), crypto.randomUUID()]) {
		const messages = [{ id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text: "Hello" }] }];
		const answer = await context.request.post(`${app}/api/chat/ai`, { data: { id: chat, messages } });
		expect((await answer.body()).toString()).toContain("finish");
	}
	await page.reload();
	await section("Usage").getByText("2 requests in the last 31 days.").waitFor();
	await section("Usage").getByRole("img", { name: "Requests for each day." }).waitFor();
	expect(await section("Usage").locator("figure rect[class]").count()).toBe(1);
	await section("Usage").getByText("By day and model").click();
	const row = section("Usage").getByRole("row").nth(1);
	expect((await row.getByRole("cell").allInnerTexts()).slice(0, 3)).toEqual(["Sandbox", "2", "2"]);
	await assertAccessible(page, [
		{ width: 1440, colorScheme: "light" },
		{ width: 375, colorScheme: "dark" },
	]);
});

describe("a state of the plan", () => {
	test.each<[scenario: string, says: RegExp, left: RegExp, inChat?: RegExp]>([
		[
			"past-due",
			/Pro\. Your last payment failed\..*Update your card to keep your plan\./s,
			/1,000 of 1,000 left/,
			/Your last payment failed\. Update card$/,
		],
		[
			"cancelling",
			/Pro \(cancelled\)\. Active until/,
			/1,000 of 1,000 left · ends/,
			/Your plan is cancelled and ends on \w+ \d+\. Resume$/,
		],
		[
			"trial",
			/Pro, free trial until .*After that it’s \$7\.99 a month unless you cancel\./,
			/1,000 of 1,000 left/,
			/Free trial until \w+ \d+\. See plan$/,
		],
		["payment-under-way", /Pro\. Your payment is being confirmed/, /20 of 20 left today/, /Your payment is being confirmed\. See plan$/],
		["negative-balance", /You’re 503 requests over\./, /No requests left/],
		["two-subscriptions", /You have 2 plans\./, /1,000 of 1,000 left/],
		["no-subscription", /Free: 20 requests a day\./, /20 of 20 left today/],
		["free-past-due", /Free: 20 requests a day\./, /20 of 20 left today/],
		["top-up-without-plan", /Free: 20 requests a day\./, /20 of 20 left today/],
		["archived", /Free: 20 requests a day\./, /20 of 20 left today/],
	])(
		"is shown on the account page and, where the viewer must act, next to the tally, without axe findings: %s",
		async (scenario, says, left, inChat) => {
			await open(scenario);
			await section("Plan").filter({ hasText: says }).waitFor();
			await page.getByTestId("left").filter({ hasText: left }).waitFor();
			const views = [
				{ width: 1440, colorScheme: "light" as const },
				{ width: 375, colorScheme: "dark" as const },
			];
			await assertAccessible(page, views);
			await page.goto(app);
			await page.getByTestId("left").filter({ hasText: left }).waitFor();
			const news = page.getByTestId("plan-news");
			if (!inChat) return expect(await news.count()).toBe(0);
			await news.filter({ hasText: inChat }).waitFor();
			await assertAccessible(page, views);
			await news.getByRole("link").click();
			await section("Plan").filter({ hasText: says }).waitFor();
		},
	);

	test("is shown on the pricing page next to every plan of the pricing model", async () => {
		await parley.control("settings", { maxPlan: true });
		await open("pro-999-of-1000");
		await page.goto(`${app}/pricing`);
		await section("Pro").getByText("Current plan").waitFor();
		await section("Max").getByText("$19.99").waitFor();
		await section("Max").getByText("First in line").waitFor();
		await section("Max").getByRole("link", { name: "Change to Max" }).click();
		await button("Change to Max").waitFor();
	});
});
