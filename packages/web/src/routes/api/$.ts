import { createFileRoute } from "@tanstack/react-router";
import { apiForAnyVerb } from "../../lib/http/api.ts";
import { refuse } from "../../lib/http/problem.ts";

export const Route = createFileRoute("/api/$")({
	server: { handlers: apiForAnyVerb(() => refuse("not-found", "There is nothing at this address.")) },
});
