/** Read-only routes: lists, and records by id. Resources with writes have their own files. */
import type { CheckoutSessionListResponse } from "@flowglad/node/resources/checkout-sessions";
import type { CustomerListResponse } from "@flowglad/node/resources/customers";
import type { InvoiceLineItemListResponse, InvoiceLineItemRetrieveResponse } from "@flowglad/node/resources/invoice-line-items";
import type { InvoiceListResponse, InvoiceRetrieveResponse } from "@flowglad/node/resources/invoices";
import type { PaymentMethodListResponse, PaymentMethodRetrieveResponse } from "@flowglad/node/resources/payment-methods";
import type { SubscriptionListResponse } from "@flowglad/node/resources/subscriptions";
import { Hono } from "hono";
import { findById } from "../billing/find-by-id.ts";
import { findInvoice } from "../billing/payments/invoices.ts";
import type { Purchase, UsageEvent } from "../billing/records.ts";
import type { Env, World } from "../world.ts";
import { type Page, pageOf } from "./page.ts";
import { subscriptionRecord, withLinks } from "./render.ts";

export function recordRoutes(world: World) {
	const lines = () => world.state.invoices.flatMap(({ invoiceLineItems }) => invoiceLineItems);
	return (
		new Hono<Env>()
			.get("/customers", (c) => c.json(pageOf(c, world.state.customers) satisfies CustomerListResponse))
			.get("/subscriptions", (c) => {
				const subscriptions = world.state.subscriptions.map((one) => subscriptionRecord(world.state, one));
				return c.json(pageOf(c, subscriptions) satisfies SubscriptionListResponse);
			})
			.get("/checkout-sessions", (c) => c.json(pageOf(c, world.state.checkoutSessions) satisfies CheckoutSessionListResponse))
			.get("/payment-methods", (c) => c.json(pageOf(c, world.state.paymentMethods) satisfies PaymentMethodListResponse))
			.get("/payment-methods/:id", (c) => {
				const paymentMethod = findById(world.state.paymentMethods, c.req.param("id"), "PaymentMethod");
				return c.json({ paymentMethod } satisfies PaymentMethodRetrieveResponse);
			})
			.get("/invoices", (c) => {
				const invoices = world.state.invoices.map(({ invoice }) => withLinks(invoice, c.req.url));
				return c.json(pageOf(c, invoices) satisfies InvoiceListResponse);
			})
			.get("/invoices/:id", (c) => {
				const { invoice, invoiceLineItems } = findInvoice(world.state, c.req.param("id"));
				return c.json({ invoice: withLinks(invoice, c.req.url), invoiceLineItems } satisfies InvoiceRetrieveResponse);
			})
			.get("/invoice-line-items", (c) => c.json(pageOf(c, lines()) satisfies InvoiceLineItemListResponse))
			.get("/invoice-line-items/:id", (c) => {
				return c.json(findById(lines(), c.req.param("id"), "InvoiceLineItem") satisfies InvoiceLineItemRetrieveResponse);
			})
			// @flowglad/node has no methods for these two.
			.get("/purchases/:id", (c) => {
				const purchase = findById(world.state.purchases, c.req.param("id"), "Purchase");
				return c.json({ purchase } satisfies { purchase: Purchase });
			})
			.get("/usage-events", (c) => c.json(pageOf(c, world.state.usageEvents) satisfies Page<UsageEvent>))
	);
}
