/** Whether an error comes from D1 failing to answer or to run a statement. Violating a rule of the schema is not such a failure. */
export function isDatabaseFailure(error: unknown): boolean {
	for (let at = error; at instanceof Error; at = at.cause)
		if (at.message.startsWith("D1_ERROR")) return !at.message.includes("SQLITE_CONSTRAINT");
	return false;
}
