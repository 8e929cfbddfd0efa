import { createFileRoute } from "@tanstack/react-router";
import { apiForAnyVerb, refuse } from "../../lib/http/api.ts";

export const Route = createFileRoute("/api/$")({
	server: { handlers: apiForAnyVerb(() => refuse(404, "Not found", "There is nothing at this address.")) },
});
