/**
 * Stops at a mistake of the program, never at what a user or a provider may do: the request dies, and its writes roll back with it.
 * @throws always when the condition is false
 */
export function invariant(condition: boolean, broken: string): asserts condition {
	if (!condition) throw new Error(`invariant: ${broken}`);
}
