import { expect, it } from "vitest";
import { balanceOf, runSandbox, type TestSandbox } from "../testing/harness.ts";

const successUrl = "http://localhost:3000/welcome?from=checkout&x=1";
const cancelUrl = "http://localhost:3000/pricing";

async function openCheckout(sandbox: TestSandbox, priceSlug = "pro_monthly") {
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	return flowglad.createCheckoutSession({ priceSlug, successUrl, cancelUrl });
}

const textOf = async (url: string) => (await fetch(url)).text();
const locationOf = (response: Response) => [response.status, response.headers.get("location")];

it("shows the price, three buttons and a note that the checkout is simulated", async () => {
	const sandbox = await runSandbox();
	const { url } = await openCheckout(sandbox);
	const text = await textOf(url);
	expect(text).toContain("$7.99 a month");
	expect(text).toContain("Simulated checkout");
	expect(text.match(/<button[^>]*>([^<]*)<\/button>/g)?.map((button) => button.replace(/<[^>]*>/g, ""))).toEqual([
		"Pay",
		"Decline",
		"Back",
	]);
	expect(text).toContain('<html lang="en">');
});

it("redirects to successUrl after Pay, and grants credits once for two clicks", async () => {
	const sandbox = await runSandbox();
	const { url, checkoutSession } = await openCheckout(sandbox, "top_up_1000");
	expect(locationOf(await sandbox.submit(url, "pay"))).toEqual([303, successUrl]);
	expect(locationOf(await sandbox.submit(url, "pay"))).toEqual([303, successUrl]);
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
	expect(await textOf(url)).toContain("This checkout is already paid.");
	const stored = await sandbox.send("GET", `/api/v1/checkout-sessions/${checkoutSession.id}`);
	expect(await stored.json()).toMatchObject({ url, checkoutSession: { status: "succeeded", purchaseId: expect.any(String) } });
});

it("shows a declined card, and accepts Pay afterwards", async () => {
	const sandbox = await runSandbox();
	const { url } = await openCheckout(sandbox);
	const declined = await sandbox.submit(url, "decline");
	const text = await textOf(new URL(declined.headers.get("location") ?? "", url).href);
	expect(text).toContain("The card was declined.");
	expect(text).toContain(">Pay</button>");
	expect(locationOf(await sandbox.submit(url, "pay"))).toEqual([303, successUrl]);
});

it("redirects to cancelUrl on Back and leaves the session open", async () => {
	const sandbox = await runSandbox();
	const { url } = await openCheckout(sandbox);
	expect(locationOf(await sandbox.submit(url, "back"))).toEqual([303, cancelUrl]);
	expect((await sandbox.state()).checkoutSessions).toMatchObject([{ status: "open" }]);
});

it("expires after 24 hours and refuses to sell", async () => {
	const sandbox = await runSandbox();
	const { url } = await openCheckout(sandbox);
	await sandbox.advance(24 * 60 * 60 * 1000);
	expect(await textOf(url)).toContain("has expired");
	await sandbox.submit(url, "pay");
	expect((await sandbox.state()).checkoutSessions).toMatchObject([{ status: "expired" }]);
	expect(await balanceOf(sandbox, "user_1")).toBeNull();
});

it("delays the activation of a paid plan by activationDelayMs of sandbox time", async () => {
	const sandbox = await runSandbox({ now: () => Date.UTC(2026, 0, 1) });
	await sandbox.faults({ activationDelayMs: 5000 });
	const { url } = await openCheckout(sandbox);
	expect(locationOf(await sandbox.submit(url, "pay"))).toEqual([303, successUrl]);
	await sandbox.advance(4999);
	expect(await balanceOf(sandbox, "user_1")).toBeNull();
	expect(await textOf(url)).toContain("will appear shortly");
	await sandbox.advance(1);
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
});

