import { expect, it } from "vitest";
import { daySeconds, errorOf, itemOf, runStripe, utc } from "./testing/harness.ts";

const start = utc(2026, 1, 31, 9);

it("moves the sandbox's clock by a test clock, with all that the time brings", async () => {
	const sandbox = await runStripe();
	const { stripe } = sandbox;
	const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start, name: "a year" });
	expect(clock).toMatchObject({ object: "test_helpers.test_clock", frozen_time: start, status: "ready", name: "a year" });
	const customer = await stripe.customers.create({ email: "ada@example.com", test_clock: clock.id });
	const session = await sandbox.buy(customer.id, "pro_monthly");
	const next = utc(2026, 2, 28, 10);
	expect(await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: next })).toMatchObject({
		frozen_time: next,
		status: "ready",
	});
	const subscription = await stripe.subscriptions.retrieve(String(session.subscription));
	expect([subscription.status, itemOf(subscription).current_period_end, subscription.test_clock]).toEqual([
		"active",
		utc(2026, 3, 31, 9),
		clock.id,
	]);
	expect((await stripe.charges.list()).data).toHaveLength(2);
	expect(await sandbox.control("GET", "/clock")).toMatchObject({ nowMs: next * 1000, frozenAtMs: next * 1000 });
	await sandbox.advance(daySeconds);
	expect((await stripe.testHelpers.testClocks.retrieve(clock.id)).frozen_time).toBe(next + daySeconds);
	expect((await errorOf(stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: next }))).param).toBe("frozen_time");
	await stripe.testHelpers.testClocks.del(clock.id);
	expect(await sandbox.control("GET", "/clock")).toMatchObject({ frozenAtMs: null });
	expect((await stripe.testHelpers.testClocks.list()).data).toEqual([]);
	expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ deleted: true });
});

it("gives credit, sums what is in force, and takes it back", async () => {
	const sandbox = await runStripe({ now: () => start * 1000 });
	const { stripe } = sandbox;
	const { id: customer } = await stripe.customers.create();
	const give = (value: number, extra: object = {}) =>
		stripe.billing.creditGrants.create({
			customer,
			amount: { type: "monetary", monetary: { currency: "usd", value } },
			applicability_config: { scope: { price_type: "metered" } },
			category: "promotional",
			...extra,
		});
	const balance = async () => {
		const { balances } = await stripe.billing.creditBalanceSummaries.retrieve({
			customer,
			filter: { type: "applicability_scope", applicability_scope: { price_type: "metered" } },
		});
		return balances[0]?.available_balance.monetary?.value ?? null;
	};
	expect(await balance()).toBeNull();
	const first = await give(500, { name: "Welcome", metadata: { why: "test" } });
	expect(first).toMatchObject({
		object: "billing.credit_grant",
		effective_at: start,
		expires_at: null,
		name: "Welcome",
		metadata: { why: "test" },
	});
	const second = await give(300, { expires_at: start + daySeconds });
	await give(50, { effective_at: start + 2 * daySeconds });
	expect(await balance()).toBe(800);
	await sandbox.advance(daySeconds);
	expect(await balance()).toBe(500);
	expect((await errorOf(stripe.billing.creditGrants.expire(second.id))).statusCode).toBe(400);
	expect(await stripe.billing.creditGrants.voidGrant(first.id)).toMatchObject({ voided_at: start + daySeconds });
	expect(await balance()).toBeNull();
	await sandbox.advance(daySeconds);
	expect(await balance()).toBe(50);
	const [late] = (await stripe.billing.creditGrants.list({ customer })).data;
	expect(await stripe.billing.creditGrants.expire(late?.id ?? "")).toMatchObject({ expires_at: start + 2 * daySeconds });
	expect(await stripe.billing.creditGrants.retrieve(first.id)).toMatchObject({ id: first.id });
});
