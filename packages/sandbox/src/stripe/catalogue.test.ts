import { expect, it } from "vitest";
import { errorOf, runStripe, withPlan } from "./testing/harness.ts";

const app = { app: "parley" };

it("equals a catalogue pushed through the API, except for ids and dates", async () => {
	const pushed = await runStripe({ settings: { stripeCatalogue: false } });
	const { stripe } = pushed;
	const pro = await stripe.products.create({
		name: "Pro",
		description: "1000 requests a month.",
		metadata: { ...app, slug: "pro_monthly" },
	});
	const topUp = await stripe.products.create({
		name: "Top-up",
		description: "1000 requests, used after those of your plan.",
		metadata: { ...app, slug: "top_up_1000" },
	});
	const monthly = await stripe.prices.create({
		product: pro.id,
		currency: "usd",
		unit_amount: 799,
		recurring: { interval: "month" },
		lookup_key: "pro_monthly",
		metadata: { ...app, ai_requests: "1000" },
	});
	const once = await stripe.prices.create({
		product: topUp.id,
		currency: "usd",
		unit_amount: 800,
		lookup_key: "top_up_1000",
		metadata: { ...app, ai_requests: "1000" },
	});
	await stripe.products.update(pro.id, { default_price: monthly.id });
	await stripe.products.update(topUp.id, { default_price: once.id });
	await stripe.billing.meters.create({ display_name: "AI Requests", event_name: "ai_requests", default_aggregation: { formula: "sum" } });
	const seeded = await runStripe();
	const sold = async ({ stripe: sdk }: typeof seeded) => {
		const prices = (await sdk.prices.list({ expand: ["data.product"] })).data;
		const meters = (await sdk.billing.meters.list()).data;
		const plain = JSON.stringify({ prices, meters }, (key, value) =>
			["id", "created", "updated", "default_price"].includes(key) ? null : value,
		);
		return JSON.parse(plain);
	};
	expect(await sold(pushed)).toEqual(await sold(seeded));
	expect((await stripe.products.list({ active: true })).data.map(({ name }) => name)).toEqual(["Top-up", "Pro"]);
	expect(await pushed.eventTypes()).toEqual([
		"product.created",
		"product.created",
		"price.created",
		"price.created",
		"product.updated",
		"product.updated",
	]);
	const { id } = await stripe.customers.create();
	expect(await pushed.buy(id, "pro_monthly")).toMatchObject({ payment_status: "paid", amount_total: 799 });
});

it("moves a lookup key to a new price only on request, and stops selling an inactive price", async () => {
	const { stripe } = await runStripe();
	const terms = {
		product: "prod_pro",
		currency: "usd",
		unit_amount: 899,
		recurring: { interval: "month" },
		lookup_key: "pro_monthly",
	} as const;
	expect(await errorOf(stripe.prices.create(terms))).toMatchObject({ statusCode: 400, param: "lookup_key" });
	const price = await stripe.prices.create({ ...terms, transfer_lookup_key: true });
	expect((await stripe.prices.list({ lookup_keys: ["pro_monthly"] })).data.map(({ id }) => id)).toEqual([price.id]);
	expect((await stripe.prices.update("price_pro_monthly", { active: false, metadata: { ai_requests: "" } })).metadata).toEqual(app);
	expect((await stripe.prices.list({ active: true, type: "recurring" })).data.map(({ id }) => id)).toEqual([price.id]);
	const { id: customer } = await stripe.customers.create();
	const refused = await errorOf(
		stripe.checkout.sessions.create({
			mode: "subscription",
			customer,
			success_url: "http://localhost/",
			line_items: [{ price: "price_pro_monthly" }],
		}),
	);
	expect(refused).toMatchObject({ statusCode: 400, param: "line_items[0][price]" });
	expect(await errorOf(stripe.prices.create({ currency: "usd", product: "prod_pro" }))).toMatchObject({
		code: "parameter_missing",
		param: "unit_amount",
	});
	expect((await errorOf(stripe.products.del("prod_pro"))).statusCode).toBe(400);
});

it("shows subscribers the current metadata of their price", async () => {
	const { stripe, subscription } = await withPlan();
	await stripe.prices.update("price_pro_monthly", { metadata: { ai_requests: "2000" }, nickname: "Pro" });
	expect((await subscription()).items.data[0]?.price).toMatchObject({
		metadata: { ai_requests: "2000" },
		nickname: "Pro",
		unit_amount: 799,
	});
});
