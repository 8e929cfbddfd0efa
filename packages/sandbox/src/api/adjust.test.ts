import { expect, it } from "vitest";
import { balanceOf, currentSubscriptionId, withPro } from "../testing/harness.ts";

const dayMs = 24 * 60 * 60 * 1000;
const monthMs = 31 * dayMs;
/** 2026-01-01, so that a month has 31 days. Only `advance` moves the clock. */
const now = () => Date.UTC(2026, 0, 1);
const settings = { maxPlan: true };

const half = monthMs / 2;

it("upgrades at once, invoices half the difference for half a month, and grants that share of the credits", async () => {
	const { sandbox, flowglad, id, use, balance } = await withPro({ now, settings });
	await use("req_1", 100);
	await sandbox.advance(half);
	const up = await flowglad.adjustSubscription({ priceSlug: "max_monthly" });
	expect(up).toMatchObject({ isUpgrade: true, resolvedTiming: "immediately", subscription: { id, priceId: "price_max_monthly" } });
	expect(up.subscriptionItems).toMatchObject([{ priceId: "price_max_monthly", quantity: 1 }]);
	// Half of 3000 is 1500, and the period has already granted 1000.
	expect(await balance()).toBe(1000 - 100 + 500);
	const { invoices, checkFeatureAccess } = await flowglad.getBilling();
	// Half of each plan, 400 + 1000, minus the 799 already paid.
	expect(invoices.map(({ invoice }) => [invoice.subtotal, invoice.status])).toEqual([
		[799, "paid"],
		[601, "paid"],
	]);
	expect(checkFeatureAccess("priority")).toBe(true);
	await sandbox.advance(half);
	expect(await balance()).toBe(3000);
});

it("grants no credits for an upgrade at the start of a period, like the real service", async () => {
	const { flowglad, balance } = await withPro({ now, settings });
	await flowglad.adjustSubscription({ priceSlug: "max_monthly" });
	expect(await balance()).toBe(1000);
});

it("downgrades at the end of the period without a charge, and keeps the credits until then", async () => {
	const { sandbox, flowglad, id, balance } = await withPro({ now, settings });
	await flowglad.adjustSubscription({ priceSlug: "max_monthly" });
	const down = await flowglad.adjustSubscription({ priceSlug: "pro_monthly" });
	expect(down).toMatchObject({
		isUpgrade: false,
		resolvedTiming: "at_end_of_current_billing_period",
		subscription: { priceId: "price_max_monthly" },
	});
	await sandbox.advance(monthMs);
	expect(await balance()).toBe(1000);
	const { currentSubscription, invoices } = await flowglad.getBilling();
	expect(currentSubscription).toMatchObject({ id, priceId: "price_pro_monthly" });
	expect(invoices.at(-1)?.invoice.subtotal).toBe(799);
});

it("increases the quantity at once, and decreases it at the end of the period", async () => {
	const { sandbox, flowglad, id } = await withPro({ now });
	const up = await flowglad.adjustSubscription({ priceSlug: "pro_monthly", quantity: 2 });
	expect(up).toMatchObject({ isUpgrade: true, resolvedTiming: "immediately", subscription: { id }, subscriptionItems: [{ quantity: 2 }] });
	const down = await flowglad.adjustSubscription({ priceSlug: "pro_monthly", quantity: 1 });
	expect(down).toMatchObject({ isUpgrade: false, subscriptionItems: [{ quantity: 2 }] });
	await sandbox.advance(monthMs);
	const { currentSubscription } = await flowglad.getBilling();
	expect(currentSubscription?.subscriptionItems).toMatchObject([{ quantity: 1 }]);
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
});

it("defers the charge to the next period without proration", async () => {
	const { sandbox, flowglad } = await withPro({ now, settings });
	await sandbox.advance(half);
	await flowglad.adjustSubscription({ priceSlug: "max_monthly", timing: "immediately", prorate: false });
	const { invoices, currentSubscription } = await flowglad.getBilling();
	expect(invoices).toHaveLength(1);
	expect(currentSubscription).toMatchObject({ priceId: "price_max_monthly" });
});

it("returns 200 with the old plan when the charge for the change is declined", async () => {
	const { sandbox, flowglad, balance } = await withPro({ now, settings });
	await sandbox.advance(half);
	await sandbox.faults({ failPayments: true });
	const result = await flowglad.adjustSubscription({ priceSlug: "max_monthly" });
	expect(result).toMatchObject({ isUpgrade: true, subscription: { priceId: "price_pro_monthly", status: "active" } });
	expect(await balance()).toBe(1000);
});

it("refuses an upgrade at the end of the period", async () => {
	const { sandbox, id } = await withPro({ now, settings });
	const response = await sandbox.send("POST", `/api/v1/subscriptions/${id}/adjust`, {
		adjustment: { timing: "at_end_of_current_billing_period", newSubscriptionItems: [{ priceSlug: "max_monthly", quantity: 1 }] },
	});
	expect(response.status).toBe(400);
});

it("refuses to adjust a free, uncharged or ending plan, and refuses an unknown price", async () => {
	const { sandbox, flowglad, id } = await withPro({ now, settings });
	const adjust = async (subscriptionId: string, priceSlug = "max_monthly") =>
		(
			await sandbox.send("POST", `/api/v1/subscriptions/${subscriptionId}/adjust`, {
				adjustment: { timing: "auto", newSubscriptionItems: [{ priceSlug }] },
			})
		).status;
	expect(await adjust(id, "x")).toBe(404);
	expect(await adjust(id, "top_up_1000")).toBe(400);
	expect(await adjust("sub_x")).toBe(404);
	await sandbox.flowglad("user_2").findOrCreateCustomer();
	expect(await adjust(await currentSubscriptionId(sandbox, "user_2"))).toBe(400);
	await sandbox.send("POST", "/api/v1/subscriptions", { customerExternalId: "user_2", priceSlug: "pro_monthly", doNotCharge: true });
	expect(await adjust(await currentSubscriptionId(sandbox, "user_2"))).toBe(400);
	await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
	expect(await adjust(id)).toBe(400);
});
