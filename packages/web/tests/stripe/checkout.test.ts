import { env } from "cloudflare:workers";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { getStripeCustomerByCustomerId } from "../../src/lib/payments/stripe/customers.ts";
import { Client, control, eventually, faults, moveClock, pay, resetSandbox, sandboxState, settings } from "../client.ts";
import { confirmed, customerIdOf, id, subscribed } from "../contract/provider.ts";

// Buying with Stripe: customers in the database (seed 002), the return from checkout, delayed payments, trials, refunds.

beforeEach(async () => {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
});

// The files of a project share the app's clock and run in any order.
afterAll(() => moveClock({ offsetMs: 0 }));

const DAY_MS = 86_400_000;
/** The sandbox's bank account, whose payments take three days. */
const BANK_ACCOUNT = "6789";
const refresh = async (user: Client) => (await user.post("/api/billing/refresh", {})).json();

async function rows(userId: string) {
	const { results } = await env.DB.prepare("SELECT * FROM stripe_customers WHERE user_id = ?").bind(userId).all();
	return results;
}

describe("a customer", () => {
	test("is created and stored once, at the first checkout, under the user's id", async () => {
		const { user, userId } = await confirmed();
		await user.chat(id(), id());
		expect(await rows(userId)).toEqual([]);
		await user.checkout("pro_monthly");
		const customer = (await customerIdOf(userId)) ?? "";
		expect(await rows(userId)).toMatchObject([{ user_id: userId, stripe_customer_id: customer }]);
		expect(await getStripeCustomerByCustomerId(customer)).toMatchObject({ userId });
		expect((await sandboxState()).stripe.customers).toHaveLength(1);
	});

	test("is created once, with one open session, by 100 concurrent first checkouts", async () => {
		const { user, userId } = await confirmed();
		const urls = await Promise.all(Array.from({ length: 100 }, () => user.checkout("pro_monthly")));
		expect(new Set(urls).size).toBe(1);
		const { customers, checkoutSessions } = (await sandboxState()).stripe;
		expect(customers.filter(({ metadata }) => metadata.userId === userId)).toHaveLength(1);
		expect(checkoutSessions).toMatchObject([{ status: "open" }]);
		expect(await rows(userId)).toHaveLength(1);
	});

	test("who switches to another plan cannot pay for both", async () => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		const pro = await user.checkout("pro_monthly");
		const max = await user.checkout("max_monthly");
		expect(max).not.toBe(pro);
		expect((await sandboxState()).stripe.checkoutSessions.map(({ status }) => status).sort()).toEqual(["expired", "open"]);
		await pay(pro);
		expect(await refresh(user)).toMatchObject({ tier: "free" });
		await pay(max);
		await eventually(async () => expect(await refresh(user)).toMatchObject({ tier: "paid", limit: 3000 }));
	});

	test("is not created for a user who cannot buy, or when Stripe fails", async () => {
		const user = new Client();
		const { id: userId, email } = await user.signUp();
		expect((await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" })).status).toBe(403);
		await user.confirm(email);
		await faults({ api: [{ path: "/v1/customers", method: "POST", status: 500 }] });
		expect((await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" })).status).toBe(502);
		expect(await rows(userId)).toEqual([]);
		await faults({});
		await user.checkout("pro_monthly");
		expect(await rows(userId)).toHaveLength(1);
	});
});

describe("the return from Stripe's page", () => {
	/** Follows the redirects after the button press up to the first page that is not one of our redirects. */
	async function backTo(user: Client, url: string, action: string): Promise<string> {
		const left = await fetch(url, { method: "POST", body: new URLSearchParams({ action }), redirect: "manual" });
		const location = left.headers.get("location") ?? "";
		expect(new URL(location).pathname).toBe("/api/stripe");
		return (await user.fetch(location)).headers.get("location") ?? "";
	}
	const wanted = { priceSlug: "pro_monthly", successUrl: "/c/abc?upgraded=plan", cancelUrl: "/pricing" };

	test("redirects to the page where the purchase began, or to the cancel page", async () => {
		const { user } = await confirmed();
		const { url } = await (await user.post("/api/billing/checkout", wanted)).json<{ url: string }>();
		expect(await backTo(user, url, "back")).toBe("http://localhost/pricing");
		expect(await backTo(user, url, "pay")).toBe("http://localhost/c/abc?upgraded=plan");
		expect(await refresh(user)).toMatchObject({ tier: "paid" });
	});

	test("ignores another user's session, a missing session, and other sites", async () => {
		const { user } = await confirmed();
		const { url } = await (await user.post("/api/billing/checkout", wanted)).json<{ url: string }>();
		const sessionId = new URL(url).pathname.split("/").at(-1);
		const { user: other } = await confirmed();
		expect((await other.fetch(`/api/stripe?session_id=${sessionId}`)).headers.get("location")).toBe("http://localhost/");
		expect((await new Client().fetch(`/api/stripe?session_id=${sessionId}`)).headers.get("location")).toBe("http://localhost/");
		expect((await user.fetch("/api/stripe?session_id=cs_nothing")).headers.get("location")).toBe("http://localhost/account/plan");
		expect((await user.fetch("/api/stripe?back=//evil.example/")).status).toBe(400);
		expect((await user.fetch("/api/stripe?back=https://evil.example/")).status).toBe(400);
	});
});

describe("a delayed payment", () => {
	test("grants the plan when it settles, and blocks a second purchase until then", async () => {
		const { user } = await confirmed();
		await pay(await user.checkout("pro_monthly"), { action: "pay", card: BANK_ACCOUNT });
		expect(await refresh(user)).toMatchObject({ tier: "free", remaining: 20 });
		expect((await user.billing()).plans).toMatchObject([{ live: false }]);
		expect((await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" })).status).toBe(409);
		await moveClock({ advanceMs: 4 * DAY_MS });
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
		expect((await user.billing()).plans).toMatchObject([{ live: true, state: "active" }]);
	});

	test("that fails grants nothing", async () => {
		const { user } = await confirmed();
		await faults({ failPayments: true });
		await pay(await user.checkout("pro_monthly"), { action: "pay", card: BANK_ACCOUNT });
		await moveClock({ advanceMs: 4 * DAY_MS });
		await faults({});
		expect(await refresh(user)).toMatchObject({ tier: "free" });
	});

	test("grants a top-up when it settles", async () => {
		const { user } = await subscribed();
		await pay(await user.checkout("top_up_1000"), { action: "pay", card: BANK_ACCOUNT });
		expect(await refresh(user)).toMatchObject({ remaining: 1000, topUps: 0 });
		await moveClock({ advanceMs: 4 * DAY_MS });
		await eventually(async () => expect(await refresh(user)).toMatchObject({ remaining: 2000, topUps: 1000 }));
	});
});

describe("a trial", () => {
	test("applies to a customer's first plan only, and its requests are usable at once", async () => {
		await settings({ proTrialDays: 14 });
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		expect(await refresh(user)).toMatchObject({ tier: "paid", remaining: 1000 });
		const [plan] = (await user.billing()).plans;
		expect(plan).toMatchObject({ state: "trial", live: true });
		await user.post("/api/billing/cancel", { planId: plan?.id, when: "now" });
		await user.buy("pro_monthly");
		// A page shows a copy that is at most a few seconds old.
		await eventually(async () => expect((await user.billing()).plans).toMatchObject([{ state: "active", trialEnd: null }]));
	});
});

describe("a refund", () => {
	/** The usage after a read. Without an open checkout, a page would see it within 10 s. */
	const readAgain = async (user: Client, userId: string) => {
		await env.USAGE_LEDGER.getByName(`user:${userId}`).refresh(`user:${userId}`);
		return user.usage();
	};
	const chargeOf = async (userId: string) => {
		const customer = await customerIdOf(userId);
		const { charges } = (await sandboxState()).stripe;
		return charges.findLast((charge) => charge.metadata.userId === userId && charge.metadata.ai_requests && customer !== null)?.id;
	};

	test("removes a top-up's credits in proportion", async () => {
		const { user, userId } = await subscribed();
		await user.buy("top_up_1000");
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 2000 });
		await control("stripe/refunds", { charge: await chargeOf(userId), amount: 200 });
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 1750, topUps: 750 });
		await control("stripe/refunds", { charge: await chargeOf(userId) });
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 1000, topUps: 0 });
	});

	test("of spent credits leaves a debt that the next top-up pays", async () => {
		const { user, userId } = await subscribed();
		await user.buy("top_up_1000");
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 2000 });
		const refunded = await chargeOf(userId);
		for (const amount of [1000, 400]) await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount });
		await control("stripe/refunds", { charge: refunded });
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 0, topUps: 0 });
		await user.buy("top_up_1000");
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 600, topUps: 600 });
	});

	test("after the end of the purchase's period, or of the plan, removes the remaining credits", async () => {
		const { user, userId, planId } = await subscribed();
		await user.buy("top_up_1000");
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 2000 });
		await moveClock({ advanceMs: 32 * DAY_MS });
		expect(await readAgain(user, userId)).toMatchObject({ limit: 1000, remaining: 2000, topUps: 1000 });
		await control("stripe/refunds", { charge: await chargeOf(userId), amount: 400 });
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 1500, topUps: 500 });
		await user.post("/api/billing/cancel", { planId, when: "now" });
		await control("stripe/refunds", { charge: await chargeOf(userId) });
		await user.buy("pro_monthly");
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid", remaining: 1000, topUps: 0 });
	});

	test("for a plan's own payment keeps the plan, which the seller ends", async () => {
		const { user, userId } = await subscribed();
		const customer = await customerIdOf(userId);
		const { charges } = (await sandboxState()).stripe;
		const charge = charges.findLast((one) => one.customer === customer)?.id;
		await control("stripe/refunds", { charge });
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid", remaining: 1000 });
		expect((await user.billing()).plans).toMatchObject([{ state: "active", live: true }]);
	});

	test("by a dispute removes the credits only once the dispute is lost", async () => {
		const { user, userId } = await subscribed();
		await user.buy("top_up_1000");
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 2000 });
		const dispute = await (await control("stripe/disputes", { charge: await chargeOf(userId) })).json<{ id: string }>();
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 2000 });
		await control(`stripe/disputes/${dispute.id}/close`, { outcome: "lost" });
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 1000 });
	});
});

describe("an unpaid renewal", () => {
	test("keeps the plan live for a week, then pauses it until the renewal is paid", async () => {
		const { user, userId } = await subscribed();
		const end = Date.parse((await user.usage()).resetAt ?? "");
		const at = async (instantMs: number) => {
			await moveClock({ nowMs: instantMs });
			await env.USAGE_LEDGER.getByName(`user:${userId}`).refresh(`user:${userId}`);
			const { plans } = await user.billing();
			return { ...(await user.usage()), plan: [plans[0]?.state, plans[0]?.live] };
		};
		await faults({ declineRenewals: true });
		expect(await at(end + 2 * 3_600_000)).toMatchObject({ tier: "paid", remaining: 1000, plan: ["owed", true] });
		expect(await at(end + 7 * DAY_MS + 60_000)).toMatchObject({ tier: "free", plan: ["owed", false] });
		await faults({});
		expect(await at(end + 9 * DAY_MS)).toMatchObject({ tier: "paid", remaining: 1000, plan: ["active", true] });
	});
});
