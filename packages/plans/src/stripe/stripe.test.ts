import Stripe from "stripe";
import { expect, it } from "vitest";
import type { PlanFile } from "../plan-file.ts";
import { changed, differences, plans, pushed, runSandbox } from "../testing/sandbox.ts";
import { webhookEvents } from "./conventions.ts";
import { stripeProvider } from "./provider.ts";

async function start(settings: Parameters<typeof runSandbox>[0] = { stripeCatalogue: false }) {
	const sandbox = await runSandbox(settings);
	const { hostname: host, port } = new URL(sandbox.url);
	const stripe = new Stripe(sandbox.access.key, { host, port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
	return {
		...sandbox,
		stripe,
		provider: (file: PlanFile = plans, appUrl: string | null = null) => stripeProvider(sandbox.access, file, appUrl),
		/** The active prices with a lookup key, by that key. */
		sold: async () => {
			const { data } = await stripe.prices.list({ active: true, limit: 100, expand: ["data.product"] });
			return Object.fromEntries(data.flatMap((price) => (price.lookup_key === null ? [] : [[price.lookup_key, price] as const])));
		},
	};
}

type Started = Awaited<ReturnType<typeof start>>;

async function pushedStart(file?: PlanFile) {
	const started = await start();
	await pushed(started.provider(file));
	return started;
}

async function priceOf(started: Started, slug: string): Promise<Stripe.Price & { product: Stripe.Product }> {
	const price = (await started.sold())[slug];
	if (price === undefined) throw new Error(`${slug} is not sold`);
	return price as Stripe.Price & { product: Stripe.Product };
}

it("finds the sandbox's own prices and allowances equal to plans.json", async () => {
	const { provider } = await start({});
	expect((await differences(provider())).filter((line) => line.startsWith("price "))).toEqual([]);
});

it("finds no difference between plans.json and the sandbox's own catalogue", async () => {
	const { provider } = await start({});
	expect(await differences(provider())).toEqual([]);
});

it("creates everything that the app reads: prices by lookup key, with allowances in metadata, and a meter", async () => {
	const started = await start();
	const { provider, stripe, sold } = started;
	expect(await differences(provider())).toEqual([
		"meter ai_requests: not at Stripe",
		"plan pro_monthly: not at Stripe",
		"top-up top_up_1000: not at Stripe",
		"customer portal: not configured at Stripe",
	]);
	expect(await pushed(provider())).toEqual({
		isRight: true,
		lines: ["Made meter ai_requests.", "Made plan pro_monthly.", "Made top-up top_up_1000.", "Configured the customer portal."],
	});
	expect((await stripe.billing.meters.list()).data).toMatchObject([
		{
			event_name: "ai_requests",
			status: "active",
			default_aggregation: { formula: "sum" },
			customer_mapping: { type: "by_id", event_payload_key: "stripe_customer_id" },
			value_settings: { event_payload_key: "value" },
		},
	]);
	expect(Object.keys(await sold()).sort()).toEqual(["pro_monthly", "top_up_1000"]);
	const pro = await priceOf(started, "pro_monthly");
	expect(pro).toMatchObject({ unit_amount: 799, currency: "usd", recurring: { interval: "month", interval_count: 1 } });
	expect(pro.metadata).toEqual({ app: "parley", ai_requests: "1000" });
	expect(pro.product).toMatchObject({ name: "Pro", description: "1000 requests a month.", active: true });
	expect(pro.product.metadata).toEqual({ app: "parley", slug: "pro_monthly" });
	const topUp = await priceOf(started, "top_up_1000");
	expect(topUp).toMatchObject({ unit_amount: 800, currency: "usd", recurring: null, type: "one_time" });
	expect(topUp.metadata).toEqual({ app: "parley", ai_requests: "1000" });
});

it("changes nothing on a second push, and says so", async () => {
	const { provider, writes } = await pushedStart();
	const before = await writes();
	expect(await pushed(provider())).toEqual({ isRight: true, lines: ["Nothing to do: Stripe is as plans.json says."] });
	expect(await differences(provider())).toEqual([]);
	expect(await writes()).toBe(before);
});

it("creates one of each in two concurrent pushes", async () => {
	const { provider, stripe } = await start();
	const both = await Promise.all([pushed(provider(plans, "https://your.app")), pushed(provider(plans, "https://your.app"))]);
	expect(both.map(({ isRight }) => isRight)).toEqual([true, true]);
	expect(await differences(provider(plans, "https://your.app"))).toEqual([]);
	expect((await stripe.products.list({ limit: 100 })).data).toHaveLength(2);
	expect((await stripe.prices.list({ limit: 100 })).data).toHaveLength(2);
	expect((await stripe.billing.meters.list()).data).toHaveLength(1);
	expect((await stripe.webhookEndpoints.list()).data).toHaveLength(1);
	expect((await stripe.billingPortal.configurations.list()).data).toHaveLength(1);
});

const writesOfPush = ["/v1/billing/meters", "/v1/products", "/v1/prices", "/v1/billing_portal/configurations", "/v1/webhook_endpoints"];

it.each(writesOfPush)("completes after a push that was cut at POST %s", async (path) => {
	const { provider, faults, stripe } = await start();
	await faults({ api: [{ method: "POST", path, status: 402 }] });
	await expect(pushed(provider(plans, "https://your.app"))).rejects.toThrow();
	await faults({});
	expect((await pushed(provider(plans, "https://your.app"))).isRight).toBe(true);
	expect(await differences(provider(plans, "https://your.app"))).toEqual([]);
	expect((await stripe.products.list({ limit: 100 })).data).toHaveLength(2);
});

it.each(writesOfPush)("continues when the response of POST %s was lost", async (path) => {
	const { provider, faults, stripe } = await start();
	await faults({ api: [{ method: "POST", path, dropAfterCommit: true, times: 1 }] });
	expect((await pushed(provider(plans, "https://your.app"))).isRight).toBe(true);
	expect((await stripe.products.list({ limit: 100 })).data).toHaveLength(2);
	expect((await stripe.prices.list({ limit: 100 })).data).toHaveLength(2);
	expect((await stripe.webhookEndpoints.list()).data).toHaveLength(1);
	expect((await stripe.billingPortal.configurations.list()).data).toHaveLength(1);
});

/** Changes something as a dashboard user would. Returns the output of diff. */
const drifts: [what: string, change: (started: Started) => Promise<unknown>, lines: string[]][] = [
	[
		"a name and a description",
		async (started) => {
			const { product } = await priceOf(started, "pro_monthly");
			await started.stripe.products.update(product.id, { name: "Professional", description: "Much." });
		},
		[
			'plan pro_monthly: name "Professional" at Stripe, "Pro" in plans.json',
			'plan pro_monthly: description "Much." at Stripe, "1000 requests a month." in plans.json',
		],
	],
	[
		"an amount and an interval, in a price that took the key",
		async (started) => {
			const { id, product, metadata } = await priceOf(started, "pro_monthly");
			const terms = { currency: "usd", unit_amount: 999, recurring: { interval: "year" } } as const;
			await started.stripe.prices.create({ product: product.id, ...terms, metadata, lookup_key: "pro_monthly", transfer_lookup_key: true });
			await started.stripe.prices.update(id, { active: false });
		},
		["price pro_monthly: amount 999 at Stripe, 799 in plans.json", 'price pro_monthly: interval "year" at Stripe, "month" in plans.json'],
	],
	[
		"an allowance",
		async (started) => started.stripe.prices.update((await priceOf(started, "pro_monthly")).id, { metadata: { ai_requests: "500" } }),
		["price pro_monthly: requests 500 at Stripe, 1000 in plans.json"],
	],
	[
		"features and a trial",
		async (started) =>
			started.stripe.prices.update((await priceOf(started, "pro_monthly")).id, { metadata: { features: "Quick", trial_days: "7" } }),
		[
			'price pro_monthly: features "Quick" at Stripe, none in plans.json',
			'price pro_monthly: trial_days "7" at Stripe, none in plans.json',
		],
	],
	[
		"a product that was archived",
		async (started) => started.stripe.products.update((await priceOf(started, "top_up_1000")).product.id, { active: false }),
		["top-up top_up_1000: archived at Stripe, sold in plans.json"],
	],
	[
		"a price that was deactivated",
		async (started) => started.stripe.prices.update((await priceOf(started, "top_up_1000")).id, { active: false }),
		["price top_up_1000: not at Stripe"],
	],
];

async function showsAndRepairs(change: (started: Started) => Promise<unknown>, lines: string[]): Promise<void> {
	const started = await pushedStart();
	await change(started);
	expect(await differences(started.provider())).toEqual(lines);
	expect((await pushed(started.provider())).isRight).toBe(true);
	expect(await differences(started.provider())).toEqual([]);
}

it.each(drifts)("reports and repairs %s", (_, change, lines) => showsAndRepairs(change, lines));

const meterDrifts: typeof drifts = [
	[
		"a meter that was deactivated",
		async ({ stripe }) => {
			const [meter] = (await stripe.billing.meters.list()).data;
			await stripe.billing.meters.deactivate(meter?.id ?? "");
		},
		["meter ai_requests: deactivated at Stripe"],
	],
	[
		"a meter's name",
		async ({ stripe }) => {
			const [meter] = (await stripe.billing.meters.list()).data;
			await stripe.billing.meters.update(meter?.id ?? "", { display_name: "Questions" });
		},
		['meter ai_requests: name "Questions" at Stripe, "AI Requests" in plans.json'],
	],
];

it.each(meterDrifts)("reports and repairs %s", (_, change, lines) => showsAndRepairs(change, lines));

it("archives our products that are not in the file, and ignores other products", async () => {
	const started = await pushedStart();
	const { stripe } = started;
	const ours = await stripe.products.create({ name: "Max", metadata: { app: "parley", slug: "max_monthly" } });
	await stripe.prices.create({ product: ours.id, currency: "usd", unit_amount: 1999, lookup_key: "max_monthly" });
	const other = await stripe.products.create({ name: "A mug" });
	expect(await differences(started.provider())).toEqual([`product max_monthly (${ours.id}): sold at Stripe, not in plans.json`]);
	expect((await pushed(started.provider())).isRight).toBe(true);
	expect((await stripe.products.retrieve(ours.id)).active).toBe(false);
	expect((await stripe.products.retrieve(other.id)).active).toBe(true);
	expect(Object.keys(await started.sold()).sort()).toEqual(["pro_monthly", "top_up_1000"]);
});

it("replaces a changed price with a new one that takes over the key, back and forth", async () => {
	const started = await pushedStart();
	const first = await priceOf(started, "pro_monthly");
	const dearer = changed(({ plans: [pro] }) => Object.assign(pro ?? {}, { amountCents: 999 }));
	expect((await pushed(started.provider(dearer))).lines).toEqual([
		"Made a new price pro_monthly with amount 999. Subscribers keep the one that they have.",
		`Deactivated ${first.id}, an earlier price pro_monthly.`,
	]);
	const second = await priceOf(started, "pro_monthly");
	expect(second).toMatchObject({ unit_amount: 999, product: { id: first.product.id } });
	expect(await started.stripe.prices.retrieve(first.id)).toMatchObject({ active: false, unit_amount: 799, lookup_key: null });
	for (const file of [plans, dearer, plans]) {
		expect((await pushed(started.provider(file))).isRight).toBe(true);
		expect(await differences(started.provider(file))).toEqual([]);
	}
	expect(await priceOf(started, "pro_monthly")).toMatchObject({ unit_amount: 799 });
	expect((await started.stripe.prices.list({ product: first.product.id, active: true })).data).toHaveLength(1);
});

it("completes after a push that was cut between creating a price and deactivating the old one", async () => {
	const started = await pushedStart();
	const { id } = await priceOf(started, "pro_monthly");
	const dearer = changed(({ plans: [pro] }) => Object.assign(pro ?? {}, { amountCents: 999 }));
	await started.faults({ api: [{ method: "POST", path: `/v1/prices/${id}`, status: 402 }] });
	await expect(pushed(started.provider(dearer))).rejects.toThrow();
	await started.faults({});
	expect((await pushed(started.provider(dearer))).lines).toEqual([`Deactivated ${id}, an earlier price pro_monthly.`]);
	expect(await differences(started.provider(dearer))).toEqual([]);
});

it("repairs the prices of a product with a default price from the dashboard", async () => {
	const started = await pushedStart();
	const { id, product } = await priceOf(started, "pro_monthly");
	await started.stripe.products.update(product.id, { default_price: id });
	const dearer = changed(({ plans: [pro] }) => Object.assign(pro ?? {}, { amountCents: 999 }));
	expect((await pushed(started.provider(dearer))).isRight).toBe(true);
	expect((await started.stripe.prices.retrieve(id)).active).toBe(false);
});

it("creates features and trials from the plan file, and archives and reactivates a plan", async () => {
	const file = changed(({ plans: [pro] }) => Object.assign(pro ?? {}, { features: ["First in line", "Quick"], trialDays: 14 }));
	const started = await pushedStart(file);
	expect((await priceOf(started, "pro_monthly")).metadata).toEqual({
		app: "parley",
		ai_requests: "1000",
		features: "First in line, Quick",
		trial_days: "14",
	});
	expect((await pushed(started.provider())).isRight).toBe(true);
	expect((await priceOf(started, "pro_monthly")).metadata).toEqual({ app: "parley", ai_requests: "1000" });
	const without = changed((one) => {
		one.plans = [];
	});
	for (const round of [1, 2]) {
		expect((await pushed(started.provider(without))).isRight, `round ${round}`).toBe(true);
		expect(Object.keys(await started.sold())).toEqual(["top_up_1000"]);
		expect((await pushed(started.provider())).isRight).toBe(true);
		expect(await differences(started.provider())).toEqual([]);
	}
	expect((await started.stripe.products.list({ limit: 100 })).data).toHaveLength(2);
});

it("creates an app's webhook endpoint once, prints its secret once, and repairs it", async () => {
	const { provider, stripe, writes } = await pushedStart();
	const withApp = () => provider(plans, "https://your.app");
	expect(await differences(withApp())).toEqual(["webhook endpoint https://your.app/api/stripe/webhook: not at Stripe"]);
	expect((await pushed(withApp())).lines).toEqual([
		expect.stringMatching(/^The secret of https:\/\/your\.app\/api\/stripe\/webhook, shown only this once: whsec_\S+$/),
		"Give it to the app: npx wrangler secret put STRIPE_WEBHOOK_SECRET",
		"Made webhook endpoint https://your.app/api/stripe/webhook.",
	]);
	const before = await writes();
	expect((await pushed(withApp())).lines).toEqual(["Nothing to do: Stripe is as plans.json says."]);
	expect(await writes()).toBe(before);
	const [endpoint] = (await stripe.webhookEndpoints.list()).data;
	expect(endpoint).toMatchObject({ enabled_events: [...webhookEvents], api_version: Stripe.API_VERSION });
	await stripe.webhookEndpoints.update(endpoint?.id ?? "", { enabled_events: ["invoice.paid"], disabled: true });
	expect(await differences(withApp())).toHaveLength(webhookEvents.length);
	expect((await pushed(withApp())).isRight).toBe(true);
	expect((await stripe.webhookEndpoints.list()).data).toMatchObject([{ status: "enabled", enabled_events: [...webhookEvents] }]);
});

it("configures the customer portal, so that its pages open in a new account, and repairs it", async () => {
	const { provider, stripe } = await pushedStart();
	const ours = async () => (await stripe.billingPortal.configurations.list({ active: true })).data;
	const [made] = await ours();
	const { id: customer } = await stripe.customers.create();
	expect((await stripe.billingPortal.sessions.create({ customer, configuration: made?.id ?? "" })).url).toContain("/portal/");
	expect(made).toMatchObject({
		metadata: { app: "parley" },
		features: {
			invoice_history: { enabled: true },
			payment_method_update: { enabled: true },
			subscription_cancel: { enabled: true, mode: "at_period_end" },
			subscription_update: { enabled: false },
		},
	});
	await stripe.billingPortal.configurations.update(made?.id ?? "", {
		features: { subscription_update: { enabled: true }, customer_update: { enabled: true, allowed_updates: ["email"] } },
	});
	await stripe.billingPortal.configurations.create({ features: { invoice_history: { enabled: true } }, metadata: { app: "another" } });
	expect(await differences(provider())).toEqual([
		"customer portal: customer_update.allowed_updates is email at Stripe, and should be address, name, tax_id",
		"customer portal: subscription_update.enabled is true at Stripe, and should be false",
	]);
	expect((await pushed(provider())).isRight).toBe(true);
	expect(await differences(provider())).toEqual([]);
	expect(await ours()).toHaveLength(2);
});
