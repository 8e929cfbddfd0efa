import { logFailure } from "../../log.ts";
import { t } from "../../text/text.ts";
import { refuse } from "../http/problem.ts";
import { DeadlineError, within } from "./deadline.ts";

/** A page waits at most this long for a provider. */
export const PROVIDER_DEADLINE_MS = 10_000;

/** The HTTP status in an SDK's error; null when the provider did not answer. Flowglad's SDK has it in `status`, Stripe's in `statusCode`. */
export function statusOf(error: unknown): number | null {
	if (!(error instanceof Error)) return null;
	if ("statusCode" in error && typeof error.statusCode === "number") return error.statusCode;
	return "status" in error && typeof error.status === "number" ? error.status : null;
}

/** A report that the provider cannot take, because its pricing model lacks what the report is for. */
export class RefusedReport extends Error {
	override name = "RefusedReport";
}

/** Whether the provider rejects a report for good. 401 is not a rejection: Flowglad's rate limit answers with it. */
export function isRefusal(error: unknown): boolean {
	if (error instanceof RefusedReport) return true;
	const status = statusOf(error);
	return status !== null && status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status);
}

/**
 * Whether the provider answered a report and does not have it: a rejection, or 500. Flowglad's own refusals arrive as 500 (flowglad.md l), so one answer
 * does not tell a refusal from a fault of the moment.
 */
export function isAnswered(error: unknown): boolean {
	const status = statusOf(error);
	return isRefusal(error) || status === 409 || status === 500;
}

/**
 * Whether the provider answered that it did not make a change. After a 5xx (Flowglad's domain errors among them), a 408 (its billing run goes on) or no
 * answer it may have made it.
 */
export function isNotDone(error: unknown): boolean {
	const status = statusOf(error);
	return status !== null && status >= 400 && status < 500 && status !== 408;
}

/** Whether the provider rejects our key, or (Flowglad) limits its rate. */
export function isUnauthorized(error: unknown): boolean {
	return statusOf(error) === 401;
}

/**
 * Calls a provider on behalf of a page, for at most 10 s.
 * @throws ProblemError for any failure: its status is logged, the provider's message is neither logged nor shown
 */
export async function callProvider<T>(call: () => Promise<T>): Promise<T> {
	try {
		return await within(PROVIDER_DEADLINE_MS, call);
	} catch (error) {
		logFailure("billing provider", error);
		if (!(error instanceof DeadlineError)) return refuseStatus(statusOf(error));
		refuse("billing-timed-out", t("billing_late_act"));
	}
}

/**
 * Refuses a page whose read of the provider failed. Nothing was sent but the read.
 * @throws ProblemError always
 */
export function refuseFailedRead({ status, late }: { status: number | null; late: boolean }): never {
	if (late) refuse("billing-timed-out", t("billing_late_read"));
	refuseStatus(status);
}

/**
 * Refuses what a provider answered with this status.
 * @throws ProblemError always
 */
export function refuseStatus(status: number | null): never {
	if (status === 404) refuse("customer-not-found", t("billing_no_customer"));
	if (status === 409) refuse("plan-has-changed", t("billing_plan_changed"));
	refuseUnavailable();
}

/** @throws ProblemError 502 always */
export function refuseUnavailable(): never {
	refuse("billing-unavailable", t("billing_odd_answer"));
}
