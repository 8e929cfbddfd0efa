import { expect, it } from "vitest";
import { daySeconds, errorOf, itemOf, utc, withPlan } from "./testing/harness.ts";

const start = utc(2026, 1, 15, 9);
const end = utc(2026, 2, 15, 9);

/** A Max subscription with a schedule that changes it to Pro at the end of the period. */
async function withDowngrade() {
	const plan = await withPlan("max_monthly", start, { settings: { maxPlan: true } });
	const { stripe, id } = plan;
	const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
	const [phase] = schedule.phases;
	const updated = await stripe.subscriptionSchedules.update(schedule.id, {
		end_behavior: "release",
		metadata: { reason: "downgrade" },
		phases: [
			{
				items: [{ price: String(phase?.items[0]?.price), quantity: 1 }],
				start_date: phase?.start_date ?? 0,
				end_date: phase?.end_date ?? 0,
			},
			{ items: [{ price: "price_pro_monthly", quantity: 1 }], metadata: { plan: "pro" } },
		],
	});
	return { ...plan, schedule: updated };
}

it("changes the price when a phase starts, charges it for the new period, and releases after the last phase", async () => {
	const { sandbox, stripe, id, schedule, customer, subscription } = await withDowngrade();
	expect(schedule).toMatchObject({
		status: "active",
		subscription: id,
		customer: customer.id,
		current_phase: { start_date: start, end_date: end },
		metadata: { reason: "downgrade" },
		phases: [
			{ start_date: start, end_date: end, items: [{ price: "price_max_monthly", quantity: 1 }] },
			{ start_date: end, end_date: utc(2026, 3, 15, 9), items: [{ price: "price_pro_monthly" }] },
		],
	});
	expect(await stripe.subscriptions.retrieve(id, { expand: ["schedule"] })).toMatchObject({
		schedule: { id: schedule.id, end_behavior: "release" },
	});
	expect((await stripe.subscriptionSchedules.list({ customer: customer.id })).data.map((one) => one.id)).toEqual([schedule.id]);
	await sandbox.moveTo(end - 1);
	expect(itemOf(await subscription()).price.id).toBe("price_max_monthly");
	await sandbox.moveTo(end + 60 * 60);
	expect(itemOf(await subscription())).toMatchObject({ price: { id: "price_pro_monthly" }, current_period_start: end });
	expect((await subscription()).metadata).toEqual({ plan: "pro" });
	expect(
		(await stripe.invoices.list({ subscription: id })).data.map(({ total, status, lines }) => [total, status, lines.data.length]),
	).toEqual([
		[799, "paid", 1],
		[1999, "paid", 1],
	]);
	await sandbox.moveTo(utc(2026, 3, 15, 10));
	expect(await stripe.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({
		status: "released",
		released_subscription: id,
		subscription: null,
	});
	expect(await subscription()).toMatchObject({ status: "active", schedule: null });
	expect((await stripe.invoices.list({ subscription: id })).data[0]).toMatchObject({ total: 799, status: "paid" });
});

it("refuses direct cancellation and a second schedule until the schedule is released", async () => {
	const { sandbox, stripe, id, schedule, subscription } = await withDowngrade();
	const refused = await errorOf(stripe.subscriptions.update(id, { cancel_at_period_end: true }));
	expect(refused.message).toContain("managed by the subscription schedule");
	expect((await errorOf(stripe.subscriptionSchedules.create({ from_subscription: id }))).statusCode).toBe(400);
	expect(await stripe.subscriptionSchedules.release(schedule.id)).toMatchObject({ status: "released", released_at: start });
	expect(await subscription()).toMatchObject({ schedule: null });
	expect((await errorOf(stripe.subscriptionSchedules.update(schedule.id, { metadata: {} }))).message).toContain("`released` status");
	await stripe.subscriptions.update(id, { cancel_at_period_end: true });
	await sandbox.moveTo(end);
	expect(await subscription()).toMatchObject({ status: "canceled" });
	const { data } = await stripe.invoices.list({ subscription: id });
	expect(data).toHaveLength(1);
});

it("cancels the subscription with its last phase or its schedule, and prorates a mid-period phase", async () => {
	const first = await withDowngrade();
	await first.stripe.subscriptionSchedules.update(first.schedule.id, { end_behavior: "cancel" });
	await first.sandbox.moveTo(utc(2026, 3, 15, 9));
	expect(await first.subscription()).toMatchObject({ status: "canceled", ended_at: utc(2026, 3, 15, 9) });
	expect((await first.stripe.subscriptionSchedules.retrieve(first.schedule.id)).status).toBe("completed");

	const second = await withDowngrade();
	expect(await second.stripe.subscriptionSchedules.cancel(second.schedule.id)).toMatchObject({ status: "canceled" });
	expect((await second.subscription()).status).toBe("canceled");

	const third = await withDowngrade();
	const item = { price: "price_max_monthly", quantity: 1 };
	const change = start + 15.5 * daySeconds;
	await third.stripe.subscriptionSchedules.update(third.schedule.id, {
		phases: [
			{ items: [item], start_date: start, end_date: change },
			{ items: [{ price: "price_pro_monthly" }], proration_behavior: "always_invoice", duration: { interval: "month", interval_count: 2 } },
		],
	});
	await third.sandbox.moveTo(change);
	expect((await third.stripe.invoices.list({ subscription: third.id })).data[0]).toMatchObject({ total: 400 - 1000, amount_due: 0 });
});

it("applies a direct change of the subscription to the current phase", async () => {
	const { stripe, id, schedule, subscription, sandbox } = await withDowngrade();
	await stripe.subscriptions.update(id, { items: [{ id: itemOf(await subscription()).id, quantity: 2 }], proration_behavior: "none" });
	const [phase, next] = (await stripe.subscriptionSchedules.retrieve(schedule.id)).phases;
	expect([phase?.items[0], next?.items[0]]).toMatchObject([
		{ price: "price_max_monthly", quantity: 2 },
		{ price: "price_pro_monthly", quantity: 1 },
	]);
	await sandbox.moveTo(end);
	expect(itemOf(await subscription())).toMatchObject({ price: { id: "price_pro_monthly" }, quantity: 1 });
});

it("ends a trial and discounts that a replaced phase does not list", async () => {
	const trial = { subscription_data: { trial_period_days: 14 } };
	const { sandbox, stripe, customer } = await withPlan("max_monthly", start, { settings: { maxPlan: true } });
	const plan = async () => {
		const { subscription } = await sandbox.buy(customer.id, "max_monthly", trial);
		await stripe.subscriptions.update(String(subscription), { discounts: [{ coupon: "twenty" }] });
		return stripe.subscriptionSchedules.create({ from_subscription: String(subscription) });
	};
	const items = [{ price: "price_max_monthly", quantity: 1 }];
	const named = await plan();
	const [phase] = named.phases;
	if (!phase?.trial_end) throw new Error("The phase has no trial");
	const discounts = phase.discounts.map(({ discount }) => ({ discount: String(discount) }));
	const { start_date, end_date, trial_end } = phase;
	expect(discounts).toHaveLength(1);
	await stripe.subscriptionSchedules.update(named.id, { phases: [{ items, start_date, end_date, trial_end, discounts }] });
	const kept = await stripe.subscriptions.retrieve(String(named.subscription));
	expect(kept).toMatchObject({ status: "trialing", trial_end, discounts: [discounts[0]?.discount] });
	const bare = await plan();
	await stripe.subscriptionSchedules.update(bare.id, { phases: [{ items, start_date, end_date }] });
	expect(await stripe.subscriptions.retrieve(String(bare.subscription))).toMatchObject({ status: "active", discounts: [] });
	expect((await stripe.invoices.list({ subscription: String(bare.subscription), limit: 1 })).data).toMatchObject([{ total: 1999 }]);
});
