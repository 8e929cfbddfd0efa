import { env } from "cloudflare:workers";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type Client, faults, moveClock, pay, resetSandbox, sandboxState, settings } from "../client.ts";
import { confirmed, customerIdOf, id, problem, subscribed, webhook } from "../contract/provider.ts";

// Other Stripe behaviour: the portal in flexible billing mode, missing customers, payments that need confirmation, lost responses, trials.

beforeEach(async () => {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
});

// The files of a project share the app's clock and run in any order.
afterAll(() => moveClock({ offsetMs: 0 }));

/** Calls Stripe's API as its dashboard would. */
async function stripeApi(
	path: string,
	params: Record<string, string> = {},
	method = "POST",
): Promise<{ id: string; [key: string]: unknown }> {
	const body = method === "POST" ? { body: new URLSearchParams(params) } : {};
	const response = await fetch(`${env.SANDBOX_URL}/v1/${path}`, { method, headers: { authorization: "Bearer sk_test_sandbox" }, ...body });
	if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
	return response.json();
}

/** Presses a button on a Stripe page, and follows its redirect to us. @returns where we redirect next */
async function press(user: Client, url: string, form: Record<string, string>): Promise<string | null> {
	const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
	const location = answer.headers.get("location") ?? "";
	return location.startsWith("http://localhost/") ? (await user.fetch(location)).headers.get("location") : location;
}

const portalOf = async (user: Client) => (await user.fetch("/api/billing/portal")).headers.get("location") ?? "";

async function planOf(user: Client) {
	const [plan] = (await user.billing()).plans;
	if (!plan) throw new Error("no plan");
	return plan;
}

const storedCustomer = async (userId: string) =>
	(await env.DB.prepare("SELECT stripe_customer_id AS id FROM stripe_customers WHERE user_id = ?").bind(userId).first<{ id: string }>())
		?.id;

const readAgain = async (user: Client, userId: string) => {
	await env.USAGE_LEDGER.getByName(`user:${userId}`).refresh(`user:${userId}`);
	return user.usage();
};

