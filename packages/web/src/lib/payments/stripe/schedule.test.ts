import type Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { phasesOfDowngrade } from "./schedule.ts";

const START = 1_800_000_000;
const END = START + 14 * 86_400;
const offer = { priceId: "price_pro", interval: "month" } as const;

function plan(more: object = {}): Stripe.Subscription {
	const item = { price: { id: "price_max" }, current_period_start: START, current_period_end: END };
	const record = { id: "sub_1", status: "active", trial_end: null, discounts: [], items: { data: [item] }, ...more };
	return record as unknown as Stripe.Subscription;
}

function schedule(phase: object | null = {}): Stripe.SubscriptionSchedule {
	const item = { price: "price_max", quantity: 1, discounts: [] };
	const terms = { collection_method: null, default_payment_method: null, description: null, discounts: [], trial_end: null };
	const phases = phase ? [{ start_date: START, end_date: END, items: [item], ...terms, ...phase }] : [];
	return { id: "sub_sched_1", phases } as unknown as Stripe.SubscriptionSchedule;
}

describe("the phases of a downgrade", () => {
	test("are the present price until the end of its period, then the new one", () => {
		expect(phasesOfDowngrade(plan(), schedule(), offer)).toMatchObject([
			{ items: [{ price: "price_max", quantity: 1 }], start_date: START, end_date: END },
			{ items: [{ price: "price_pro", quantity: 1 }], start_date: END, duration: { interval: "month", interval_count: 1 } },
		]);
	});

	test("keep a running trial and start none after it", () => {
		const trial = { status: "trialing", trial_end: END };
		for (const made of [schedule({ trial_end: END }), schedule(), schedule(null)]) {
			const [present, next] = phasesOfDowngrade(plan(trial), made, offer);
			expect(present?.trial_end).toBe(END);
			expect(next).not.toHaveProperty("trial_end");
		}
		// A finished trial keeps its date.
		expect(phasesOfDowngrade(plan({ trial_end: START }), schedule(), offer)[0]).not.toHaveProperty("trial_end");
	});

	test("keep the discounts named by the phase, or else by the subscription", () => {
		const named = [
			{ discount: { id: "di_1" }, coupon: "c_1", promotion_code: null },
			{ discount: null, coupon: { id: "c_2" }, promotion_code: null },
			{ discount: null, coupon: null, promotion_code: "promo_3" },
		];
		const expected = [{ discount: "di_1" }, { coupon: "c_2" }, { promotion_code: "promo_3" }];
		for (const phase of phasesOfDowngrade(plan(), schedule({ discounts: named }), offer)) expect(phase.discounts).toEqual(expected);
		for (const phase of phasesOfDowngrade(plan({ discounts: ["di_4"] }), schedule(), offer)) {
			expect(phase.discounts).toEqual([{ discount: "di_4" }]);
		}
	});

	test("keep the item's discounts and tax rates, the quantity, the card and the taxes", () => {
		const item = {
			price: { id: "price_max" },
			quantity: 2,
			tax_rates: [{ id: "txr_1" }],
			discounts: [{ discount: "di_1", coupon: null, promotion_code: null }],
		};
		const terms = {
			default_payment_method: "pm_1",
			default_tax_rates: [{ id: "txr_2" }],
			automatic_tax: { enabled: true, liability: null },
		};
		for (const phase of phasesOfDowngrade(plan(), schedule({ items: [item], ...terms }), offer)) {
			expect(phase).toMatchObject({
				items: [{ quantity: 2, tax_rates: ["txr_1"], discounts: [{ discount: "di_1" }] }],
				default_payment_method: "pm_1",
				default_tax_rates: ["txr_2"],
				automatic_tax: { enabled: true },
			});
		}
	});
});
