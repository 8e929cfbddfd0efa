import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { api } from "../../../lib/http/api.ts";
import { customerOf, userOf } from "../../../lib/identity/subject.ts";
import { ownUrl } from "../../../lib/payments/checkout.ts";

export const Route = createFileRoute("/api/stripe/")({
	server: { handlers: api({ GET: ({ request }) => comeBack(request) }) },
});

/**
 * Back from Stripe's checkout (seed 002): reads the session, which knows the page that the reader came from, and leads there. Who turned back has no
 * session to show. Nothing is granted here: the page asks for what was bought, and the provider says what was paid.
 */
async function comeBack(request: Request): Promise<Response> {
	const { searchParams } = new URL(request.url);
	const sessionId = searchParams.get("session_id");
	const path = sessionId === null ? searchParams.get("back") : await readPath(request, sessionId);
	return new Response(null, { status: 303, headers: { location: ownUrl(request, path ?? "/") } });
}

async function readPath(request: Request, sessionId: string): Promise<string | null> {
	const user = await userOf(request, { fresh: true });
	if (!user || config().billing.kind !== "stripe") return null;
	const { readReturn } = await import("../../../lib/payments/stripe/provider.ts");
	// Who has paid is led on, whatever Stripe says of it now.
	return readReturn(sessionId, customerOf(user).externalId).catch((error: unknown) => {
		console.error(`checkout ${sessionId} could not be read on return: ${error}`);
		return "/account";
	});
}
