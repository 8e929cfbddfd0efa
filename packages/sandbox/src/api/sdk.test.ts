/** Runs every method of the server SDK, and every route that @flowglad/react uses, against the sandbox. */
import { FlowgladServer, routeToHandlerMap } from "@flowglad/server";
import { supabaseEdgeHandler } from "@flowglad/server/supabase";
import { expect, it } from "vitest";
import { runSandbox, secretKey, type TestSandbox, withPro } from "../testing/harness.ts";

const urls = { successUrl: "http://localhost:3000/welcome", cancelUrl: "http://localhost:3000/pricing" };
const meter = { usageMeterSlug: "ai_requests" };

/** A customer with Pro, a second plan on offer, and an incomplete subscription beside it. */
async function customer() {
	const { sandbox, flowglad, id } = await withPro({ settings: { maxPlan: true, twoSubscriptions: true } });
	return { sandbox, flowglad, id };
}

const methods: Record<string, (call: { flowglad: FlowgladServer; id: string }) => Promise<unknown>> = {
	getSession: ({ flowglad }) => flowglad.getSession(),
	getRequestingCustomerId: ({ flowglad }) => flowglad.getRequestingCustomerId(),
	getCustomer: ({ flowglad }) => flowglad.getCustomer(),
	findOrCreateCustomer: ({ flowglad }) => flowglad.findOrCreateCustomer(),
	createCustomer: ({ flowglad }) => flowglad.createCustomer({ customer: { externalId: "user_2", name: "Bo", email: "bo@example.com" } }),
	updateCustomer: ({ flowglad }) => flowglad.updateCustomer({ customer: { name: "Grace" } }),
	archiveCustomer: ({ flowglad }) => flowglad.archiveCustomer("user_1"),
	getBilling: ({ flowglad }) => flowglad.getBilling(),
	getPricingModel: ({ flowglad }) => flowglad.getPricingModel(),
	getUsageMeterBalances: ({ flowglad, id }) => flowglad.getUsageMeterBalances({ subscriptionId: id }),
	createCheckoutSession: ({ flowglad }) => flowglad.createCheckoutSession({ priceSlug: "top_up_1000", ...urls }),
	createAddPaymentMethodCheckoutSession: ({ flowglad, id }) =>
		flowglad.createAddPaymentMethodCheckoutSession({ targetSubscriptionId: id, ...urls }),
	createActivateSubscriptionCheckoutSession: ({ flowglad, id }) =>
		flowglad.createActivateSubscriptionCheckoutSession({ targetSubscriptionId: id, ...urls }),
	createSubscription: ({ flowglad }) => flowglad.createSubscription({ priceSlug: "max_monthly" }),
	cancelSubscription: ({ flowglad, id }) => flowglad.cancelSubscription({ id, cancellation: { timing: "immediately" } }),
	uncancelSubscription: async ({ flowglad, id }) => {
		await flowglad.cancelSubscription({ id, cancellation: { timing: "at_end_of_current_billing_period" } });
		return flowglad.uncancelSubscription({ id });
	},
	adjustSubscription: ({ flowglad, id }) => flowglad.adjustSubscription({ subscriptionId: id, priceSlug: "max_monthly" }),
	createUsageEvent: ({ flowglad, id }) => flowglad.createUsageEvent({ ...meter, subscriptionId: id, amount: 1, transactionId: "req_1" }),
	bulkCreateUsageEvents: ({ flowglad, id }) =>
		flowglad.bulkCreateUsageEvents({ usageEvents: [{ ...meter, subscriptionId: id, amount: 1, transactionId: "req_1" }] }),
	getResourceUsages: ({ flowglad, id }) => flowglad.getResourceUsages({ subscriptionId: id }),
	listResourceClaims: ({ flowglad, id }) => flowglad.listResourceClaims({ subscriptionId: id }),
};

/** Refused because the pricing model has no resources. */
const refused: Record<string, (call: { flowglad: FlowgladServer; id: string }) => Promise<unknown>> = {
	getResourceUsage: ({ flowglad, id }) => flowglad.getResourceUsage({ subscriptionId: id, resourceSlug: "seats" }),
	claimResource: ({ flowglad, id }) => flowglad.claimResource({ subscriptionId: id, resourceSlug: "seats", quantity: 1 }),
	releaseResource: ({ flowglad, id }) => flowglad.releaseResource({ subscriptionId: id, resourceSlug: "seats", quantity: 1 }),
};

