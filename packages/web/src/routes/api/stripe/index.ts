import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { customerOf, userOf } from "../../../lib/identity/subject.ts";
import { ownUrl } from "../../../lib/payments/checkout.ts";
import { takeAction } from "../../../lib/payments/limits.ts";
import { stripeSettings } from "../../../lib/payments/stripe/settings.ts";
import { logFailure } from "../../../log.ts";

export const Route = createFileRoute("/api/stripe/")({
	server: { handlers: api({ GET: ({ request }) => comeBack(request) }) },
});

/**
 * The return from Stripe's checkout (seed 002): redirects to the page that the session names, or, after a cancelled checkout, to `back`. Grants nothing:
 * the next page reads the payment from the provider.
 */
async function comeBack(request: Request): Promise<Response> {
	const { searchParams } = new URL(request.url);
	const sessionId = searchParams.get("session_id");
	const path = sessionId === null ? searchParams.get("back") : await pathOfSession(request, sessionId);
	return new Response(null, { status: 303, headers: { location: ownUrl(request, path ?? "/") } });
}

async function pathOfSession(request: Request, sessionId: string): Promise<string | null> {
	const user = await userOf(request, { fresh: true });
	if (!user || !stripeSettings()) return null;
	const { readReturn } = await import("../../../lib/payments/stripe/provider.ts");
	// A buyer is redirected even when Stripe cannot be read.
	const read = async () => {
		await takeAction(user);
		return readReturn(sessionId, customerOf(user).externalId);
	};
	return read().catch((error: unknown) => {
		logFailure(`checkout ${sessionId} could not be read on return`, error);
		return "/account";
	});
}
