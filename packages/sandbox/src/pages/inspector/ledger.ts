import { html } from "hono/html";
import type { LedgerEntry } from "../../billing/ledger.ts";
import type { Customer } from "../../billing/records.ts";
import type { State } from "../../state.ts";
import { type Html, table, time } from "../layout.ts";

const shown = 100;

/** The ledger lines of a customer, newest first, each with the balance after it. */
export function ledgerTable(state: State, customer: Customer): Html {
	const subscriptions = new Map(state.subscriptions.filter(({ customerId }) => customerId === customer.id).map((one) => [one.id, one]));
	const balances = new Map<string, number>();
	const lines = state.ledger
		.filter(({ subscriptionId }) => subscriptions.has(subscriptionId))
		.map((entry) => {
			const signed = entry.type === "grant" || entry.type === "settlement" ? entry.amount : -entry.amount;
			const account = `${entry.subscriptionId} ${entry.usageMeterId}`;
			const balance = (balances.get(account) ?? 0) + signed;
			balances.set(account, balance);
			return { entry, signed, balance };
		});
	const rows = lines
		.slice(-shown)
		.toReversed()
		.map(
			({ entry, signed, balance }) =>
				html`<tr><td>${time(entry.atMs)}</td><td>${what(state, entry)}</td><td>${subscriptions.get(entry.subscriptionId)?.name}</td><td class="number">${signed > 0 ? `+${signed}` : `−${-signed}`}</td><td class="number ${balance < 0 ? "is-bad" : ""}">${balance}</td></tr>`,
		);
	return html`${table("Ledger", ["Time", "What", "Plan", { number: "Units" }, { number: "Balance" }], rows, html`<p class="soft">No entries yet.</p>`)}
${lines.length > shown ? html`<p class="soft">The last ${shown} of ${lines.length}.</p>` : ""}`;
}

function what(state: State, entry: LedgerEntry): Html {
	switch (entry.type) {
		case "grant":
			return entry.expiresAtMs === null ? html`Granted, without an end` : html`Granted until ${time(entry.expiresAtMs)}`;
		case "usage": {
			const event = state.usageEvents.find(({ id }) => id === entry.usageEventId);
			return html`Used <code class="soft">${event?.transactionId}</code>`;
		}
		case "expiry":
			return html`Left over, expired`;
		case "settlement":
			return html`Debt, settled by a paid invoice`;
	}
}
