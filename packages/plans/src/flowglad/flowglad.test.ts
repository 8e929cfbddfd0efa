import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Flowglad } from "@flowglad/node";
import { expect, it } from "vitest";
import type { PlanFile } from "../plan-file.ts";
import { push } from "../reconcile.ts";
import { changed, differences, plans, pushed, runSandbox, secretKey } from "../testing/sandbox.ts";
import { flowgladProvider } from "./provider.ts";

async function start(settings: Parameters<typeof runSandbox>[0] = { emptyCatalogue: true }) {
	const sandbox = await runSandbox(settings);
	const flowglad = new Flowglad({ apiKey: secretKey, baseURL: sandbox.url, maxRetries: 0 });
	return {
		...sandbox,
		flowglad,
		provider: (file: PlanFile = plans, appUrl: string | null = null) => flowgladProvider(sandbox.access, file, appUrl),
		model: async () => (await flowglad.pricingModels.retrieveDefault()).pricingModel,
	};
}

type Started = Awaited<ReturnType<typeof start>>;

/** The product sold with a price's slug. */
async function sold({ model }: Started, slug: string) {
	const product = (await model()).products.find(({ prices }) => prices.some((price) => price.slug === slug));
	if (product === undefined) throw new Error(`${slug} is not sold`);
	return product;
}

async function pushedStart(file?: PlanFile) {
	const started = await start();
	await pushed(started.provider(file));
	return started;
}

it("finds no difference between plans.json and the sandbox's own catalogue", async () => {
	const { provider } = await start({});
	expect(await differences(provider())).toEqual([]);
});

it("creates everything that the app reads: plans, top-ups and credits by slug", async () => {
	const { provider, model } = await start();
	expect(await differences(provider())).toEqual([
		"meter ai_requests: not at Flowglad",
		'plan free: name "Free Plan" at Flowglad, "Free" in plans.json',
		'plan free: description none at Flowglad, "For trying things out." in plans.json',
		"plan pro_monthly: not at Flowglad",
		"top-up top_up_1000: not at Flowglad",
	]);
	expect(await pushed(provider())).toEqual({
		isRight: true,
		lines: [
			"Made meter ai_requests.",
			"Set the name of plan free: Free",
			"Set the description of plan free: For trying things out.",
			"Made plan pro_monthly.",
			"Made top-up top_up_1000.",
		],
	});
	const { usageMeters, products } = await model();
	expect(usageMeters).toMatchObject([
		{ slug: "ai_requests", name: "AI Requests", aggregationType: "sum", defaultPrice: { slug: "ai_requests_no_charge", unitPrice: 0 } },
	]);
	const usageMeterId = usageMeters[0]?.id;
	expect(products).toMatchObject([
		{ default: true, name: "Free", features: [] },
		{
			default: false,
			active: true,
			name: "Pro",
			description: "1000 requests a month.",
			prices: [
				{ slug: "pro_monthly", type: "subscription", unitPrice: 799, intervalUnit: "month", currency: "USD", trialPeriodDays: null },
			],
			features: [{ type: "usage_credit_grant", amount: 1000, renewalFrequency: "every_billing_period", usageMeterId }],
		},
		{
			default: false,
			name: "Top-up",
			prices: [{ slug: "top_up_1000", type: "single_payment", unitPrice: 800 }],
			features: [{ type: "usage_credit_grant", amount: 1000, renewalFrequency: "once", usageMeterId }],
		},
	]);
});

it("changes nothing on a second push, and says so", async () => {
	const { provider, writes } = await pushedStart();
	const before = await writes();
	expect(await pushed(provider())).toEqual({ isRight: true, lines: ["Nothing to do: Flowglad is as plans.json says."] });
	expect(await differences(provider())).toEqual([]);
	expect(await writes()).toBe(before);
});

it("creates one of each in two concurrent pushes", async () => {
	const started = await start();
	const both = await Promise.all([pushed(started.provider()), pushed(started.provider())]);
	expect(both.map(({ isRight }) => isRight)).toEqual([true, true]);
	expect(await differences(started.provider())).toEqual([]);
	const { flowglad } = started;
	expect((await flowglad.products.list()).total).toBe(3);
	expect((await flowglad.prices.list()).total).toBe(4);
	expect((await flowglad.usageMeters.list()).total).toBe(1);
	expect(await flowglad.get("/api/v1/features")).toMatchObject({ total: 2 });
});

