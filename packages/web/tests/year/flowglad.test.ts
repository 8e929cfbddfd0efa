import { FlowgladServerAdmin } from "@flowglad/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { record } from "../prove/result.ts";
import { type Account, at, eventually, type Usage, Year } from "./year.ts";

// A year of one account on the real `npm start`. Every move of the sandbox's clock moves the app. After each step the app's numbers are compared
// with the provider's, and both with the test vectors of Flowglad's credits (packages/sandbox/src/year.test.ts checks the sandbox alone).

let year: Year;
let provider: FlowgladServerAdmin;

beforeAll(async () => {
	year = await Year.begin("flowglad");
	provider = new FlowgladServerAdmin({ apiKey: "sk_test_sandbox", baseURL: year.sandbox, maxRetries: 0 });
});

afterAll(() => year?.end());

test("agrees with Flowglad after each step of a year: free days, Pro, top-ups, renewals, a failed card, another plan, a cancellation, a return", async (context) => {
	await year.control("settings", { maxPlan: true });
	await year.faults({});
	await year.until(at(1, 15));
	const ada = await year.signUp("ada@example.com");
	const current = async () => (await provider.getCustomerBilling(ada.id)).subscriptions?.find((one) => one.current && !one.isFreePlan);
	const tier = async (expected: Partial<Usage>) => expect(await ada.usage()).toMatchObject(expected);
	/** Compares both: the plan's status and balance at the provider, and what the app shows, which is never negative. */
	const stands = async (status: string, balance: number, shown: Partial<Usage>) => {
		const plan = await current();
		const entry = plan?.experimental?.usageMeterBalances?.find(({ slug }) => slug === "ai_requests");
		expect([plan?.status, entry?.availableBalance]).toEqual([status, balance]);
		await tier({ tier: "paid", limit: 1000, held: 0, remaining: Math.max(0, balance), ...shown });
	};
	/** Usage reported by another service of the same business. */
	const useElsewhere = async (amount: number) => {
		const subscriptionId = (await current())?.id ?? "";
		const transactionId = `elsewhere:${amount}:${Date.now()}`;
		await provider.createUsageEvent({ usageEvent: { subscriptionId, usageMeterSlug: "ai_requests", transactionId, amount } });
	};
	/** The units that the outbox has reported. */
	const reported = async () => {
		const { usageEvents } = await year.control<{ usageEvents: { transactionId: string; amount: number }[] }>("state");
		return usageEvents.filter(({ transactionId }) => transactionId.startsWith("user:")).reduce((sum, { amount }) => sum + amount, 0);
	};
	let counted = 0;
	const used = async (units: number) => {
		counted += units;
		await eventually(async () => expect(await reported()).toBe(counted));
	};

	// Free days: 20 units, then none; 20 tomorrow; and 20 a month later.
	await tier({ tier: "free", limit: 20, used: 0, remaining: 20, resetAt: "2027-01-16T00:00:00.000Z" });
	expect(await ada.chat(20)).toEqual(Array(20).fill(200));
	expect(await ada.chat(1)).toEqual([429]);
	await tier({ used: 20, remaining: 0 });
	await year.until(at(1, 16, 0));
	await tier({ used: 0, remaining: 20, resetAt: "2027-01-17T00:00:00.000Z" });
	expect(await ada.chat(1)).toEqual([200]);
	await year.until(at(2, 16));
	await tier({ tier: "free", used: 0, remaining: 20 });

	// Vector 1: Pro, three requests, a top-up. The plan shows because of the provider's webhooks.
	await year.until(at(2, 20, 9));
	await ada.buy("pro_monthly");
	await eventually(() => stands("active", 1000, { used: 0, topUps: 0, resetAt: expect.stringMatching(/^2027-03-20T09:0/) }));
	expect(await ada.chat(3)).toEqual([200, 200, 200]);
	await used(3);
	await stands("active", 997, { used: 3, topUps: 0 });
	await ada.buy("top_up_1000");
	await eventually(() => stands("active", 1997, { used: 3, topUps: 1000 }));

	// The plan's thousand requests, then the top-up, then none. An amount that does not fit whole is refused whole.
	expect(await ada.use(997)).toBe(201);
	await used(997);
	await stands("active", 1000, { used: 1000, topUps: 1000 });
	expect([await ada.use(500), await ada.use(501)]).toEqual([201, 429]);
	await used(500);
	await stands("active", 500, { used: 1500, topUps: 500 });
	expect(await ada.use(500)).toBe(201);
	await used(500);
	// The day's free requests come next, and are not reported to the provider.
	expect(await ada.chat(20)).toEqual(Array(20).fill(200));
	expect(await ada.chat(1)).toEqual([429]);

	// Vector 2, by usage from elsewhere; vector 3, settled: the renewal's invoice pays the debt.
	await useElsewhere(503);
	await year.until(at(3, 1));
	await stands("active", -503, { used: 2000, topUps: 0 });
	await year.until(at(3, 20));
	await stands("active", 1000, { used: 0, topUps: 0, resetAt: expect.stringMatching(/^2027-04-20T09:0/) });

	// Vector 4: a period's credits expire at its end, a top-up's do not.
	expect(await ada.use(400)).toBe(201);
	await used(400);
	await stands("active", 600, { used: 400 });
	await year.until(at(4, 20));
	await stands("active", 1000, { used: 0 });
	await ada.buy("top_up_1000");
	await eventually(() => stands("active", 2000, { topUps: 1000 }));
	expect([await ada.use(1000), await ada.use(300)]).toEqual([201, 201]);
	await used(1300);
	await stands("active", 700, { used: 1300, topUps: 700 });
	await year.until(at(5, 20));
	await stands("active", 1700, { used: 0, topUps: 700 });

	// Vector 3, unsettled: the card fails, the credits are granted nevertheless, less the debt. Past due is still Pro.
	expect([await ada.use(1000), await ada.use(700)]).toEqual([201, 201]);
	await used(1700);
	await useElsewhere(503);
	await year.faults({ declineRenewals: true });
	await year.until(at(6, 20));
	await stands("past_due", 497, { used: 0 });
	expect(await ada.chat(2)).toEqual([200, 200]);
	expect(await ada.use(95)).toBe(201);
	await used(97);
	await year.until(at(6, 23));
	await stands("past_due", 400, { used: 97 });

	// The second payment retry succeeds and settles the debt.
	await year.faults({});
	await year.until(at(6, 28));
	await stands("active", 903, { used: 97 });
	await year.until(at(7, 20));
	await stands("active", 1000, { used: 0 });

	// Upgrade to Max in mid-period for a share of its credits, and downgrade at the end of the next one.
	await year.until(at(8, 4, 21));
	expect(await change(ada, "adjust", { priceSlug: "max_monthly" })).toBe(200);
	await stands("active", 1500, { limit: 3000 });
	await year.until(at(8, 20));
	await stands("active", 3000, { limit: 3000 });
	expect(await change(ada, "adjust", { priceSlug: "pro_monthly" })).toBe(200);
	await stands("active", 3000, { limit: 3000 });
	await year.until(at(9, 20));
	await stands("active", 1000, { limit: 1000 });

	// Cancel, keep, cancel again; no top-up while the plan is ending. After its end the free days are back.
	await year.until(at(9, 25));
	const id = (await current())?.id ?? "";
	const cancellation = { id, cancellation: { timing: "at_end_of_current_billing_period" } };
	expect(await change(ada, "cancel", cancellation)).toBe(200);
	await stands("cancellation_scheduled", 1000, { used: 0 });
	expect((await ada.post("/api/flowglad/checkout", { priceSlug: "top_up_1000" })).status).toBe(409);
	expect(await change(ada, "uncancel", { id })).toBe(200);
	await stands("active", 1000, { used: 0 });
	expect(await change(ada, "cancel", cancellation)).toBe(200);
	expect(await ada.use(250)).toBe(201);
	await used(250);
	await stands("cancellation_scheduled", 750, { used: 250 });
	await year.until(at(10, 20));
	expect(await current()).toBeUndefined();
	await tier({ tier: "free", limit: 20, used: 0, remaining: 20, topUps: 0, resetAt: "2027-10-21T00:00:00.000Z" });
	expect(await ada.use(1)).toBe(409);
	expect(await ada.chat(2)).toEqual([200, 200]);
	await tier({ used: 2, remaining: 18 });

	// A new plan brings fresh credits; the old plan's credits are gone.
	await year.until(at(11, 1, 9));
	await ada.buy("pro_monthly");
	await eventually(() => stands("active", 1000, { used: 0, topUps: 0, resetAt: expect.stringMatching(/^2027-12-01T09:0/) }));
	expect(await ada.chat(1)).toEqual([200]);
	await used(1);
	await year.until(at(12, 1));
	await stands("active", 1000, { used: 0 });

	// On a busy machine a delivery may time out; it is retried after 5 s.
	const { ids, webhooks } = await eventually(async () => {
		const { usageEvents, webhooks } = await year.control<{ usageEvents: { transactionId: string }[]; webhooks: { outcome: string }[] }>(
			"state",
		);
		expect(new Set(webhooks.map(({ outcome }) => outcome))).toEqual(new Set(["delivered"]));
		return { ids: usageEvents.map(({ transactionId }) => transactionId), webhooks };
	});
	expect(new Set(ids).size).toBe(ids.length);
	record(context, `${counted} units, ${ids.length} events, ${webhooks.length} webhooks`);
});

/** Makes one of the SDK's calls as the account page does. */
async function change(account: Account, call: string, body: object): Promise<number> {
	const response = await account.post(`/api/flowglad/subscriptions/${call}`, body);
	await response.text();
	return response.status;
}
