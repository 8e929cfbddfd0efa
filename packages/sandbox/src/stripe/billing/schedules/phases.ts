import type { State } from "../../../state.ts";
import { find, known } from "../../find.ts";
import type { Price, Schedule } from "../../records.ts";
import { InvalidParameters, refuse } from "../../refusal.ts";
import { mergedMetadata } from "../metadata.ts";
import { intervalsAfter } from "../subscriptions/periods.ts";
import type { ProrationBehavior } from "../subscriptions/prorate.ts";

type Phase = Schedule["phases"][number];

export interface PhaseRequest {
	items: { price: string; quantity?: number | undefined }[];
	/** Epoch seconds. */
	start_date?: number | "now" | undefined;
	end_date?: number | "now" | undefined;
	duration?: { interval: "day" | "week" | "month" | "year"; interval_count?: number | undefined } | undefined;
	proration_behavior?: ProrationBehavior | undefined;
	metadata?: Record<string, string> | null | undefined;
	trial_end?: number | undefined;
	discounts?: { discount: string }[] | undefined;
	default_payment_method?: string | undefined;
}

/**
 * The requested phases. The first is the current one, and each starts where the previous one ends.
 * @throws StripeRefusal
 */
export function phasesOf(state: State, schedule: Schedule, requests: readonly PhaseRequest[], atSeconds: number): Phase[] {
	const [first] = requests;
	if (first?.start_date === undefined)
		throw new InvalidParameters("You must set the `start_date` on the first phase.", {
			code: "parameter_missing",
			param: "phases[0][start_date]",
		});
	const isNow = (date: number | "now") => (date === "now" ? atSeconds : date);
	if (schedule.current_phase !== null && first.start_date !== "now" && first.start_date !== schedule.current_phase.start_date)
		throw refuse("You can not modify the start date of the current phase.", { param: "phases[0][start_date]" });
	let start = schedule.current_phase?.start_date ?? isNow(first.start_date);
	const phases = requests.map((request, index) => {
		const param = `phases[${index}]`;
		if (request.start_date !== undefined && index > 0 && isNow(request.start_date) !== start)
			throw refuse("Phases must be contiguous: each starts when the one before it ends.", { param: `${param}[start_date]` });
		const [item] = request.items;
		if (item === undefined || request.items.length > 1)
			throw refuse("The sandbox's subscriptions have one item.", { param: `${param}[items]` });
		const price = find(state.stripe.prices, item.price, "price", `${param}[items][0][price]`);
		if (price.recurring === null) throw refuse("A phase needs a recurring price.", { param: `${param}[items][0][price]` });
		if (request.end_date !== undefined && request.duration !== undefined)
			throw refuse("You may only specify one of these parameters: duration, end_date.", { param });
		const end = request.end_date === undefined ? endOf(start, price, request) : isNow(request.end_date);
		if (end <= start) throw refuse("The end date of a phase must be after its start date.", { param: `${param}[end_date]` });
		const phase = newPhase({ priceId: price.id, quantity: item.quantity ?? 1, currency: price.currency }, { start, end });
		phase.proration_behavior = request.proration_behavior ?? "create_prorations";
		phase.metadata = mergedMetadata({}, request.metadata);
		phase.trial_end = request.trial_end ?? null;
		phase.discounts = (request.discounts ?? []).map(({ discount }) => ({ coupon: null, discount, promotion_code: null }));
		phase.default_payment_method = request.default_payment_method ?? null;
		start = end;
		return phase;
	});
	currentPhase(phases, atSeconds);
	return phases;
}

/** The end of a phase; by default after one interval of its price. */
function endOf(start: number, { recurring }: Price, { duration }: PhaseRequest): number {
	return intervalsAfter(start, duration ?? { interval: recurring?.interval, interval_count: recurring?.interval_count });
}

/**
 * The phase at an instant.
 * @throws StripeRefusal if none covers it
 */
export function currentPhase(phases: readonly Phase[], atSeconds: number): Phase {
	const phase = phases.find(({ start_date, end_date }) => start_date <= atSeconds && atSeconds < end_date);
	if (phase === undefined)
		throw refuse("The subscription schedule update is missing at least one phase with a `start_date` to anchor end dates to.");
	return phase;
}

interface Content {
	priceId: string;
	quantity: number;
	currency: string;
}

/** A phase from `start` to `end` in epoch seconds, the end excluded. */
export function newPhase({ priceId, quantity, currency }: Content, { start, end }: { start: number; end: number }): Phase {
	return {
		add_invoice_items: [],
		application_fee_percent: null,
		billing_cycle_anchor: null,
		billing_thresholds: null,
		collection_method: null,
		currency,
		default_payment_method: null,
		default_tax_rates: [],
		description: null,
		discounts: [],
		end_date: end,
		invoice_settings: null,
		items: [{ billing_thresholds: null, discounts: [], metadata: {}, plan: priceId, price: priceId, quantity, tax_rates: [] }],
		metadata: {},
		on_behalf_of: null,
		proration_behavior: "create_prorations",
		start_date: start,
		transfer_data: null,
		trial_end: null,
	};
}

/** Copies a direct change of the subscription into the current phase. */
export function followSubscription(state: State, scheduleId: string | null, priceId: string, quantity: number, atSeconds: number): void {
	if (scheduleId === null) return;
	const [item] = currentPhase(known(state.stripe.schedules, scheduleId).phases, atSeconds).items;
	if (item === undefined) return;
	item.price = priceId;
	item.plan = priceId;
	item.quantity = quantity;
}
