/** Property tests over random histories of a Stripe customer. Invariants are checked after each step. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { applyDue } from "../../clock/apply-due.ts";
import { emptyState, type State } from "../../state.ts";
import { withoutIds } from "../../testing/without-ids.ts";
import type { Subscription } from "../records.ts";
import { StripeRefusal } from "../refusal.ts";
import { utc } from "../testing/harness.ts";
import { createCheckoutSession } from "./checkout/open.ts";
import { payCheckoutSession } from "./checkout/pay.ts";
import { createCustomer } from "./customers.ts";
import { voidInvoice } from "./invoices/void.ts";
import { instrumentNumbered } from "./payment-methods.ts";
import { refund } from "./refunds.ts";
import { endSubscription } from "./subscriptions/cancel.ts";
import type { SubscriptionChange } from "./subscriptions/change.ts";
import { isLive, itemOf } from "./subscriptions/find.ts";
import { updateSubscription } from "./subscriptions/update.ts";

const start = utc(2027, 12, 31, 9);
const daySeconds = 24 * 60 * 60;

const someChange = fc.record(
	{
		price: fc.constantFrom("price_pro_monthly", "price_max_monthly"),
		quantity: fc.integer({ min: 1, max: 3 }),
		prorationBehavior: fc.constantFrom("always_invoice", "create_prorations", "none"),
		ifUnpaid: fc.constantFrom("allow_incomplete", "error_if_incomplete", "pending_if_incomplete"),
		cancelAtPeriodEnd: fc.boolean(),
		anchorNow: fc.boolean(),
		/** Days from now. An end in the past is refused. */
		trialEnd: fc.integer({ min: -1, max: 20 }),
		metadata: fc.constant({ a: "1" }),
	},
	{ requiredKeys: ["prorationBehavior", "ifUnpaid"] },
);

const someStep = fc.oneof(
	{ weight: 5, arbitrary: fc.record({ type: fc.constant("wait"), hours: fc.integer({ min: 0, max: 40 * 24 }) }) },
	{ weight: 5, arbitrary: fc.record({ type: fc.constant("change"), change: someChange }) },
	{ weight: 2, arbitrary: fc.record({ type: fc.constant("buy"), card: fc.constantFrom("4242", "0341", "3184", "6789", "0002") }) },
	{ weight: 2, arbitrary: fc.record({ type: fc.constant("fail"), isOn: fc.boolean() }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant("refund"), cents: fc.integer({ min: 0, max: 3_000 }), at: fc.nat(5) }) },
	{ weight: 2, arbitrary: fc.record({ type: fc.constant("void"), at: fc.nat(1) }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant("end") }) },
);
type Step = typeof someStep extends fc.Arbitrary<infer One> ? One : never;

/** The customer's initial balance: negative is credit, positive is debt. */
const someBalance = fc.oneof(fc.constant(0), fc.integer({ min: -3_000, max: 500 }));
const someLife = fc.array(someStep, { minLength: 1, maxLength: 25 });

