/** One customer's year on the sandbox's clock: checks every balance, status and cent. */
import { expect, it } from "vitest";
import { availableBalance } from "./billing/ledger.ts";
import { balanceOf, runSandbox } from "./testing/harness.ts";

it("bills a year correctly: free, Pro, debt, renewals, top-ups, a failed card, Max, cancellations, return", async () => {
	let machine = Date.UTC(2026, 0, 15, 9);
	const sandbox = await runSandbox({ now: () => machine, settings: { maxPlan: true, freePlanRenews: false } });
	const ada = sandbox.flowglad("ada");
	let uses = 0;

	const until = async (month: number, day: number, hour = 9) => {
		machine = Date.UTC(2026, month - 1, day, hour);
		await sandbox.send("POST", "/__sandbox/clock", { offsetMs: 0 });
	};
	const current = async () => (await ada.getBilling()).currentSubscription;
	const use = async (amount: number, subscriptionId?: string) => {
		const id = subscriptionId ?? (await current())?.id ?? "";
		uses += 1;
		await sandbox.admin.createUsageEvent({
			usageEvent: { subscriptionId: id, usageMeterSlug: "ai_requests", transactionId: `ada:${uses}`, amount },
		});
	};
	/** Checks that the API's balance equals the sum of the ledger lines. */
	const stands = async (status: string | undefined, balance: number | null) => {
		const subscription = await current();
		expect([subscription?.status, await balanceOf(sandbox, "ada")]).toEqual([status, balance]);
		const lines = (await sandbox.state()).ledger.filter(({ subscriptionId }) => subscriptionId === subscription?.id);
		if (balance !== null) expect(availableBalance(lines)).toBe(balance);
	};
	const paidCents = async () =>
		(await sandbox.state()).payments.filter(({ status }) => status === "succeeded").reduce((sum, { amount }) => sum + amount, 0);

	// Signs up. The free plan has no credits, so there is no balance. It is paid once and never past due.
	await ada.findOrCreateCustomer();
	await stands("active", null);
	await until(2, 16);
	await stands("active", null);

	// Vectors 1 and 2: Pro, three events, a top-up, and usage beyond all credits.
	await until(2, 20);
	await sandbox.buy("ada", "pro_monthly");
	const proId = (await current())?.id ?? "";
	await stands("active", 1000);
	for (let event = 0; event < 3; event++) await use(1);
	await stands("active", 997);
	await sandbox.buy("ada", "top_up_1000");
	await stands("active", 1997);
	await use(2500);
	await stands("active", -503);

	// Vector 3, settled: the renewal invoice pays the debt.
	await until(3, 20);
	await stands("active", 1000);

	// Vector 4: unused plan credits expire, unused top-up credits remain.
	await use(400);
	await stands("active", 600);
	await until(4, 20);
	await stands("active", 1000);
	await sandbox.buy("ada", "top_up_1000");
	await use(1300);
	await stands("active", 700);
	await until(5, 20);
	await stands("active", 1700);

	// Vector 3, unsettled: the card is declined, but credits are still granted, minus the debt.
	await use(2203);
	await stands("active", -503);
	await sandbox.faults({ declineRenewals: true });
	await until(6, 20);
	await stands("past_due", 497);
	await use(97);
	await until(6, 23);
	await stands("past_due", 400);

	// The second retry succeeds and settles the debt.
	await sandbox.faults({});
	await until(6, 28);
	await stands("active", 903);
	expect(await paidCents()).toBe(5 * 799 + 2 * 800);

	// Upgrades to Max in mid-period: half of 3000 minus the 1000 already granted. Downgrades at its end.
	await until(7, 20);
	await stands("active", 1000);
	await until(8, 4, 21);
	await ada.adjustSubscription({ priceSlug: "max_monthly" });
	await stands("active", 1500);
	expect(await paidCents()).toBe(6 * 799 + 2 * 800 + (Math.round(799 / 2) + Math.round(1999 / 2) - 799));
	await until(8, 20);
	await stands("active", 3000);
	await ada.adjustSubscription({ priceSlug: "pro_monthly" });
	await until(9, 20);
	await stands("active", 1000);
	expect((await current())?.id).toBe(proId);

	// Cancels, reverts, cancels again. Then there is no plan, and late usage is still accepted.
	await until(9, 25);
	await ada.cancelSubscription({ id: proId, cancellation: { timing: "at_end_of_current_billing_period" } });
	await stands("cancellation_scheduled", 1000);
	await ada.uncancelSubscription({ id: proId });
	await stands("active", 1000);
	await ada.cancelSubscription({ id: proId, cancellation: { timing: "at_end_of_current_billing_period" } });
	await use(250);
	await stands("cancellation_scheduled", 750);
	await until(10, 20);
	await stands(undefined, null);
	await use(1, proId);

	// Returns with new credits. The earlier balance is lost.
	await until(11, 1);
	await sandbox.buy("ada", "pro_monthly");
	await stands("active", 1000);
	const secondId = (await current())?.id ?? "";
	await until(11, 10);
	await ada.cancelSubscription({ id: secondId, cancellation: { timing: "immediately" } });
	await stands("active", null);

	// The card has no funds: the first payment fails and the free plan is restored.
	await until(12, 1);
	await sandbox.buy("ada", "pro_monthly", { card: "0341" });
	await stands("active", null);
	expect((await current())?.isFreePlan).toBe(true);

	const { invoices, subscriptions } = await ada.getBilling();
	expect(invoices.filter(({ invoice }) => invoice.status === "open")).toHaveLength(1);
	expect(subscriptions.map(({ name, status }) => `${name} ${status}`)).toEqual([
		"Free canceled",
		"Pro canceled",
		"Pro canceled",
		"Free canceled",
		"Pro canceled",
		"Free active",
	]);
	expect(await paidCents()).toBe(8 * 799 + 2 * 800 + 601 + 1999);
});
