import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, resetSandbox, sandboxState } from "../client.ts";
import { confirmed, id, problem } from "./provider.ts";

// A deployment without a billing provider: nothing is for sale, and the free tiers work.

beforeEach(resetSandbox);

const NOTHING_SOLD = [503, "Billing not configured"];
const NOT_CONFIGURED = [503, { error: "Flowglad not configured" }];

test("the pricing page shows no paid plan and says why", async () => {
	const html = await (await new Client().fetch("/pricing")).text();
	expect(html).toContain("Paid plans aren’t set up on this server");
	expect(html).not.toMatch(/7\.99|the billing service isn’t responding/);
});

describe("a signed-in user", () => {
	test.each([
		["checkout", { priceSlug: "pro_monthly" }],
		["checkout", { priceSlug: 7 }],
		["payment-method", {}],
		["cancel", { planId: "sub_1", when: "now" }],
		["uncancel", { planId: "sub_1" }],
		["change", { planId: "sub_1", priceSlug: "max_monthly" }],
		["refresh", {}],
		["nothing", {}],
	])("gets 503 for POST /api/billing/%s with %o and keeps the free day", async (path, body) => {
		const { user } = await confirmed();
		expect(await problem(await user.post(`/api/billing/${path}`, body))).toEqual(NOTHING_SOLD);
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 20, checkoutOpen: false });
	});

	test("gets 503 for every billing read, and 405 for other methods", async () => {
		const { user } = await confirmed();
		for (const path of ["/api/billing", "/api/billing/portal", "/api/billing/cancel", "/api/billing/nothing"]) {
			expect(await problem(await user.fetch(path)), path).toEqual(NOTHING_SOLD);
		}
		expect((await user.fetch("/api/billing", { method: "DELETE" })).status).toBe(405);
	});

	test("gets 403 for a foreign origin before any other check", async () => {
		const { user } = await confirmed();
		const response = await user.post("/api/billing/checkout", {}, { origin: "https://evil.example" });
		expect(await problem(response)).toEqual([403, "Foreign origin"]);
	});

	test("gets the documented answer from the owner's routes", async () => {
		const { user } = await confirmed();
		for (const response of [
			await user.fetch("/api/flowglad/billing"),
			await user.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" }),
			await user.post("/api/flowglad/subscriptions/adjust", { priceSlug: "max_monthly" }),
			await user.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 }),
		]) {
			expect([response.status, await response.json()]).toEqual(NOT_CONFIGURED);
		}
	});

	test("is charged to the free day without a call to any provider", async () => {
		const { user, userId } = await confirmed();
		for (let n = 0; n < 3; n += 1) expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		await runDurableObjectAlarm(env.USAGE_LEDGER.getByName(`user:${userId}`));
		expect(await user.usage()).toMatchObject({ tier: "free", used: 3, remaining: 17, unverified: false });
		const { calls } = await sandboxState();
		expect(Object.keys(calls).filter((call) => / \/(api\/)?v1\//.test(call))).toEqual([]);
	});
});

test("a visitor gets the documented answer for the pricing model", async () => {
	const response = await new Client().post("/api/flowglad/pricing-models/retrieve", {});
	expect([response.status, await response.json()]).toEqual(NOT_CONFIGURED);
});

test.each(["flowglad", "stripe"])("refuses %s webhooks with 503", async (name) => {
	const response = await new Client().post(`/api/${name}/webhook`, { id: "evt_1" });
	expect(await problem(response)).toEqual([503, "Webhooks not configured"]);
});

test("an organization's members use their own allowances", async () => {
	const { user: owner } = await confirmed();
	const created = await owner.post("/api/auth/organization/create", { name: "Ada's", slug: id() });
	const { id: organizationId } = await created.json<{ id: string }>();
	await owner.post("/api/auth/organization/set-active", { organizationId });
	expect((await owner.chat(id(), id())).metadata.counted).toBe(true);
	expect(await owner.usage()).toMatchObject({ tier: "free", limit: 20, used: 1 });
});
