import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { billingOf, callSdk, defaultPricingModel, openCheckout, refreshUsage } from "../../../lib/checkout.ts";
import { api } from "../../../lib/http.ts";
import { userOf } from "../../../lib/subject.ts";

export const Route = createFileRoute("/api/flowglad/$")({
	server: {
		handlers: api({
			GET: ({ request, params }) => route(request, params._splat ?? ""),
			POST: ({ request, params }) => route(request, params._splat ?? ""),
		}),
	},
});

/** The owner's two routes, the one of a page that waits for a payment, and the SDK's behind an allow-list (lib/checkout.ts). */
async function route(request: Request, path: string): Promise<Response> {
	const user = await userOf(request, { fresh: true });
	const isForAnyone = path === "pricing-models/retrieve";
	if (!user && !isForAnyone) return Response.json({ error: "Unauthorized" }, { status: 401 });
	if (config().billing.kind === "none") return Response.json({ error: "Flowglad not configured" }, { status: 503 });
	if (!user) return defaultPricingModel(request);
	if (path === "billing") return billingOf(request, user);
	if (path === "checkout") return openCheckout(request, user);
	if (path === "refresh") return refreshUsage(request, user);
	return callSdk(request, path, user);
}
