import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, eventually, faults, pay, resetSandbox, sandboxState, settings } from "../client.ts";
import { apiPath, checkoutPath, confirmed, problem, provider, subscribed } from "./provider.ts";

// Buying, changing and cancelling: the same guarantees for Flowglad and for Stripe.

beforeEach(resetSandbox);

const DAY_MS = 86_400_000;

describe("a visitor", () => {
	test("sees the plans and their prices", async () => {
		const html = await (await new Client().fetch("/pricing")).text();
		expect(html).toContain("7.99");
		expect(html).not.toContain("Paid plans aren’t set up on this server");
	});
});

describe("an account without a plan", () => {
	test("has no plan, card or invoice", async () => {
		const { user } = await confirmed();
		const response = await user.fetch("/api/billing");
		expect(await response.json()).toMatchObject({ plans: [], waiting: null, paymentMethods: [], invoices: [] });
	});
});

describe("opening a checkout", () => {
	test("returns the provider's page, and the same page when pressed again", async () => {
		const { user } = await confirmed();
		const first = await user.checkout("pro_monthly");
		expect(first.startsWith(env.SANDBOX_URL)).toBe(true);
		expect(await user.checkout("pro_monthly")).toBe(first);
		expect(await user.usage()).toMatchObject({ tier: "free", checkoutOpen: true });
	});

	test("creates one checkout for ten simultaneous presses", async () => {
		const { user } = await confirmed();
		const urls = await Promise.all(Array.from({ length: 10 }, () => user.checkout("pro_monthly")));
		expect(new Set(urls).size).toBe(1);
	});

	test("opens the Pro plan when no price is given", async () => {
		const { user } = await confirmed();
		const { url } = await (await user.post("/api/billing/checkout", {})).json<{ url: string }>();
		expect(await user.checkout("pro_monthly")).toBe(url);
	});

	test("requires a confirmed address", async () => {
		const user = new Client();
		await user.signUp();
		const response = await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" });
		expect(await problem(response)).toEqual([403, "Email not verified"]);
	});

	test.each([
		["a price that is not for sale", { priceSlug: "gold_yearly" }, [400, "Unknown price"]],
		["a price that is not a string", { priceSlug: 7 }, [400, "Invalid request"]],
		["a success page on another site", { priceSlug: "pro_monthly", successUrl: "https://evil.example/" }, [400, "Invalid request"]],
		["a cancel page on another site", { priceSlug: "pro_monthly", cancelUrl: "//evil.example/" }, [400, "Invalid request"]],
	])("refuses %s", async (_, body, expected) => {
		const { user } = await confirmed();
		expect(await problem(await user.post("/api/billing/checkout", body))).toEqual(expected);
	});

	test("refuses invalid JSON, an oversized body and a foreign origin", async () => {
		const { user } = await confirmed();
		const post = (init: RequestInit) => user.fetch("/api/billing/checkout", { method: "POST", ...init });
		expect((await post({ body: "{", headers: { "content-type": "application/json" } })).status).toBe(400);
		expect((await post({ body: "x".repeat(70_000) })).status).toBe(413);
		expect(await problem(await post({ body: "{}", headers: { origin: "https://evil.example" } }))).toEqual([403, "Foreign origin"]);
	});

	test("reports a provider failure without exposing the provider's message", async () => {
		const { user } = await confirmed();
		await faults({ api: [{ path: checkoutPath, method: "POST", status: 500 }] });
		const response = await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" });
		const text = await response.clone().text();
		expect(await problem(response)).toEqual([502, "Billing unavailable"]);
		expect(text).not.toMatch(/flowglad|stripe|injected/i);
		await faults({});
		expect(await user.checkout("pro_monthly")).toContain(env.SANDBOX_URL);
	});
});

