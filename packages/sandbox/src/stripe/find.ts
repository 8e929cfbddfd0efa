import { missing } from "./refusal.ts";
import type { StripeState } from "./state.ts";

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

/**
 * Checks a list's `customer` parameter. A deleted customer still has its subscriptions, invoices and charges.
 * @throws StripeRefusal 400 for one that never existed in this account and mode
 */
export function requireCustomer({ customers, deletedCustomerIds }: StripeState, id: string | undefined): void {
	if (id !== undefined && !deletedCustomerIds.includes(id)) find(customers, id, "customer", "customer");
}
