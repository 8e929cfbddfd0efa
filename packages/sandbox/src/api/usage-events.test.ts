import { expect, it } from "vitest";
import { balanceOf, currentSubscriptionId, withPro } from "../testing/harness.ts";

it("vectors 1 and 2 over HTTP: the balance is 1000, 997, 1997, and −503 after an overdraft", async () => {
	const { sandbox, use, balance } = await withPro();
	expect(await balance()).toBe(1000);
	await Promise.all([use("req_1", 1), use("req_2", 1), use("req_3", 1)]);
	expect(await balance()).toBe(997);
	await sandbox.buy("user_1", "top_up_1000");
	expect(await balance()).toBe(1997);
	await use("req_4", 2500);
	expect(await balance()).toBe(-503);
});

it("charges a transactionId once, and returns the stored event for a repeat with any amount", async () => {
	const { sandbox, use, balance } = await withPro();
	const { usageEvent } = await use("req_1", 2);
	expect(usageEvent).toMatchObject({ amount: 2, priceId: "price_ai_requests_no_charge", billingPeriodId: expect.any(String) });
	expect(await use("req_1", 500)).toEqual({ usageEvent });
	expect(await balance()).toBe(998);
	expect(await sandbox.admin.getUsageEvent(usageEvent.id)).toEqual({ usageEvent });
});

it("refuses a transactionId already used by another customer's subscription", async () => {
	const { sandbox, use } = await withPro();
	await use("req_1", 1);
	await sandbox.flowglad("user_2").findOrCreateCustomer();
	const other = await currentSubscriptionId(sandbox, "user_2");
	await expect(use("req_1", 1, other)).rejects.toMatchObject({ status: 409, error: { code: "CONFLICT" } });
	expect(await balanceOf(sandbox, "user_2")).toBeNull();
});

it("skips known events in a batch, and returns only the inserted ones", async () => {
	const { sandbox, id: subscriptionId, use, balance } = await withPro();
	await use("req_1", 1);
	const event = (transactionId: string) => ({ subscriptionId, usageMeterSlug: "ai_requests", transactionId, amount: 1 });
	const { usageEvents } = await sandbox
		.flowglad("user_1")
		.bulkCreateUsageEvents({ usageEvents: ["req_1", "req_2", "req_3", "req_2"].map(event) });
	expect(usageEvents.map(({ transactionId }) => transactionId)).toEqual(["req_2", "req_3"]);
	expect(await balance()).toBe(997);
});

it("rejects a whole batch when one event is refused", async () => {
	const { sandbox, id: subscriptionId, balance } = await withPro();
	const event = { subscriptionId, usageMeterSlug: "ai_requests", transactionId: "req_1", amount: 1 };
	const response = await sandbox.send("POST", "/api/v1/usage-events/bulk", {
		usageEvents: [event, { ...event, transactionId: "req_2", subscriptionId: "sub_x" }],
	});
	expect(response.status).toBe(404);
	expect(await balance()).toBe(1000);
});

it("accepts usage on a canceled subscription, like Flowglad", async () => {
	const { sandbox, id: subscriptionId, use } = await withPro();
	await sandbox.flowglad("user_1").cancelSubscription({ id: subscriptionId, cancellation: { timing: "immediately" } });
	await expect(use("req_late", 1)).resolves.toMatchObject({ usageEvent: { subscriptionId } });
});

it("refuses usage of an archived customer with a 500", async () => {
	const { sandbox, use } = await withPro();
	await sandbox.flowglad("user_1").archiveCustomer("user_1");
	await expect(use("req_late", 1)).rejects.toMatchObject({ status: 500 });
});

it.each([
	["a fraction", { amount: 1.5 }, 400],
	["zero", { amount: 0 }, 400],
	["a negative amount", { amount: -1 }, 400],
	["more than 32 bits", { amount: 2 ** 31 }, 400],
	["two meter references", { usageMeterId: "usage_meter_ai_requests" }, 400],
	["a missing meter reference", { usageMeterSlug: undefined }, 400],
	["an unknown meter", { usageMeterSlug: "x" }, 404],
	["an unknown price", { usageMeterSlug: undefined, priceSlug: "x" }, 404],
	["a price of another type", { usageMeterSlug: undefined, priceSlug: "pro_monthly" }, 400],
	["an unknown subscription", { subscriptionId: "sub_x", usageMeterSlug: "x" }, 404],
])("refuses %s", async (_, change, status) => {
	const { sandbox, id: subscriptionId, balance } = await withPro();
	const usageEvent = { subscriptionId, usageMeterSlug: "ai_requests", transactionId: "req_1", amount: 1, ...change };
	const response = await sandbox.send("POST", "/api/v1/usage-events", { usageEvent });
	expect(response.status).toBe(status);
	expect(await balance()).toBe(1000);
});

it.each([
	["priceSlug", "ai_requests_no_charge"],
	["priceId", "price_ai_requests_no_charge"],
	["usageMeterId", "usage_meter_ai_requests"],
])("accepts a %s to identify the meter", async (field, value) => {
	const { sandbox, id: subscriptionId, balance } = await withPro();
	const usageEvent = { subscriptionId, transactionId: "req_1", amount: 1, [field]: value };
	expect((await sandbox.send("POST", "/api/v1/usage-events", { usageEvent })).status).toBe(200);
	expect(await balance()).toBe(999);
});