describe("paying for a plan", () => {
	test("grants the plan at once, for the paid period", async () => {
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		const usage = await user.usage();
		expect(usage).toMatchObject({ tier: "paid", limit: 1000, used: 0, held: 0, remaining: 1000, topUps: 0, checkoutOpen: false });
		const days = (Date.parse(usage.resetAt ?? "") - Date.parse(usage.window.start ?? "")) / DAY_MS;
		expect(days).toBeGreaterThanOrEqual(28);
		expect(days).toBeLessThanOrEqual(31);
	});

	test("shows the plan, its price, the card and the invoice", async () => {
		const { user } = await subscribed();
		const { plans, paymentMethods, invoices, portalUrl } = await user.billing();
		expect(plans).toMatchObject([
			{ name: "Pro", state: "active", live: true, price: { slug: "pro_monthly", amountCents: 799, currency: "USD", interval: "month" } },
		]);
		expect(plans[0]?.periodEnd).toBe((await user.usage()).resetAt);
		expect(paymentMethods).toMatchObject([{ kind: "card", last4: "4242" }]);
		expect(invoices.some((one) => one.amountCents === 799 && one.state === "paid" && one.currency === "USD")).toBe(true);
		expect(portalUrl).toBeTruthy();
	});

	test("marks the plan as current on the pricing page", async () => {
		const { user } = await subscribed();
		const html = await (await user.fetch("/pricing")).text();
		expect(html).toContain("See your plan");
	});

	test("with a declined card grants nothing and can be retried", async () => {
		const { user } = await confirmed();
		const url = await user.checkout("pro_monthly");
		await pay(url, { action: "decline" });
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20 });
		expect(await user.checkout("pro_monthly")).toBe(url);
		await pay(url);
		expect(await (await user.post("/api/billing/refresh", {})).json()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("resumes the same checkout after the user went back", async () => {
		const { user } = await confirmed();
		const url = await user.checkout("pro_monthly");
		await pay(url, { action: "back" });
		expect(await user.checkout("pro_monthly")).toBe(url);
		expect(await user.usage()).toMatchObject({ tier: "free" });
	});

	test("is refused while the user has a plan", async () => {
		const { user } = await subscribed();
		const again = await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" });
		expect(await problem(again)).toEqual([409, "Already subscribed"]);
	});

	test("grants nothing to another user, who cannot change the plan either", async () => {
		const { planId } = await subscribed();
		const { user: other } = await confirmed();
		expect(await other.usage()).toMatchObject({ tier: "free" });
		expect((await other.billing()).plans).toEqual([]);
		for (const [action, body] of [
			["cancel", { planId, when: "now" }],
			["uncancel", { planId }],
			["change", { planId, priceSlug: "pro_monthly" }],
			["payment-method", { planId }],
		] as const) {
			expect(await problem(await other.post(`/api/billing/${action}`, body)), action).toEqual([404, "Subscription not found"]);
		}
	});
});

describe("a top-up", () => {
	test("requires a plan", async () => {
		const { user } = await confirmed();
		const response = await user.post("/api/billing/checkout", { priceSlug: "top_up_1000" });
		expect(await problem(response)).toEqual([409, "No active subscription found"]);
	});

	test("adds its requests to the plan's exactly once, when it is paid", async () => {
		const { user } = await subscribed();
		await user.buy("top_up_1000");
		for (let looks = 0; looks < 2; looks += 1) {
			const usage = await (await user.post("/api/billing/refresh", {})).json();
			expect(usage).toMatchObject({ tier: "paid", limit: 1000, remaining: 2000, topUps: 1000, checkoutOpen: false });
		}
	});

	test("can be bought repeatedly, and adds up", async () => {
		const { user } = await subscribed();
		for (const remaining of [2000, 3000]) {
			await user.buy("top_up_1000");
			await eventually(async () => {
				expect(await (await user.post("/api/billing/refresh", {})).json()).toMatchObject({ remaining, topUps: remaining - 1000 });
			});
		}
		expect((await user.billing()).invoices.filter(({ amountCents }) => amountCents === 800)).toHaveLength(2);
	});

	test("is used after the plan's requests", async () => {
		const { user } = await subscribed();
		await user.buy("top_up_1000");
		await user.post("/api/billing/refresh", {});
		for (const amount of [900, 200])
			expect((await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount })).status).toBe(201);
		expect(await user.usage()).toMatchObject({ used: 1100, remaining: 900, topUps: 900 });
	});

	test("is not sold while a plan is ending", async () => {
		const { user, planId } = await subscribed();
		await user.post("/api/billing/cancel", { planId, when: "period-end" });
		expect(await problem(await user.post("/api/billing/checkout", { priceSlug: "top_up_1000" }))).toEqual([409, "Plan is ending"]);
	});
});

