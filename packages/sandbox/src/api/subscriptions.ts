import type { SubscriptionAdjustResponse, SubscriptionRetrieveResponse } from "@flowglad/node/resources/subscriptions";
import { Hono } from "hono";
import { findCustomer } from "../billing/customers.ts";
import { findPrice } from "../billing/pricing.ts";
import type { Subscription, SubscriptionPrice } from "../billing/records.ts";
import { Refusal } from "../billing/refusal.ts";
import {
	adjust,
	cancelAtPeriodEnd,
	cancelImmediately,
	findSubscription,
	itemsOf,
	startSubscription,
	uncancel,
} from "../billing/subscriptions.ts";
import type { Env, World } from "../world.ts";
import { readBody } from "./body.ts";
import { adjustSubscriptionBody, cancelSubscriptionBody, createSubscriptionBody } from "./schemas.ts";

function subscribablePrice(wanted: { priceId?: string | undefined; priceSlug?: string | undefined }): SubscriptionPrice {
	const price = findPrice(wanted);
	const name = wanted.priceId ?? wanted.priceSlug;
	if (price === undefined) throw new Refusal("NOT_FOUND", `Price ${name} not found`);
	if (price.type !== "subscription") throw new Refusal("BAD_REQUEST", `Price ${name} is not a subscription price`);
	return price;
}

const answer = (subscription: Subscription) => ({ subscription }) satisfies SubscriptionRetrieveResponse;

export function subscriptionRoutes(world: World) {
	return new Hono<Env>()
		.post("/subscriptions", async (c) => {
			const { customerId, customerExternalId, priceId, priceSlug, ...body } = await readBody(c, createSubscriptionBody);
			const customer =
				customerExternalId === undefined
					? world.state.customers.find(({ id, archived }) => id === customerId && !archived)
					: findCustomer(world.state, customerExternalId);
			if (customer === undefined) throw new Refusal("NOT_FOUND", `Customer ${customerId ?? customerExternalId} not found`);
			const subscription = startSubscription(world.state, {
				...body,
				customer,
				price: subscribablePrice({ priceId, priceSlug }),
				quantity: body.quantity ?? 1,
				atMs: world.nowMs(),
			});
			return c.json(answer(subscription));
		})
		.get("/subscriptions/:id", (c) => c.json(answer(findSubscription(world.state, c.req.param("id")))))
		.post("/subscriptions/:id/cancel", async (c) => {
			const { cancellation } = await readBody(c, cancelSubscriptionBody);
			const subscription = findSubscription(world.state, c.req.param("id"));
			if (cancellation.timing === "immediately") cancelImmediately(world.state, subscription, world.nowMs());
			else cancelAtPeriodEnd(world.state, subscription, world.nowMs());
			return c.json(answer(subscription));
		})
		.post("/subscriptions/:id/uncancel", (c) => {
			const subscription = findSubscription(world.state, c.req.param("id"));
			uncancel(world.state, subscription, world.nowMs());
			return c.json(answer(subscription));
		})
		.post("/subscriptions/:id/adjust", async (c) => {
			const { timing, newSubscriptionItems } = (await readBody(c, adjustSubscriptionBody)).adjustment;
			const subscription = findSubscription(world.state, c.req.param("id"));
			const [item] = newSubscriptionItems;
			const result = adjust(world.state, subscription, {
				price: subscribablePrice({ priceId: item?.priceId ?? undefined, priceSlug: item?.priceSlug }),
				quantity: item?.quantity ?? 1,
				timing,
				atMs: world.nowMs(),
			});
			return c.json({
				subscription,
				subscriptionItems: itemsOf(world.state, subscription.id),
				...result,
			} satisfies SubscriptionAdjustResponse);
		});
}