it("opens a checkout for a second paid plan and refuses its payment", async () => {
	const sandbox = await runSandbox();
	const early = await openCheckout(sandbox);
	const late = await openCheckout(sandbox);
	await sandbox.submit(early.url, "pay");
	const refused = await sandbox.submit(late.url, "pay");
	expect(refused.status).toBe(409);
	expect(await refused.text()).toContain("already has an active subscription");
	const again = await sandbox.send("POST", "/api/v1/checkout-sessions", {
		checkoutSession: { type: "product", priceSlug: "pro_monthly", customerExternalId: "user_1", successUrl, cancelUrl },
	});
	const { url } = (await again.json()) as { url: string };
	expect((await sandbox.submit(url, "pay")).status).toBe(409);
	expect((await sandbox.state()).subscriptions.filter(({ current }) => current)).toHaveLength(1);
});

it.each([
	["an unknown customer", { customerExternalId: "nobody" }, 400],
	["the default plan", { priceSlug: "free_monthly" }, 400],
	["a usage price", { priceSlug: "ai_requests_no_charge" }, 400],
	["an unknown price", { priceSlug: "x" }, 400],
	["a relative URL", { successUrl: "/welcome" }, 400],
	["a javascript: URL", { cancelUrl: "javascript:alert(1)" }, 400],
])("refuses a checkout with %s", async (_, change, status) => {
	const sandbox = await runSandbox();
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	const checkoutSession = { type: "product", priceSlug: "pro_monthly", customerExternalId: "user_1", successUrl, cancelUrl, ...change };
	expect((await sandbox.send("POST", "/api/v1/checkout-sessions", { checkoutSession })).status).toBe(status);
});

it("adds a card by checkout, so that the free plan renews as active", async () => {
	const sandbox = await runSandbox();
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	const { url } = await flowglad.createAddPaymentMethodCheckoutSession({ successUrl, cancelUrl });
	await sandbox.submit(url, "pay");
	await sandbox.advance(32 * 24 * 60 * 60 * 1000);
	const billing = await flowglad.getBilling();
	expect(billing.paymentMethods).toMatchObject([{ default: true }]);
	expect(billing.currentSubscription).toMatchObject({ isFreePlan: true, status: "active" });
});

it("declines card 0002 and accepts another card afterwards", async () => {
	const sandbox = await runSandbox();
	const { url } = await openCheckout(sandbox);
	expect(locationOf(await sandbox.submit(url, "pay", { card: "0002" }))[1]).toContain("?declined");
	expect((await sandbox.state()).checkoutSessions).toMatchObject([{ status: "open" }]);
	expect(locationOf(await sandbox.submit(url, "pay", { card: "4242" }))).toEqual([303, successUrl]);
});

it("stores a card once, even after several payments", async () => {
	const sandbox = await runSandbox();
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.buy("user_1", "pro_monthly");
	await sandbox.buy("user_1", "top_up_1000");
	expect((await sandbox.flowglad("user_1").getBilling()).paymentMethods).toHaveLength(1);
});

it("shows the trial before the first charge", async () => {
	const sandbox = await runSandbox({ settings: { proTrialDays: 14 } });
	expect(await textOf((await openCheckout(sandbox)).url)).toContain("after 14 days of trial");
});

it("refuses an unknown button and an unknown session", async () => {
	const sandbox = await runSandbox();
	const { url } = await openCheckout(sandbox);
	expect((await sandbox.submit(url, "explode")).status).toBe(400);
	expect((await sandbox.submit(`${url}x`, "pay")).status).toBe(404);
	expect((await fetch(`${url}x`)).status).toBe(404);
	expect((await sandbox.state()).checkoutSessions).toMatchObject([{ status: "open" }]);
});

it("copies the session's output name and metadata to the subscription", async () => {
	const sandbox = await runSandbox();
	const flowglad = sandbox.flowglad("user_1");
	await flowglad.findOrCreateCustomer();
	const { url } = await flowglad.createCheckoutSession({
		priceSlug: "pro_monthly",
		successUrl,
		cancelUrl,
		outputName: "Team plan",
		outputMetadata: { team: "7" },
	});
	expect(await textOf(url)).toContain("Team plan");
	await sandbox.submit(url, "pay");
	expect((await flowglad.getBilling()).currentSubscription).toMatchObject({ name: "Team plan", metadata: { team: "7" } });
});
