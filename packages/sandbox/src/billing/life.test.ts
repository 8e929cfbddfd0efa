/** Property tests over random histories of a Flowglad customer. Invariants are checked after each step. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { applyDue } from "../clock/apply-due.ts";
import { emptyState, type State } from "../state.ts";
import { withoutIds } from "../testing/without-ids.ts";
import { createCheckoutSession } from "./checkout/open.ts";
import { payCheckoutSession } from "./checkout/pay.ts";
import { usageMeterBalances } from "./credits.ts";
import { createCustomer } from "./customers.ts";
import { standing } from "./ledger.ts";
import { refund } from "./payments/refunds.ts";
import { findPrice } from "./pricing/pricing.ts";
import { Refusal } from "./refusal.ts";
import { adjust } from "./subscriptions/adjust.ts";
import { cancelAtPeriodEnd, cancelImmediately, cancelScheduledChange, uncancel } from "./subscriptions/cancel.ts";
import { newestCurrent } from "./subscriptions/find.ts";
import { createUsageEvent } from "./usage-events.ts";

const start = Date.UTC(2027, 11, 31, 9);
const hourMs = 60 * 60 * 1000;

const someSlug = fc.constantFrom("pro_monthly", "max_monthly", "top_up_1000");
const someStep = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ type: fc.constant("wait"), hours: fc.integer({ min: 0, max: 40 * 24 }) }) },
	{
		weight: 4,
		arbitrary: fc.record({
			type: fc.constant("buy"),
			slug: someSlug,
			quantity: fc.integer({ min: 1, max: 3 }),
			card: fc.constantFrom("4242", "0341"),
		}),
	},
	{ weight: 4, arbitrary: fc.record({ type: fc.constant("use"), amount: fc.integer({ min: 1, max: 1_500 }), transaction: fc.nat(9) }) },
	{
		weight: 3,
		arbitrary: fc.record({
			type: fc.constant("adjust"),
			slug: fc.constantFrom("pro_monthly", "max_monthly"),
			quantity: fc.integer({ min: 1, max: 2 }),
			timing: fc.constantFrom("immediately", "at_end_of_current_billing_period", "auto"),
			prorate: fc.boolean(),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({ type: fc.constantFrom("cancel", "cancelNow", "uncancel", "cancelChange") }),
	},
	{ weight: 1, arbitrary: fc.record({ type: fc.constant("refund"), cents: fc.option(fc.integer({ min: 0, max: 900 })), at: fc.nat(1) }) },
	{
		weight: 1,
		arbitrary: fc.record({
			type: fc.constant("faults"),
			faults: fc.constantFrom(
				{},
				{ failPayments: true },
				{ declineRenewals: true },
				{ paymentDelayMs: 3 * hourMs },
				{ activationDelayMs: hourMs },
			),
		}),
	},
);
type Step = typeof someStep extends fc.Arbitrary<infer One> ? One : never;
const someLife = fc.array(someStep, { minLength: 1, maxLength: 25 });
const someSettings = fc.record({
	noPlanAfterScheduledCancel: fc.boolean(),
	creditsStrandedOnUpgrade: fc.boolean(),
	freePlanRenews: fc.boolean(),
});
type SomeSettings = typeof someSettings extends fc.Arbitrary<infer One> ? One : never;

/** An account with one customer and Max on offer, and a clock that only `wait` moves. */
function openAccount(settings: SomeSettings) {
	const state = emptyState({ maxPlan: true, pastDueFreePlanBlocksUpgrade: false, ...settings });
	let atMs = start;
	let settledMs = start;
	const { customer } = createCustomer(state, { externalId: "user_1", name: "Ada", email: "ada@example.com" }, atMs);
	const take = (step: Step) => {
		const plan = newestCurrent(state, customer.id);
		switch (step.type) {
			case "wait":
				atMs += step.hours * hourMs;
				return;
			case "faults":
				state.faults = step.faults;
				return;
			case "refund": {
				const payment = state.payments.at(-1 - step.at);
				if (payment !== undefined) refund(state, payment.id, step.cents, atMs);
				return;
			}
			case "buy": {
				const urls = { successUrl: "http://localhost/", cancelUrl: "http://localhost/" };
				const given = { type: "product", priceSlug: step.slug, quantity: step.quantity, customerExternalId: "user_1", ...urls } as const;
				payCheckoutSession(state, createCheckoutSession(state, given, atMs), step.card, atMs);
				return;
			}
		}
		if (plan === undefined) return;
		switch (step.type) {
			case "use": {
				const event = {
					subscriptionId: plan.id,
					usageMeterSlug: "ai_requests",
					transactionId: `t${step.transaction}`,
					amount: step.amount,
				};
				createUsageEvent(state, event, atMs);
				return;
			}
			case "adjust": {
				const price = findPrice(state, { priceSlug: step.slug });
				if (price?.type === "subscription")
					adjust(state, plan, { price, quantity: step.quantity, timing: step.timing, prorate: step.prorate, atMs });
				return;
			}
			case "cancel":
				return cancelAtPeriodEnd(state, plan, atMs);
			case "cancelNow":
				return cancelImmediately(state, plan, atMs);
			case "uncancel":
				return uncancel(state, plan, atMs);
			case "cancelChange":
				return cancelScheduledChange(state, plan, atMs);
		}
	};
	return {
		state,
		/** Whether no due work remains: charges, activations, periods, checkouts. */
		isUpToDate: () => {
			const ends = state.subscriptions
				.filter(({ current }) => current)
				.map((plan) => plan.currentBillingPeriodEnd ?? Number.POSITIVE_INFINITY);
			const expiries = state.checkoutSessions.filter(({ status }) => status === "open").map(({ expires }) => expires);
			const rest = [...state.charges, ...state.pendingActivations].map(({ dueAtMs }) => dueAtMs);
			return [...ends, ...expiries, ...rest].every((at) => at > atMs);
		},
		/** Takes a step. Returns false if Flowglad refuses it. */
		tried: (step: Step): boolean => {
			try {
				take(step);
				return true;
			} catch (error) {
				if (!(error instanceof Refusal)) throw error;
				return false;
			}
		},
		/** Applies everything due by now. `slices`: in this many smaller clock moves. */
		settle: (slices = 1) => {
			const from = settledMs;
			for (let slice = 1; slice <= slices; slice += 1) applyDue(state, from + Math.floor(((atMs - from) * slice) / slices));
			settledMs = atMs;
		},
	};
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function expectSound(state: State): void {
	for (const { invoice } of state.invoices) {
		const payments = state.payments.filter(({ invoiceId }) => invoiceId === invoice.id);
		const taken = payments.filter(({ status }) => status === "succeeded" || status === "refunded");
		expect(taken.map(({ amount }) => amount)).toEqual(invoice.status === "paid" ? [invoice.subtotal] : []);
		expect(payments.filter(({ status }) => status === "processing").length).toBeLessThanOrEqual(1);
	}
	for (const { amount, refundedAmount, refunded, status } of state.payments) {
		expect(refundedAmount ?? 0).toBeLessThanOrEqual(amount);
		expect([refunded, status === "refunded"]).toEqual(Array(2).fill((refundedAmount ?? 0) === amount && amount > 0));
	}
	expect(state.subscriptions.filter(({ current }) => current).length).toBeLessThanOrEqual(1);
	for (const { id, current, currentBillingPeriodEnd } of state.subscriptions) {
		const periods = state.billingPeriods.filter(({ subscriptionId }) => subscriptionId === id);
		for (const [index, period] of periods.entries()) {
			expect(period.endMs).toBeGreaterThan(period.startMs);
			if (index > 0) expect(period.startMs).toBe(periods[index - 1]?.endMs);
		}
		if (current) expect(currentBillingPeriodEnd ?? null).toBe(periods.at(-1)?.endMs ?? null);
		const entries = state.ledger.filter(({ subscriptionId }) => subscriptionId === id);
		for (const { amount } of entries) expect(Number.isInteger(amount) && amount > 0).toBe(true);
		const { openGrants, outstanding } = standing(entries);
		const left = sum(openGrants.map(({ remaining }) => remaining)) - outstanding;
		expect(usageMeterBalances(state, id)[0]?.availableBalance ?? 0).toBe(left);
	}
	const used = state.usageEvents.map(({ transactionId }) => transactionId);
	expect(new Set(used).size).toBe(used.length);
	expect(state.ledger.filter(({ type }) => type === "usage")).toHaveLength(used.length);
}

it("charges each invoice once, keeps one plan and whole periods, counts each usage event once, and leaves no due work, in any history", () => {
	fc.assert(
		fc.property(someSettings, someLife, (settings, steps) => {
			const { state, tried, settle, isUpToDate } = openAccount(settings);
			for (const step of steps) {
				tried(step);
				settle();
				expect(isUpToDate()).toBe(true);
				expectSound(state);
			}
		}),
		{ numRuns: 100 },
	);
});

it("a refusal changes nothing except that a checkout stays open", () => {
	fc.assert(
		fc.property(someSettings, someLife, (settings, steps) => {
			const { state, tried, settle } = openAccount(settings);
			for (const step of steps) {
				const { checkoutSessions: _, ...before } = structuredClone(state);
				if (!tried(step)) expect(state).toMatchObject(before);
				settle();
			}
		}),
		{ numRuns: 40 },
	);
});

it("ends in the same state and sends the same events whether the clock moves in one jump or in many small steps", () => {
	fc.assert(
		fc.property(someSettings, someLife, fc.integer({ min: 2, max: 12 }), (settings, steps, slices) => {
			const live = (each: number) => {
				const { state, tried, settle } = openAccount(settings);
				for (const step of steps) {
					tried(step);
					settle(each);
				}
				return withoutIds(state);
			};
			expect(live(slices)).toEqual(live(1));
		}),
		{ numRuns: 40 },
	);
});

it("refunds a payment in any number of parts, up to exactly its amount", () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: -1, max: 500 }), { minLength: 1, maxLength: 8 }), (parts) => {
			const { state, tried, settle } = openAccount({
				noPlanAfterScheduledCancel: true,
				creditsStrandedOnUpgrade: true,
				freePlanRenews: false,
			});
			tried({ type: "buy", slug: "top_up_1000", quantity: 1, card: "4242" });
			settle();
			let left = 800;
			for (const cents of parts) {
				const fits = cents > 0 && cents <= left;
				expect(tried({ type: "refund", cents, at: 0 })).toBe(fits);
				if (fits) left -= cents;
				expect(state.payments[0]).toMatchObject({ refundedAmount: 800 - left, status: left === 0 ? "refunded" : "succeeded" });
			}
		}),
	);
});
