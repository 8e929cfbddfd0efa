import { createFileRoute } from "@tanstack/react-router";
import { getBillingSummary, getUsageHistory } from "../../lib/billing.ts";
import { api } from "../../lib/http/api.ts";
import { userOfIssuer } from "../../lib/identity/caller.ts";
import { identify } from "../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/usage")({
	server: { handlers: api({ GET: ({ request }) => usage(request) }) },
});

/** The viewer's standing, and their usage in the last 31 days. */
async function usage(request: Request): Promise<Response> {
	const subject = (await userOfIssuer(request)) ?? (await identify(request));
	const [standing, { days }] = await Promise.all([getBillingSummary(request, { subject }), getUsageHistory(subject)]);
	return Response.json({ ...standing, days });
}
