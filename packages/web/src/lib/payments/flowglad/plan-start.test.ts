import { expect, test } from "vitest";
import type { FlowgladBilling, Subscription } from "../../../view/flowglad.ts";
import { planStart } from "./plan-start.ts";

const DAY_MS = 86_400_000;
const nowMs = Date.UTC(2026, 0, 31);
const free: Subscription = {
	id: "sub_free",
	status: "active",
	current: true,
	isFreePlan: true,
	createdAt: 0,
	renews: true,
	currentBillingPeriodEnd: nowMs + 20 * DAY_MS,
};
const billing = (
	subscriptions: Subscription[],
	more: { invoices?: Parameters<typeof planStart>[0]["invoices"]; purchases?: FlowgladBilling["purchases"] } = {},
) => ({
	subscriptions,
	currentSubscriptions: subscriptions.filter(({ current }) => current),
	pricingModel: {},
	...more,
});
const pastDue: Subscription = { ...free, status: "past_due" };
const former: Subscription = { ...free, id: "sub_pro", isFreePlan: false, current: false, status: "canceled" };

test.each<[string, ReturnType<typeof billing>, ReturnType<typeof planStart>]>([
	["no plan at all", billing([]), "possible"],
	["an active free plan", billing([free]), "possible"],
	["a free plan without periods", billing([{ ...free, renews: false, currentBillingPeriodEnd: null }]), "possible"],
	[
		"a free plan that renews while the checkout is open",
		billing([{ ...free, currentBillingPeriodEnd: nowMs + DAY_MS }]),
		"as-new-customer",
	],
	["a past due free plan", billing([pastDue]), "as-new-customer"],
	[
		"a past due free plan and a purchase that was never paid",
		billing([pastDue], { purchases: [{ priceId: "p", status: "open" }] }),
		"as-new-customer",
	],
	["a past due free plan and a paid purchase", billing([pastDue], { purchases: [{ priceId: "p", status: "paid" }] }), "impossible"],
	["a past due free plan and an invoice", billing([pastDue], { invoices: [{}] }), "impossible"],
	[
		"a past due free plan and a charge",
		billing([pastDue], { invoices: [{ invoiceLineItems: [{ price: 799, quantity: 1 }] }] }),
		"impossible",
	],
	[
		"a past due free plan and its own invoices of $0",
		billing([pastDue], { invoices: [{ invoiceLineItems: [{ price: 0, quantity: 1 }] }, { invoiceLineItems: [] }] }),
		"as-new-customer",
	],
	["a past due free plan after a paid one", billing([pastDue, former]), "impossible"],
])("with %s, the start of a paid plan from %o is %s", (_, found, expected) => {
	expect(planStart(found, nowMs)).toBe(expected);
});
