/** One customer's year with Stripe: checks every status, period and cent. */
import { expect, it } from "vitest";
import { itemOf, runStripe, startStripeReceiver, stripeWebhookSecret, utc } from "./testing/harness.ts";

it("bills a year correctly: renewals, a failed card and its recovery, upgrade, downgrade, cancellation, return", async () => {
	const { url, received } = await startStripeReceiver();
	const sandbox = await runStripe({ settings: { maxPlan: true }, stripeWebhookUrl: url, stripeWebhookSecret });
	const { stripe } = sandbox;
	// Only the sandbox's clock is frozen. With a frozen machine clock the receiver would reject signatures as too old.
	await sandbox.control("POST", "/clock", { frozen: true });
	const until = (month: number, day: number, hour = 9, year = 2026) => sandbox.moveTo(utc(year, month, day, hour));
	await until(1, 31);
	const ada = await stripe.customers.create({ email: "ada@example.com", name: "Ada" });
	const paidCents = async () =>
		(await stripe.charges.list({ customer: ada.id, limit: 100 })).data
			.filter(({ paid }) => paid)
			.reduce((sum, { amount, amount_refunded }) => sum + amount - amount_refunded, 0);
	const buy = async (key: string) => String((await sandbox.buy(ada.id, key)).subscription);
	let id = await buy("pro_monthly");
	const stands = async (status: string, end: number, cents: number) => {
		const subscription = await stripe.subscriptions.retrieve(id);
		expect([subscription.status, itemOf(subscription).current_period_end, await paidCents()]).toEqual([status, end, cents]);
	};

	await stands("active", utc(2026, 2, 28, 9), 799);
	await until(2, 28, 10);
	await stands("active", utc(2026, 3, 31, 9), 2 * 799);
	await until(3, 31, 10);
	await sandbox.buy(ada.id, "top_up_1000");
	await stands("active", utc(2026, 4, 30, 9), 3 * 799 + 800);

	// The card fails in April, and the retry three days later succeeds.
	await sandbox.faults({ declineRenewals: true });
	await until(4, 30, 10);
	await stands("past_due", utc(2026, 5, 31, 9), 3 * 799 + 800);
	await sandbox.faults({});
	await until(5, 3, 10);
	await stands("active", utc(2026, 5, 31, 9), 4 * 799 + 800);
	await until(5, 31, 10);
	await stands("active", utc(2026, 6, 30, 9), 5 * 799 + 800);

	// Upgrades to Max with a third of June left: 10 of 30 days.
	await until(6, 20, 9);
	const item = itemOf(await stripe.subscriptions.retrieve(id));
	await stripe.subscriptions.update(id, {
		items: [{ id: item.id, price: "price_max_monthly" }],
		proration_behavior: "always_invoice",
		payment_behavior: "error_if_incomplete",
	});
	const upgrade = Math.round(1999 / 3) - Math.round(799 / 3);
	expect(upgrade).toBe(400);
	await stands("active", utc(2026, 6, 30, 9), 5 * 799 + 800 + upgrade);
	await until(7, 31, 10);
	await stands("active", utc(2026, 8, 31, 9), 5 * 799 + 800 + upgrade + 2 * 1999);

	// Downgrades to Pro at the end of August.
	const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
	const [phase] = schedule.phases;
	await stripe.subscriptionSchedules.update(schedule.id, {
		phases: [
			{ items: [{ price: "price_max_monthly" }], start_date: phase?.start_date ?? 0, end_date: phase?.end_date ?? 0 },
			{ items: [{ price: "price_pro_monthly" }], duration: { interval: "month" } },
		],
	});
	await until(8, 31, 10);
	const untilAugust = 5 * 799 + 800 + upgrade + 2 * 1999;
	await stands("active", utc(2026, 9, 30, 9), untilAugust + 799);
	await until(9, 30, 10);
	await stands("active", utc(2026, 10, 31, 9), untilAugust + 2 * 799);
	expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe("released");

	// Cancels at the end of October. Returns in December with a new anchor, and requests a refund.
	await stripe.subscriptions.update(id, { cancel_at_period_end: true });
	await until(10, 31, 10);
	await stands("canceled", utc(2026, 10, 31, 9), untilAugust + 2 * 799);
	await until(12, 5, 12);
	id = await buy("pro_monthly");
	await stands("active", utc(2027, 1, 5, 12), untilAugust + 3 * 799);
	const [charge] = (await stripe.charges.list({ customer: ada.id, limit: 1 })).data;
	await stripe.refunds.create({ charge: charge?.id ?? "" });
	await stripe.subscriptions.cancel(id);
	await stands("canceled", utc(2027, 1, 5, 12), untilAugust + 2 * 799);
	await until(1, 31, 9, 2027);

	const invoices = (await stripe.invoices.list({ customer: ada.id, limit: 100 })).data.toReversed();
	expect(invoices.map(({ total, status }) => `${total} ${status}`)).toEqual([
		...Array(5).fill("799 paid"),
		"400 paid",
		"1999 paid",
		"1999 paid",
		"799 paid",
		"799 paid",
		"799 paid",
	]);
	expect(invoices.map(({ number }) => number?.slice(-2))).toEqual(["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"]);

	// Every event arrived, verified and in order.
	await expect
		.poll(() => received.length, { timeout: 10_000 })
		.toBe((await stripe.events.list({ limit: 100 }).autoPagingToArray({ limit: 1000 })).length);
	const told = (await stripe.events.list({ limit: 100 }).autoPagingToArray({ limit: 1000 })).map((event) => event.id).toReversed();
	expect(received.map(({ event }) => event?.id)).toEqual(told);
});
