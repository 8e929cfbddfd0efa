/** Credit that is given to a customer. Nothing here uses it up: the sandbox sells no metered prices. */
import type { State } from "../../state.ts";
import { emit } from "../events/emit.ts";
import { find } from "../find.ts";
import { newId } from "../ids.ts";
import type { CreditGrant } from "../records.ts";
import { refuse } from "../refusal.ts";
import { mergedMetadata } from "./metadata.ts";

interface GrantRequest {
	customer: string;
	amount: { type: "monetary"; monetary: { currency: string; value: number } };
	category?: "paid" | "promotional" | undefined;
	effective_at?: number | undefined;
	expires_at?: number | undefined;
	name?: string | undefined;
	metadata?: Record<string, string> | null | undefined;
	priority?: number | undefined;
}

export function grantCredit(state: State, request: GrantRequest, atSeconds: number): CreditGrant {
	const { id: customer } = find(state.stripe.customers, request.customer, "customer", "customer");
	const { effective_at = atSeconds, expires_at = null } = request;
	if (expires_at !== null && expires_at <= effective_at)
		throw refuse("`expires_at` must be after `effective_at`.", { param: "expires_at" });
	const grant: CreditGrant = {
		id: newId("credgr_test"),
		object: "billing.credit_grant",
		amount: structuredClone(request.amount),
		applicability_config: { scope: { price_type: "metered" } },
		category: request.category ?? "paid",
		created: atSeconds,
		customer,
		customer_account: null,
		effective_at,
		expires_at,
		livemode: false,
		metadata: mergedMetadata({}, request.metadata),
		name: request.name ?? null,
		priority: request.priority ?? 50,
		test_clock: null,
		updated: atSeconds,
		voided_at: null,
	};
	state.stripe.creditGrants.push(grant);
	emit(state, "billing.credit_grant.created", grant, atSeconds);
	return grant;
}

/** Takes it back as if it had never been given, or ends it now. */
export function endGrant(state: State, grant: CreditGrant, how: "void" | "expire", atSeconds: number): void {
	if (grant.voided_at !== null) throw refuse("This credit grant is voided already.");
	if (grant.expires_at !== null && grant.expires_at <= atSeconds) throw refuse("This credit grant has expired already.");
	if (how === "void") grant.voided_at = atSeconds;
	else grant.expires_at = atSeconds;
	grant.updated = atSeconds;
	emit(state, "billing.credit_grant.updated", grant, atSeconds);
}

/** What is left of some grants, by currency, in cents. */
export function creditBalances(grants: readonly CreditGrant[], atSeconds: number) {
	const live = grants.filter(
		({ voided_at, effective_at, expires_at }) =>
			voided_at === null && (effective_at ?? 0) <= atSeconds && (expires_at === null || expires_at > atSeconds),
	);
	const currencies = [...new Set(live.flatMap(({ amount }) => amount.monetary?.currency ?? []))];
	return currencies.map((currency) => {
		const value = live.reduce((sum, { amount }) => sum + (amount.monetary?.currency === currency ? amount.monetary.value : 0), 0);
		const balance = { monetary: { currency, value }, type: "monetary" as const };
		return { available_balance: balance, ledger_balance: balance };
	});
}
