type Metadata = Record<string, string>;

/** Metadata after a request: keys are merged, "" takes one away, null takes all. */
export function mergedMetadata(current: Metadata | null, changes: Metadata | null | undefined): Metadata {
	if (changes === undefined) return { ...current };
	if (changes === null) return {};
	return Object.fromEntries(Object.entries({ ...current, ...changes }).filter(([, value]) => value !== ""));
}
