import type { PlanView } from "../../view/billing.ts";

/** A price as the pricing model has it, in the reader's form once the page is alive. */
export function priceText(amountCents: number, currency: string, locale: string | undefined): string {
	const whole = amountCents % 100 === 0;
	return new Intl.NumberFormat(locale, {
		style: "currency",
		currency,
		currencyDisplay: "narrowSymbol",
		minimumFractionDigits: whole ? 0 : 2,
	}).format(amountCents / 100);
}

export const everyText = (interval: PlanView["interval"]): string => (interval ? `a ${interval}` : "once");
