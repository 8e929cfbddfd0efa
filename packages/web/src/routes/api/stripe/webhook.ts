import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { ledgerOfCustomer } from "../../../lib/payments/customers.ts";
import { within } from "../../../lib/payments/deadline.ts";
import { PROVIDER_DEADLINE_MS } from "../../../lib/payments/errors.ts";
import { billingPort } from "../../../lib/payments/provider.ts";
import { isDone, markDone } from "../../../lib/payments/stripe/events.ts";
import { stripeSettings } from "../../../lib/payments/stripe/settings.ts";
import { now } from "../../../lib/time/clock.ts";
import { logFailure } from "../../../log.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/stripe/webhook")({
	server: { handlers: api({ POST: ({ request }) => receive(request) }) },
});

/** Stripe's largest events are invoices with many lines. */
const BODY_BYTES_MAX = 512 * 1024;

/**
 * A customer's billing changed: their ledger reads again, and only then is the event acknowledged. The event's content is never used, so late and
 * unordered events are harmless. Stripe resends an event that was not acknowledged.
 */
async function receive(request: Request): Promise<Response> {
	const secret = stripeSettings()?.webhookSecret;
	if (!secret) refuse("webhooks-not-configured", t("problem_stripe_secret"));
	const body = await readText(request, BODY_BYTES_MAX);
	const shop = await billingPort("shop");
	const event = await orAgain("an event's customer could not be read", () => shop.readWebhook(body, request.headers, secret));
	if (!event) refuse("invalid-signature", t("problem_signature"));
	if (event.customer === null || (await isDone(event.id))) return new Response(null, { status: 200 });
	const { follow } = event;
	if (follow) await orAgain("a new card could not be put to use", follow);
	const key = await ledgerOfCustomer(event.customer);
	const isRead = key === null || (await env.USAGE_LEDGER.getByName(key).readChange(key, event.happenedAtMs ?? now()));
	if (!isRead) return refuseForNow();
	await markDone(event.id);
	return new Response(null, { status: 200 });
}

/** Work at Stripe that an event requires. If it fails, Stripe resends the event. */
async function orAgain<T>(what: string, work: () => Promise<T>): Promise<T> {
	return within(PROVIDER_DEADLINE_MS, work).catch((error: unknown) => {
		logFailure(what, error);
		return refuseForNow();
	});
}

function refuseForNow(): never {
	refuse("billing-not-read", t("problem_stripe_unread"));
}
