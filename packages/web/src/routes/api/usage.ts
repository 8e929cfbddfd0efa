import { createFileRoute } from "@tanstack/react-router";
import { getBillingSummary } from "../../lib/billing.ts";
import { api } from "../../lib/http/api.ts";

export const Route = createFileRoute("/api/usage")({
	server: { handlers: api({ GET: async ({ request }) => Response.json(await getBillingSummary(request)) }) },
});
