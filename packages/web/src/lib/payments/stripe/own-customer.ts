import Stripe from "stripe";
import { logFailure } from "../../../log.ts";
import { getCustomerDetails } from "../customers.ts";
import { isRefusal } from "../errors.ts";
import { stripe } from "./client.ts";
import { getStripeCustomer, replaceStripeCustomer, createStripeCustomer as storeStripeCustomer } from "./customers.ts";
import { byNewest } from "./objects.ts";

// The customer that stands for a user or organization at Stripe. A stored id may name one that Stripe no longer has: it was deleted, or belongs to
// another mode or account than the key. So nothing uses the id except within `withCustomer` or `withEnsuredCustomer`. Reports alone go to the stored
// id: what Stripe refuses there is set aside.

/** More than any customer needs: each round replaces one that turned out to be gone. */
const ROUNDS_MAX = 4;

/** Thrown where Stripe answers that a customer is deleted, which is not an error of its API. */
export class CustomerGone extends Error {
	override name = "CustomerGone";
}

/** Whether Stripe refused a call because it does not know the customer. */
function isUnknownCustomer(error: unknown, customer: string): boolean {
	if (error instanceof CustomerGone) return true;
	if (!(error instanceof Stripe.errors.StripeError) || error.code !== "resource_missing") return false;
	return error.param === "customer" || error.message.includes(customer);
}

/** Runs calls for a customer's id at Stripe. One that Stripe no longer knows counts as none: `without` runs instead, and nothing is forgotten. */
export async function withCustomer<T>(
	externalId: string,
	act: (customer: string) => Promise<T>,
	without: () => T | Promise<T>,
): Promise<T> {
	const customer = (await getStripeCustomer(externalId))?.stripeCustomerId;
	if (customer === undefined) return without();
	try {
		return await act(customer);
	} catch (error) {
		if (!isUnknownCustomer(error, customer)) throw error;
		return without();
	}
}

/** Runs a call for a customer's id at Stripe, after creating the customer, or replacing one that Stripe no longer knows, if necessary. */
export async function withEnsuredCustomer<T>(externalId: string, act: (customer: string) => Promise<T>): Promise<T> {
	const known = (await getStripeCustomer(externalId))?.stripeCustomerId ?? null;
	if (known !== null) {
		try {
			return await act(known);
		} catch (error) {
			if (!isUnknownCustomer(error, known)) throw error;
			logFailure(`Stripe no longer knows customer ${known}, who is replaced`, error);
		}
	}
	return act(await makeCustomer(externalId, known));
}

/** Makes and stores the customer that follows `gone`. Simultaneous calls make one. */
async function makeCustomer(externalId: string, gone: string | null): Promise<string> {
	const details = await getCustomerDetails(externalId);
	const unusable = gone === null ? [] : [gone];
	for (let round = 0; round < ROUNDS_MAX; round += 1) {
		const customer = await createStripeCustomer(externalId, unusable);
		try {
			await stripe().customers.update(customer, details);
		} catch (error) {
			// Stripe repeats its answer to a key for a day, even after the customer was deleted.
			if (!isUnknownCustomer(error, customer)) throw error;
			unusable.push(customer);
			continue;
		}
		const stored = gone === null ? storeStripeCustomer : replaceStripeCustomer.bind(null, gone);
		return (await stored(externalId, { stripeCustomerId: customer })).stripeCustomerId;
	}
	throw new Error(`Stripe deletes each customer of ${externalId}`);
}

/**
 * Creates a customer at Stripe (seed 002), with the user's id as idempotency key. The call carries nothing that can change, since Stripe refuses a key
 * that comes with other parameters: name and address follow in a call of their own.
 * @param unusable the customers that this one replaces; the key names the last one, or Stripe would repeat it
 * @returns Stripe's id
 */
async function createStripeCustomer(userId: string, unusable: readonly string[]): Promise<string> {
	const last = unusable.at(-1);
	const found = last === undefined ? null : await findCustomer(userId, unusable);
	if (found !== null) return found;
	const idempotencyKey = last === undefined ? userId : `${userId}:${last}`;
	try {
		return (await stripe().customers.create({ metadata: { userId } }, { idempotencyKey })).id;
	} catch (error) {
		// An earlier version of this app sent name and address with the same key.
		if (!(error instanceof Stripe.errors.StripeIdempotencyError)) throw error;
		const earlier = await findCustomer(userId, unusable);
		if (earlier === null) throw error;
		return earlier;
	}
}

/** Another customer that we made for the same user, such as the one from before a key of another mode was in use. */
async function findCustomer(userId: string, except: readonly string[]): Promise<string | null> {
	try {
		const { data } = await stripe().customers.search({ query: `metadata["userId"]:"${userId}"`, limit: 100 });
		return byNewest(data).find(({ id }) => !except.includes(id))?.id ?? null;
	} catch (error) {
		// Search does not exist in every region, nor for every restricted key.
		if (!isRefusal(error)) throw error;
		return null;
	}
}
