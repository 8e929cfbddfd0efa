import { t } from "../../text/text.ts";
import type { PlanView } from "../../view/billing.ts";

/** How often a price is charged: "a month", or "once". */
export function everyText(interval: PlanView["interval"]): string {
	switch (interval) {
		case "day":
			return t("every_day");
		case "week":
			return t("every_week");
		case "month":
			return t("every_month");
		case "year":
			return t("every_year");
		default:
			return t("every_once");
	}
}
