import type { Faults } from "../../faults/schema.ts";
import type { FaultPreset } from "./fault-presets.ts";

/** Merges presets. If two affect the same calls, the first applies. */
export function mergeFaults(all: readonly Faults[]): Faults {
	const api = all.flatMap((faults) => faults.api ?? []);
	const webhooks = Object.assign({}, ...all.map((faults) => faults.webhooks ?? {}));
	const merged: Faults = Object.assign({}, ...all);
	if (api.length > 0) merged.api = structuredClone(api);
	if (Object.keys(webhooks).length > 0) merged.webhooks = webhooks;
	return merged;
}

/** Whether the faults include everything that the preset sets. */
export function isActive(faults: Faults, preset: FaultPreset): boolean {
	return holds(faults, preset.faults);
}

function holds(whole: unknown, part: unknown): boolean {
	if (Array.isArray(part)) return Array.isArray(whole) && part.every((item) => whole.some((one) => holds(one, item)));
	if (typeof part === "object" && part !== null) {
		return (
			typeof whole === "object" && whole !== null && Object.entries(part).every(([key, value]) => holds(Reflect.get(whole, key), value))
		);
	}
	return whole === part;
}
