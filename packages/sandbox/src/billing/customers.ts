import type { State } from "../state.ts";
import { emit } from "../webhooks/messages.ts";
import { newRecord } from "./ids.ts";
import { organizationId, pricingModelId } from "./pricing/pricing.ts";
import type { Customer, Subscription } from "./records.ts";
import { Refusal } from "./refusal.ts";
import { currentSubscriptions } from "./subscriptions/find.ts";
import { end, startDefaultPlan } from "./subscriptions/start.ts";

/** Finds a customer by externalId. Archiving frees the externalId, so archived customers are not found. */
export function findCustomer(state: State, externalId: string): Customer | undefined {
	return state.customers.find((customer) => customer.externalId === externalId && !customer.archived);
}

/**
 * Like findCustomer, but must find one.
 * @throws Refusal NOT_FOUND: on this code the SDK creates the customer (flowglad.md a)
 */
export function requireCustomer(state: State, externalId: string): Customer {
	const customer = findCustomer(state, externalId);
	if (customer === undefined) throw new Refusal("NOT_FOUND", `Customer with externalId ${externalId} not found`, { isStated: true });
	return customer;
}

export interface CustomerInput {
	externalId: string;
	email: string;
	name: string;
	logoURL?: string | null | undefined;
	iconURL?: string | null | undefined;
	domain?: string | null | undefined;
	userId?: string | null | undefined;
}

/**
 * Creates the customer and its subscription to the default plan.
 * @throws Refusal CONFLICT when the externalId is taken
 */
export function createCustomer(state: State, input: CustomerInput, atMs: number): { customer: Customer; subscription: Subscription } {
	if (findCustomer(state, input.externalId) !== undefined)
		throw new Refusal("CONFLICT", `A customer with externalId ${input.externalId} already exists`, { isStated: true });
	const customer: Customer = {
		...newRecord("cust", atMs),
		organizationId,
		email: input.email,
		name: input.name,
		invoiceNumberBase: `SBX${state.customers.length + 1}`,
		archived: false,
		logoURL: input.logoURL ?? null,
		iconURL: input.iconURL ?? null,
		domain: input.domain ?? null,
		billingAddress: null,
		externalId: input.externalId,
		userId: input.userId ?? null,
		pricingModelId,
	};
	state.customers.push(customer);
	emit(state, "customer.created", customer.id, customer, atMs);
	return { customer, subscription: startDefaultPlan(state, customer, atMs) };
}

/** Idempotent: archiving an archived customer returns it unchanged. */
export function archiveCustomer(state: State, externalId: string, atMs: number): Customer {
	const archived = state.customers.findLast((customer) => customer.externalId === externalId && customer.archived);
	const customer = findCustomer(state, externalId) ?? archived;
	if (customer === undefined) return requireCustomer(state, externalId);
	if (customer.archived) return customer;
	for (const subscription of currentSubscriptions(state, customer.id)) {
		end(state, subscription, "customer_archived", atMs);
		emit(state, "subscription.canceled", subscription.id, customer, atMs);
	}
	customer.archived = true;
	customer.updatedAt = atMs;
	return customer;
}
