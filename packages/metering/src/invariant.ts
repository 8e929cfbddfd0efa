/**
 * Asserts what only a programming error can break, never what a user or provider may cause. The request fails and its writes roll back.
 * @throws Error when the condition is false
 */
export function invariant(condition: boolean, broken: string): asserts condition {
	if (!condition) throw new Error(`invariant: ${broken}`);
}
