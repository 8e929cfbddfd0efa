import type { SubscriptionAdjustResponse, SubscriptionRetrieveResponse } from "@flowglad/node/resources/subscriptions";
import { Hono } from "hono";
import { findCustomer } from "../billing/customers.ts";
import { findById } from "../billing/find-by-id.ts";
import { findPrice } from "../billing/pricing/pricing.ts";
import type { Customer, PaymentMethod, Subscription, SubscriptionPrice } from "../billing/records.ts";
import { Refusal, stated } from "../billing/refusal.ts";
import { adjust } from "../billing/subscriptions/adjust.ts";
import { cancelAtPeriodEnd, cancelImmediately, cancelScheduledChange, uncancel } from "../billing/subscriptions/cancel.ts";
import { findSubscription, itemsOf } from "../billing/subscriptions/find.ts";
import { startSubscription } from "../billing/subscriptions/start.ts";
import { applyDue } from "../clock/apply-due.ts";
import type { State } from "../state.ts";
import type { Env, World } from "../world.ts";
import { readBody } from "./body.ts";
import { subscriptionRecord } from "./render.ts";
import { adjustSubscriptionBody, cancelSubscriptionBody, createSubscriptionBody } from "./schemas.ts";

function subscribablePrice(state: State, wanted: { priceId?: string | undefined; priceSlug?: string | undefined }): SubscriptionPrice {
	const price = findPrice(state, wanted);
	const name = wanted.priceId ?? wanted.priceSlug;
	if (price === undefined) throw new Refusal("NOT_FOUND", `Price with id ${name} not found`);
	if (price.type !== "subscription")
		throw new Refusal("BAD_REQUEST", `Only recurring prices can be used in subscriptions. Price ${name} is of type ${price.type}`);
	return price;
}

function ownCard(state: State, customer: Customer, id: string | undefined): PaymentMethod | undefined {
	if (id === undefined) return undefined;
	const card = findById(state.paymentMethods, id, "PaymentMethod");
	if (card.customerId !== customer.id)
		throw new Refusal("BAD_REQUEST", `Customer ${customer.id} does not match default payment method ${id}`);
	return card;
}

const answer = (state: State, subscription: Subscription) =>
	({ subscription: subscriptionRecord(state, subscription) }) satisfies SubscriptionRetrieveResponse;

export function subscriptionRoutes(world: World) {
	return new Hono<Env>()
		.post("/subscriptions", async (c) => {
			const { customerId, customerExternalId, priceId, priceSlug, defaultPaymentMethodId, trialEnd, ...body } = await readBody(
				c,
				createSubscriptionBody,
			);
			const customer =
				customerExternalId === undefined
					? world.state.customers.find(({ id, archived }) => id === customerId && !archived)
					: findCustomer(world.state, customerExternalId);
			if (customer === undefined)
				throw new Refusal("NOT_FOUND", `Customer ${customerId ?? customerExternalId} not found`, { isStated: true });
			const subscription = startSubscription(world.state, {
				...body,
				customer,
				price: stated(() => subscribablePrice(world.state, { priceId, priceSlug })),
				card: ownCard(world.state, customer, defaultPaymentMethodId),
				trialEndMs: trialEnd,
				quantity: body.quantity ?? 1,
				atMs: world.nowMs(),
			});
			applyDue(world.state, world.nowMs());
			return c.json(answer(world.state, subscription));
		})
		.get("/subscriptions/:id", (c) => c.json(answer(world.state, findSubscription(world.state, c.req.param("id")))))
		.post("/subscriptions/:id/cancel", async (c) => {
			const { cancellation } = await readBody(c, cancelSubscriptionBody);
			const subscription = findSubscription(world.state, c.req.param("id"));
			if (cancellation.timing === "immediately") cancelImmediately(world.state, subscription, world.nowMs());
			else cancelAtPeriodEnd(world.state, subscription, world.nowMs());
			return c.json(answer(world.state, subscription));
		})
		.post("/subscriptions/:id/uncancel", (c) => {
			const subscription = findSubscription(world.state, c.req.param("id"));
			uncancel(world.state, subscription, world.nowMs());
			return c.json(answer(world.state, subscription));
		})
		.post("/subscriptions/:id/cancel-scheduled-adjustment", (c) => {
			const subscription = findSubscription(world.state, c.req.param("id"));
			cancelScheduledChange(world.state, subscription, world.nowMs());
			// @flowglad/node has no method for this route: it is older than the route.
			return c.json({ ...answer(world.state, subscription), canceledItemCount: 1 });
		})
		.post("/subscriptions/:id/adjust", async (c) => {
			const { timing, newSubscriptionItems, prorateCurrentBillingPeriod } = (await readBody(c, adjustSubscriptionBody)).adjustment;
			const subscription = findSubscription(world.state, c.req.param("id"));
			const [item] = newSubscriptionItems;
			const result = adjust(world.state, subscription, {
				price: subscribablePrice(world.state, { priceId: item?.priceId ?? undefined, priceSlug: item?.priceSlug }),
				quantity: item?.quantity ?? 1,
				timing,
				prorate: prorateCurrentBillingPeriod ?? true,
				atMs: world.nowMs(),
			});
			// The real endpoint also answers after the charge.
			applyDue(world.state, world.nowMs());
			return c.json({
				...answer(world.state, subscription),
				subscriptionItems: itemsOf(world.state, subscription.id),
				...result,
			} satisfies SubscriptionAdjustResponse);
		});
}
