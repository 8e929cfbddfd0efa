import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Problem } from "../../src/view/problem.ts";
import type { UsageView } from "../../src/view/usage.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, control, eventually, faults, pay, resetSandbox, sandboxState, settings } from "../client.ts";

beforeEach(resetSandbox);

const pages = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
const ledgerOf = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`);

/** Counts reads of one customer from now on. Other ledgers in the isolate read their own customers. */
function countReads(externalId: string): () => number {
	const send = globalThis.fetch;
	let reads = 0;
	const counting = vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
		const url = input instanceof Request ? input.url : String(input);
		if (url.includes(`/customers/${externalId}/billing`)) reads += 1;
		return send(input, init);
	});
	onTestFinished(() => counting.mockRestore());
	return () => reads;
}

async function confirmed(): Promise<{ user: Client; id: string }> {
	const user = new Client();
	const { id, email } = await user.signUp();
	await user.confirm(email);
	return { user, id };
}

async function press(user: Client, priceSlug: string): Promise<string> {
	const response = await user.post("/api/flowglad/checkout", { priceSlug });
	expect(response.status).toBe(200);
	return (await response.json<{ url: string }>()).url;
}

/** Opens a checkout through `useBilling().createCheckoutSession`. */
async function pressInSdk(user: Client, priceSlug: string): Promise<string> {
	const response = await user.post("/api/flowglad/checkout-sessions/create", { priceSlug, ...pages, type: "product", quantity: 1 });
	const { data } = await response.json<{ data: { url: string; checkoutSession: { id: string } } }>();
	expect(data.url).toContain(data.checkoutSession.id);
	return data.url;
}

const refresh = async (user: Client) => (await user.post("/api/billing/refresh", {})).json<UsageView>();

describe("a customer's one open checkout", () => {
	test("is shared by 20 concurrent presses on both routes", async () => {
		const { user } = await confirmed();
		const presses = Array.from({ length: 20 }, (_, n) => (n % 2 ? press : pressInSdk)(user, "pro_monthly"));
		expect(new Set(await Promise.all(presses)).size).toBe(1);
		expect((await sandboxState()).checkoutSessions).toHaveLength(1);
	});

	test("is reused when pressed again, even after a restart; another price gets its own checkout", async () => {
		await settings({ maxPlan: true });
		const { user, id } = await confirmed();
		const first = await press(user, "pro_monthly");
		expect(await pressInSdk(user, "pro_monthly")).toBe(first);
		await evictDurableObject(ledgerOf(id));
		expect(await press(user, "pro_monthly")).toBe(first);
		const other = await press(user, "max_monthly");
		expect(other).not.toBe(first);
		expect(await press(user, "max_monthly")).toBe(other);
		expect(await press(user, "pro_monthly")).not.toBe(first);
		expect((await sandboxState()).checkoutSessions).toHaveLength(3);
	});

	test("allows at most one plan when two were opened: the older one is refused without a charge", async () => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		const older = await press(user, "pro_monthly");
		await pay(await press(user, "max_monthly"));
		await pay(older);
		await eventually(async () => expect(await refresh(user)).toMatchObject({ tier: "paid", checkoutOpen: false }));
		expect((await user.billing()).plans).toMatchObject([{ name: "Max" }]);
		expect((await sandboxState()).payments.map(({ amount }) => amount)).toEqual([1999]);
	});

	test("is not opened while an older one is paid but not active yet, and the buyer is told so", async () => {
		await settings({ maxPlan: true });
		const { user } = await confirmed();
		const older = await press(user, "pro_monthly");
		await press(user, "max_monthly");
		await faults({ activationDelayMs: 60_000 });
		await pay(older);
		for (const priceSlug of ["max_monthly", "pro_monthly"]) {
			const response = await user.post("/api/flowglad/checkout", { priceSlug });
			expect([response.status, (await response.json<Problem>()).title]).toEqual([409, "Payment under way"]);
		}
	});

	test("is not reused once it is paid, failed or lost", async () => {
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		const paid = await press(user, "top_up_1000");
		await pay(paid);
		const second = await press(user, "top_up_1000");
		expect(second).not.toBe(paid);
		await faults({ failPayments: true });
		await pay(second);
		await faults({});
		expect((await sandboxState()).checkoutSessions.at(-1)?.status).toBe("failed");
		const third = await press(user, "top_up_1000");
		expect(third).not.toBe(second);
		await faults({ api: [{ path: "/api/v1/checkout-sessions/:id", method: "GET", status: 404 }] });
		expect(await press(user, "top_up_1000")).not.toBe(third);
	});

	test("blocks every plan while a paid one is not active yet", async () => {
		await settings({ maxPlan: true });
		await faults({ activationDelayMs: 60_000 });
		const { user } = await confirmed();
		await pay(await press(user, "pro_monthly"));
		for (const priceSlug of ["pro_monthly", "max_monthly"]) {
			const response = await user.post("/api/flowglad/checkout", { priceSlug });
			expect(response.status).toBe(409);
			expect(await response.json<Problem>()).toMatchObject({ title: "Payment under way" });
		}
		expect((await sandboxState()).checkoutSessions).toHaveLength(1);
	});

	test("fails as our own problem when the provider fails, and can then be retried", async () => {
		const { user } = await confirmed();
		await faults({ api: [{ path: "/api/v1/checkout-sessions", status: 500, times: 1 }] });
		const refused = await user.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" });
		expect(refused.status).toBe(502);
		expect(await refused.json<Problem>()).toMatchObject({ title: "Billing unavailable" });
		await press(user, "pro_monthly");
	});
});

describe("a refresh after a checkout", () => {
	test("shows the plan with the first read after its activation, and then closes the checkout", async () => {
		await faults({ activationDelayMs: 60_000 });
		const { user, id } = await confirmed();
		const billingReads = countReads(id);
		expect(await user.usage()).toMatchObject({ checkoutOpen: false });
		await pay(await press(user, "pro_monthly"));
		expect(await refresh(user)).toMatchObject({ tier: "free", checkoutOpen: true });
		await control("clock", { advanceMs: 60_000 });
		const before = billingReads();
		await eventually(async () => expect(await refresh(user)).toMatchObject({ tier: "paid", remaining: 1000, checkoutOpen: false }));
		expect(billingReads()).toBe(before + 1);
	});

	test("waits for a second top-up even when credits from a first one exist", async () => {
		const { user } = await confirmed();
		await user.buy("pro_monthly");
		await refresh(user);
		await user.buy("top_up_1000");
		await eventually(async () => expect(await refresh(user)).toMatchObject({ topUps: 1000, checkoutOpen: false }));
		await faults({ activationDelayMs: 60_000 });
		await user.buy("top_up_1000");
		expect(await refresh(user)).toMatchObject({ topUps: 1000, checkoutOpen: true });
		await control("clock", { advanceMs: 60_000 });
		await eventually(async () => expect(await refresh(user)).toMatchObject({ topUps: 2000, checkoutOpen: false }));
	});

	test("reads the provider at most every 200 ms and 40 times for all tabs together; without a checkout, as rarely as any request", async () => {
		const { user, id } = await confirmed();
		const billingReads = countReads(id);
		await refresh(user);
		const before = billingReads();
		for (let n = 0; n < 10; n += 1) await refresh(user);
		expect(billingReads()).toBe(before);

		const clock = stopAppClock();
		await press(user, "pro_monthly");
		const opened = billingReads();
		/** Advances time in steps, refreshes this many tabs at once after each step, and counts the reads since the checkout. */
		const readsAfter = async (ms: number, stepMs: number, tabs: number) => {
			for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
				await Promise.all(Array.from({ length: tabs }, () => refresh(user)));
				clock.advance(stepMs);
			}
			return billingReads() - opened;
		};
		expect(await readsAfter(2_000, 100, 3)).toBe(10);
		expect(await readsAfter(6_000, 200, 1)).toBe(40);
		// The 40 are used up: from now on one read every 2 s, as while any checkout is open.
		expect(await readsAfter(6_000, 400, 1)).toBe(42);
	});

	test("requires a session and POST", async () => {
		const response = await new Client().post("/api/billing/refresh", {});
		expect(response.status).toBe(401);
		expect(await response.json()).toMatchObject({ title: "Not signed in" });
		const { user } = await confirmed();
		expect((await user.fetch("/api/billing/refresh")).status).toBe(405);
	});

	test("stops waiting half an hour after the checkout was opened", async () => {
		const { user, id } = await confirmed();
		const billingReads = countReads(id);
		await press(user, "pro_monthly");
		await runInDurableObject(ledgerOf(id), (_, { storage }) => {
			storage.sql.exec("UPDATE ledger SET notes = json_set(notes, '$.checkout.pressedAtMs', ?)", Date.now() - 30 * 60_000);
		});
		await evictDurableObject(ledgerOf(id));
		expect(await refresh(user)).toMatchObject({ checkoutOpen: false });
		const before = billingReads();
		for (let n = 0; n < 5; n += 1) await refresh(user);
		expect(billingReads()).toBe(before);
	});
});

test("the price list is served without a session, in the SDK's format, from a cache", async () => {
	await env.DB.exec("DELETE FROM provider_copies");
	const retrieve = () => new Client().post("/api/flowglad/pricing-models/retrieve", {});
	const response = await retrieve();
	expect(response.status).toBe(200);
	expect(await response.json()).toMatchObject({
		data: { source: "default", pricingModel: { products: expect.arrayContaining([expect.objectContaining({ slug: "pro" })]) } },
	});
	const calls = async () => (await sandboxState()).calls["GET /api/v1/pricing-models/:id"] ?? 0;
	expect(await calls()).toBe(1);
	for (let n = 0; n < 10; n += 1) expect((await retrieve()).status).toBe(200);
	expect(await calls()).toBeLessThanOrEqual(2);
});
