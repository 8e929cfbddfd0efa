import Stripe from "stripe";
import { logFailure } from "../../../log.ts";
import { getCustomerDetails } from "../customers.ts";
import { isRefusal } from "../errors.ts";
import { stripe } from "./client.ts";
import { getStripeCustomer, replaceStripeCustomer, createStripeCustomer as storeStripeCustomer } from "./customers.ts";
import { byNewest } from "./objects.ts";

// The Stripe customer of a user or organization. A stored id may be unknown to Stripe: the customer was deleted, or belongs to
// another mode or account than the key. So the id is used only inside `withCustomer` or `withEnsuredCustomer`. The exception is usage reports,
// which use the stored id and are set aside if Stripe refuses them.

/** More than any customer needs: each round replaces one that no longer exists. */
const ROUNDS_MAX = 4;

/** Thrown when Stripe returns a customer as deleted, which is not an API error. */
export class CustomerGone extends Error {
	override name = "CustomerGone";
}

/** Whether Stripe refused a call because it does not know the customer. */
function isUnknownCustomer(error: unknown, customer: string): boolean {
	if (error instanceof CustomerGone) return true;
	if (!(error instanceof Stripe.errors.StripeError) || error.code !== "resource_missing") return false;
	return error.param === "customer" || error.message.includes(customer);
}

/** Runs calls with a customer's Stripe id. If Stripe does not know the id, runs `without` instead and keeps the stored id. */
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

/** Runs a call with a customer's Stripe id, first creating the customer, or replacing one that Stripe does not know. */
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

/** Creates and stores the customer that replaces `gone`. Simultaneous calls create one. */
async function makeCustomer(externalId: string, gone: string | null): Promise<string> {
	const details = await getCustomerDetails(externalId);
	const unusable = gone === null ? [] : [gone];
	for (let round = 0; round < ROUNDS_MAX; round += 1) {
		const customer = await createStripeCustomer(externalId, unusable);
		try {
			await stripe().customers.update(customer, details);
		} catch (error) {
			// Stripe replays its answer to an idempotency key for a day, even after the customer was deleted.
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
 * Creates a customer at Stripe (seed 002), with the user's id as idempotency key. The call has no variable fields, because Stripe refuses a key
 * that is reused with other parameters. Name and address follow in a second call.
 * @param unusable the customers this one replaces; the key includes the last one, or Stripe would replay it
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

/** Another customer we created for the same user, for example before a key of another mode was used. */
async function findCustomer(userId: string, except: readonly string[]): Promise<string | null> {
	try {
		const { data } = await stripe().customers.search({ query: `metadata["userId"]:"${userId}"`, limit: 100 });
		return byNewest(data).find(({ id }) => !except.includes(id))?.id ?? null;
	} catch (error) {
		// Search is not available in every region, nor with every restricted key.
		if (!isRefusal(error)) throw error;
		return null;
	}
}
