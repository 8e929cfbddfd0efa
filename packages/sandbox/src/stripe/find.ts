import { missing } from "./refusal.ts";

/**
 * The record with that id.
 * @throws StripeRefusal 404, or 400 if the parameter `param` named the id
 */
export function find<T extends { id: string }>(records: readonly T[], id: string, noun: string, param?: string): T {
	const found = records.find((record) => record.id === id);
	if (found === undefined) throw missing(noun, id, param);
	return found;
}

/** The record with an id that the sandbox stored. An unknown id is a bug. */
export function known<T extends { id: string }>(records: readonly T[], id: string | null | undefined): T {
	const found = records.find((record) => record.id === id);
	if (found === undefined) throw new Error(`The sandbox has lost ${id}`);
	return found;
}
