import { expect, it } from "vitest";
import { balanceOf, runSandbox, type TestSandbox } from "../testing/harness.ts";

const emptySandbox = () => runSandbox({ settings: { emptyCatalogue: true } });

/** Creates a meter, a monthly plan with credits and a toggle feature, and a top-up, like a set-up command does. */
async function setUp({ node }: TestSandbox) {
	const { pricingModel } = await node.pricingModels.retrieveDefault();
	const inModel = { pricingModelId: pricingModel.id };
	const { usageMeter } = await node.usageMeters.create({ usageMeter: { ...inModel, slug: "ai_requests", name: "AI Requests" } });
	const feature = async (fields: object) => {
		const body = { feature: { ...inModel, description: "x", ...fields } };
		return ((await node.post("/api/v1/features", { body })) as { feature: { id: string } }).feature;
	};
	const grant = { type: "usage_credit_grant", usageMeterId: usageMeter.id, amount: 10 };
	const monthly = await feature({ ...grant, slug: "monthly", name: "10 a month", renewalFrequency: "every_billing_period" });
	const once = await feature({ ...grant, slug: "once", name: "10 more", renewalFrequency: "once" });
	const priority = await feature({ type: "toggle", slug: "priority", name: "First in line" });
	const { product } = await node.products.create({
		product: { ...inModel, name: "Small", slug: "small", active: true },
		price: { type: "subscription", slug: "small", isDefault: true, unitPrice: 100, intervalUnit: "month", intervalCount: 1 },
		featureIds: [monthly.id, priority.id],
	});
	await node.products.create({
		product: { ...inModel, name: "More", slug: "more", active: true },
		price: { type: "single_payment", slug: "more", isDefault: true, unitPrice: 50 },
		featureIds: [once.id],
	});
	return { inModel, usageMeter, monthly, once, priority, product };
}

async function onOffer({ node }: TestSandbox) {
	const { products } = (await node.pricingModels.retrieveDefault()).pricingModel;
	return products.map(({ slug, prices, features }) => ({
		slug,
		prices: prices.map((price) => [price.slug, price.unitPrice]),
		features: features.map((one) => one.slug),
	}));
}

it("accepts customers when it starts with only the default product", async () => {
	const sandbox = await emptySandbox();
	expect(await onOffer(sandbox)).toEqual([{ slug: "free", prices: [["free", 0]], features: [] }]);
	expect((await sandbox.node.usageMeters.list()).data).toEqual([]);
	const billing = await sandbox.flowglad("user_1").getBilling();
	expect(billing.currentSubscription).toMatchObject({ name: "Free Plan", isFreePlan: true });
});

it("sells a plan and a top-up created through the API, each with its credits", async () => {
	const sandbox = await emptySandbox();
	await setUp(sandbox);
	expect(await onOffer(sandbox)).toEqual([
		{ slug: "free", prices: [["free", 0]], features: [] },
		{ slug: "small", prices: [["small", 100]], features: ["monthly", "priority"] },
		{ slug: "more", prices: [["more", 50]], features: ["once"] },
	]);
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.buy("user_1", "small");
	await sandbox.buy("user_1", "more");
	expect(await balanceOf(sandbox, "user_1")).toBe(20);
	expect((await sandbox.flowglad("user_1").getBilling()).checkFeatureAccess("priority")).toBe(true);
});

it("archives a product's old price when a new one is created, and subscribers keep the old price", async () => {
	const sandbox = await emptySandbox();
	const { product } = await setUp(sandbox);
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.buy("user_1", "small");
	await sandbox.node.prices.create({
		price: {
			productId: product.id,
			type: "subscription",
			slug: "small",
			isDefault: true,
			unitPrice: 200,
			intervalUnit: "month",
			intervalCount: 1,
		},
	});
	expect(await onOffer(sandbox)).toContainEqual({ slug: "small", prices: [["small", 200]], features: ["monthly", "priority"] });
	const { currentSubscription } = await sandbox.flowglad("user_1").getBilling();
	expect(currentSubscription?.subscriptionItems).toMatchObject([{ price: { unitPrice: 100, active: false } }]);
});

it("updates names, allowances and features, and subscribers keep the allowance they bought", async () => {
	const sandbox = await emptySandbox();
	const { product, usageMeter, monthly, priority } = await setUp(sandbox);
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.buy("user_1", "small");
	const grant = { type: "usage_credit_grant", usageMeterId: usageMeter.id, renewalFrequency: "every_billing_period" };
	await sandbox.node.put(`/api/v1/features/${monthly.id}`, {
		body: { feature: { id: monthly.id, ...grant, slug: "monthly", amount: 99 } },
	});
	await sandbox.node.products.update(product.id, {
		product: { id: product.id, name: "Tiny", active: true },
		featureIds: [monthly.id],
	});
	await sandbox.node.usageMeters.update(usageMeter.id, { usageMeter: { id: usageMeter.id, name: "Requests" } });
	const { pricingModel } = await sandbox.node.pricingModels.retrieveDefault();
	expect(pricingModel.usageMeters).toMatchObject([{ name: "Requests", slug: "ai_requests" }]);
	expect(pricingModel.products[1]).toMatchObject({ name: "Tiny", slug: "small", features: [{ slug: "monthly", amount: 99 }] });
	const billing = await sandbox.flowglad("user_1").getBilling();
	expect(billing.currentSubscription?.experimental?.featureItems).toMatchObject([{ amount: 10 }, { featureId: priority.id }]);
});

