import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Parley } from "./parley.ts";

// A customer's plan on our pages and on Stripe's. The tests only move the clock forward.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start({ provider: "stripe" });
	await parley.control("settings", { maxPlan: true });
	// One context for all tests, so that the browser caches the scripts.
	context = await parley.browser.newContext({ locale: "en-GB" });
	context.setDefaultTimeout(20_000);
});

afterAll(() => parley?.close());

beforeEach(async () => {
	await Promise.all(context.pages().map((one) => one.close()));
	await context.clearCookies();
	await parley.control("faults");
	page = await context.newPage();
	await parley.openAccount(context.request);
});

const section = (name: string) => page.getByRole("region", { name, exact: true });
const button = (name: string) => page.getByRole("button", { name, exact: true });
const dialog = () => page.getByRole("dialog");
const planReads = (text: RegExp) => section("Plan").filter({ hasText: text }).waitFor();
const leftReads = (text: RegExp) => page.getByTestId("left").filter({ hasText: text }).waitFor();

/** Pays without a browser, and opens the account page once the purchase is active. */
async function bought(...priceSlugs: string[]): Promise<void> {
	for (const priceSlug of priceSlugs) {
		const answer = await context.request.post(`${parley.app}/api/billing/checkout`, { data: { priceSlug } });
		const { url } = (await answer.json()) as { url: string };
		await context.request.post(url, { form: { action: "pay", card: "4242" } });
		await expect
			.poll(async () => (await (await context.request.post(`${parley.app}/api/billing/refresh`)).json()).checkoutOpen)
			.toBe(false);
	}
	await page.goto(`${parley.app}/account/plan`);
}

/** Buys Pro from the pricing page, through Stripe's checkout. */
async function goPro(card: string): Promise<void> {
	await page.goto(`${parley.app}/pricing`);
	await button("Go Pro").click();
	await page.getByLabel("Card").selectOption(card);
	await button("Pay").click();
	await page.waitForURL(`${parley.app}/?upgraded=plan`);
}

test("a purchased plan shows its price, renewal day, card and invoice, and can be moved to another card", async () => {
	await goPro("4242");
	await page.getByText(/You’re on Pro\. You have 1,000 requests\./).waitFor();
	await page.goto(`${parley.app}/account/plan`);
	await planReads(/Pro, \$7\.99 a month\. It renews on \w+ \d+, \d{4}\./);
	await leftReads(/1,000 of 1,000 left · renews/);
	const payment = section("Payment");
	await payment.getByText(/^Visa ending in 4242 · expires 12\/\d{4} · default$/).waitFor();
	await section("Invoices")
		.getByRole("listitem")
		.filter({ hasText: /\$7\.99\s*paid/ })
		.waitFor();
	const invoice = await section("Invoices").getByRole("link").first().getAttribute("href");
	expect((await context.request.get(invoice ?? "")).status()).toBe(200);

	await button("Add a card").click();
	await page.getByRole("heading", { name: "Your cards" }).waitFor();
	await page.getByLabel("Card").selectOption("0341");
	await button("Use this card").click();
	await page.waitForURL(`${parley.app}/account/plan`);
	await payment.getByText(/^Visa ending in 0341 · expires 12\/\d{4} · default$/).waitFor();
	await payment.getByText(/^Visa ending in 4242 · expires 12\/\d{4}$/).waitFor();

	await payment.getByRole("link", { name: "Open the billing portal" }).click();
	await page.getByRole("heading", { name: "Your invoices" }).waitFor();
	await button("Back").click();
	await page.waitForURL(`${parley.app}/account/plan`);
});

test("a plan can be cancelled, kept, and ended at once; its top-up remains for the next plan", async () => {
	await bought("pro_monthly", "top_up_1000");
	await leftReads(/1,000 of 1,000 left · renews .* · 1,000 from top-ups/);
	await button("Cancel Pro").click();
	await dialog()
		.getByText(/Pro stays active until \w+ \d+, \d{4}.*What’s left of your top-ups waits for your next plan\./)
		.waitFor();
	await dialog().getByRole("button", { name: "Cancel Pro" }).click();
	await planReads(/Pro \(cancelled\)\. Active until \w+ \d+, \d{4}\. You won’t be charged again\./);
	await section("Top-up").getByText("Resume Pro to buy a top-up.").waitFor();
	await button("Resume Pro").click();
	await planReads(/It renews on/);
	await button("Buy a top-up").waitFor();

	await button("Cancel immediately").click();
	await dialog()
		.getByText(/You’ll lose the 1,000 requests left in your plan now\. What’s left of your top-ups waits for your next plan\./)
		.waitFor();
	await dialog().getByRole("button", { name: "Cancel immediately" }).click();
	await planReads(/Free: 20 requests a day\./);
	await leftReads(/20 of 20 left today/);
	await bought("pro_monthly");
	await leftReads(/1,000 of 1,000 left · renews .* · 1,000 from top-ups/);
});

