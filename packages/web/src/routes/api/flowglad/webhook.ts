import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { ledgerOfCustomer } from "../../../lib/payments/customers.ts";
import { flowgladSettings } from "../../../lib/payments/flowglad/settings.ts";
import { billingPort } from "../../../lib/payments/provider.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/flowglad/webhook")({
	server: { handlers: api({ POST: ({ request }) => receive(request) }) },
});

const BODY_BYTES_MAX = 64 * 1024;

/**
 * A customer's billing changed: their ledger discards its copy and reads again after the response. The event's content is never used, so repeated,
 * late and unordered events are harmless. A lost event is recovered when the copy ages.
 */
async function receive(request: Request): Promise<Response> {
	const secret = flowgladSettings()?.webhookSecret;
	if (!secret) refuse("webhooks-not-configured", t("problem_flowglad_secret"));
	const body = await readText(request, BODY_BYTES_MAX);
	const event = await (await billingPort("shop")).readWebhook(body, request.headers, secret);
	if (!event) refuse("invalid-signature", t("problem_signature"));
	const key = event.customer === null ? null : await ledgerOfCustomer(event.customer);
	if (key !== null) await env.USAGE_LEDGER.getByName(key).noteChange(key);
	return new Response(null, { status: 200 });
}
