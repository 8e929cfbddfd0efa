import { createFileRoute } from "@tanstack/react-router";
import { getBillingSummary } from "../../lib/billing.ts";
import { api } from "../../lib/http/api.ts";
import { callerOf } from "../../lib/identity/caller.ts";

export const Route = createFileRoute("/v1/usage")({
	server: { handlers: api({ GET: ({ request }) => usage(request) }) },
});

/** The standing of the key's user, in the format of `/api/usage`. */
async function usage(request: Request): Promise<Response> {
	const subject = await callerOf(request, "usage");
	return Response.json(await getBillingSummary(request, { subject }));
}
