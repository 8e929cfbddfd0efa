import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { billingProvider, ledgerOfCustomer } from "../../../lib/payments/provider.ts";

export const Route = createFileRoute("/api/flowglad/webhook")({
	server: { handlers: api({ POST: ({ request }) => receive(request) }) },
});

const BODY_BYTES_MAX = 64 * 1024;

/**
 * Something happened to a customer: its ledger forgets what it read, and reads anew behind this answer. What exactly happened is never taken from
 * the event, so that one that comes twice, late or out of order does no harm; and as the copy ages anyway, nor does one that never comes.
 */
async function receive(request: Request): Promise<Response> {
	const { billing } = config();
	if (billing.kind !== "flowglad" || billing.webhookSecret === null) {
		refuse("webhooks-not-configured", "FLOWGLAD_WEBHOOK_SECRET is not set.");
	}
	const body = await readText(request, BODY_BYTES_MAX);
	const event = await (await billingProvider()).readWebhook(body, request.headers, billing.webhookSecret);
	if (!event) refuse("invalid-signature", "The signature is missing, wrong or too old.");
	const key = event.customer === null ? null : await ledgerOfCustomer(event.customer);
	if (key !== null) await env.USAGE_LEDGER.getByName(key).noteChange(key);
	return new Response(null, { status: 200 });
}