describe("cancelling", () => {
	test("at the end of the period keeps the plan until then", async () => {
		const { user, planId } = await subscribed();
		expect((await user.post("/api/billing/cancel", { planId, when: "period-end" })).status).toBe(200);
		const { plans } = await user.billing();
		expect(plans).toMatchObject([{ id: planId, state: "ending", live: true }]);
		expect(plans[0]?.endsAt).toBe(plans[0]?.periodEnd);
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("can be undone", async () => {
		const { user, planId } = await subscribed();
		await user.post("/api/billing/cancel", { planId, when: "period-end" });
		expect((await user.post("/api/billing/uncancel", { planId })).status).toBe(200);
		expect((await user.billing()).plans).toMatchObject([{ id: planId, state: "active", endsAt: null }]);
	});

	test("at once ends the plan and restores the free allowance", async () => {
		const { user, planId } = await subscribed();
		expect((await user.post("/api/billing/cancel", { planId, when: "now" })).status).toBe(200);
		expect((await user.billing()).plans).toEqual([]);
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 20 });
	});

	test("and resubscribing starts a new plan with its full requests", async () => {
		const { user, planId } = await subscribed();
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 300 });
		await user.post("/api/billing/cancel", { planId, when: "now" });
		await user.buy("pro_monthly");
		expect(await (await user.post("/api/billing/refresh", {})).json()).toMatchObject({ tier: "paid", used: 0, remaining: 1000 });
	});

	test.each([
		["cancel", {}],
		["cancel", { planId: "sub_1", when: "tomorrow" }],
		["uncancel", {}],
		["change", { planId: "sub_1" }],
	])("%s rejects the body %o", async (action, body) => {
		const { user } = await confirmed();
		expect(await problem(await user.post(`/api/billing/${action}`, body))).toEqual([400, "Invalid request"]);
	});
});

describe("changing the plan", () => {
	test("to a more expensive one takes effect at once and grants a share of its requests", async () => {
		await settings({ maxPlan: true });
		const { user, planId } = await subscribed();
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 300 });
		const answer = await user.post("/api/billing/change", { planId, priceSlug: "max_monthly" });
		expect([answer.status, await answer.json()]).toEqual([200, { takesEffect: "now" }]);
		expect((await user.billing()).plans).toMatchObject([{ name: "Max", price: { slug: "max_monthly" }, state: "active" }]);
		const { remaining } = await user.usage();
		expect(remaining).toBeGreaterThan(2600);
		expect(remaining).toBeLessThanOrEqual(3000);
	});

	test("to a cheaper one takes effect at the end of the period", async () => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		await user.buy("max_monthly");
		const [plan] = (await user.billing()).plans;
		const answer = await user.post("/api/billing/change", { planId: plan?.id, priceSlug: "pro_monthly" });
		expect([answer.status, await answer.json()]).toEqual([200, { takesEffect: "period-end" }]);
		expect((await user.billing()).plans).toMatchObject([{ name: "Max", state: "active" }]);
		expect(await user.usage()).toMatchObject({ limit: 3000, remaining: 3000 });
	});

	test("with a declined card changes nothing", async () => {
		await settings({ maxPlan: true });
		const { user, planId } = await subscribed();
		await faults({ failPayments: true });
		const answer = await user.post("/api/billing/change", { planId, priceSlug: "max_monthly" });
		expect(await problem(answer)).toEqual([402, "Payment declined"]);
		expect((await user.billing()).plans).toMatchObject([{ name: "Pro", state: "active" }]);
		expect(await user.usage()).toMatchObject({ limit: 1000, remaining: 1000 });
	});

	test("to a plan that is not for sale is refused", async () => {
		const { user, planId } = await subscribed();
		for (const priceSlug of ["gold_yearly", "top_up_1000"]) {
			expect(await problem(await user.post("/api/billing/change", { planId, priceSlug }))).toEqual([400, "Unknown price"]);
		}
	});
});

describe("cards and invoices", () => {
	test("a card is entered on the provider's page", async () => {
		const { user, planId } = await subscribed();
		const answer = await user.post("/api/billing/payment-method", { planId });
		expect(answer.status).toBe(200);
		expect((await answer.json<{ url: string }>()).url).toContain(env.SANDBOX_URL);
	});

	test("the portal is a page on the provider's site", async () => {
		const { user } = await subscribed();
		const answer = await user.fetch("/api/billing/portal");
		expect(answer.status).toBe(303);
		expect(answer.headers.get("location")).toContain(env.SANDBOX_URL);
	});
});

