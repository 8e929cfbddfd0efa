import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { billingProvider, ledgerOfCustomer } from "../../../lib/payments/provider.ts";
import { isDone, markDone } from "../../../lib/payments/stripe/events.ts";
import { now } from "../../../lib/time/clock.ts";

export const Route = createFileRoute("/api/stripe/webhook")({
	server: { handlers: api({ POST: ({ request }) => receive(request) }) },
});

/** Stripe's largest events are invoices with many lines. */
const BODY_BYTES_MAX = 512 * 1024;

/**
 * Something happened to a customer: their ledger reads anew what they have, and the event is acknowledged when it has. What exactly happened is never
 * taken from the event, so that one that comes late or out of order does no harm. One that could not be worked on comes again.
 */
async function receive(request: Request): Promise<Response> {
	const { billing } = config();
	if (billing.kind !== "stripe" || billing.webhookSecret === null) {
		refuse("webhooks-not-configured", "STRIPE_WEBHOOK_SECRET is not set.");
	}
	const body = await readText(request, BODY_BYTES_MAX);
	const event = await (await billingProvider()).readWebhook(body, request.headers, billing.webhookSecret);
	if (!event) refuse("invalid-signature", "The signature is missing, wrong or too old.");
	if (event.customer === null || (await isDone(event.id))) return new Response(null, { status: 200 });
	const key = await ledgerOfCustomer(event.customer);
	const isRead = key === null || (await env.USAGE_LEDGER.getByName(key).readChange(key, event.happenedAtMs ?? now()));
	if (!isRead) refuse("billing-not-read", "What changed could not be read from Stripe. Send it again later.");
	await markDone(event.id);
	return new Response(null, { status: 200 });
}
