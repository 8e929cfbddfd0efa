import { env } from "cloudflare:workers";
import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { REQUEST_ID } from "../../input.ts";
import { AI_REQUESTS_METER, hasPaidPlan, recordUsage } from "../../lib/billing.ts";
import { api, readBody } from "../../lib/http/api.ts";
import { limitResponse, standingHeaders } from "../../lib/http/limits.ts";
import { refuse } from "../../lib/http/problem.ts";
import { userOfIssuer } from "../../lib/identity/caller.ts";
import { userOf } from "../../lib/identity/subject.ts";
import { capabilities } from "../../lib/payments/provider.ts";
import { t } from "../../text/text.ts";

export const Route = createFileRoute("/api/usage-events")({
	server: { handlers: api({ POST: ({ request }) => recordEvent(request) }) },
});

const REPORT_DEADLINE_MS = 3_000;

const body = z.object({
	usageMeterSlug: z.string(),
	amount: z.int().min(1).max(1000),
	transactionId: z.string().regex(REQUEST_ID).optional(),
});

/** Counts finished usage against a paid plan and reports it to the provider at once. 202 if the provider does not answer within 3 s (seed 001). */
async function recordEvent(request: Request): Promise<Response> {
	const subject = (await userOfIssuer(request)) ?? (await userOf(request));
	if (!subject) return Response.json({ error: "Unauthorized" }, { status: 401 });
	const { usageMeterSlug, amount, transactionId = crypto.randomUUID() } = await readBody(request, body);
	if (usageMeterSlug !== AI_REQUESTS_METER) refuse("unknown-usage-meter", t("problem_only_meter", { meter: AI_REQUESTS_METER }));
	if (!capabilities().sells) return Response.json({ error: "Flowglad not configured" }, { status: 503 });

	if (!(await hasPaidPlan(subject))) {
		refuse("no-active-subscription-found", t("problem_events_need_plan"));
	}
	const { outcome, standing, takenFrom } = await recordUsage(request, amount, {
		subject,
		requestId: transactionId,
		fingerprint: `usage-event ${amount}`,
	});
	if (outcome.kind === "refused") return limitResponse(outcome.refusal, transactionId);
	if (outcome.kind === "conflict") refuse("request-id-already-used", t("problem_transaction_id"));
	const headers = standing ? standingHeaders(standing) : {};
	if (!takenFrom) throw new Error("invariant: recorded usage has a row in a ledger");
	const ledger = env.USAGE_LEDGER.getByName(takenFrom.ledger);
	const { event, refused } = await ledger.reportNow(takenFrom.ledger, takenFrom.id, REPORT_DEADLINE_MS);
	if (refused) {
		const detail = t("problem_no_price_for_meter");
		refuse("usage-price-not-found-for-meter", detail, { ...headers });
	}
	if (!event) return Response.json({ status: "queued", transactionId }, { status: 202, headers });
	return Response.json({ usageEvent: event }, { status: outcome.kind === "repeat" ? 200 : 201, headers });
}
