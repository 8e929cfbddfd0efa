import { Hono } from "hono";
import { html } from "hono/html";
import type { Customer } from "../../billing/records.ts";
import { resetWorld } from "../../control/reset.ts";
import type { State } from "../../state.ts";
import type { Env, World } from "../../world.ts";
import { type Html, table, time } from "../layout.ts";
import { balance, status } from "./balance.ts";
import { inspectorPage } from "./shell.ts";

const shown = 20;

/** The page at /: customers, usage and checkouts. */
export function customerListPage(world: World) {
	return new Hono<Env>()
		.get("/", (c) => c.html(inspectorPage(world, c, { title: "Customers", body: overview(world.state) })))
		.post("/reset", async (c) => {
			await resetWorld(world);
			return c.redirect("/", 303);
		});
}

function overview(state: State): Html {
	return html`
<h1>Customers</h1>
<p>Replaces Flowglad, Stripe, the mail server and the model while you work offline. Nothing here is real.</p>
${table(
	"Customers",
	["Customer", "Plan", "Status", "Period ends", { number: "Requests left" }],
	state.customers.toReversed().flatMap((customer) => customerRows(state, customer)),
	html`<p class="soft">No customers yet. Sign up in the app and the first one appears, or <a href="/scenarios">apply a scenario</a>.</p>`,
)}
<h2>Latest usage</h2>
${table(
	"Latest usage",
	["Time", "Transaction", "Subscription", { number: "Amount" }],
	state.usageEvents
		.slice(-shown)
		.toReversed()
		.map(
			(event) =>
				html`<tr><td>${time(event.createdAt)}</td><td><code>${event.transactionId}</code></td><td><a href="/customers/${event.customerId}"><code>${event.subscriptionId}</code></a></td><td class="number">${event.amount}</td></tr>`,
		),
	html`<p class="soft">No usage yet.</p>`,
)}
<h2>Latest checkouts</h2>
${table(
	"Latest checkouts",
	["Time", "Customer", "For", "Status"],
	state.checkoutSessions
		.slice(-shown)
		.toReversed()
		.map(
			(session) =>
				html`<tr><td>${time(session.createdAt)}</td><td>${session.customerEmail}</td><td><a href="/checkout/${session.id}">${session.priceId ?? session.type.replaceAll("_", " ")}</a></td><td>${status(session.status)}</td></tr>`,
		),
	html`<p class="soft">No checkouts yet.</p>`,
)}
<form method="post" action="/reset" class="actions middle"><button>Reset the sandbox</button><span class="soft">Deletes everything and resets the clock. <a href="/__sandbox/state">State as JSON</a>.</span></form>`;
}

function customerRows(state: State, customer: Customer): Html[] {
	const owned = state.subscriptions.filter(({ customerId }) => customerId === customer.id).toReversed();
	const current = owned.filter((one) => one.current);
	const name = html`<a href="/customers/${customer.id}">${customer.name || customer.externalId}</a><br><span class="soft">${customer.email}${customer.archived ? ", archived" : ""}</span>`;
	if (current.length === 0) return [html`<tr><td>${name}</td><td class="soft" colspan="3">no plan</td><td class="number"></td></tr>`];
	return current.map(
		(subscription, index) => html`<tr>
<td>${index === 0 ? name : ""}</td>
<td>${subscription.name}</td>
<td>${status(subscription.status)}</td>
<td>${time(subscription.currentBillingPeriodEnd)}</td>
<td class="number tight">${balance(state, subscription.id)}</td>
</tr>`,
	);
}
