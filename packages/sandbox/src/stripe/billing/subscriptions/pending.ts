/** Changes that are pending until their invoice is paid (`payment_behavior=pending_if_incomplete`). */
import type { State } from "../../../state.ts";
import { changing } from "../../events/emit.ts";
import { find } from "../../find.ts";
import type { InvoiceItem, PaymentMethod, Subscription } from "../../records.ts";
import { collect } from "../invoices/collect.ts";
import { draftInvoice } from "../invoices/draft.ts";
import { finalizeInvoice } from "../invoices/finalize.ts";
import { voidInvoice } from "../invoices/void.ts";
import { mergedMetadata } from "../metadata.ts";
import type { SubscriptionChange } from "./change.ts";
import { itemOf } from "./find.ts";
import { replacePrice } from "./price.ts";

/** Stripe discards a pending update after this time. */
const keptSeconds = 23 * 60 * 60;

interface Held {
	change: SubscriptionChange;
	items: InvoiceItem[];
	method: PaymentMethod | undefined;
	atSeconds: number;
}

/** Invoices the change without applying it. The change applies, with its metadata, when that invoice is paid. */
export function holdPending(state: State, subscription: Subscription, { change, items, method, atSeconds }: Held): void {
	const wanted = structuredClone(itemOf(subscription));
	replacePrice(wanted, change.price ?? wanted.price, change.quantity ?? wanted.quantity ?? 1);
	const expiresAt = atSeconds + keptSeconds;
	changing(state, subscription, "customer.subscription.updated", atSeconds, () => {
		subscription.pending_update = {
			billing_cycle_anchor: null,
			cancel_at_period_end: null,
			discount: null,
			discounts: null,
			expires_at: expiresAt,
			metadata: change.metadata ? mergedMetadata({}, change.metadata) : null,
			subscription_items: [wanted],
			trial_end: null,
			trial_from_plan: null,
		};
	});
	state.stripe.invoiceItems.push(...items);
	const invoice = draftInvoice(state, {
		customerId: subscription.customer,
		subscription,
		reason: "subscription_update",
		lines: [],
		period: { start: itemOf(subscription).current_period_start, end: atSeconds },
		isAutomatic: false,
		atSeconds,
	});
	finalizeInvoice(state, invoice, atSeconds);
	collect(state, invoice, method, "call", atSeconds);
	state.stripe.tasks.push({ type: "void", dueAtMs: expiresAt * 1000, invoiceId: invoice.id });
}

/** Discards the pending change and its invoice. */
export function dropPending(state: State, subscription: Subscription, atSeconds: number): void {
	if (subscription.pending_update === null || subscription.latest_invoice === null) return;
	voidInvoice(state, find(state.stripe.invoices, subscription.latest_invoice, "invoice"), atSeconds);
}
