/** What better-auth writes into the address when a confirmation link is too old, was tampered with, or is not this account's. */
const linkErrors = ["INVALID_TOKEN", "TOKEN_EXPIRED", "USER_NOT_FOUND", "INVALID_USER"];

/** The search parameter that a failed confirmation link adds to the page that it leads to; any other value is dropped. */
export const linkErrorOf = ({ error }: { error?: unknown }): { error?: string } =>
	typeof error === "string" && linkErrors.includes(error.toUpperCase()) ? { error } : {};
