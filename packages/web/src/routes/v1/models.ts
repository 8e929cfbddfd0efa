import { createFileRoute } from "@tanstack/react-router";
import { allowedModels } from "../../lib/chat/model.ts";
import { api } from "../../lib/http/api.ts";
import { callerOf } from "../../lib/identity/caller.ts";

export const Route = createFileRoute("/v1/models")({
	server: { handlers: api({ GET: ({ request }) => models(request) }) },
});

/** The models on offer, in OpenAI's format. */
async function models(request: Request): Promise<Response> {
	await callerOf(request, "models");
	const data = allowedModels().map(({ id }) => ({ id, object: "model", created: 0, owned_by: "system" }));
	return Response.json({ object: "list", data });
}
