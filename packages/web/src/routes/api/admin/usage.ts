import { env } from "cloudflare:workers";
import { type DayTotals, dayOf, sumOfTotals } from "@parley/metering";
import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { readUsage, type UsageSum } from "../../../db/usage-days.ts";
import { api, describe } from "../../../lib/http/api.ts";
import { refuse } from "../../../lib/http/problem.ts";
import { assertAdmin } from "../../../lib/identity/admin.ts";
import { isPool, isSubjectKey } from "../../../lib/identity/subject-key.ts";
import { earnedPerUnit } from "../../../lib/payments/earnings.ts";
import { now } from "../../../lib/time/clock.ts";
import { t } from "../../../text/text.ts";

export const Route = createFileRoute("/api/admin/usage")({
	server: { handlers: api({ GET: ({ request }) => usage(request) }) },
});

const DAY_MS = 86_400_000;
/** The maximum and default number of days in one answer. */
const DAYS_MAX = 62;
const DAYS_SHOWN = 31;

const query = z.object({
	from: z.iso.date().optional(),
	to: z.iso.date().optional(),
	by: z.enum(["model", "plan", "subject", "day"]).default("model"),
	subject: z
		.string()
		.refine((key) => isSubjectKey(key) && !isPool(key), { error: () => t("admin_no_subject") })
		.optional(),
});

/**
 * Cost and earnings of model calls in a range of days: of all subjects by model, plan, subject or day, from copies up to an hour old; or of one
 * subject by day, from its ledger.
 */
async function usage(request: Request): Promise<Response> {
	await assertAdmin(request);
	const parsed = query.safeParse(Object.fromEntries(new URL(request.url).searchParams));
	if (!parsed.success) refuse("invalid-request", describe(parsed.error));
	const { by, subject } = parsed.data;
	const toMs = Date.parse(parsed.data.to ?? dayOf(now()));
	const fromMs = parsed.data.from ? Date.parse(parsed.data.from) : toMs - (DAYS_SHOWN - 1) * DAY_MS;
	if (fromMs > toMs || toMs - fromMs >= DAYS_MAX * DAY_MS) refuse("invalid-request", t("admin_days_max", { max: String(DAYS_MAX) }));
	const days = { from: dayOf(fromMs), to: dayOf(toMs) };
	if (subject !== undefined) return Response.json({ ...days, subject, ...(await usageOf(subject, days)) });
	const { groups, all } = await readUsage(by, fromMs, toMs);
	return Response.json({ ...days, by, groups: groups.map(([name, sum]) => ({ [by]: name, ...view(sum) })), total: view(all) });
}

/** One subject's usage, exact to the request. */
async function usageOf(subject: string, { from, to }: { from: string; to: string }) {
	const days = (await env.USAGE_LEDGER.getByName(subject).days(from)).filter(({ day }) => day <= to);
	const [first, ...others] = days;
	const all = {
		...(first ? others.reduce(sumOfTotals, first) : NOTHING),
		paidUnits: days.reduce((units, one) => units + paidUnitsOf(one), 0),
	};
	return {
		days: days.map((one) => ({ day: one.day, model: one.model, plan: one.tier, ...view({ ...one, paidUnits: paidUnitsOf(one) }) })),
		total: view(all),
	};
}

const NOTHING = { requests: 0, units: 0, input: 0, cached: 0, output: 0, reasoning: 0, microDollars: 0, estimated: 0 };
const paidUnitsOf = ({ tier, units }: DayTotals) => (tier === "paid" ? units : 0);

function view({ requests, units, paidUnits, input, cached, output, reasoning, microDollars, estimated }: UsageSum) {
	const perUnit = earnedPerUnit();
	const earned = perUnit === null ? null : perUnit * paidUnits;
	return {
		requests,
		units,
		paidUnits,
		inputTokens: input,
		cachedInputTokens: cached,
		outputTokens: output,
		reasoningTokens: reasoning,
		estimatedRequests: estimated,
		costMicroDollars: microDollars,
		earnedMicroDollars: earned,
		marginMicroDollars: earned === null ? null : earned - microDollars,
	};
}
