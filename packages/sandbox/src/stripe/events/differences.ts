/** An event's `previous_attributes`: the fields of `before` that differ in `after`. Nested objects are reduced too, lists are kept whole. */
export function differences(before: object, after: object): Record<string, unknown> {
	const changed: Record<string, unknown> = {};
	for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
		const was: unknown = Reflect.get(before, key);
		const is: unknown = Reflect.get(after, key);
		if (JSON.stringify(was) === JSON.stringify(is)) continue;
		changed[key] = isPlain(was) && isPlain(is) ? differences(was, is) : (was ?? null);
	}
	return changed;
}

function isPlain(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
