import { Hono } from "hono";
import { html } from "hono/html";
import { findById } from "../../billing/find-by-id.ts";
import { Refusal } from "../../billing/refusal.ts";
import type { State } from "../../state.ts";
import { resend } from "../../webhooks/delivery.ts";
import { emit } from "../../webhooks/messages.ts";
import { type Attempt, eventTypes, type WebhookMessage } from "../../webhooks/records.ts";
import type { Env, World } from "../../world.ts";
import { type Html, table, time } from "../layout.ts";
import { status } from "./balance.ts";
import { answerForm, formRoutes, inspectorPage } from "./shell.ts";

const shown = 100;

/** The page at /webhooks: events, their attempts, and a form to send one. */
export function webhooksPage(world: World) {
	return new Hono<Env>().get("/", (c) => c.html(inspectorPage(world, c, { title: "Webhooks", body: body(world) })));
}

/** The forms of the page at /webhooks. */
export function webhookForms(world: World) {
	return formRoutes()
		.post("/webhooks/:id/resend", async (c) => {
			resend(findById(world.state.webhooks, c.req.param("id"), "Webhook message"), world.nowMs());
			return answerForm(c, "/webhooks", "Sent again with the same id.");
		})
		.post("/webhooks", async (c) => {
			const form = await c.req.parseBody();
			const type = eventTypes.find((one) => one === form.type);
			const customer = world.state.customers.find(({ id }) => id === form.customerId);
			if (type === undefined || customer === undefined) throw new Refusal("BAD_REQUEST", "Choose an event and a customer.");
			emit(world.state, type, subjectOf(world.state, type, customer.id), customer, world.nowMs());
			return answerForm(c, "/webhooks", `${type} sent.`);
		});
}

/** The customer's latest record of the event's kind, else the customer. */
function subjectOf(state: State, type: string, customerId: string): string {
	const records: { id: string; customerId: string }[] = type.startsWith("payment.")
		? state.payments
		: type.startsWith("purchase.")
			? state.purchases
			: type.startsWith("subscription.")
				? state.subscriptions
				: [];
	return records.findLast((one) => one.customerId === customerId)?.id ?? customerId;
}

function body({ webhook, state }: World): Html {
	return html`
<h1>Webhooks</h1>
${
	webhook === null
		? html`<p>Events are recorded but not sent: <code>FLOWGLAD_WEBHOOK_SECRET</code> is not set.</p>`
		: html`<p>Sent to <code>${webhook.url}</code>, signed like Svix. Without a success answer an event is sent again after 5 seconds, 5 minutes, 30 minutes, 2, 5, 10 and 10 hours of sandbox time.</p>`
}
${state.customers.length === 0 ? "" : sendForm(state)}
${table(
	"Webhooks",
	["Time", "Event", "Customer", "Attempts", "Outcome", "Actions"],
	state.webhooks.slice(-shown).toReversed().map(row),
	html`<p class="soft">No events yet.</p>`,
)}`;
}

function row(message: WebhookMessage): Html {
	const next =
		message.nextAttemptAtMs === null || message.attempts.length === 0
			? ""
			: html`<br><span class="soft">again at ${time(message.nextAttemptAtMs)}</span>`;
	return html`<tr><td>${time(message.atMs)}</td>
<td>${message.type}<details><summary class="soft">Id and body</summary><pre>${message.id}
${JSON.stringify(message.payload, null, 2)}</pre></details></td>
<td><a href="/customers/${message.payload.customer.id}"><code>${message.payload.customer.externalId}</code></a></td>
<td>${message.attempts.length === 0 ? "–" : message.attempts.map(attemptText).join(", ")}${next}</td><td>${status(message.outcome)}</td>
<td><form method="post" action="/webhooks/${message.id}/resend"><button class="small">Resend</button></form></td></tr>`;
}

function attemptText({ status, error }: Attempt): string {
	if (status === null) return error ?? "no answer";
	return error === null ? String(status) : `${status} (${error})`;
}

function sendForm(state: State): Html {
	return html`<form method="post" action="/webhooks" class="actions">
<label>Event<br><select name="type">${eventTypes.map((type) => html`<option>${type}</option>`)}</select></label>
<label>Customer<br><select name="customerId">${state.customers.toReversed().map(({ id, name, email }) => html`<option value="${id}">${name || email}</option>`)}</select></label>
<button>Send it now</button></form>`;
}