const writesOfPush = [
	{ method: "POST", path: "/api/v1/usage-meters" },
	{ method: "PUT", path: "/api/v1/products/:id" },
	{ method: "POST", path: "/api/v1/features" },
	{ method: "POST", path: "/api/v1/products" },
];

it.each(writesOfPush)("completes after a push that was cut at $method $path", async ({ method, path }) => {
	const { provider, faults } = await start();
	await faults({ api: [{ method, path, status: 503 }] });
	await expect(pushed(provider())).rejects.toThrow("503");
	await faults({});
	expect((await pushed(provider())).isRight).toBe(true);
	expect(await differences(provider())).toEqual([]);
});

it.each(writesOfPush)("continues when the response of $method $path was lost", async ({ method, path }) => {
	const started = await start();
	await started.faults({ api: [{ method, path, dropAfterCommit: true, times: 1 }] });
	expect((await pushed(started.provider())).isRight).toBe(true);
	expect(await differences(started.provider())).toEqual([]);
	expect((await started.flowglad.products.list()).total).toBe(3);
});

/** Changes something as a dashboard user would. Returns the output of diff. */
const drifts: [what: string, change: (started: Started) => Promise<unknown>, lines: string[]][] = [
	[
		"a name and a description",
		async (started) => {
			const { id } = await sold(started, "pro_monthly");
			await started.flowglad.products.update(id, { product: { id, name: "Professional", description: "Much.", active: true } });
		},
		[
			'plan pro_monthly: name "Professional" at Flowglad, "Pro" in plans.json',
			'plan pro_monthly: description "Much." at Flowglad, "1000 requests a month." in plans.json',
		],
	],
	[
		"an amount, an interval and a trial",
		async (started) => {
			const { id: productId } = await sold(started, "pro_monthly");
			const terms = { type: "subscription", unitPrice: 999, intervalUnit: "year", intervalCount: 1, trialPeriodDays: 7 } as const;
			await started.flowglad.prices.create({ price: { productId, slug: "pro_monthly", isDefault: true, ...terms } });
		},
		[
			"price pro_monthly: amount 999 at Flowglad, 799 in plans.json",
			'price pro_monthly: interval "year" at Flowglad, "month" in plans.json',
			"price pro_monthly: trial days 7 at Flowglad, 0 in plans.json",
		],
	],
	[
		"another slug of a price",
		async (started) => {
			const [price] = (await sold(started, "pro_monthly")).prices;
			const { id = "" } = price ?? {};
			await started.flowglad.prices.update(id, { price: { id, type: "subscription", isDefault: true, slug: "pro" } });
		},
		["price pro_monthly: not at Flowglad"],
	],
	[
		"the amount of a grant",
		async (started) => {
			const { features } = await sold(started, "pro_monthly");
			const { id, name, description, ...grant } = features[0] ?? { id: "" };
			await started.flowglad.put(`/api/v1/features/${id}`, { body: { feature: { id, ...grant, amount: 500 } } });
		},
		["plan pro_monthly: requests 500 each period at Flowglad, 1000 each period in plans.json"],
	],
	[
		"a grant taken away and a feature given",
		async (started) => {
			const { pricingModelId, id, name } = await sold(started, "pro_monthly");
			const feature = { pricingModelId, type: "toggle", slug: "quick", name: "Quick", description: "" };
			const made = (await started.flowglad.post("/api/v1/features", { body: { feature } })) as { feature: { id: string } };
			await started.flowglad.products.update(id, { product: { id, name, active: true }, featureIds: [made.feature.id] });
		},
		[
			"plan pro_monthly: requests none at Flowglad, 1000 each period in plans.json",
			'plan pro_monthly: feature "Quick" is at Flowglad, not in plans.json',
		],
	],
	[
		"a plan that was archived",
		async (started) => {
			const { id } = await sold(started, "top_up_1000");
			await started.flowglad.products.update(id, { product: { id, name: "Top-up", active: false } });
		},
		["top-up top_up_1000: archived at Flowglad, sold in plans.json"],
	],
	[
		"a price that was put away",
		async (started) => {
			const [price] = (await sold(started, "top_up_1000")).prices;
			const { id = "" } = price ?? {};
			await started.flowglad.prices.update(id, { price: { id, type: "single_payment", isDefault: true, active: false } });
		},
		["price top_up_1000: not at Flowglad"],
	],
	[
		"a product that nobody has planned",
		async (started) => {
			const { pricingModelId } = await sold(started, "pro_monthly");
			await started.flowglad.products.create({
				product: { pricingModelId, name: "Max", slug: "max", active: true },
				price: { type: "subscription", slug: "max_monthly", isDefault: true, unitPrice: 1999, intervalUnit: "month", intervalCount: 1 },
			});
		},
		['product max: "Max" is sold at Flowglad, not in plans.json'],
	],
	[
		"a meter's name and aggregation",
		async ({ flowglad, model }) => {
			const id = (await model()).usageMeters[0]?.id ?? "";
			const usageMeter = { id, name: "Questions", aggregationType: "count_distinct_properties" } as const;
			await flowglad.usageMeters.update(id, { usageMeter });
		},
		[
			'meter ai_requests: name "Questions" at Flowglad, "AI Requests" in plans.json',
			'meter ai_requests: aggregation "count_distinct_properties" at Flowglad, "sum" in plans.json',
		],
	],
	[
		"credits on the free plan",
		async (started) => {
			const { defaultProduct } = await started.model();
			const { features } = await sold(started, "pro_monthly");
			const { id = "", name = "", description = null } = defaultProduct ?? {};
			const featureIds = features.map((one) => one.id);
			await started.flowglad.products.update(id, { product: { id, name, description, active: true }, featureIds });
		},
		["plan free: requests 1000 each period at Flowglad, none in plans.json"],
	],
];

