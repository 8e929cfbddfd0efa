import { Hono } from "hono";
import { html } from "hono/html";
import { usageMeterBalances } from "../billing/ledger-book.ts";
import type { Customer } from "../billing/records.ts";
import { emptyState, type State } from "../state.ts";
import type { Env, World } from "../world.ts";
import { type Html, page, time } from "./layout.ts";

const shown = 20;

/** The page at /: what the sandbox holds, at a glance. */
export function inspectorPages(world: World) {
	return new Hono<Env>()
		.get("/", (c) => c.html(inspectorPage(world)))
		.post("/reset", (c) => {
			world.state = emptyState();
			return c.redirect("/", 303);
		});
}

function inspectorPage(world: World): Html {
	const { state } = world;
	return page({
		title: "Inspector",
		wide: true,
		body: html`
<h1>Parley sandbox</h1>
<p>Stands in for Flowglad, the mail server and the model while you work offline. Nothing here is real.</p>
<p class="soft">It is ${time(world.nowMs())} here${state.clockOffsetMs === 0 ? "" : ", which is not the machine’s time"}.
<a href="${world.appUrl}">The app</a> · <a href="/mailbox">Mailbox (${state.mailbox.length})</a> · <a href="/__sandbox/state">State as JSON</a></p>
<h2>Customers</h2>
${
	state.customers.length === 0
		? html`<p class="soft">No customers yet. Sign up in the app and the first one appears.</p>`
		: html`<div class="scroll"><table>
<thead><tr><th scope="col">Customer</th><th scope="col">Plan</th><th scope="col">Status</th><th scope="col">Period ends</th><th scope="col" class="number">AI requests left</th></tr></thead>
<tbody>${state.customers.toReversed().map((customer) => customerRows(state, customer))}</tbody>
</table></div>`
}
<h2>Latest usage events</h2>
${usageTable(state)}
<h2>Latest checkout sessions</h2>
${checkoutTable(state)}
<form method="post" action="/reset" class="actions"><button>Reset the sandbox</button></form>`,
	});
}

function customerRows(state: State, customer: Customer): Html[] {
	const owned = state.subscriptions.filter(({ customerId }) => customerId === customer.id).toReversed();
	return owned.map(
		(subscription, index) => html`<tr>
<td>${index === 0 ? html`<a href="/billing-portal/${customer.id}">${customer.name || customer.externalId}</a><br><span class="soft">${customer.email}${customer.archived ? ", archived" : ""}</span>` : ""}</td>
<td>${subscription.name}</td>
<td>${subscription.status.replaceAll("_", " ")}</td>
<td>${time(subscription.currentBillingPeriodEnd)}</td>
<td class="number">${usageMeterBalances(state, subscription.id)[0]?.availableBalance ?? "–"}</td>
</tr>`,
	);
}

function usageTable(state: State): Html {
	if (state.usageEvents.length === 0) return html`<p class="soft">No usage was reported yet.</p>`;
	return html`<div class="scroll"><table>
<thead><tr><th scope="col">Time</th><th scope="col">Transaction</th><th scope="col">Subscription</th><th scope="col" class="number">Amount</th></tr></thead>
<tbody>${state.usageEvents
		.slice(-shown)
		.toReversed()
		.map(
			(event) =>
				html`<tr><td>${time(event.createdAt)}</td><td><code>${event.transactionId}</code></td><td><code>${event.subscriptionId}</code></td><td class="number">${event.amount}</td></tr>`,
		)}</tbody>
</table></div>`;
}

function checkoutTable(state: State): Html {
	if (state.checkoutSessions.length === 0) return html`<p class="soft">Nothing was bought yet.</p>`;
	return html`<div class="scroll"><table>
<thead><tr><th scope="col">Time</th><th scope="col">Customer</th><th scope="col">For</th><th scope="col">Status</th></tr></thead>
<tbody>${state.checkoutSessions
		.slice(-shown)
		.toReversed()
		.map(
			(session) =>
				html`<tr><td>${time(session.createdAt)}</td><td>${session.customerEmail}</td><td><a href="/checkout/${session.id}">${session.priceId ?? session.type.replaceAll("_", " ")}</a></td><td>${session.status}</td></tr>`,
		)}</tbody>
</table></div>`;
}
