import { Refusal } from "./refusal.ts";

/**
 * The record with that id.
 * @throws Refusal NOT_FOUND, with `noun` in its message
 */
export function findById<T extends { id: string }>(records: readonly T[], id: string, noun: string): T {
	const found = records.find((record) => record.id === id);
	if (found === undefined) throw new Refusal("NOT_FOUND", `${noun} with id ${id} not found`);
	return found;
}