it.each(drifts)("reports and repairs %s", async (_, change, lines) => {
	const started = await pushedStart();
	await change(started);
	expect(await differences(started.provider())).toEqual(lines);
	expect((await pushed(started.provider())).isRight).toBe(true);
	expect(await differences(started.provider())).toEqual([]);
});

it("creates and updates features and trials from the plan file", async () => {
	const file = changed(({ plans: [pro] }) => Object.assign(pro ?? {}, { features: ["First in line", "Quick"], trialDays: 14 }));
	const started = await pushedStart(file);
	expect(await differences(started.provider(file))).toEqual([]);
	const product = await sold(started, "pro_monthly");
	expect(product.prices).toMatchObject([{ trialPeriodDays: 14 }]);
	const toggles = product.features.filter(({ type }) => type === "toggle").map(({ name, slug }) => [name, slug]);
	expect(toggles).toEqual([
		["First in line", "first_in_line"],
		["Quick", "quick"],
	]);
	expect((await pushed(started.provider())).lines).toEqual([
		"Made a new price pro_monthly with trial days 0. Subscribers keep the one that they have.",
		'Took the feature "First in line" from plan pro_monthly.',
		'Took the feature "Quick" from plan pro_monthly.',
	]);
	expect(await differences(started.provider())).toEqual([]);
	expect((await pushed(started.provider(file))).isRight).toBe(true);
	expect(await differences(started.provider(file))).toEqual([]);
});

it("archives a plan removed from the file, and reactivates it when it returns", async () => {
	const started = await pushedStart();
	const without = changed((file) => {
		file.plans = [];
	});
	expect((await pushed(started.provider(without))).lines).toEqual(["Archived product pro_monthly. Who has it keeps it."]);
	expect((await started.model()).products.map(({ name }) => name)).toEqual(["Free", "Top-up"]);
	expect((await pushed(started.provider())).lines).toEqual(["Put plan pro_monthly on sale again."]);
	expect(await differences(started.provider())).toEqual([]);
	expect((await started.flowglad.products.list()).total).toBe(3);
});

it("changes a shared grant for one product only", async () => {
	const two = changed(({ plans: all }) =>
		all.push({ ...(all[0] as PlanFile["plans"][0]), slug: "max_monthly", name: "Max", requests: 1000 }),
	);
	const started = await pushedStart(two);
	const pro = await sold(started, "pro_monthly");
	const { id, name, description } = await sold(started, "max_monthly");
	const featureIds = pro.features.map((one) => one.id);
	await started.flowglad.products.update(id, { product: { id, name, description, active: true }, featureIds });
	expect(await differences(started.provider(two))).toEqual([]);
	const more = structuredClone(two);
	Object.assign(more.plans[1] ?? {}, { requests: 3000 });
	expect((await pushed(started.provider(more))).isRight).toBe(true);
	expect(await differences(started.provider(more))).toEqual([]);
	expect((await sold(started, "pro_monthly")).features).toMatchObject([{ amount: 1000 }]);
	expect((await sold(started, "max_monthly")).features).toMatchObject([{ amount: 3000 }]);
});

