/** Scenarios that change only Flowglad's records. The app sees them at its next read. */
import { nanoid } from "nanoid";
import { archiveCustomer, createCustomer } from "../billing/customers.ts";
import { findById } from "../billing/find-by-id.ts";
import { findPrice } from "../billing/pricing/pricing.ts";
import type { Customer } from "../billing/records.ts";
import { cancelAtPeriodEnd } from "../billing/subscriptions/cancel.ts";
import { startSubscription } from "../billing/subscriptions/start.ts";
import { applyDue } from "../clock/apply-due.ts";
import type { Faults } from "../faults/schema.ts";
import type { State } from "../state.ts";
import type { Scenario } from "./scenario.ts";
import { buy, endPeriod, free, leavePaidPlans, leaveWithoutPlan, pro, renewing, type Stage, use } from "./stage.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** A scenario that applies `act` to a customer, under its own faults and settings. */
function atProvider(
	name: string,
	title: string,
	detail: string,
	act: (stage: Stage) => void,
	faults: Faults = {},
	settings: Partial<State["settings"]> = {},
): Scenario {
	return {
		name,
		title,
		detail,
		needsApp: false,
		play: async (world, { customerId }) => {
			const { state } = world;
			const nowMs = world.nowMs();
			const customer = customerId === undefined ? newCustomer(state, nowMs) : findById(state.customers, customerId, "Customer");
			const before = { faults: state.faults, settings: state.settings };
			// The user's current faults and settings must not affect the scenario.
			Object.assign(state, { faults, settings: { ...state.settings, pastDueFreePlanBlocksUpgrade: false, ...settings } });
			try {
				act({ state, customer, nowMs });
				applyDue(state, nowMs);
			} finally {
				Object.assign(state, before);
			}
			return { text: `${customer.name || customer.externalId}: ${detail}`, customerId: customer.id };
		},
	};
}

function newCustomer(state: State, nowMs: number): Customer {
	const externalId = `seed_${nanoid(10)}`;
	return createCustomer(state, { externalId, name: `Ada ${state.customers.length + 1}`, email: `${externalId}@example.com` }, nowMs)
		.customer;
}

export const providerScenarios: readonly Scenario[] = [
	atProvider("pro-999-of-1000", "Pro at 999 of 1000", "has Pro with one request left in this period.", (stage) =>
		use(stage, pro(stage), 1),
	),
	atProvider(
		"past-due",
		"Past due",
		"has Pro whose renewal was declined. It is tried again in 3 days, and goes through then.",
		(stage) => endPeriod(stage, pro(stage)),
		{ declineRenewals: true },
	),
	atProvider("cancelling", "Cancelling", "has Pro until the period ends, and nothing after it.", (stage) =>
		cancelAtPeriodEnd(stage.state, pro(stage), stage.nowMs),
	),
	atProvider(
		"no-subscription",
		"No plan at all",
		"had Pro; the cancellation has taken effect, and no plan took its place.",
		leaveWithoutPlan,
		{},
		{ noPlanAfterScheduledCancel: true },
	),
	atProvider(
		"free-past-due",
		"Free plan past due",
		"is on the free plan, which calls itself past due since its first renewal.",
		(stage) => {
			const plan = renewing(stage, free(stage));
			// With a card it would be charged and stay active.
			stage.state.paymentMethods = stage.state.paymentMethods.filter(({ customerId }) => customerId !== stage.customer.id);
			plan.defaultPaymentMethodId = null;
			endPeriod(stage, plan);
		},
		{},
		{ freePlanPastDue: true },
	),
	atProvider(
		"payment-under-way",
		"Pro without credits yet",
		"has Pro since a moment, but no balance: the payment settles in an hour.",
		(stage) => {
			leavePaidPlans(stage);
			buy(stage, "pro_monthly");
		},
		{ paymentDelayMs: 60 * 60 * 1000 },
	),
	atProvider("negative-balance", "Negative balance", "has Pro and has used 503 more than there was.", (stage) =>
		use(stage, pro(stage), -503),
	),
	atProvider(
		"stranded-credits",
		"Credits left behind",
		"bought 1000 requests on the free plan, then Pro: the 1000 stayed behind.",
		(stage) => {
			free(stage);
			buy(stage, "top_up_1000");
			buy(stage, "pro_monthly");
		},
		{},
		{ creditsStrandedOnUpgrade: true },
	),
	atProvider(
		"top-up-without-plan",
		"Top-up without a plan",
		"has no plan and paid for a top-up: the money went, no credits came.",
		(stage) => {
			leaveWithoutPlan(stage);
			buy(stage, "top_up_1000");
		},
		{},
		{ noPlanAfterScheduledCancel: true, topUpWithoutSubscription: true },
	),
	atProvider(
		"two-subscriptions",
		"Two plans at once",
		"has Pro twice.",
		(stage) => {
			pro(stage);
			const price = findPrice(stage.state, { priceSlug: "pro_monthly" });
			if (price?.type === "subscription")
				startSubscription(stage.state, { customer: stage.customer, price, quantity: 1, name: "Pro, the second", atMs: stage.nowMs });
		},
		{},
		{ twoSubscriptions: true },
	),
	atProvider("trial", "On trial", "tries Pro for 14 days, with all its credits and nothing paid.", (stage) => {
		leavePaidPlans(stage);
		const price = findPrice(stage.state, { priceSlug: "pro_monthly" });
		const trialEndMs = stage.nowMs + 14 * dayMs;
		if (price?.type === "subscription")
			startSubscription(stage.state, { customer: stage.customer, price, quantity: 1, trialEndMs, atMs: stage.nowMs });
	}),
	atProvider(
		"archived",
		"Archived customer",
		"is archived: unknown to reads, and usage is refused with 500.",
		({ state, customer, nowMs }) => {
			archiveCustomer(state, customer.externalId, nowMs);
		},
	),
];
