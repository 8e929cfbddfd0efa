import { Hono } from "hono";
import { html } from "hono/html";
import { archiveCustomer } from "../../billing/customers.ts";
import { findById } from "../../billing/find-by-id.ts";
import { lastDigits } from "../../billing/payments/cards.ts";
import { dispute, refund } from "../../billing/payments/refunds.ts";
import type { Customer, Payment } from "../../billing/records.ts";
import { scenarios } from "../../scenarios/scenarios.ts";
import type { State } from "../../state.ts";
import type { Env, World } from "../../world.ts";
import { type Html, money, notFoundPage, table, time } from "../layout.ts";
import { balance, status } from "./balance.ts";
import { ledgerTable } from "./ledger.ts";
import { answerForm, formRoutes, inspectorPage } from "./shell.ts";

/** The page at /customers/{id}: plans, ledger, payments, cards and actions. */
export function customerPage(world: World) {
	return new Hono<Env>().get("/:id", (c) => {
		const customer = world.state.customers.find(({ id }) => id === c.req.param("id"));
		if (customer === undefined) return c.html(notFoundPage("This customer"), 404);
		return c.html(inspectorPage(world, c, { title: customer.name || customer.externalId, body: body(world.state, customer) }));
	});
}

/** The forms of the customer page. */
export function customerForms(world: World) {
	return formRoutes()
		.post("/customers/:id/archive", async (c) => {
			const { externalId } = findById(world.state.customers, c.req.param("id"), "Customer");
			archiveCustomer(world.state, externalId, world.nowMs());
			return answerForm(c, (await c.req.parseBody()).back, "Archived. Its external id is free again.");
		})
		.post("/payments/:id/:action", async (c) => {
			const { id, action } = c.req.param();
			const { back } = await c.req.parseBody();
			if (action === "refund") {
				refund(world.state, id, null, world.nowMs());
				return answerForm(c, back, "Refunded. The plan and its credits stay, as with Flowglad.");
			}
			if (action !== "dispute") return c.text("Not Found", 404);
			dispute(world.state, id);
			return answerForm(c, back, "Disputed. Flowglad ignores disputes, so its answers do not change.");
		});
}

function body(state: State, customer: Customer): Html {
	const back = `/customers/${customer.id}`;
	return html`
<p class="soft"><a href="/">Customers</a></p>
<h1>${customer.name || customer.externalId}</h1>
<p>${customer.email}${customer.archived ? ", archived" : ""} · <a href="/billing-portal/${customer.id}">Billing portal</a></p>
<p class="soft">External id <code>${customer.externalId}</code>, since ${time(customer.createdAt)}</p>
${customer.archived ? "" : sceneForm(customer, back)}
<h2>Plans</h2>
${plans(state, customer)}
<h2>Ledger</h2>
${ledgerTable(state, customer)}
<h2>Payments</h2>
${payments(state, customer, back)}
<h2>Cards</h2>
${cards(state, customer)}
${
	customer.archived
		? ""
		: html`<form method="post" action="/customers/${customer.id}/archive" class="actions"><input type="hidden" name="back" value="${back}"><button>Archive this customer</button></form>`
}`;
}

function sceneForm(customer: Customer, back: string): Html {
	return html`<form method="post" action="/scenarios" class="actions"><input type="hidden" name="back" value="${back}"><input type="hidden" name="customerId" value="${customer.id}">
<label>Apply a scenario<br><select name="name">${scenarios.filter(({ needsApp }) => !needsApp).map(({ name, title }) => html`<option value="${name}">${title}</option>`)}</select></label>
<button>Apply</button></form>`;
}

function plans(state: State, customer: Customer): Html {
	const owned = state.subscriptions.filter(({ customerId }) => customerId === customer.id).toReversed();
	return table(
		"Plans",
		["Plan", "Status", "Period", "Card", { number: "Requests left" }],
		owned.map((one) => {
			const card = state.paymentMethods.find(({ id }) => id === one.defaultPaymentMethodId);
			const note = one.cancellationReason ? html`<br><span class="soft">${one.cancellationReason.replaceAll("_", " ")}</span>` : "";
			return html`<tr><td>${one.name}<br><code class="soft">${one.id}</code></td><td>${status(one.status)}${note}</td><td>${time(one.currentBillingPeriodStart)}<br>to ${time(one.currentBillingPeriodEnd)}</td><td>${card === undefined ? "–" : lastDigits(card)}</td><td class="number tight">${balance(state, one.id)}</td></tr>`;
		}),
		html`<p class="soft">None.</p>`,
	);
}

function payments(state: State, customer: Customer, back: string): Html {
	const owned = state.payments.filter(({ customerId }) => customerId === customer.id).toReversed();
	const action = (payment: Payment, name: string, label: string) =>
		html`<form method="post" action="/payments/${payment.id}/${name}"><input type="hidden" name="back" value="${back}"><button class="small">${label}</button></form>`;
	return table(
		"Payments",
		["Time", "Invoice", "Status", { number: "Amount" }, "Actions"],
		owned.map((payment) => {
			const invoice = state.invoices.find((one) => one.invoice.id === payment.invoiceId)?.invoice;
			const disputed = state.disputedPaymentIds.includes(payment.id);
			const open = payment.status === "succeeded" && !disputed;
			return html`<tr><td>${time(payment.chargeDate)}</td><td><a href="/invoices/${payment.invoiceId}">${invoice?.invoiceNumber}</a></td><td>${status(payment.status)}${disputed ? html`, <span class="is-bad">disputed</span>` : ""}</td><td class="number">${money(payment.amount)}</td><td><div class="row">${open ? html`${action(payment, "refund", "Refund")}${action(payment, "dispute", "Dispute")}` : ""}</div></td></tr>`;
		}),
		html`<p class="soft">No payments yet.</p>`,
	);
}

function cards(state: State, customer: Customer): Html {
	const owned = state.paymentMethods.filter(({ customerId }) => customerId === customer.id);
	if (owned.length === 0) return html`<p class="soft">None.</p>`;
	return html`<p>${owned.map((card) => `Visa ending in ${lastDigits(card)}${card.default ? " (default)" : ""}`).join(", ")}</p>`;
}
