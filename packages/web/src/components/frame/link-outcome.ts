/** The error codes that better-auth adds to the address for an expired, changed or foreign confirmation link. */
const linkErrors = ["INVALID_TOKEN", "TOKEN_EXPIRED", "USER_NOT_FOUND", "INVALID_USER"];

/** What a confirmation link adds to the address of the page that it leads to: that it worked, or why not. */
export interface LinkOutcome {
	error?: string;
	confirmed?: true;
}

/** Validates these search parameters. Other values are dropped. */
export function linkOutcomeOf({ error, confirmed }: { error?: unknown; confirmed?: unknown }): LinkOutcome {
	if (typeof error === "string" && linkErrors.includes(error.toUpperCase())) return { error };
	return confirmed === true ? { confirmed } : {};
}
