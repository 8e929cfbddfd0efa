import { html } from "hono/html";
import { accountsOf, entriesOf, usageMeterBalances } from "../../billing/credits.ts";
import { latestPeriod } from "../../billing/subscriptions/find.ts";
import type { State } from "../../state.ts";
import type { Html } from "../layout.ts";

/** The balance with a bar: the remaining share of what the period and all top-ups granted. */
export function balance(state: State, subscriptionId: string): Html {
	const [entry] = usageMeterBalances(state, subscriptionId);
	if (entry === undefined) return html`<span class="soft" title="No ledger entry yet, so the API does not list the meter">absent</span>`;
	const period = latestPeriod(state, subscriptionId);
	const granted = accountsOf(state, subscriptionId)
		.flatMap((account) => entriesOf(state, account))
		.filter((one) => one.type === "grant" && (one.expiresAtMs === null || one.expiresAtMs === period?.endMs))
		.reduce((sum, { amount }) => sum + amount, 0);
	const share = granted === 0 ? 0 : Math.min(1, Math.max(0, entry.availableBalance / granted));
	return html`<span class="${entry.availableBalance < 0 ? "is-bad" : ""}">${String(entry.availableBalance).replace("-", "−")}</span><span class="left" aria-hidden="true"><span style="width:${Math.round(share * 100)}%"></span></span>`;
}

/** A status, colored if it is a problem or temporary. */
export function status(words: string): Html {
	const bad = ["past_due", "unpaid", "failed", "expired", "dropped"];
	const waiting = [
		"cancellation_scheduled",
		"incomplete",
		"pending",
		"processing",
		"waiting",
		"trialing",
		"awaiting_payment_confirmation",
		"open",
	];
	const kind = bad.includes(words) ? "is-bad" : waiting.includes(words) ? "is-waiting" : "";
	return html`<span class="${kind}">${words.replaceAll("_", " ")}</span>`;
}
