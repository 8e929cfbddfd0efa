type Metadata = Record<string, string>;

/** Merges metadata. An empty value removes its key, null removes all keys. */
export function mergedMetadata(current: Metadata | null, changes: Metadata | null | undefined): Metadata {
	if (changes === undefined) return { ...current };
	if (changes === null) return {};
	return Object.fromEntries(Object.entries({ ...current, ...changes }).filter(([, value]) => value !== ""));
}
