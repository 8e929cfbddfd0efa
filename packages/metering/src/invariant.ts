/**
 * Asserts a condition that only a programming error can break, never user or provider input. A failure fails the request and rolls back its writes.
 * @throws Error if the condition is false
 */
export function invariant(condition: boolean, broken: string): asserts condition {
	if (!condition) throw new Error(`invariant: ${broken}`);
}
