import { expect, it } from "vitest";
import { balanceOf, runSandbox } from "../testing/harness.ts";

it("creates a customer with the default plan on the first billing read", async () => {
	const sandbox = await runSandbox();
	const billing = await sandbox.flowglad("user_1").getBilling();
	expect(billing.customer).toMatchObject({ externalId: "user_1", name: "Ada", email: "ada@example.com" });
	expect(billing.currentSubscription).toMatchObject({ status: "active", isFreePlan: true, name: "Free" });
	expect(billing.currentSubscriptions).toHaveLength(1);
	expect(billing.catalog).toEqual(billing.pricingModel);
	expect(billing.getPrice("pro_monthly")).toMatchObject({ unitPrice: 799, currency: "USD" });
	expect(billing.checkUsageBalance("ai_requests")).toBeNull();
	const { calls } = await sandbox.state();
	expect(calls).toMatchObject({
		"GET /api/v1/customers/:externalId": 1,
		"POST /api/v1/customers": 1,
		"GET /api/v1/customers/:externalId/billing": 1,
	});
});

it("returns the subscription and its items when it creates a customer", async () => {
	const { admin } = await runSandbox();
	const { data } = await admin.createCustomer({ customer: { externalId: "user_1", name: "", email: "a@example.com" } });
	expect(data.subscription).toMatchObject({ customerId: data.customer.id, isFreePlan: true });
	expect(data.subscriptionItems).toMatchObject([{ priceId: data.subscription?.priceId, unitPrice: 0 }]);
});

it("refuses a second customer with the same externalId, even in concurrent requests", async () => {
	const { send } = await runSandbox();
	const create = () => send("POST", "/api/v1/customers", { customer: { externalId: "user_1", name: "Ada", email: "a@example.com" } });
	const [first, second] = await Promise.all([create(), create()]);
	expect([first.status, second.status].sort()).toEqual([200, 409]);
	const third = await create();
	expect(third.status).toBe(409);
	expect(await third.json()).toMatchObject({ code: "CONFLICT", request_id: expect.stringMatching(/^[0-9a-f]{8}$/) });
});

it("names the externalId in the 404 that makes the SDK create a customer", async () => {
	const { send } = await runSandbox();
	const response = await send("GET", "/api/v1/customers/user%2Fodd");
	expect(response.status).toBe(404);
	const body = (await response.json()) as { request_id: string };
	expect(body).toMatchObject({ code: "NOT_FOUND", error: expect.stringContaining("user/odd") });
	expect(response.headers.get("x-request-id")).toBe(body.request_id);
});

it("updates only the given fields", async () => {
	const { flowglad } = await runSandbox();
	await flowglad("user_1").findOrCreateCustomer();
	const { customer } = await flowglad("user_1").updateCustomer({ customer: { name: "Grace" } });
	expect(customer).toMatchObject({ externalId: "user_1", name: "Grace", email: "ada@example.com" });
});

it("archives a customer idempotently, cancels its subscriptions and frees its externalId", async () => {
	const sandbox = await runSandbox();
	const before = await sandbox.flowglad("user_1").findOrCreateCustomer();
	const first = await sandbox.flowglad("user_1").archiveCustomer("user_1");
	expect(first).toMatchObject({ id: before.id, archived: true });
	expect(await sandbox.flowglad("user_1").archiveCustomer("user_1")).toEqual(first);
	const { subscriptions } = await sandbox.state();
	expect(subscriptions).toMatchObject([{ status: "canceled", cancellationReason: "customer_archived" }]);
	const after = await sandbox.flowglad("user_1").findOrCreateCustomer();
	expect(after.id).not.toBe(before.id);
});

it("returns a meter balance after its first entry, and a canceled subscription's balance only by id", async () => {
	const sandbox = await runSandbox();
	const flowglad = sandbox.flowglad("user_1");
	const { currentSubscription: free } = await flowglad.getBilling();
	expect(await flowglad.getUsageMeterBalances({})).toEqual({ usageMeterBalances: [] });
	await sandbox.buy("user_1", "top_up_1000");
	await sandbox.buy("user_1", "pro_monthly");
	expect(await balanceOf(sandbox, "user_1")).toBe(1000);
	const { usageMeterBalances } = await flowglad.getUsageMeterBalances({ subscriptionId: free?.id ?? "" });
	expect(usageMeterBalances).toMatchObject([{ slug: "ai_requests", availableBalance: 1000, subscriptionId: free?.id }]);
});
