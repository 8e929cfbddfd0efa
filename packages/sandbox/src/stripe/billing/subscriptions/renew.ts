import type { State } from "../../../state.ts";
import { changing } from "../../events/emit.ts";
import type { Subscription } from "../../records.ts";
import { draftInvoice } from "../invoices/draft.ts";
import { periodLine } from "../invoices/lines.ts";
import { endSubscription } from "./cancel.ts";
import { itemOf } from "./find.ts";
import { periodEnd } from "./periods.ts";

/**
 * Ends the current period. A scheduled cancellation then ends the subscription. Otherwise the next period starts, with a draft that is
 * charged an hour later; the status changes only if that charge is declined.
 */
export function renew(state: State, subscription: Subscription, atSeconds: number): void {
	if (subscription.cancel_at !== null && subscription.cancel_at <= atSeconds) {
		endSubscription(state, subscription, null, atSeconds);
		return;
	}
	const item = itemOf(subscription);
	const past = { start: item.current_period_start, end: item.current_period_end };
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		if (subscription.status === "trialing") subscription.status = "active";
		item.current_period_start = past.end;
		item.current_period_end = periodEnd(subscription, item.price, past.end);
		if (subscription.cancel_at_period_end) subscription.cancel_at = item.current_period_end;
		draftInvoice(state, {
			customerId: subscription.customer,
			subscription,
			reason: "subscription_cycle",
			lines: [periodLine(state.stripe, subscription, item, false)],
			period: past,
			isAutomatic: subscription.status !== "unpaid",
			atSeconds,
		});
	});
}
