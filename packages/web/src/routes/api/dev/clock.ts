import { createFileRoute } from "@tanstack/react-router";
import { config } from "../../../config.ts";
import { describe } from "../../../lib/chat/request.ts";
import { api, readJson } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { clockReading, moveDevClock } from "../../../lib/time/dev-clock.ts";

export const Route = createFileRoute("/api/dev/clock")({
	server: { handlers: api({ POST: ({ request }) => moveClock(request) }) },
});

/** The sandbox's word that its clock was moved; answered when every ledger has done what is due by it. Only a local start has it. */
async function moveClock(request: Request): Promise<Response> {
	if (config().devClockUrl === null) refuse("not-found", "There is nothing at this address.");
	const parsed = clockReading.safeParse(await readJson(request));
	if (!parsed.success) refuse("invalid-request", describe(parsed.error));
	await moveDevClock(parsed.data);
	return new Response(null, { status: 204 });
}
