import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { collect, intentOf, subscriptionOf } from "../billing/invoices/collect.ts";
import { finalizeInvoice } from "../billing/invoices/finalize.ts";
import { voidInvoice } from "../billing/invoices/void.ts";
import { methodFor } from "../billing/payment-methods.ts";
import { find, requireCustomer } from "../find.ts";
import type { Invoice } from "../records.ts";
import { cardDeclined, refuse, unconfirmed } from "../refusal.ts";
import { expanded } from "./expand.ts";
import { ignored, noParams, params, read, text } from "./form.ts";
import { listing, page, paging } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const listParams = params({
	...listing,
	customer: text.optional(),
	subscription: text.optional(),
	status: z.enum(["draft", "open", "paid", "uncollectible", "void"]).optional(),
	collection_method: text.optional(),
	due_date: ignored,
});

const payParams = params({ payment_method: text.optional(), off_session: ignored, forgive: ignored, mandate: ignored });

const paymentListParams = params({
	...listing,
	invoice: text.optional(),
	payment: z.strictObject({ type: z.enum(["payment_intent"]), payment_intent: text.optional() }).optional(),
	status: z.enum(["canceled", "open", "paid"]).optional(),
});

export function invoiceRoutes(world: World) {
	const invoices = () => world.state.stripe.invoices;
	const byId = (id: string) => find(invoices(), id, "invoice");
	return new Hono<Env>()
		.get("/invoices", async (c) => {
			const { expand, customer, subscription, status, ...wanted } = await read(c, listParams);
			requireCustomer(world.state.stripe, customer);
			const found = invoices().filter(
				(one) =>
					(customer === undefined || one.customer === customer) &&
					(subscription === undefined || one.parent?.subscription_details?.subscription === subscription) &&
					(status === undefined || one.status === status),
			);
			return c.json(expanded(world.state, page("/v1/invoices", found, wanted), expand));
		})
		.get(
			"/invoices/:id",
			retrieve(world, ({ invoices }) => invoices, "invoice"),
		)
		.get("/invoices/:id/lines", async (c) => {
			const { expand, ...wanted } = await read(c, params(paging));
			return c.json(expanded(world.state, page(c.req.path, byId(c.req.param("id")).lines.data.toReversed(), wanted), expand));
		})
		.post("/invoices/:id/finalize", async (c) => {
			const { expand } = await read(c, params({ auto_advance: ignored }));
			const invoice = byId(c.req.param("id"));
			if (invoice.status !== "draft") throw refuse("This invoice is already finalized, you can't re-finalize a non-draft invoice.");
			finalizeInvoice(world.state, invoice, nowSeconds(world));
			// Charge now instead of at the scheduled time.
			if (invoice.auto_advance) world.state.stripe.tasks.push({ type: "collect", dueAtMs: world.nowMs(), invoiceId: invoice.id });
			return c.json(expanded(world.state, invoice, expand));
		})
		.post("/invoices/:id/pay", async (c) => {
			const { expand, payment_method } = await read(c, payParams);
			const invoice = byId(c.req.param("id"));
			payInvoice(world, invoice, payment_method);
			return c.json(expanded(world.state, invoice, expand));
		})
		.post("/invoices/:id/void", async (c) => {
			const { expand } = await read(c, noParams);
			const invoice = byId(c.req.param("id"));
			voidInvoice(world.state, invoice, nowSeconds(world));
			return c.json(expanded(world.state, invoice, expand));
		})
		.get("/invoice_payments", async (c) => {
			const { expand, invoice, payment, status, ...wanted } = await read(c, paymentListParams);
			const found = world.state.stripe.invoicePayments.filter(
				(one) =>
					(invoice === undefined || one.invoice === invoice) &&
					(payment?.payment_intent === undefined || one.payment.payment_intent === payment.payment_intent) &&
					(status === undefined || one.status === status),
			);
			return c.json(expanded(world.state, page("/v1/invoice_payments", found, wanted), expand));
		})
		.get(
			"/invoice_payments/:id",
			retrieve(world, ({ invoicePayments }) => invoicePayments, "invoice_payment"),
		);
}

/**
 * Attempts a payment by API call. A declined invoice stays open.
 * @throws StripeRefusal, with status 402 if the card is declined
 */
function payInvoice(world: World, invoice: Invoice, methodId: string | undefined): void {
	const { state } = world;
	if (invoice.status === "paid") throw refuse("Invoice is already paid", { code: "invoice_already_paid" });
	if (invoice.status === "draft") finalizeInvoice(state, invoice, nowSeconds(world));
	if (invoice.status !== "open") throw refuse(`This invoice can't be paid because it is ${invoice.status}.`);
	if (intentOf(state, invoice)?.status === "processing") throw refuse("This invoice has a payment that is processing.");
	const subscription = subscriptionOf(state, invoice);
	const given = methodId === undefined ? undefined : find(state.stripe.paymentMethods, methodId, "PaymentMethod", "payment_method");
	const method = given ?? (subscription === undefined ? undefined : methodFor(state, subscription));
	if (method === undefined)
		throw refuse(
			"There is no `default_payment_method` set on this Customer or Invoice. Please set a default payment method, or provide a payment method.",
		);
	const outcome = collect(state, invoice, method, "call", nowSeconds(world));
	if (outcome === "unconfirmed") throw unconfirmed("invoice", { payment_intent: intentOf(state, invoice) });
	if (outcome === "declined") throw cardDeclined("generic_decline", { payment_intent: intentOf(state, invoice) });
}
