import { createFileRoute } from "@tanstack/react-router";
import { getBillingSummary } from "../../lib/billing.ts";
import { modelsVersion, offeredModels, searchOffer } from "../../lib/chat/model.ts";
import { api } from "../../lib/http/api.ts";

export const Route = createFileRoute("/api/models")({
	server: { handlers: api({ GET: ({ request }) => models(request) }) },
});

/** The models on offer, default first, as available to the viewer's tier. */
async function models(request: Request): Promise<Response> {
	const { tier } = await getBillingSummary(request);
	return Response.json({ version: modelsVersion(), tier, models: offeredModels(tier), search: searchOffer() });
}