/** Notifies the app that something changed at Stripe, like a webhook, because pages read a copy that is a few seconds old. */
const tell = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`).noteChange(`user:${userId}`);

describe("keeping a plan", () => {
	test("undoes a cancellation made in the portal, which sets a date without the flag", async () => {
		const { user, userId, planId } = await subscribed();
		await press(user, await portalOf(user), { action: "cancel", subscription: planId });
		await tell(userId);
		const { state, endsAt, periodEnd } = await planOf(user);
		expect([state, endsAt]).toEqual(["ending", periodEnd]);
		expect((await user.post("/api/billing/uncancel", { planId })).status).toBe(200);
		expect(await planOf(user)).toMatchObject({ state: "active", endsAt: null });
	});

	test("undoes a mid-period cancellation, our own, and both in turn; pressing again changes nothing", async () => {
		const { user, userId, planId } = await subscribed();
		await stripeApi(`subscriptions/${planId}`, { cancel_at: String(Math.floor(Date.now() / 1000) + 86_400) });
		await tell(userId);
		expect(await planOf(user)).toMatchObject({ state: "ending" });
		await user.post("/api/billing/cancel", { planId, when: "period-end" });
		for (let presses = 0; presses < 2; presses += 1) {
			expect((await user.post("/api/billing/uncancel", { planId })).status).toBe(200);
			expect(await planOf(user)).toMatchObject({ state: "active", endsAt: null });
		}
	});
});

describe("changing an ending plan", () => {
	test.each(["portal", "flag"])("renews it at the new price, whether it was ending by the %s", async (how) => {
		await settings({ maxPlan: true });
		const { user, planId } = await subscribed();
		const end = async () => {
			if (how === "flag") await user.post("/api/billing/cancel", { planId, when: "period-end" });
			else await press(user, await portalOf(user), { action: "cancel", subscription: planId });
		};
		await end();
		await user.post("/api/billing/change", { planId, priceSlug: "max_monthly" });
		expect(await planOf(user)).toMatchObject({ name: "Max", state: "active", endsAt: null });
		await end();
		await user.post("/api/billing/change", { planId, priceSlug: "pro_monthly" });
		expect(await planOf(user)).toMatchObject({ name: "Max", state: "active", endsAt: null, next: "Pro" });
		await user.post("/api/billing/uncancel", { planId });
		expect(await planOf(user)).toMatchObject({ name: "Max", state: "active", next: null });
	});
});

describe("a customer that Stripe no longer has", () => {
	/** The customer was deleted in the dashboard, or its id belongs to the other mode (test or live) of the key. */
	const losses: [string, (userId: string) => Promise<unknown>][] = [
		["was deleted", async (userId) => stripeApi(`customers/${await customerIdOf(userId)}`, {}, "DELETE")],
		[
			"is of another mode",
			(userId) => env.DB.prepare("UPDATE stripe_customers SET stripe_customer_id = ? WHERE user_id = ?").bind(`cus_${id()}`, userId).run(),
		],
	];

	test.each(losses)("that %s is treated as missing, and the next purchase replaces it", async (what, lose) => {
		const { user, userId } = await subscribed();
		const original = await storedCustomer(userId);
		await lose(userId);
		await tell(userId);
		const gone = await storedCustomer(userId);
		expect(await user.billing()).toMatchObject({ plans: [], paymentMethods: [], invoices: [], portalUrl: null });
		expect(await readAgain(user, userId)).toMatchObject({ tier: "free" });
		expect(await problem(await user.fetch("/api/billing/portal"))).toEqual([404, "No billing portal"]);
		expect((await user.fetch("/pricing")).status).toBe(200);
		expect((await user.post("/api/billing/payment-method", {})).status).toBe(200);
		const replaced = await storedCustomer(userId);
		expect(replaced).not.toBe(gone);
		// A customer of ours that Stripe still has, such as the original one, is reused with its plan.
		if (what !== "was deleted") {
			expect(replaced).toBe(original);
			return expect(await readAgain(user, userId)).toMatchObject({ tier: "paid" });
		}
		await user.buy("pro_monthly");
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid", remaining: 1000 });
		expect(await storedCustomer(userId)).toBe(replaced);
	});

	test("is replaced once, by concurrent purchases and by a purchase after a second loss", async () => {
		const { user, userId } = await confirmed();
		await user.checkout("pro_monthly");
		for (let losses = 1; losses <= 2; losses += 1) {
			await stripeApi(`customers/${await storedCustomer(userId)}`, {}, "DELETE");
			const urls = await Promise.all(Array.from({ length: 5 }, () => user.checkout("pro_monthly")));
			expect(new Set(urls).size).toBe(1);
			const { customers } = (await sandboxState()).stripe;
			expect(customers.filter(({ metadata }) => metadata.userId === userId).map((one) => one.id)).toEqual([await storedCustomer(userId)]);
		}
		// The row was removed by hand: within a day Stripe's idempotency returns the first customer, which is deleted.
		await env.DB.prepare("DELETE FROM stripe_customers WHERE user_id = ?").bind(userId).run();
		await stripeApi(`customers/${(await sandboxState()).stripe.customers[0]?.id}`, {}, "DELETE");
		await user.buy("pro_monthly");
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid" });
	});
});

describe("creating a customer", () => {
	test("survives a lost response and a name change in between, and leaves one customer with the new name", async () => {
		const { user, userId } = await confirmed();
		await faults({ api: [{ path: "/v1/customers", method: "POST", dropAfterCommit: true }] });
		expect((await user.post("/api/billing/checkout", { priceSlug: "pro_monthly" })).status).toBe(502);
		await faults({});
		await env.DB.prepare("UPDATE users SET name = 'Ada Lovelace' WHERE id = ?").bind(userId).run();
		await user.checkout("pro_monthly");
		const { customers } = (await sandboxState()).stripe;
		expect(customers).toMatchObject([{ name: "Ada Lovelace", metadata: { userId } }]);
	});
});

describe("an upgrade", () => {
	async function confirmedCard() {
		await settings({ maxPlan: true });
		const { user, userId } = await confirmed();
		await pay(await user.checkout("pro_monthly"), { action: "pay", card: "3184" });
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid", limit: 1000 });
		const { id: planId } = await planOf(user);
		const change = async (priceSlug = "max_monthly") => {
			const answer = await user.post("/api/billing/change", { planId, priceSlug });
			return { status: answer.status, ...(await answer.json<{ takesEffect?: string; url: string }>()) };
		};
		return { user, userId, planId, change };
	}

	test("that the bank requires to be confirmed leads to Stripe's page, and takes effect there with its share of requests", async () => {
		const { user, userId, change } = await confirmedCard();
		const { status, takesEffect, url } = await change();
		expect([status, takesEffect]).toEqual([200, "not-yet"]);
		expect(url).toContain(env.SANDBOX_URL);
		expect(await planOf(user)).toMatchObject({ name: "Pro", state: "active", live: true });
		expect(await readAgain(user, userId)).toMatchObject({ limit: 1000 });
		expect((await user.billing()).invoices).toContainEqual(expect.objectContaining({ state: "open", url }));
		expect((await change()).url).toBe(url);
		await moveClock({ advanceMs: 15 * 3_600_000 });
		await press(user, url, { action: "pay" });
		expect(await planOf(user)).toMatchObject({ name: "Max", state: "active" });
		const { limit } = await readAgain(user, userId);
		expect(limit).toBeGreaterThan(2900);
		expect(limit).toBeLessThanOrEqual(3000);
	});

	test("that was not confirmed can no longer be paid after the customer chose otherwise", async () => {
		const { user, planId, change } = await confirmedCard();
		for (const choose of ["cancel", "uncancel"] as const) {
			const { url } = await change();
			await user.post(`/api/billing/${choose}`, { planId, when: "period-end" });
			await press(user, url, { action: "pay" });
			expect(await planOf(user)).toMatchObject({ name: "Pro", state: choose === "cancel" ? "ending" : "active" });
		}
	});

	test.each([
		["is declined", { failPayments: true }, 402],
		["the provider refuses", { api: [{ path: "/v1/subscriptions/:id", method: "POST", status: 400 }] }, 502],
	])("that %s keeps the pending change at the end of the period", async (_, fault, status) => {
		await settings({ maxPlan: true });
		const product = await stripeApi("products", { name: "Ultra", "metadata[app]": "parley" });
		await stripeApi("prices", {
			...{ product: product.id, currency: "usd", unit_amount: "4999", "recurring[interval]": "month", lookup_key: "ultra_monthly" },
			"metadata[ai_requests]": "9000",
		});
		const { user, userId } = await confirmed();
		await user.buy("max_monthly");
		await readAgain(user, userId);
		const { id: planId } = await planOf(user);
		const change = async (priceSlug: string) => (await user.post("/api/billing/change", { planId, priceSlug })).status;
		expect(await change("pro_monthly")).toBe(200);
		const scheduled = await planOf(user);
		expect(scheduled).toMatchObject({ name: "Max", next: "Pro" });
		await faults(fault);
		expect(await change("ultra_monthly")).toBe(status);
		await faults({});
		expect(await planOf(user)).toEqual(scheduled);
		await moveClock({ nowMs: Date.parse(scheduled.periodEnd ?? "") + 2 * 3_600_000 });
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid", limit: 1000 });
	});

	test("without a card leads to the page for adding one, and then works with the new card", async () => {
		const { user, change } = await confirmedCard();
		const card = (await user.billing()).paymentMethods[0]?.id;
		await stripeApi(`payment_methods/${card}/detach`);
		const { status, takesEffect, url } = await change();
		expect([status, takesEffect]).toEqual([200, "not-yet"]);
		expect(await press(user, url, { action: "card", card: "4242" })).toBe("http://localhost/account/plan");
		expect(await change()).toMatchObject({ takesEffect: "now" });
		expect(await planOf(user)).toMatchObject({ name: "Max" });
	});
});

describe("a change pending until the end of the period", () => {
	const SCHEDULES = "/v1/subscription_schedules";

	test.each([
		["a cancellation", "cancel", { path: "/v1/subscriptions/:id", method: "POST", status: 400 }],
		["an immediate cancellation", "cancel-now", { path: "/v1/subscriptions/:id", method: "DELETE", status: 400 }],
		["another change", "change", { path: SCHEDULES, method: "POST", status: 400, times: 1 }],
		["the second half of another change", "change", { path: `${SCHEDULES}/:id`, method: "POST", status: 400, times: 1 }],
	])("is kept when Stripe refuses %s", async (_, action, fault) => {
		await settings({ maxPlan: true });
		const product = await stripeApi("products", { name: "Lite", "metadata[app]": "parley" });
		await stripeApi("prices", {
			...{ product: product.id, currency: "usd", unit_amount: "299", "recurring[interval]": "month", lookup_key: "lite_monthly" },
			"metadata[ai_requests]": "300",
		});
		const { user, userId } = await confirmed();
		await user.buy("max_monthly");
		await readAgain(user, userId);
		const { id: planId } = await planOf(user);
		const change = async (priceSlug: string) => (await user.post("/api/billing/change", { planId, priceSlug })).status;
		expect(await change("pro_monthly")).toBe(200);
		const scheduled = await planOf(user);
		expect(scheduled).toMatchObject({ name: "Max", next: "Pro" });
		await faults({ api: [fault] });
		const when = action === "cancel" ? "period-end" : "now";
		const status = action === "change" ? await change("lite_monthly") : (await user.post("/api/billing/cancel", { planId, when })).status;
		expect(status).toBe(502);
		await faults({});
		expect(await planOf(user)).toEqual(scheduled);
	});
});

describe("a new card", () => {
	test("entered in the portal pays for the plan too; a visit without a new card changes nothing", async () => {
		const { user, userId } = await subscribed();
		const { url } = await (await user.post("/api/billing/payment-method", {})).json<{ url: string }>();
		expect(await press(user, url, { action: "card", card: "0341" })).toBe("http://localhost/account/plan");
		expect((await user.billing()).paymentMethods).toMatchObject([
			{ last4: "0341", isDefault: true },
			{ last4: "4242", isDefault: false },
		]);
		const { subscriptions } = (await sandboxState()).stripe;
		const plan = subscriptions.find(({ customer }) => customer === subscriptions[0]?.customer);
		await stripeApi(`subscriptions/${plan?.id}`, { default_payment_method: (await user.billing()).paymentMethods[1]?.id ?? "" });
		// Visiting the portal changes nothing: the default stays the previous card.
		expect(await press(user, await portalOf(user), { action: "back" })).toBe("http://localhost/account/plan");
		expect((await user.billing()).paymentMethods.find(({ isDefault }) => isDefault)?.last4).toBe("4242");
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid" });
	});

	test("pays for the plan even if the customer closed the portal: the event about the new default suffices, and applies once", async () => {
		const { user, userId } = await subscribed();
		const customerId = await customerIdOf(userId);
		await press(user, await portalOf(user), { action: "card", card: "0341" });
		const { events } = (await sandboxState()).stripe;
		const changed = events.findLast(
			({ type, data: { object } }) => type === "customer.updated" && "id" in object && object.id === customerId,
		);
		const send = async () => {
			const { body, headers } = await webhook({ userId, customerId }, { body: JSON.stringify(changed) });
			return (await user.fetch("/api/stripe/webhook", { method: "POST", body, headers })).status;
		};
		await faults({ api: [{ path: "/v1/subscriptions/:id", method: "POST", status: 500 }] });
		expect(await send()).toBe(503);
		await faults({});
		expect(await send()).toBe(200);
		const [card, before] = (await user.billing()).paymentMethods;
		expect([card, before]).toMatchObject([
			{ last4: "0341", isDefault: true },
			{ last4: "4242", isDefault: false },
		]);
		// Chosen since: resending the event does not undo it.
		const plan = (await sandboxState()).stripe.subscriptions.find(({ customer }) => customer === customerId);
		await stripeApi(`subscriptions/${plan?.id}`, { default_payment_method: before?.id ?? "" });
		expect(await send()).toBe(200);
		await tell(userId);
		expect((await user.billing()).paymentMethods.find(({ isDefault }) => isDefault)?.last4).toBe("4242");
	});

	test("cannot be activated by a link on another site, because the return link is signed for one customer", async () => {
		const { user, userId } = await subscribed();
		const other = await subscribed();
		await press(user, await portalOf(user), { action: "card", card: "0341" });
		const [, wayBack] = await Promise.all(
			[user, other.user].map(async (one) => {
				const sessionId = new URL(await portalOf(one)).pathname.split("/").at(-1);
				const { portalSessions } = (await sandboxState()).stripe;
				return portalSessions.find((session) => session.id === sessionId)?.return_url ?? "";
			}),
		);
		const forged = ["/api/stripe?card=&back=/account", "/api/stripe?card=pm_x&back=/account", wayBack ?? ""];
		for (const path of forged) expect((await user.fetch(path)).headers.get("location")).toMatch(/\/account(\/plan)?$/);
		await tell(userId);
		expect((await user.billing()).paymentMethods.find(({ isDefault }) => isDefault)?.last4).toBe("4242");
	});

	test("is entered with our own portal configuration if there is one", async () => {
		const { user } = await subscribed();
		await stripeApi("billing_portal/configurations/bpc_parley", { active: "false" });
		const own = await stripeApi("billing_portal/configurations", {
			"features[invoice_history][enabled]": "true",
			"metadata[app]": "parley",
		});
		const sessionId = new URL(await portalOf(user)).pathname.split("/").at(-1);
		const sessions = (await sandboxState()).stripe.portalSessions;
		expect(sessions.find((one) => one.id === sessionId)).toMatchObject({ configuration: own.id });
	});
});

describe("a plan with paused collection", () => {
	test.each(["keep_as_draft", "mark_uncollectible", "void"])("keeps granting each period's requests: %s", async (behavior) => {
		const { user, userId, planId } = await subscribed();
		await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 10 });
		await stripeApi(`subscriptions/${planId}`, { "pause_collection[behavior]": behavior });
		await moveClock({ advanceMs: 32 * 24 * 3_600_000 });
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid", limit: 1000, remaining: 1000 });
		expect(await planOf(user)).toMatchObject({ state: "active", live: true, paused: true });
	});
});

describe("a downgrade during a trial", () => {
	test("keeps the trial and the discounts, and takes effect when the trial ends", async () => {
		await settings({ maxPlan: true });
		const { user, userId } = await confirmed();
		await stripeApi("prices/price_max_monthly", { "metadata[trial_days]": "14" });
		await user.buy("max_monthly");
		const { id: planId, trialEnd } = await planOf(user);
		expect(trialEnd).not.toBeNull();
		await stripeApi(`subscriptions/${planId}`, { "discounts[0][coupon]": "twenty" });
		const answer = await user.post("/api/billing/change", { planId, priceSlug: "pro_monthly" });
		expect(await answer.json()).toEqual({ takesEffect: "period-end" });
		expect(await planOf(user)).toMatchObject({ name: "Max", state: "trial", trialEnd, next: "Pro" });
		const stored = await stripeApi(`subscriptions/${planId}`, {}, "GET");
		expect(stored).toMatchObject({ status: "trialing", discounts: [expect.stringMatching(/^di_/)] });
		await moveClock({ nowMs: Date.parse(trialEnd ?? "") + 2 * 3_600_000 });
		expect(await readAgain(user, userId)).toMatchObject({ tier: "paid", limit: 1000 });
		expect(await planOf(user)).toMatchObject({ name: "Pro", state: "active" });
		expect(await stripeApi(`subscriptions/${planId}`, {}, "GET")).toMatchObject({ discounts: stored.discounts });
	});
});