describe("the deployment", () => {
	test("answers 404 for unknown billing routes and 405 for other methods", async () => {
		const { user } = await confirmed();
		expect((await user.fetch("/api/billing/nothing")).status).toBe(404);
		expect((await user.post("/api/billing/nothing", {})).status).toBe(404);
		expect((await user.fetch("/api/billing/cancel")).status).toBe(405);
		expect((await user.fetch("/api/billing", { method: "DELETE" })).status).toBe(405);
	});
});

describe("a new address", () => {
	/** The provider's email addresses for a customer and for the customer's organizations, and the last mail to an address. */
	const addresses = async () => {
		const { customers, stripe } = await sandboxState();
		return (provider === "stripe" ? stripe.customers : customers).map(({ email }) => email);
	};
	const tokenTo = (address: string, pattern: RegExp) =>
		eventually(async () => {
			const { mailbox } = await sandboxState();
			const text = mailbox.findLast((mail) => mail.to === address && pattern.test(mail.text))?.text ?? "";
			const [link] = /https?:\S+/.exec(text) ?? [];
			if (!link) throw new Error(`no mail to ${address}`);
			return new URL(link).searchParams.get("token") ?? "";
		});

	async function change(user: Client, from: string): Promise<string> {
		const to = `${crypto.randomUUID()}@example.com`;
		// better-auth limits requests per address.
		const post = (path: string, body: object) =>
			user.post(`/api/auth/${path}`, body, { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` });
		await post("change-email", { newEmail: to });
		await post("change-email/approve", { token: await tokenTo(from, /change its address/) });
		const done = await post("change-email/approve", { token: await tokenTo(to, /new address/) });
		expect(await done.json()).toEqual({ done: true });
		return to;
	}
	const addressOf = async (user: Client) =>
		(await (await user.fetch("/api/auth/get-session")).json<{ user: { email: string } }>()).user.email;

	test("is sent to the provider, for the customer and for each organization they own, because receipts go there", async () => {
		const { user } = await subscribed();
		const from = await addressOf(user);
		const founded = await user.post("/api/auth/organization/create", { name: "Acme", slug: crypto.randomUUID() });
		const { id: organizationId } = await founded.json<{ id: string }>();
		await user.post("/api/auth/organization/set-active", { organizationId });
		await user.buy("pro_monthly");
		await eventually(async () => expect((await addresses()).filter((address) => address === from)).toHaveLength(2));
		const to = await change(user, from);
		await eventually(async () => expect((await addresses()).filter((address) => address === to)).toHaveLength(2));
		expect(await addresses()).not.toContain(from);
	});

	test("replaces an organization's address when the organization is handed over", async () => {
		const { user } = await confirmed();
		const from = await addressOf(user);
		const founded = await user.post("/api/auth/organization/create", { name: "Acme", slug: crypto.randomUUID() });
		const { id: organizationId } = await founded.json<{ id: string }>();
		await user.post("/api/auth/organization/set-active", { organizationId });
		await user.buy("pro_monthly");
		await eventually(async () => expect(await addresses()).toContain(from));
		const { user: heir } = await confirmed();
		const to = await addressOf(heir);
		const invited = await user.post("/api/auth/organization/invite-member", { email: to, role: "owner", organizationId });
		await heir.post("/api/auth/organization/accept-invitation", { invitationId: (await invited.json<{ id: string }>()).id });
		const counts = async () => [from, to].map(async (one) => (await addresses()).filter((address) => address === one).length);
		const [atFrom = 0, atTo = 0] = await Promise.all(await counts());
		expect((await user.post("/api/auth/organization/leave", { organizationId })).status).toBe(200);
		await eventually(async () => expect(await Promise.all(await counts())).toEqual([atFrom - 1, atTo + 1]));
	});

	test("changes here even while the provider fails, and an address the provider does not have yet is sent with the first purchase", async () => {
		const { user } = await subscribed();
		await faults({ api: [{ path: apiPath, method: provider === "stripe" ? "POST" : "PUT", status: 500 }] });
		const to = await change(user, await addressOf(user));
		expect(await addressOf(user)).toBe(to);
		await faults({});
		const { user: other } = await confirmed();
		const later = await change(other, await addressOf(other));
		await other.buy("pro_monthly");
		await eventually(async () => expect(await addresses()).toContain(later));
	});
});
