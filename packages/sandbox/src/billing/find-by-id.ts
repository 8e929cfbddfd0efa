import { Refusal } from "./refusal.ts";

/** The record of that id; a refusal that names what was looked for when there is none. */
export function findById<T extends { id: string }>(records: readonly T[], id: string, noun: string): T {
	const found = records.find((record) => record.id === id);
	if (found === undefined) throw new Refusal("NOT_FOUND", `${noun} with id ${id} not found`);
	return found;
}
