import Stripe from "stripe";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Offer } from "../port.ts";
import { changePlan } from "./plan.ts";

vi.mock("../../../config.ts", () => ({ config: () => ({ limits: { paid: 1000 } }) }));
vi.mock("../../time/clock.ts", () => ({ now: () => 1_800_000_000_000 }));
vi.mock("./portal.ts", () => ({ openCardPage: async () => ({ id: "bps_1", url: "https://stripe.example/card" }) }));

const item = {
	id: "si_1",
	price: { id: "price_pro", unit_amount: 799, metadata: {} },
	current_period_start: 1_800_000_000,
	current_period_end: 1_802_678_400,
};
const plan = {
	id: "sub_1",
	customer: "cus_1",
	status: "active",
	metadata: {},
	schedule: null,
	pending_update: null,
	cancel_at: null,
	cancel_at_period_end: false,
	default_payment_method: "pm_1",
	default_source: null,
	latest_invoice: { id: "in_1", status: "paid" },
	items: { data: [item] },
};
const max = { priceId: "price_max", amountCents: 1999, requests: 3000, interval: "month" } as Offer;
const update = vi.fn();
const retrieve = vi.fn();
const client = {
	subscriptions: { retrieve, update },
	customers: { retrieve: async () => ({ invoice_settings: { default_payment_method: null }, default_source: null }) },
} as unknown as Stripe;
const change = () => changePlan(client, "sub_1", max, "https://parley.example/account");

function refusal(statusCode: number, fields: { code?: string; decline_code?: string }) {
	const type = statusCode === 402 ? "card_error" : "invalid_request_error";
	return Stripe.errors.generateV1Error({ type, message: "refused", statusCode, ...fields } as Parameters<
		typeof Stripe.errors.generateV1Error
	>[0]);
}

beforeEach(() => {
	update.mockReset();
	retrieve.mockReset().mockResolvedValue(plan);
});

describe("an upgrade at Stripe", () => {
	test.each([
		{ code: "subscription_payment_intent_requires_action" },
		{ code: "invoice_payment_intent_requires_action" },
		{ code: "authentication_required" },
		{ code: "card_declined", decline_code: "authentication_required" },
	])("refused with %o waits for the customer's confirmation and keeps the change's metadata", async (fields) => {
		const latest_invoice = { id: "in_2", hosted_invoice_url: "https://stripe.example/in_2" };
		update.mockRejectedValueOnce(refusal(402, fields)).mockResolvedValueOnce({ ...plan, pending_update: {}, latest_invoice });
		expect(await change()).toMatchObject({ takesEffect: "not-yet", url: "https://stripe.example/in_2" });
		const [first, second] = update.mock.calls.map(([, params]) => params);
		expect(second).toMatchObject({ items: first.items, metadata: first.metadata, payment_behavior: "pending_if_incomplete" });
	});

	test("takes effect now if the bank approves the second call", async () => {
		update.mockRejectedValueOnce(refusal(402, { code: "authentication_required" })).mockResolvedValueOnce(plan);
		expect(await change()).toMatchObject({ takesEffect: "now" });
	});

	test("with a declined card changes nothing and reserves nothing", async () => {
		update.mockRejectedValueOnce(refusal(402, { code: "card_declined", decline_code: "insufficient_funds" }));
		expect(await change()).toMatchObject({ takesEffect: "declined" });
		expect(update).toHaveBeenCalledTimes(1);
	});

	test("without a card leads to the page for entering one; any other 400 is an error", async () => {
		update.mockRejectedValue(refusal(400, { code: "resource_missing" }));
		await expect(change()).rejects.toThrow("refused");
		retrieve.mockResolvedValue({ ...plan, default_payment_method: null });
		expect(await change()).toMatchObject({ takesEffect: "not-yet", url: "https://stripe.example/card" });
	});

	test("that is already pending leads to the same page until Stripe drops it", async () => {
		const latest_invoice = { id: "in_2", status: "open", hosted_invoice_url: "https://stripe.example/in_2" };
		const waiting = (expires_at: number) => ({
			...plan,
			latest_invoice,
			pending_update: { expires_at, subscription_items: [{ price: { id: "price_max" } }] },
		});
		retrieve.mockResolvedValue(waiting(1_800_000_001));
		expect(await change()).toMatchObject({ takesEffect: "not-yet", url: "https://stripe.example/in_2" });
		expect(update).not.toHaveBeenCalled();
	});
});