it.each(Object.entries(methods))("answers FlowgladServer.%s", async (_, call) => {
	expect(await call(await customer())).toBeDefined();
});

it.each(Object.entries(refused))("refuses FlowgladServer.%s because no resource exists", async (_, call) => {
	await expect(call(await customer())).rejects.toMatchObject({ status: 404 });
});

it("covers every SDK method", () => {
	const server = new FlowgladServer({ customerExternalId: "x", apiKey: "x", getCustomerDetails: async () => ({ name: "", email: "" }) });
	const own = Object.entries(server).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
	// TypeScript's `private` does not hide deriveSubscriptionId at runtime.
	expect(own.sort()).toEqual([...Object.keys(methods), ...Object.keys(refused), "deriveSubscriptionId"].sort());
});

/** The SDK's catch-all app route, called like @flowglad/react does: POST with JSON, which returns `{data, error}`. */
function routes(sandbox: TestSandbox) {
	const handler = supabaseEdgeHandler({
		basePath: "/api/flowglad",
		apiKey: secretKey,
		baseURL: sandbox.url,
		getCustomerExternalId: async () => "user_1",
		flowglad: (externalId) => sandbox.flowglad(externalId),
	});
	return async (path: string, body: object) => {
		const response = await handler(
			new Request(`http://localhost/api/flowglad/${path}`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify(body),
			}),
		);
		return { status: response.status, body: (await response.json()) as { data: Record<string, unknown> | null; error: unknown } };
	};
}

const actions: Record<string, (id: string) => object> = {
	"customers/billing": () => ({}),
	"customers/find-or-create": () => ({}),
	"customers/update": () => ({ customer: { id: "user_1", name: "Grace" }, externalId: "user_1" }),
	"pricing-models/retrieve": () => ({}),
	"usage-meters/balances": () => ({}),
	"checkout-sessions/create": () => ({ type: "product", priceSlug: "top_up_1000", ...urls }),
	"checkout-sessions/create-add-payment-method": () => urls,
	"checkout-sessions/create-activate-subscription": (id) => ({ targetSubscriptionId: id, ...urls }),
	"subscriptions/adjust": (id) => ({ subscriptionId: id, priceSlug: "max_monthly", timing: "auto" }),
	"subscriptions/cancel": (id) => ({ id, cancellation: { timing: "at_end_of_current_billing_period" } }),
	"subscriptions/uncancel": (id) => ({ id }),
	"usage-events/create": (id) => ({ ...meter, amount: 1, subscriptionId: id, transactionId: "req_1" }),
	"resources/usages": (id) => ({ subscriptionId: id }),
	"resources/claims": (id) => ({ subscriptionId: id }),
};

it.each(Object.entries(actions))("serves the route %s", async (path, body) => {
	const { sandbox, id } = await customer();
	const { status, body: answer } = await routes(sandbox)(path, body(id));
	expect(answer.error ?? null).toBeNull();
	expect(status).toBe(200);
	expect(answer.data).toBeTruthy();
});

it("covers every SDK route", () => {
	// The first always returns 501, the others need a resource.
	const withoutAnswer = ["subscriptions/create", "resources/usages/retrieve", "resources/claim", "resources/release"];
	expect(Object.keys(routeToHandlerMap).sort()).toEqual(
		[...Object.keys(actions).filter((path) => path !== "pricing-models/retrieve"), ...withoutAnswer].sort(),
	);
});

it("passes an upstream 401 on to the browser, so the app has to remap it", async () => {
	const { sandbox } = await customer();
	await sandbox.faults({ keyRateLimited: true });
	expect(await routes(sandbox)("customers/billing", {})).toMatchObject({ status: 401 });
});

it("answers the admin client's reads", async () => {
	const { admin, ...sandbox } = await runSandbox();
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	expect(await admin.getCustomer("user_1")).toMatchObject({ customer: { externalId: "user_1" } });
	expect(await admin.getCustomerBilling("user_1")).toMatchObject({ subscriptions: [{ isFreePlan: true }] });
	expect(await admin.updateCustomer("user_1", { customer: { name: "Grace" } })).toMatchObject({
		customer: { name: "Grace" },
	});
	const { pricingModel } = await admin.getDefaultPricingModel();
	expect(await admin.getPricingModel(pricingModel.id)).toEqual({ pricingModel });
	expect(await admin.getUsageMeter("usage_meter_ai_requests")).toMatchObject({ usageMeter: { slug: "ai_requests" } });
});
