/** The error codes that better-auth adds to the address for an expired, changed or foreign confirmation link. */
const linkErrors = ["INVALID_TOKEN", "TOKEN_EXPIRED", "USER_NOT_FOUND", "INVALID_USER"];

/** Validates the `error` search parameter, which a failed confirmation link adds to its page. Other values are dropped. */
export const linkErrorOf = ({ error }: { error?: unknown }): { error?: string } =>
	typeof error === "string" && linkErrors.includes(error.toUpperCase()) ? { error } : {};
