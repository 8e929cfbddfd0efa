import { expect, it } from "vitest";
import { openContract } from "../testing/contract.ts";
import { runSandbox, secretKey } from "../testing/harness.ts";

it("accepts the key raw and as Bearer, and refuses anything else in plain text", async () => {
	const { send } = await runSandbox();
	for (const authorization of [secretKey, `Bearer ${secretKey}`])
		expect((await send("GET", "/api/v1/pricing-models/default", undefined, { authorization })).status).toBe(200);
	for (const authorization of ["", "sk_test_other", `Basic ${secretKey}`]) {
		const response = await send("GET", "/api/v1/pricing-models/default", undefined, { authorization });
		expect(response.status).toBe(401);
		expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
	}
});

it("answers an unknown path with text, so that the SDK cannot take it for a missing customer", async () => {
	const { send } = await runSandbox();
	const response = await send("GET", "/api/v1/unheard-of");
	expect(response.status).toBe(404);
	expect(await response.text()).toBe("Not Found");
});

it("answers malformed JSON without a code, and a wrong body with zod's issues", async () => {
	const { send } = await runSandbox();
	const malformed = await send("POST", "/api/v1/customers", "{");
	expect(malformed.status).toBe(400);
	expect(await malformed.json()).toEqual({ error: "Invalid JSON in request body", request_id: expect.any(String) });
	const wrong = await send("POST", "/api/v1/customers", { customer: {} });
	expect(wrong.status).toBe(400);
	expect(await wrong.json()).toMatchObject({ code: "BAD_REQUEST", error: [{ path: ["customer", "externalId"] }, {}, {}] });
});

it("serves the pricing model as default and by its id, and no other", async () => {
	const { admin } = await runSandbox();
	const { pricingModel } = await admin.getDefaultPricingModel();
	expect(await admin.getPricingModel(pricingModel.id)).toEqual({ pricingModel });
	await expect(admin.getPricingModel("pricing_model_x")).rejects.toMatchObject({ status: 404, error: { code: "NOT_FOUND" } });
	expect(pricingModel.defaultProduct).toMatchObject({ slug: "free", default: true });
	expect(pricingModel.usageMeters).toMatchObject([
		{ slug: "ai_requests", defaultPrice: { slug: "ai_requests_no_charge", productId: null } },
	]);
});

const contract = openContract();
it.skipIf(contract === null)("is held to the OpenAPI document by a check that would fail", async () => {
	const sandbox = await runSandbox();
	await sandbox.flowglad("user_1").getBilling();
	expect(sandbox.validated).toEqual(["POST /api/v1/customers", "GET /api/v1/customers/user_1/billing"]);
	const path = "/api/v1/customers/user_1/billing";
	const billing = (await (await sandbox.send("GET", path)).json()) as object;
	expect(() => contract?.("GET", path, 200, { ...billing, extra: 1 })).toThrow("breaks the contract");
	expect(() => contract?.("GET", path, 200, { ...billing, currentSubscription: null })).toThrow("breaks the contract");
	expect(() => contract?.("GET", path, 200, { ...billing, billingPortalUrl: undefined })).toThrow("breaks the contract");
});
