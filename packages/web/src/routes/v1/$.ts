import { createFileRoute } from "@tanstack/react-router";
import { apiForAnyVerb } from "../../lib/http/api.ts";
import { refuse } from "../../lib/http/problem.ts";
import { t } from "../../text/text.ts";

export const Route = createFileRoute("/v1/$")({
	server: { handlers: apiForAnyVerb(() => refuse("not-found", t("problem_nothing_here"))) },
});