it("lists an inactive product, and removes it from the pricing model", async () => {
	const sandbox = await emptySandbox();
	const { product } = await setUp(sandbox);
	await sandbox.node.products.update(product.id, { product: { id: product.id, name: "Small", active: false } });
	expect((await onOffer(sandbox)).map(({ slug }) => slug)).toEqual(["free", "more"]);
	expect((await sandbox.node.products.list()).data).toContainEqual(expect.objectContaining({ slug: "small", active: false }));
	const all = (await sandbox.node.get("/api/v1/features")) as { data: unknown[] };
	expect(all.data).toHaveLength(3);
});

it("refuses the same catalogue changes as Flowglad", async () => {
	const sandbox = await emptySandbox();
	const { inModel, product, priority } = await setUp(sandbox);
	const { node, send } = sandbox;
	const price = { type: "subscription", isDefault: true, unitPrice: 0, intervalUnit: "month", intervalCount: 1 } as const;
	const create = (fields: object, ofPrice: object = {}) =>
		send("POST", "/api/v1/products", { product: { ...inModel, name: "X", active: true, ...fields }, price: { ...price, ...ofPrice } });
	expect((await create({ slug: "small" })).status).toBe(409);
	expect((await create({ slug: "other" }, { slug: "more" })).status).toBe(409);
	expect((await create({ slug: "free" })).status).toBe(400);
	expect((await create({ slug: "other", default: true })).status).toBe(403);
	const { defaultProduct } = (await node.pricingModels.retrieveDefault()).pricingModel;
	const ofDefault = { productId: defaultProduct?.id, slug: "x", ...price };
	expect((await send("POST", "/api/v1/prices", { price: ofDefault })).status).toBe(403);
	const renamed = { product: { name: "Free", active: false, slug: "gratis" } };
	expect((await send("PUT", `/api/v1/products/${defaultProduct?.id}`, renamed)).status).toBe(400);
	const once = { price: { type: "single_payment", productId: product.id, isDefault: true, unitPrice: 1 } };
	expect((await send("POST", "/api/v1/prices", once)).status).toBe(403);
	const [, , more] = (await node.products.list()).data;
	expect((await send("PUT", `/api/v1/products/${more?.id}`, { product: more, featureIds: [priority.id] })).status).toBe(500);
	expect(await onOffer(sandbox)).toHaveLength(3);
});

it("stores webhook endpoints by id, returns each secret once, and cannot list them", async () => {
	const { node, send, validated } = await emptySandbox();
	const { pricingModel } = await node.pricingModels.retrieveDefault();
	const endpoint = { url: "https://your.app/api/flowglad/webhook", filterTypes: ["customer.created"] };
	const body = { webhook: { ...endpoint, name: "Parley", pricingModelId: pricingModel.id } };
	const made = (await node.post("/api/v1/webhooks", { body })) as { webhook: { id: string }; secret: string };
	expect(made).toMatchObject({ webhook: { ...endpoint, active: true }, secret: expect.stringMatching(/^whsec_/) });
	const path = `/api/v1/webhooks/${made.webhook.id}`;
	await node.put(path, { body: { webhook: { ...endpoint, active: false } } });
	expect(await node.get(path)).toMatchObject({ webhook: { ...endpoint, active: false } });
	expect((await send("GET", "/api/v1/webhooks")).status).toBe(404);
	expect(validated).toContain(`PUT ${path} 200`);
});

it("keeps catalogue changes when settings change, and discards them on a reset", async () => {
	const sandbox = await runSandbox();
	const [, pro] = (await sandbox.node.products.list()).data;
	if (pro === undefined) throw new Error("no Pro");
	await sandbox.node.products.update(pro.id, { product: { id: pro.id, name: "Professional", active: true } });
	await sandbox.settings({ maxPlan: true });
	const names = async () => (await sandbox.node.pricingModels.retrieveDefault()).pricingModel.products.map(({ name }) => name);
	expect(await names()).toEqual(["Free", "Professional", "Top-up"]);
	await sandbox.send("POST", "/__sandbox/reset", {});
	expect(await names()).toEqual(["Free", "Pro", "Top-up"]);
});
