import { createFileRoute } from "@tanstack/react-router";
import { api } from "../../../lib/http/api.ts";
import { userOf } from "../../../lib/identity/subject.ts";
import { flowgladSettings } from "../../../lib/payments/flowglad/settings.ts";

export const Route = createFileRoute("/api/flowglad/$")({
	server: {
		handlers: api({
			GET: ({ request, params }) => route(request, params._splat ?? ""),
			POST: ({ request, params }) => route(request, params._splat ?? ""),
		}),
	},
});

/** The owner's two routes (seed 001) and those of `@flowglad/react`. */
async function route(request: Request, path: string): Promise<Response> {
	const user = await userOf(request);
	const isPublic = path === "pricing-models/retrieve";
	if (!user && !isPublic) return Response.json({ error: "Unauthorized" }, { status: 401 });
	if (!flowgladSettings()) return Response.json({ error: "Flowglad not configured" }, { status: 503 });
	// Imported on demand because it loads the SDK, which other requests and providers do not need.
	const { answerCall, defaultPricingModel } = await import("../../../lib/payments/flowglad/routes.ts");
	return user ? answerCall(request, path, user) : defaultPricingModel(request);
}
