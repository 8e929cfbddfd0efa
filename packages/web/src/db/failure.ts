/**
 * Whether an error comes from D1, which does not answer or cannot run a statement. A statement that breaks a rule of the schema is no such error.
 */
export function isDatabaseFailure(error: unknown): boolean {
	for (let at = error; at instanceof Error; at = at.cause)
		if (at.message.startsWith("D1_ERROR")) return !at.message.includes("SQLITE_CONSTRAINT");
	return false;
}
