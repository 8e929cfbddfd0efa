import { env } from "cloudflare:workers";
import { t } from "../../text/text.ts";
import { ProblemError } from "../http/problem.ts";
import type { User } from "../identity/subject.ts";

/**
 * Takes one of the 30 provider actions a user has per minute, whichever payer they act for. Reads take none, because they come from copies. The
 * provider's rate limit covers all customers together, so a single account must not exhaust it.
 * @throws ProblemError 429 with Retry-After
 */
export async function takeAction({ key }: User): Promise<void> {
	const waitMs = await env.USAGE_LEDGER.getByName(key).takeAction();
	if (waitMs > 0) refuseTooManyActions(waitMs);
}

/** @throws ProblemError 429 always, with Retry-After */
export function refuseTooManyActions(waitMs: number): never {
	const seconds = Math.max(1, Math.ceil(waitMs / 1000));
	const detail = t("billing_too_often", { count: seconds });
	throw new ProblemError("too-many-billing-requests", detail, { "retry-after": String(seconds) }, "unchanged");
}
