import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { billingOf, callSdk, openCheckout } from "../../../lib/checkout.ts";
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

/** The owner's two routes, and the SDK's behind an allow-list (lib/checkout.ts). */
async function route(request: Request, path: string): Promise<Response> {
	const user = await userOf(request, { fresh: true });
	if (!user) return Response.json({ error: "Unauthorized" }, { status: 401 });
	if (config().billing.kind === "none") return Response.json({ error: "Flowglad not configured" }, { status: 503 });
	if (path === "billing") return billingOf(request, user);
	if (path === "checkout") return openCheckout(request, user);
	return callSdk(request, path, user);
}
