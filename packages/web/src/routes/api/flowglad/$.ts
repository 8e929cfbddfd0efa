import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { api } from "../../../lib/http/api.ts";
import { userOf } from "../../../lib/identity/subject.ts";

export const Route = createFileRoute("/api/flowglad/$")({
	server: {
		handlers: api({
			GET: ({ request, params }) => route(request, params._splat ?? ""),
			POST: ({ request, params }) => route(request, params._splat ?? ""),
		}),
	},
});

/** The owner's two routes, and those of the SDK in the browser behind an allow-list (lib/flowglad-routes.ts). */
async function route(request: Request, path: string): Promise<Response> {
	const user = await userOf(request, { fresh: true });
	const isForAnyone = path === "pricing-models/retrieve";
	if (!user && !isForAnyone) return Response.json({ error: "Unauthorized" }, { status: 401 });
	if (config().billing.kind !== "flowglad") return Response.json({ error: "Flowglad not configured" }, { status: 503 });
	// With the SDK, which is loaded for who uses it, and never where another provider sells.
	const { billingOf, callSdk, defaultPricingModel, openCheckout } = await import("../../../lib/payments/flowglad/routes.ts");
	if (!user) return defaultPricingModel(request);
	if (path === "billing") return billingOf(request, user);
	if (path === "checkout") return openCheckout(request, user);
	return callSdk(request, path, user);
}
