import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { getStripeCustomerByCustomerId } from "../../src/lib/payments/stripe/customers.ts";
import { Client, control, eventually, faults, moveClock, pay, resetSandbox, sandboxState, settings } from "../client.ts";
import { confirmed, customerIdOf, id, subscribed } from "../contract/provider.ts";

// What is Stripe's own about buying: customers in the database (seed 002), the way back, payments that settle later, trials, credits that go back.

beforeEach(async () => {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
});

const DAY_MS = 86_400_000;
/** Of the sandbox's: it takes three days. */
const BANK_ACCOUNT = "6789";
const refresh = async (user: Client) => (await user.post("/api/billing/refresh", {})).json();

async function rows(userId: string) {
	const { results } = await env.DB.prepare("SELECT * FROM stripe_customers WHERE user_id = ?").bind(userId).all();
	return results;
}

describe("a customer", () => {
	test("is made with the first checkout, once, under the user's id, and kept in the database", async () => {
		const { user, userId } = await confirmed();
		await user.chat(id(), id());
		expect(await rows(userId)).toEqual([]);
		await user.checkout("pro_monthly");
		const customer = (await customerIdOf(userId)) ?? "";
		expect(await rows(userId)).toMatchObject([{ user_id: userId, stripe_customer_id: customer }]);
		expect(await getStripeCustomerByCustomerId(customer)).toMatchObject({ userId });
		expect((await sandboxState()).stripe.customers).toHaveLength(1);
	});

	test("is one, and has one open session, however many first checkouts come at once", async () => {
		const { user, userId } = await confirmed();
		const urls = await Promise.all(Array.from({ length: 100 }, () => user.checkout("pro_monthly")));
		expect(new Set(urls).size).toBe(1);
		const { customers, checkoutSessions } = (await sandboxState()).stripe;
		expect(customers.filter(({ metadata }) => metadata.userId === userId)).toHaveLength(1);
		expect(checkoutSessions).toMatchObject([{ status: "open" }]);
		expect(await rows(userId)).toHaveLength(1);
	});

	test("who wants another plan than at first cannot pay for both", async () => {
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

	test("is not made for who may not buy, and not where Stripe does not answer", async () => {
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

describe("back from Stripe's page", () => {
	/** Where the browser is sent after a press, step by step, to the first page that is no redirect of ours. */
	async function backTo(user: Client, url: string, action: string): Promise<string> {
		const left = await fetch(url, { method: "POST", body: new URLSearchParams({ action }), redirect: "manual" });
		const location = left.headers.get("location") ?? "";
		expect(new URL(location).pathname).toBe("/api/stripe");
		return (await user.fetch(location)).headers.get("location") ?? "";
	}
	const wanted = { priceSlug: "pro_monthly", successUrl: "/c/abc?upgraded=plan", cancelUrl: "/pricing" };

	test("who paid is led to where they came from, and who turned back to where they turned", async () => {
		const { user } = await confirmed();
		const { url } = await (await user.post("/api/billing/checkout", wanted)).json<{ url: string }>();
		expect(await backTo(user, url, "back")).toBe("http://localhost/pricing");
		expect(await backTo(user, url, "pay")).toBe("http://localhost/c/abc?upgraded=plan");
		expect(await refresh(user)).toMatchObject({ tier: "paid" });
	});

	test("nobody is led by another's session, by none, or to another site", async () => {
		const { user } = await confirmed();
		const { url } = await (await user.post("/api/billing/checkout", wanted)).json<{ url: string }>();
		const sessionId = new URL(url).pathname.split("/").at(-1);
		const { user: other } = await confirmed();
		expect((await other.fetch(`/api/stripe?session_id=${sessionId}`)).headers.get("location")).toBe("http://localhost/");
		expect((await new Client().fetch(`/api/stripe?session_id=${sessionId}`)).headers.get("location")).toBe("http://localhost/");
		expect((await user.fetch("/api/stripe?session_id=cs_nothing")).headers.get("location")).toBe("http://localhost/account");
		expect((await user.fetch("/api/stripe?back=//evil.example/")).status).toBe(400);
		expect((await user.fetch("/api/stripe?back=https://evil.example/")).status).toBe(400);
	});
});

describe("a payment that settles later", () => {
	test("gives nothing before it has, cannot be made twice, and then gives the plan", async () => {
		const { user } = await confirmed();
		await pay(await user.checkout("pro_monthly"), { action: "pay", card: BANK_ACCOUNT });
		expect(await refresh(user)).toMatchObject({ tier: "free", remaining: 20 });
		expect((await user.billing()).plans).toMatchObject([{ live: false }]);
		expect((await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" })).status).toBe(409);
		await moveClock({ advanceMs: 4 * DAY_MS });
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
		expect((await user.billing()).plans).toMatchObject([{ live: true, state: "active" }]);
	});

	test("and fails gives nothing at all", async () => {
		const { user } = await confirmed();
		await faults({ failPayments: true });
		await pay(await user.checkout("pro_monthly"), { action: "pay", card: BANK_ACCOUNT });
		await moveClock({ advanceMs: 4 * DAY_MS });
		await faults({});
		expect(await refresh(user)).toMatchObject({ tier: "free" });
	});

	test("of a top-up is the same", async () => {
		const { user } = await subscribed();
		await pay(await user.checkout("top_up_1000"), { action: "pay", card: BANK_ACCOUNT });
		expect(await refresh(user)).toMatchObject({ remaining: 1000, topUps: 0 });
		await moveClock({ advanceMs: 4 * DAY_MS });
		await eventually(async () => expect(await refresh(user)).toMatchObject({ remaining: 2000, topUps: 1000 }));
	});
});

describe("a trial", () => {
	test("is for the first plan of a customer, and is a plan", async () => {
		await settings({ proTrialDays: 14 });
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		expect(await refresh(user)).toMatchObject({ tier: "paid", remaining: 1000 });
		const [plan] = (await user.billing()).plans;
		expect(plan).toMatchObject({ state: "trial", live: true });
		await user.post("/api/billing/cancel", { planId: plan?.id, when: "now" });
		await user.buy("pro_monthly");
		expect((await user.billing()).plans).toMatchObject([{ state: "active", trialEnd: null }]);
	});
});

describe("money that goes back", () => {
	/** What the ledger says when it has just read: nobody waits for a checkout here, and a page would be told of it within 10 s. */
	const readAgain = async (user: Client, userId: string) => {
		await env.USAGE_LEDGER.getByName(`user:${userId}`).refresh(`user:${userId}`);
		return user.usage();
	};
	const chargeOf = async (userId: string) => {
		const customer = await customerIdOf(userId);
		const { charges } = (await sandboxState()).stripe;
		return charges.findLast((charge) => charge.metadata.userId === userId && charge.metadata.ai_requests && customer !== null)?.id;
	};

	test("takes a top-up's credits along, in proportion", async () => {
		const { user, userId } = await subscribed();
		await user.buy("top_up_1000");
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 2000 });
		await control("stripe/refunds", { charge: await chargeOf(userId), amount: 200 });
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 1750, topUps: 750 });
		await control("stripe/refunds", { charge: await chargeOf(userId) });
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 1000, topUps: 0 });
	});

	test("after they were spent leaves a debt that the next top-up pays, and no plan", async () => {
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

	test("by a dispute goes with the credits when it is lost, and not before", async () => {
		const { user, userId } = await subscribed();
		await user.buy("top_up_1000");
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 2000 });
		const dispute = await (await control("stripe/disputes", { charge: await chargeOf(userId) })).json<{ id: string }>();
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 2000 });
		await control(`stripe/disputes/${dispute.id}/close`, { outcome: "lost" });
		expect(await readAgain(user, userId)).toMatchObject({ remaining: 1000 });
	});
});

describe("a renewal that is not paid", () => {
	test("is waited for a week; then the plan rests until it is paid", async () => {
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