it("reports what Flowglad cannot do, and does the rest", async () => {
	const started = await pushedStart();
	const inEuros = changed((file) => Object.assign(file, { currency: "EUR", topUps: [] }));
	const { isRight, lines } = await pushed(started.provider(inEuros));
	expect(isRight).toBe(false);
	expect(lines).toEqual([
		"Archived product top_up_1000. Who has it keeps it.",
		expect.stringMatching(
			/^price pro_monthly: currency "USD" at Flowglad, "EUR" in plans.json. Flowglad takes the organization's currency/,
		),
	]);
});

it("creates an app's webhook endpoint once, prints its secret once, and repairs it", async () => {
	const { provider, flowglad, writes } = await pushedStart();
	const withApp = () => provider(plans, "https://your.app");
	expect(await differences(withApp())).toHaveLength(1);
	const { lines } = await pushed(withApp());
	expect(lines[0]).toMatch(/^The secret of https:\/\/your\.app\/api\/flowglad\/webhook, shown only this once: whsec_\S+$/);
	expect(lines[1]).toContain("wrangler secret put FLOWGLAD_WEBHOOK_SECRET");
	expect(lines.at(-1)).toBe("Made webhook endpoint https://your.app/api/flowglad/webhook.");
	const id = /\((webhook_\S+)\)/.exec(lines.join("\n"))?.[1] ?? "";
	const before = await writes();
	expect((await pushed(withApp())).lines).toEqual(["Nothing to do: Flowglad is as plans.json says."]);
	expect(await writes()).toBe(before);
	const webhook = { id, url: "https://your.app/api/flowglad/webhook", active: false, filterTypes: ["customer.created"] };
	await flowglad.put(`/api/v1/webhooks/${id}`, { body: { webhook } });
	expect(await differences(withApp())).toHaveLength(8);
	expect((await pushed(withApp())).isRight).toBe(true);
	expect(await flowglad.get(`/api/v1/webhooks/${id}`)).toMatchObject({ webhook: { active: true } });
});

it("keeps the free plan's one-time price of $0, in a new account and in the sandbox's catalogue", async () => {
	for (const settings of [{ emptyCatalogue: true }, {}]) {
		const started = await start(settings);
		expect((await pushed(started.provider())).isRight).toBe(true);
		expect((await started.model()).defaultProduct?.defaultPrice).toMatchObject({ type: "single_payment", unitPrice: 0 });
	}
});

it("reports a free plan that renews, which Flowglad does not allow to change, and does the rest", async () => {
	const { provider } = await start({ emptyCatalogue: true, freePlanRenews: true });
	const { isRight, lines } = await pushed(provider());
	expect(isRight).toBe(false);
	expect(lines.slice(0, -1)).toContain("Made plan pro_monthly.");
	expect(lines.at(-1)).toMatch(/^plan free: its price renews every month at Flowglad, once in plans\.json\. .*create a pricing model/);
});

it("recreates an app's webhook endpoint after it was deleted", async () => {
	const { provider, world } = await pushedStart();
	const withApp = () => provider(plans, "https://your.app");
	await pushed(withApp());
	if (world.state.catalogue) world.state.catalogue.webhookEndpoints = [];
	const { isRight, lines } = await pushed(withApp());
	expect([isRight, lines.at(-1)]).toEqual([true, "Made webhook endpoint https://your.app/api/flowglad/webhook."]);
	expect((await pushed(withApp())).lines).toEqual(["Nothing to do: Flowglad is as plans.json says."]);
});

it("prints the secret of an endpoint that it cannot record, and reports failure", async () => {
	const { provider } = await pushedStart();
	const folder = process.env.PARLEY_STATE ?? "";
	writeFileSync(join(folder, "a-file"), "");
	process.env.PARLEY_STATE = join(folder, "a-file");
	const lines: string[] = [];
	await expect(push(provider(plans, "https://your.app"), (line) => lines.push(line))).rejects.toThrow("does not show it");
	expect(lines).toEqual([
		expect.stringMatching(/: whsec_/),
		expect.anything(),
		expect.stringMatching(/could not be written down: .*Do not push/),
	]);
});
