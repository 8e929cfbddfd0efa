import { describe, expect, test } from "vitest";
import { balanceOf, comingPlan, paidSubscriptions, type Subscription, toBillingView } from "./flowglad.ts";

const subscription = (id: string, more: Partial<Subscription> = {}): Subscription => ({
	id,
	name: "Pro",
	status: "active",
	current: true,
	isFreePlan: false,
	createdAt: Date.UTC(2026, 0, 1),
	currentBillingPeriodEnd: Date.UTC(2026, 1, 1),
	...more,
});
const nothing = { invoices: [], paymentMethods: [] };
const planOf = (more: Partial<Subscription>) => toBillingView({ ...nothing, currentSubscriptions: [subscription("sub", more)] }).plans[0];

describe("paid subscriptions", () => {
	test("are current and not free, newest first", () => {
		const subscriptions = [
			subscription("older", { createdAt: 1 }),
			subscription("free", { isFreePlan: true }),
			subscription("ended", { current: false }),
			subscription("newer", { createdAt: 2 }),
		];
		expect(paidSubscriptions({ subscriptions }).map(({ id }) => id)).toEqual(["newer", "older"]);
	});

	test("are those Flowglad lists as current, if it lists any", () => {
		const listed = { subscriptions: [subscription("a"), subscription("b")], currentSubscriptions: [subscription("b")] };
		expect(paidSubscriptions(listed).map(({ id }) => id)).toEqual(["b"]);
	});
});

describe("the account page", () => {
	test("shows a plan with its price and period", () => {
		const price = { slug: "pro_monthly", unitPrice: 799, currency: "USD", intervalUnit: "month" };
		expect(planOf({ subscriptionItems: [{ price }] })).toMatchObject({
			id: "sub",
			name: "Pro",
			state: "active",
			price: { slug: "pro_monthly", amountCents: 799, currency: "USD", interval: "month" },
			periodEnd: "2026-02-01T00:00:00.000Z",
			endsAt: null,
		});
	});

	test.each([
		["active", "active"],
		["trialing", "trial"],
		["past_due", "owed"],
		["unpaid", "unpaid"],
		["cancellation_scheduled", "ending"],
	])("shows status %s as %s", (status, state) => {
		expect(planOf({ status })).toMatchObject({ state });
	});

	test("shows when a cancelled plan ends: at its scheduled time, or else with its period", () => {
		const cancelScheduledAt = Date.UTC(2026, 0, 20);
		expect(planOf({ status: "cancellation_scheduled", cancelScheduledAt })).toMatchObject({ endsAt: "2026-01-20T00:00:00.000Z" });
		expect(planOf({ status: "cancellation_scheduled" })).toMatchObject({ endsAt: "2026-02-01T00:00:00.000Z" });
	});

	test("shows a plan as live once its meter has an entry, even at zero", () => {
		const entry = { slug: "ai_requests", subscriptionId: "sub", availableBalance: 0 };
		expect(planOf({})).toMatchObject({ live: false, balance: null });
		expect(planOf({ experimental: { usageMeterBalances: [entry] } })).toMatchObject({ live: true, balance: 0 });
		expect(planOf({ experimental: { usageMeterBalances: [{ ...entry, subscriptionId: "other" }] } })).toMatchObject({ live: false });
	});

	test("shows an incomplete plan as waiting and not among the plans", () => {
		const subscriptions = [subscription("waits", { status: "incomplete", current: false })];
		expect(toBillingView({ ...nothing, subscriptions })).toMatchObject({ plans: [], waiting: { id: "waits" } });
	});

	test("shows a card without its unknown fields", () => {
		const paymentMethods = [
			{ id: "pm_1", type: "card", default: true, paymentMethodData: { brand: "visa", last4: "4242", exp_month: 12, exp_year: 2027 } },
			{ id: "pm_2", type: "paypal", default: false, paymentMethodData: {} },
		];
		expect(toBillingView({ invoices: [], paymentMethods }).paymentMethods).toEqual([
			{ id: "pm_1", kind: "card", brand: "visa", last4: "4242", expires: { month: 12, year: 2027 }, isDefault: true },
			{ id: "pm_2", kind: "other", brand: null, last4: null, expires: null, isDefault: false },
		]);
	});

	test("adds tax to an invoice, and adds up its lines when it has no subtotal", () => {
		const invoice = { id: "inv", invoiceNumber: "1", invoiceDate: Date.UTC(2026, 0, 1), currency: "USD", status: "paid", taxAmount: 50 };
		const invoiceLineItems = [
			{ description: "Pro", price: 799, quantity: 1 },
			{ description: null, price: 100, quantity: 2 },
		];
		const [withSubtotal, fromLines] = toBillingView({
			paymentMethods: [],
			invoices: [
				{ invoice: { ...invoice, subtotal: 1000 }, invoiceLineItems },
				{ invoice, invoiceLineItems },
			],
		}).invoices;
		expect(withSubtotal).toMatchObject({ amountCents: 1050, lines: ["Pro"], state: "paid" });
		expect(fromLines).toMatchObject({ amountCents: 1049 });
	});

	test("shows an invoice of an unknown status as a draft", () => {
		const invoice = { id: "inv", invoiceNumber: "1", invoiceDate: 0, currency: "USD", status: "new_status" };
		expect(toBillingView({ paymentMethods: [], invoices: [{ invoice, invoiceLineItems: [] }] }).invoices).toMatchObject([
			{ state: "draft" },
		]);
	});
});

test("a balance belongs to one subscription and one meter", () => {
	const usageMeterBalances = [
		{ slug: "tokens", subscriptionId: "sub", availableBalance: 5 },
		{ slug: "ai_requests", subscriptionId: "old", availableBalance: 7 },
		{ slug: "ai_requests", subscriptionId: "sub", availableBalance: 9 },
	];
	expect(balanceOf(subscription("sub", { experimental: { usageMeterBalances } }), "ai_requests")).toBe(9);
	expect(balanceOf(subscription("new", { experimental: { usageMeterBalances } }), "ai_requests")).toBeUndefined();
});

describe("comingPlan", () => {
	const plan: Subscription = { id: "sub", status: "active", createdAt: 0, priceId: "price_max", currentBillingPeriodEnd: 5 };
	const known = { planId: "sub", priceId: "price_pro", name: "Pro", atMs: 5 };

	test("names the change scheduled by our server, even if the provider does not report one", () => {
		expect(comingPlan({ ...plan, scheduledAdjustmentAt: 5 }, known)).toBe("Pro");
		expect(comingPlan(plan, known)).toBe("Pro");
	});

	test("is another plan for a change made elsewhere, and none once the change is undone, made or past", () => {
		expect(comingPlan({ ...plan, scheduledAdjustmentAt: 5 }, null)).toBe("Another plan");
		expect(comingPlan({ ...plan, scheduledAdjustmentAt: null }, known)).toBeNull();
		expect(comingPlan({ ...plan, priceId: "price_pro" }, known)).toBeNull();
		expect(comingPlan({ ...plan, currentBillingPeriodEnd: 9 }, known)).toBeNull();
	});
});
