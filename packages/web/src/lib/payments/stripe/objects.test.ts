import fc from "fast-check";
import type Stripe from "stripe";
import { describe, expect, test } from "vitest";
import {
	isCurrent,
	isLive,
	PERIOD_REQUESTS,
	periodAfterChange,
	requestsOf,
	toEntitlement,
	toInvoice,
	topUpsAmong,
	toStanding,
} from "./objects.ts";

const DAY = 86_400;
const start = Date.UTC(2027, 0, 20) / 1000;

interface Plan {
	status?: Stripe.Subscription.Status;
	created?: number;
	id?: string;
	requests?: string;
	metadata?: Stripe.Metadata;
	invoice?: Partial<Pick<Stripe.Invoice, "billing_reason" | "status" | "next_payment_attempt" | "auto_advance">>;
	paused?: Stripe.Subscription.PauseCollection.Behavior;
	cancelAtPeriodEnd?: boolean;
}

/** A Stripe subscription with the fields we read. */
function subscription({ status = "active", created = start, id = "sub_1", requests = "1000", metadata = {}, invoice, ...more }: Plan = {}) {
	const price = {
		id: `price_${requests}`,
		metadata: { ai_requests: requests },
		unit_amount: 799,
		currency: "usd",
		recurring: { interval: "month" },
	};
	const item = { id: "si_1", price, current_period_start: start, current_period_end: start + 31 * DAY };
	const collected = { next_payment_attempt: null, auto_advance: false };
	const latest_invoice = { id: "in_1", billing_reason: "subscription_create", status: "paid", ...collected, ...invoice };
	const { cancelAtPeriodEnd: cancel_at_period_end = false, paused } = more;
	const record = {
		id,
		status,
		created,
		metadata,
		latest_invoice,
		items: { data: [item] },
		cancel_at: null,
		cancel_at_period_end,
		schedule: null,
		pause_collection: paused ? { behavior: paused, resumes_at: null } : null,
	};
	return record as unknown as Stripe.Subscription;
}

function charge(more: Partial<Stripe.Charge> = {}) {
	const paid = { id: "ch_1", payment_intent: "pi_1", status: "succeeded", paid: true, amount: 800, amount_refunded: 0 };
	return { ...paid, metadata: { ai_requests: "1000" }, ...more } as unknown as Stripe.Charge;
}

const terms = { fetchedAtMs: 5, nowMs: start * 1000, fallbackAllowance: 77 };

describe("the entitlement of a plan", () => {
	test("is the requests of its price for its period, plus the top-ups", () => {
		expect(toEntitlement([subscription()], topUpsAmong([charge()], new Set()), terms)).toEqual({
			kind: "windowed",
			subscriptionId: "sub_1",
			limit: 1000,
			startMs: start * 1000,
			endMs: (start + 31 * DAY) * 1000,
			grants: [{ id: "pi_1", units: 1000, expiresAtMs: null }],
			fetchedAtMs: 5,
		});
		expect(toEntitlement([], topUpsAmong([charge()], new Set()), terms)).toEqual({ kind: "none", fetchedAtMs: 5 });
		expect(toEntitlement([subscription({ requests: "many" })], [], terms)).toMatchObject({ limit: 77 });
		const [older, newer] = [subscription({ id: "sub_older", created: start - 1 }), subscription()];
		expect(toEntitlement([older, newer], [], terms)).toMatchObject({ subscriptionId: "sub_1" });
	});

	// Every Stripe status; the type checker requires an entry for each new one. `paused` is a trial that ended without a card.
	const STATUSES: Record<Stripe.Subscription.Status, { current: boolean; live: boolean }> = {
		active: { current: true, live: true },
		trialing: { current: true, live: true },
		past_due: { current: true, live: true },
		unpaid: { current: true, live: false },
		canceled: { current: false, live: false },
		incomplete: { current: false, live: false },
		incomplete_expired: { current: false, live: false },
		paused: { current: false, live: false },
	};
	test.each(Object.entries(STATUSES) as [Stripe.Subscription.Status, { current: boolean; live: boolean }][])(
		"in state %s is %o: a plan that is not current is hidden and blocks no purchase",
		(status, { current, live }) => {
			expect(isCurrent(subscription({ status }))).toBe(current);
			expect(isLive(subscription({ status }), start * 1000)).toBe(live);
		},
	);

	test.each(["draft", "open", "paid", "uncollectible", "void"] as const)(
		"continues after a renewal whose invoice is %s: only the status reports a failed payment",
		(status) => {
			expect(isLive(subscription({ invoice: { billing_reason: "subscription_cycle", status } }), start * 1000)).toBe(true);
		},
	);

	test("starts when the first payment settles and survives an unpaid renewal for 7 days", () => {
		const at = (days: number) => (start + days * DAY) * 1000;
		expect(isLive(subscription({ invoice: { status: "open" } }), at(0))).toBe(false);
		expect(isLive(subscription({ invoice: { status: "open", billing_reason: "subscription_cycle" } }), at(0))).toBe(true);
		const renewal = { status: "open", billing_reason: "subscription_cycle" } as const;
		expect(isLive(subscription({ status: "past_due", invoice: renewal }), at(7) - 1)).toBe(true);
		expect(isLive(subscription({ status: "past_due", invoice: renewal }), at(7))).toBe(false);
		expect(isLive(subscription({ status: "past_due", invoice: { status: "open" } }), at(0))).toBe(false);
	});

	test("after an upgrade adds the extra requests in proportion to the time left, for that period only", () => {
		const at = (days: number) => (start + days * DAY) * 1000;
		expect(periodAfterChange(subscription(), 3000, 77, at(0))).toBe(`${start}:3000`);
		expect(periodAfterChange(subscription(), 3000, 77, at(15.5))).toBe(`${start}:2000`);
		expect(periodAfterChange(subscription(), 3000, 77, at(31))).toBe(`${start}:1000`);
		const changed = subscription({ requests: "3000", metadata: { [PERIOD_REQUESTS]: `${start}:2000` } });
		expect(toEntitlement([changed], [], terms)).toMatchObject({ limit: 2000 });
		expect(periodAfterChange(changed, 5000, 77, at(15.5))).toBe(`${start}:3500`);
		const before = subscription({ requests: "3000", metadata: { [PERIOD_REQUESTS]: `${start - 31 * DAY}:2000` } });
		expect(toEntitlement([before], [], terms)).toMatchObject({ limit: 3000 });
	});

	test("stays between the paid and the more expensive plan, however often the plan changes", () => {
		const step = fc.record({ to: fc.integer({ min: 1, max: 5_000 }), after: fc.integer({ min: 0, max: 10 * DAY }) });
		fc.assert(
			fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
				let [metadata, atMs, limit, highest]: [Stripe.Metadata, number, number, number] = [{}, start * 1000, 1000, 1000];
				for (const { to, after } of steps) {
					atMs += after * 1000;
					metadata = { [PERIOD_REQUESTS]: periodAfterChange(subscription({ metadata }), to, 77, atMs) };
					const entitlement = toEntitlement([subscription({ metadata })], [], terms);
					const next = entitlement.kind === "windowed" ? entitlement.limit : -1;
					highest = Math.max(highest, to);
					expect(next).toBeGreaterThanOrEqual(limit);
					expect(next).toBeLessThanOrEqual(highest);
					limit = next;
				}
			}),
		);
	});
});

