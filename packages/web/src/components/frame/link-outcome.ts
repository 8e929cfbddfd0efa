/** The error codes that better-auth adds to the address for an expired, changed or foreign confirmation link. */
const linkErrors = ["INVALID_TOKEN", "TOKEN_EXPIRED", "USER_NOT_FOUND", "INVALID_USER"];

/** The outcome that a confirmation link adds to the address of its target page: success, or why it failed. */
export interface LinkOutcome {
	error?: string;
	confirmed?: true;
}

/** Validates these search parameters and drops unknown values. */
export function linkOutcomeOf({ error, confirmed }: { error?: unknown; confirmed?: unknown }): LinkOutcome {
	if (typeof error === "string" && linkErrors.includes(error.toUpperCase())) return { error };
	return confirmed === true ? { confirmed } : {};
}
