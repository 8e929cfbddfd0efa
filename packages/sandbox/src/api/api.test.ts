import { expect, it } from "vitest";
import { openContract } from "../testing/contract.ts";
import { runSandbox, secretKey } from "../testing/harness.ts";
import { checkFlowglad } from "../testing/schemas/flowglad-answers.ts";

it("accepts the key raw or as Bearer, and rejects other credentials with a plain-text 401", async () => {
	const { send } = await runSandbox();
	for (const authorization of [secretKey, `Bearer ${secretKey}`])
		expect((await send("GET", "/api/v1/pricing-models/default", undefined, { authorization })).status).toBe(200);
	for (const authorization of ["", "sk_test_other", `Basic ${secretKey}`]) {
		const response = await send("GET", "/api/v1/pricing-models/default", undefined, { authorization });
		expect(response.status).toBe(401);
		expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
	}
});

it("returns a plain-text 404 for an unknown path, so that the SDK does not read it as a missing customer", async () => {
	const { send } = await runSandbox();
	const response = await send("GET", "/api/v1/unheard-of");
	expect(response.status).toBe(404);
	expect(await response.text()).toBe("Not Found");
});

it("rejects malformed JSON without a code, and an invalid body with zod's issues", async () => {
	const { send } = await runSandbox();
	const malformed = await send("POST", "/api/v1/customers", "{");
	expect(malformed.status).toBe(400);
	expect(await malformed.json()).toEqual({ error: "Invalid JSON in request body", request_id: expect.any(String) });
	const wrong = await send("POST", "/api/v1/customers", { customer: {} });
	expect(wrong.status).toBe(400);
	expect(await wrong.json()).toMatchObject({ code: "BAD_REQUEST", error: [{ path: ["customer", "externalId"] }, {}, {}] });
});

it("serves the pricing model as the default and by id, and returns 404 for an unknown id", async () => {
	const { admin } = await runSandbox();
	const { pricingModel } = await admin.getDefaultPricingModel();
	expect(await admin.getPricingModel(pricingModel.id)).toEqual({ pricingModel });
	await expect(admin.getPricingModel("pricing_model_x")).rejects.toMatchObject({ status: 404, error: { code: "NOT_FOUND" } });
	expect(pricingModel.defaultProduct).toMatchObject({ slug: "free", default: true });
	expect(pricingModel.usageMeters).toMatchObject([
		{ slug: "ai_requests", defaultPrice: { slug: "ai_requests_no_charge", productId: null } },
	]);
});

it("validates every response in the tests, including errors", async () => {
	const sandbox = await runSandbox();
	await sandbox.flowglad("user_1").getBilling();
	expect(sandbox.validated).toEqual([
		"GET /api/v1/customers/user_1 404",
		"POST /api/v1/customers 200",
		"GET /api/v1/customers/user_1/billing 200",
	]);
});

it("fails a test when a response field is unknown, missing or of the wrong type", async () => {
	const sandbox = await runSandbox();
	const { admin, world, violations } = sandbox;
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	const [customer] = world.state.customers;
	for (const [broken, violation] of [
		[{ ...customer, extra: 1 }, 'Unrecognized key: "extra"'],
		[{ ...customer, email: undefined }, "expected string, received undefined"],
		[{ ...customer, createdAt: "today" }, "expected number, received string"],
	] as const) {
		world.state.customers = [broken as never];
		await expect(admin.getCustomer("user_1")).rejects.toThrow();
		expect(violations.splice(0)).toEqual([expect.stringContaining(violation)]);
	}
});

it("fails a test when a route has no response schema", () => {
	const answer = { method: "GET", path: "/api/v1/discounts", status: 200, body: {} };
	expect(checkFlowglad(answer)).toContain("no schema");
});

const contract = openContract();
it.skipIf(contract === null)("checks responses against the OpenAPI document if the file exists", async () => {
	const sandbox = await runSandbox();
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	const path = "/api/v1/customers/user_1/billing";
	const billing = (await (await sandbox.send("GET", path)).json()) as object;
	const answer = { method: "GET", path, status: 200 };
	expect(contract?.({ ...answer, body: billing })).toBeNull();
	for (const change of [{ extra: 1 }, { currentSubscription: null }, { billingPortalUrl: undefined }])
		expect(contract?.({ ...answer, body: { ...billing, ...change } })).toEqual(expect.any(String));
});
