import type { PlanView } from "../../view/billing.ts";

/** An amount in cents as a price in `locale` (undefined for the viewer's own), without cents when there are none. */
export function priceText(amountCents: number, currency: string, locale: string | undefined): string {
	const whole = amountCents % 100 === 0;
	return new Intl.NumberFormat(locale, {
		style: "currency",
		currency,
		currencyDisplay: "narrowSymbol",
		minimumFractionDigits: whole ? 0 : 2,
	}).format(amountCents / 100);
}

/** How often a price is charged: "a month", or "once". */
export const everyText = (interval: PlanView["interval"]): string => (interval ? `a ${interval}` : "once");
