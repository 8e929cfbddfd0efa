import type Stripe from "stripe";
import type { Offer } from "../port.ts";
import { idOf, periodOf, priceOf } from "./objects.ts";

type Phase = Stripe.SubscriptionSchedule.Phase;
type PhaseParams = Stripe.SubscriptionScheduleUpdateParams.Phase;

/**
 * The two phases of a downgrade: the present price until the end of its period, then the new one. Stripe replaces phases as a whole, so anything not
 * repeated in the present phase ends at once: a trial, discounts, taxes. Discounts continue in the next phase for as long as each lasts.
 * @param schedule as Stripe created it from the subscription
 */
export function phasesOfDowngrade(
	plan: Stripe.Subscription,
	schedule: Stripe.SubscriptionSchedule,
	{ priceId, interval }: Pick<Offer, "priceId" | "interval">,
): PhaseParams[] {
	const present = schedule.phases[0];
	const { startMs, endMs } = periodOf(plan);
	const end = present?.end_date ?? endMs / 1000;
	const trialEnd = present?.trial_end ?? (plan.status === "trialing" ? plan.trial_end : null);
	const lasting = { discounts: discountsOf(plan, present), ...terms(present) };
	const item = present?.items[0];
	const ofItem = {
		quantity: item?.quantity ?? 1,
		tax_rates: idsOf(item?.tax_rates),
		discounts: (item?.discounts ?? []).map(discountParams),
	};
	return [
		{
			...lasting,
			items: [{ price: idOf(item?.price) ?? priceOf(plan)?.id ?? "", ...ofItem }],
			start_date: present?.start_date ?? startMs / 1000,
			end_date: end,
			...(trialEnd === null ? {} : { trial_end: trialEnd }),
		},
		{ ...lasting, items: [{ price: priceId, ...ofItem }], start_date: end, duration: { interval: interval ?? "month", interval_count: 1 } },
	];
}

/** The other settings of a phase (besides items, dates, trial and discounts) that an account may have set. */
function terms(present: Phase | undefined): Partial<PhaseParams> {
	if (!present) return {};
	const { automatic_tax, collection_method, default_payment_method, default_tax_rates, description } = present;
	const card = idOf(default_payment_method);
	return {
		...(automatic_tax ? { automatic_tax: { enabled: automatic_tax.enabled } } : {}),
		...(collection_method === null ? {} : { collection_method }),
		...(card === null ? {} : { default_payment_method: card }),
		...(description === null ? {} : { description }),
		default_tax_rates: idsOf(default_tax_rates),
	};
}

const idsOf = (rates: readonly { id: string }[] | null | undefined): string[] => (rates ?? []).map(({ id }) => id);

/** The discounts of the present phase, or of the subscription if the phase names none. */
function discountsOf(plan: Stripe.Subscription, present: Phase | undefined): DiscountParams[] {
	const ofPhase = (present?.discounts ?? []).map(discountParams);
	return ofPhase.length > 0 ? ofPhase : plan.discounts.map((discount) => ({ discount: idOf(discount) ?? "" }));
}

interface DiscountParams {
	discount?: string;
	promotion_code?: string;
	coupon?: string;
}

/** A discount as a parameter: the running one, else the code or coupon that starts it. */
function discountParams({ discount, promotion_code, coupon }: Stripe.SubscriptionSchedule.Phase.Discount): DiscountParams {
	const running = idOf(discount);
	if (running !== null) return { discount: running };
	const code = idOf(promotion_code);
	return code === null ? { coupon: idOf(coupon) ?? "" } : { promotion_code: code };
}
