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

/** A report the provider cannot accept because its pricing model has no price for it. */
export class RefusedReport extends Error {
	override name = "RefusedReport";
}

/** Whether the provider rejected a report permanently. 401 is no rejection: Flowglad also uses it for rate limiting. */
export function isRefusal(error: unknown): boolean {
	if (error instanceof RefusedReport) return true;
	const status = statusOf(error);
	return status !== null && status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status);
}

/**
 * Whether the provider answered and did not store the report: a rejection, or 500. Flowglad's own rejections arrive as 500 (flowglad.md l), so a
 * single answer does not distinguish a rejection from a temporary fault.
 */
export function isAnswered(error: unknown): boolean {
	const status = statusOf(error);
	return isRefusal(error) || status === 409 || status === 500;
}

/**
 * Whether the provider confirmed that it did not make a change. After a 5xx (Flowglad's domain errors too), a 408 (its billing run continues) or no
 * answer, the change may have been made.
 */
export function isNotDone(error: unknown): boolean {
	const status = statusOf(error);
	return status !== null && status >= 400 && status < 500 && status !== 408;
}

/** Whether the provider rejected our key, or (Flowglad) rate-limited it. */
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
 * Refuses a page because reading the provider failed. Only the read was sent.
 * @throws ProblemError always
 */
export function refuseFailedRead({ status, late }: { status: number | null; late: boolean }): never {
	if (late) refuse("billing-timed-out", t("billing_late_read"));
	refuseStatus(status);
}

/**
 * Refuses a request because the provider answered with this status.
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