test("a plan paid by bank account shows as being confirmed until the payment settles", async () => {
	await goPro("6789");
	// The line next to the tally shows it as well, once the balance has been read.
	await page
		.getByRole("status")
		.getByText(/Your payment is being confirmed/)
		.waitFor();
	await page.goto(`${parley.app}/account/plan`);
	await planReads(/Pro\. Your payment is being confirmed, and your requests come with it\. Until then you have your free ones\./);
	await leftReads(/20 of 20 left today/);
	await section("Payment").getByText("Bank account ending in 6789 · default").waitFor();
	await section("Invoices").getByText("payment being confirmed").waitFor();
	expect(await button("Buy a top-up").count()).toBe(0);
	await parley.control("clock", { advanceMs: 3 * DAY_MS + HOUR_MS });
	await page.reload();
	await planReads(/Pro, \$7\.99 a month\. It renews on/);
	await leftReads(/1,000 of 1,000 left · renews/);
});

test("a plan is upgraded at once and downgraded later, as announced", async () => {
	await bought("pro_monthly");
	await parley.control("clock", { advanceMs: 15 * DAY_MS });
	await page.reload();
	await section("Other plan").getByText("3,000 requests a month, First in line").waitFor();
	await button("Change to Max").click();
	await dialog()
		.getByText(/Max starts now, with its share of this period’s requests\. Today you pay the difference for the rest of the period/)
		.waitFor();
	await dialog().getByRole("button", { name: "Change to Max" }).click();
	await planReads(/Max, \$19\.99 a month\. It renews on/);
	// Half of a 30-day period, or slightly more of a longer one.
	await leftReads(/(2,0\d\d of 2,0\d\d|1,9\d\d of 1,9\d\d) left/);

	await button("Change to Pro").click();
	await dialog()
		.getByText(/You keep Max until .* and pay nothing today\. Then Pro starts, for \$7\.99 a month\./)
		.waitFor();
	await dialog().getByRole("button", { name: "Change to Pro" }).click();
	await planReads(/Max, \$19\.99 a month\. Pro starts on \w+ \d+, \d{4}\./);
	expect(await button("Change to Pro").count()).toBe(0);
	await button("Keep Max").click();
	await planReads(/Max, \$19\.99 a month\. It renews on/);
	await button("Change to Pro").waitFor();
});

test("a plan with an unpaid renewal continues for a week and then pauses, and the page says what to do", async () => {
	await bought("pro_monthly");
	const { plans } = (await (await context.request.get(`${parley.app}/api/billing`)).json()) as { plans: { periodEnd: string }[] };
	const renewsAtMs = Date.parse(plans[0]?.periodEnd ?? "");
	await parley.control("faults", { declineRenewals: true });
	await parley.control("clock", { nowMs: renewsAtMs + 2 * HOUR_MS });
	await page.reload();
	await planReads(/Pro\. Your last payment failed\..*You can keep using Pro while we retry.*Update your card/);
	await leftReads(/1,000 of 1,000 left · renews/);
	await section("Invoices").getByText("unpaid").waitFor();

	await parley.control("clock", { nowMs: renewsAtMs + 7 * DAY_MS + HOUR_MS });
	await page.reload();
	await planReads(/Until it’s paid, you have 20 free requests a day\. Update your card: .* Pro comes back with the payment\./);
	await leftReads(/20 of 20 left today/);
	expect(await button("Buy a top-up").count()).toBe(0);
	await button("Replace card").click();
	await button("Back").click();
	await page.waitForURL(`${parley.app}/account/plan`);

	// Its invoice can be paid immediately with another card.
	const [invoice] = await Promise.all([context.waitForEvent("page"), page.getByRole("link", { name: "Pay now" }).click()]);
	await invoice.getByRole("button", { name: /pay/i }).first().waitFor();
});
