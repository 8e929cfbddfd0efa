import { missing } from "./refusal.ts";

/** The record of that id; refuses, with 404, or with 400 where a parameter named it. */
export function find<T extends { id: string }>(records: readonly T[], id: string, noun: string, param?: string): T {
	const found = records.find((record) => record.id === id);
	if (found === undefined) throw missing(noun, id, param);
	return found;
}

/** The record of that id, which the sandbox itself has put there. */
export function known<T extends { id: string }>(records: readonly T[], id: string | null | undefined): T {
	const found = records.find((record) => record.id === id);
	if (found === undefined) throw new Error(`The sandbox has lost ${id}`);
	return found;
}
