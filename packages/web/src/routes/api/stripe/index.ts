import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { customerOf, userOf } from "../../../lib/identity/subject.ts";
import { returnUrl } from "../../../lib/payments/checkout.ts";
import { within } from "../../../lib/payments/deadline.ts";
import { PROVIDER_DEADLINE_MS } from "../../../lib/payments/errors.ts";
import { takeAction } from "../../../lib/payments/limits.ts";
import { stripeSettings } from "../../../lib/payments/stripe/settings.ts";
import { logFailure } from "../../../log.ts";

export const Route = createFileRoute("/api/stripe/")({
	server: { handlers: api({ GET: ({ request }) => comeBack(request) }) },
});

/**
 * The return from Stripe's checkout (seed 002). Redirects to the page stored in the session or, after a cancelled checkout, to `back`. Grants nothing:
 * the next page reads the payment from the provider. The return from Stripe's portal carries the previous default `card`, signed.
 */
async function comeBack(request: Request): Promise<Response> {
	const { searchParams } = new URL(request.url);
	const sessionId = searchParams.get("session_id");
	const card = searchParams.get("card");
	if (card !== null) await putCardToUse(request, card);
	const path = sessionId === null ? searchParams.get("back") : await pathOfSession(request, sessionId);
	return new Response(null, { status: 303, headers: { location: returnUrl(request, path ?? "/") } });
}

async function pathOfSession(request: Request, sessionId: string): Promise<string | null> {
	const user = await userOf(request);
	if (!user || !stripeSettings()) return null;
	const { readReturn } = await import("../../../lib/payments/stripe/provider.ts");
	// A buyer is redirected even if Stripe cannot be read.
	const read = async () => {
		await takeAction(user);
		return within(PROVIDER_DEADLINE_MS, () => readReturn(sessionId, customerOf(user).externalId));
	};
	return read().catch((error: unknown) => {
		logFailure(`the checkout that ${user.key} returned from could not be read`, error);
		return "/account/plan";
	});
}

/** Puts a card entered in the portal to use for the plan too. On failure the plan keeps its card, which the account page shows. */
async function putCardToUse(request: Request, signed: string): Promise<void> {
	const user = await userOf(request);
	if (!user || !customerOf(user).mayBuy || !stripeSettings()) return;
	const { returnFromPortal } = await import("../../../lib/payments/stripe/provider.ts");
	const { externalId, key } = customerOf(user);
	const put = async () => {
		await takeAction(user);
		await within(PROVIDER_DEADLINE_MS, () => returnFromPortal(externalId, signed));
		// The next page must not show an older copy.
		await env.USAGE_LEDGER.getByName(key).noteChange(key);
	};
	await put().catch((error: unknown) => {
		logFailure("a new card could not be put to use", error);
	});
}
