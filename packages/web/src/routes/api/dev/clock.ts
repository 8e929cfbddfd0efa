import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { api, readBody } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { clockReading, moveDevClock } from "../../../lib/time/dev-clock.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/dev/clock")({
	server: { handlers: api({ POST: ({ request }) => moveClock(request) }) },
});

/** Called by the sandbox when its clock moves. Answers once every ledger has done its due work. Only on a local start. */
async function moveClock(request: Request): Promise<Response> {
	if (config().devClockUrl === null) refuse("not-found", t("problem_nothing_here"));
	await moveDevClock(await readBody(request, clockReading));
	return new Response(null, { status: 204 });
}