describe("a top-up", () => {
	test("counts once its payment has settled, and other payments do not", () => {
		const charges = [charge({ status: "pending", paid: false }), charge({ status: "failed", paid: false }), charge({ metadata: {} })];
		expect(topUpsAmong(charges, new Set())).toEqual([]);
		expect(requestsOf({ metadata: { ai_requests: "-5" } })).toBeNull();
	});

	test("loses credits in proportion to a refund, rounded up, and all of them with a lost dispute", () => {
		const left = (refunded: number) => topUpsAmong([charge({ amount_refunded: refunded })], new Set())[0]?.left;
		expect([0, 1, 400, 799, 800].map(left)).toEqual([1000, 998, 500, 1, 0]);
		expect(topUpsAmong([charge()], new Set(["ch_1"]))).toEqual([{ id: "pi_1", bought: 1000, left: 0 }]);
	});
});

describe("a plan on the account page", () => {
	test.each([
		[{ status: "active" }, "active"],
		[{ status: "trialing" }, "trial"],
		[{ status: "past_due", invoice: { status: "open", next_payment_attempt: start + DAY } }, "owed"],
		// A retry by bank debit is in progress.
		[{ status: "past_due", invoice: { status: "open", auto_advance: true } }, "owed"],
		[{ status: "past_due", invoice: { status: "open" } }, "unpaid"],
		[{ status: "unpaid", invoice: { status: "open" } }, "unpaid"],
		[{ cancelAtPeriodEnd: true }, "ending"],
	] as const)("%o is %s", (plan, state) => {
		expect(toStanding(subscription(plan), [], start * 1000).state).toBe(state);
	});

	test("is reactivated by paying its latest invoice, while that is payable", () => {
		const invoiceOf = (status: Stripe.Invoice.Status) => toStanding(subscription({ status: "unpaid", invoice: { status } }), [], 0).invoice;
		expect([invoiceOf("open"), invoiceOf("draft")]).toEqual(["in_1", null]);
		const owed = { status: "past_due" as const, invoice: { status: "open" as const, next_payment_attempt: start + DAY } };
		expect(toStanding(subscription(owed), [], 0)).toMatchObject({ state: "owed", invoice: "in_1" });
		expect(toStanding(subscription({ invoice: { status: "open" } }), [], 0).invoice).toBeNull();
	});

	test.each(["keep_as_draft", "mark_uncollectible", "void"] as const)("is paused while Stripe collects no payment (%s)", (paused) => {
		expect(toStanding(subscription({ paused }), [], 0)).toMatchObject({ state: "active", paused: true });
		expect(toStanding(subscription(), [], 0).paused).toBe(false);
	});

	test("shows its end date and price", () => {
		expect(toStanding(subscription({ cancelAtPeriodEnd: true }), [], start * 1000)).toMatchObject({
			endsAt: new Date((start + 31 * DAY) * 1000).toISOString(),
			price: { amountCents: 799, currency: "USD", interval: "month" },
			live: true,
			balance: null,
		});
	});
});

describe("an invoice on the account page", () => {
	const invoiceOf = (status: Stripe.Invoice.Status) =>
		({
			...{ id: "in_1", number: "A-1", status, created: start, total: 799, currency: "usd" },
			lines: { data: [{ description: "1 × Pro" }, { description: null }] },
			parent: { subscription_details: { subscription: "sub_1" } },
		}) as unknown as Stripe.Invoice;

	test("shows the total with tax and the lines", () => {
		expect(toInvoice(invoiceOf("paid"), [subscription()])).toMatchObject({
			...{ number: "A-1", lines: ["1 × Pro"], amountCents: 799, currency: "USD", state: "paid" },
		});
	});

	test.each([
		["active", "confirming"],
		["past_due", "open"],
		["canceled", "uncollectible"],
	] as const)("that is open, of a plan that is %s: %s", (status, state) => {
		expect(toInvoice(invoiceOf("open"), [subscription({ status })]).state).toBe(state);
	});
});