/** An account with one customer and Max on offer, and a clock that only `wait` moves. */
function openAccount(balance: number) {
	const state = emptyState({ maxPlan: true });
	let atSeconds = start;
	applyDue(state, atSeconds * 1000);
	const customer = createCustomer(state, { email: "ada@example.com", balance }, atSeconds);
	const live = () => state.stripe.subscriptions.findLast(isLive);
	const priced = (id: string | undefined) => state.stripe.prices.find((price) => price.id === id);
	const buy = (card: string) => {
		const session = createCheckoutSession(
			state,
			{
				mode: "subscription",
				customer: customer.id,
				line_items: [{ price: "price_pro_monthly", quantity: 1 }],
				success_url: "http://localhost/",
			},
			atSeconds,
		);
		payCheckoutSession(state, session, instrumentNumbered(card), atSeconds * 1000);
	};
	const change = (plan: Subscription, { price, trialEnd, ...given }: Extract<Step, { type: "change" }>["change"]) => {
		const end = trialEnd === undefined ? {} : { trialEnd: atSeconds + trialEnd * daySeconds };
		updateSubscription(state, plan, { ...given, price: priced(price), ...end } as SubscriptionChange, atSeconds);
	};
	const take = (step: Step) => {
		const plan = live();
		switch (step.type) {
			case "wait":
				atSeconds += step.hours * 60 * 60;
				break;
			case "buy":
				if (plan === undefined) buy(step.card);
				break;
			case "change":
				if (plan !== undefined) change(plan, step.change);
				break;
			case "fail":
				state.faults = step.isOn ? { failPayments: true } : {};
				break;
			case "refund": {
				const charge = state.stripe.charges.at(-1 - step.at);
				if (charge !== undefined) refund(state, { charge: charge.id, amount: step.cents }, atSeconds);
				break;
			}
			case "void": {
				const invoice = state.stripe.invoices.at(-1 - step.at);
				if (invoice !== undefined) voidInvoice(state, invoice, atSeconds);
				break;
			}
			case "end":
				if (plan !== undefined) endSubscription(state, plan, "cancellation_requested", atSeconds);
		}
	};
	/** Applies everything due by now. `slices`: in this many smaller clock moves. */
	let settledSeconds = start;
	const settle = (slices = 1) => {
		const from = settledSeconds;
		for (let slice = 1; slice <= slices; slice += 1) applyDue(state, (from + ((atSeconds - from) * slice) / slices) * 1000);
		settledSeconds = atSeconds;
	};
	/** Whether no due work remains: payments, retries, periods, checkouts. */
	const isUpToDate = () => {
		const { tasks, subscriptions, checkoutSessions } = state.stripe;
		const ends = subscriptions
			.filter(isLive)
			.map((plan) => Math.min(itemOf(plan).current_period_end, plan.cancel_at ?? Number.POSITIVE_INFINITY));
		const expiries = checkoutSessions.filter(({ status }) => status === "open").map(({ expires_at: at }) => at);
		return [...tasks.map(({ dueAtMs }) => dueAtMs / 1000), ...ends, ...expiries].every((at) => at > atSeconds);
	};
	return { state, take, settle, isUpToDate };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function expectSound({ stripe }: State, initialBalance: number): void {
	const { invoices, invoiceItems, charges, refunds, customers } = stripe;
	for (const invoice of invoices) {
		// Whole cents: a fraction would be lost at the bank.
		expect(invoice.lines.data.every(({ amount }) => Number.isSafeInteger(amount))).toBe(true);
		expect(invoice.total).toBe(sum(invoice.lines.data.map(({ amount }) => amount)));
		expect(invoice.amount_paid + invoice.amount_remaining).toBe(invoice.amount_due);
		if (invoice.status === "paid") expect(invoice.amount_paid).toBe(invoice.amount_due);
		else expect(invoice.amount_paid).toBe(0);
		if (invoice.ending_balance === null) continue;
		// The total minus credit is due; a negative total becomes credit.
		expect(invoice.total + (invoice.starting_balance ?? 0)).toBe(invoice.amount_due + invoice.ending_balance);
	}
	const counted = invoices.filter(({ status, ending_balance: end }) => end !== null && status !== "void");
	expect(customers[0]?.balance).toBe(initialBalance + sum(counted.map((one) => (one.ending_balance ?? 0) - (one.starting_balance ?? 0))));
	const paidCents = sum(invoices.filter(({ status }) => status === "paid").map(({ amount_paid }) => amount_paid));
	expect(sum(charges.filter(({ paid }) => paid).map(({ amount }) => amount))).toBe(paidCents);
	for (const charge of charges) {
		expect(charge.amount_refunded).toBe(sum(refunds.filter((one) => one.charge === charge.id).map(({ amount }) => amount)));
		expect(charge.amount_refunded).toBeLessThanOrEqual(charge.amount);
	}
	const billed = invoices.flatMap(({ lines }) => lines.data.flatMap(({ parent }) => parent?.subscription_item_details?.invoice_item ?? []));
	const onInvoice = invoiceItems.filter(({ invoice }) => invoice !== null).map(({ id }) => id);
	expect(billed.toSorted()).toEqual(onInvoice.toSorted());
	const numbers = invoices.flatMap(({ number }) => number ?? []);
	expect(new Set(numbers).size).toBe(numbers.length);
}

/** Takes a step that may be refused. @returns whether it was taken */
function attempt(take: (step: Step) => void, step: Step): boolean {
	try {
		take(step);
		return true;
	} catch (error) {
		if (error instanceof StripeRefusal) return false;
		throw error;
	}
}

it("accounts for every cent in any history: invoices, credit, charges and refunds add up after each step, and no due work remains", () => {
	fc.assert(
		fc.property(someBalance, someLife, (balance, steps) => {
			const { state, take, settle, isUpToDate } = openAccount(balance);
			take({ type: "buy", card: "4242" });
			for (const step of steps) {
				attempt(take, step);
				settle();
				expect(isUpToDate()).toBe(true);
				expectSound(state, balance);
			}
		}),
		{ numRuns: 100 },
	);
});

it("a refusal changes nothing", () => {
	fc.assert(
		fc.property(someBalance, someLife, (balance, steps) => {
			const { state, take, settle } = openAccount(balance);
			take({ type: "buy", card: "4242" });
			for (const step of steps) {
				const before = structuredClone(state);
				if (!attempt(take, step)) expect(state).toEqual(before);
				settle();
			}
		}),
		{ numRuns: 30 },
	);
});

it("ends in the same state and sends the same events whether the clock moves in one jump or in many small steps", () => {
	fc.assert(
		fc.property(someBalance, someLife, fc.integer({ min: 2, max: 12 }), (balance, steps, slices) => {
			const live = (each: number) => {
				const { state, take, settle } = openAccount(balance);
				take({ type: "buy", card: "4242" });
				for (const step of steps) {
					attempt(take, step);
					settle(each);
				}
				return withoutIds(state.stripe);
			};
			expect(live(slices)).toEqual(live(1));
		}),
		{ numRuns: 30 },
	);
});

it("refunds a charge in any number of parts, up to exactly its amount", () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: -1, max: 500 }), { minLength: 1, maxLength: 8 }), (parts) => {
			const { state, take } = openAccount(0);
			take({ type: "buy", card: "4242" });
			let left = 799;
			for (const cents of parts) {
				const fits = cents > 0 && cents <= left;
				const refunding = () => take({ type: "refund", cents, at: 0 });
				if (fits) refunding();
				else expect(refunding).toThrow(StripeRefusal);
				if (fits) left -= cents;
				expect(state.stripe.charges[0]).toMatchObject({ amount_refunded: 799 - left, refunded: left === 0 });
			}
		}),
		{ numRuns: 50 },
	);
});
