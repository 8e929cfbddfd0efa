import { Hono } from "hono";
import { z } from "zod";
import type { Env, World } from "../../world.ts";
import { endSubscription } from "../billing/subscriptions/cancel.ts";
import { isLive, itemOf } from "../billing/subscriptions/find.ts";
import { updateSubscription } from "../billing/subscriptions/update.ts";
import { find, requireCustomer } from "../find.ts";
import { newId } from "../ids.ts";
import type { Price, Subscription } from "../records.ts";
import { missing, refuse } from "../refusal.ts";
import { expanded } from "./expand.ts";
import { count, flag, ignored, metadata, orNone, params, read, text, timestamp } from "./form.ts";
import { listing, page } from "./list.ts";
import { nowSeconds } from "./now.ts";
import { retrieve } from "./retrieve.ts";

const statuses = [
	"active",
	"past_due",
	"unpaid",
	"canceled",
	"incomplete",
	"incomplete_expired",
	"trialing",
	"paused",
	"all",
	"ended",
] as const;

const listParams = params({
	...listing,
	customer: text.optional(),
	price: text.optional(),
	status: z.enum(statuses).optional(),
	collection_method: text.optional(),
	current_period_start: ignored,
	current_period_end: ignored,
	automatic_tax: ignored,
});

const updateParams = params({
	items: z
		.array(
			z.strictObject({
				id: text.optional(),
				price: text.optional(),
				quantity: count.optional(),
				metadata: metadata.optional(),
				discounts: ignored,
			}),
		)
		.length(1, "the sandbox's subscriptions have one item")
		.optional(),
	proration_behavior: z.enum(["always_invoice", "create_prorations", "none"]).optional(),
	proration_date: timestamp.optional(),
	payment_behavior: z.enum(["allow_incomplete", "error_if_incomplete", "pending_if_incomplete"]).optional(),
	cancel_at_period_end: flag.optional(),
	cancel_at: orNone(timestamp).optional(),
	cancellation_details: ignored,
	metadata: metadata.optional(),
	description: orNone(text).optional(),
	trial_end: z.union([z.literal("now").transform(() => null), timestamp]).optional(),
	default_payment_method: text.optional(),
	pause_collection: orNone(z.strictObject({ behavior: z.enum(["keep_as_draft", "mark_uncollectible", "void"]) })).optional(),
	billing_cycle_anchor: z.enum(["now", "unchanged"]).optional(),
	off_session: ignored,
	discounts: orNone(z.array(z.union([z.strictObject({ discount: text }), z.strictObject({ coupon: text })]))).optional(),
	payment_settings: ignored,
	trial_settings: ignored,
	invoice_settings: ignored,
	automatic_tax: ignored,
});

const cancelParams = params({ cancellation_details: ignored, invoice_now: ignored, prorate: ignored });

export function subscriptionRoutes(world: World) {
	const subscriptions = () => world.state.stripe.subscriptions;
	const byId = (id: string) => find(subscriptions(), id, "subscription");
	return new Hono<Env>()
		.get("/subscriptions", async (c) => {
			const { expand, customer, price, status, ...wanted } = await read(c, listParams);
			requireCustomer(world.state.stripe, customer);
			const found = subscriptions().filter(
				(one) =>
					(customer === undefined || one.customer === customer) &&
					(price === undefined || itemOf(one).price.id === price) &&
					hasStatus(one, status),
			);
			return c.json(expanded(world.state, page("/v1/subscriptions", found, wanted), expand));
		})
		.get(
			"/subscriptions/:id",
			retrieve(world, ({ subscriptions }) => subscriptions, "subscription"),
		)
		.post("/subscriptions/:id", async (c) => {
			const given = await read(c, updateParams);
			const subscription = byId(c.req.param("id"));
			const [change] = given.items ?? [];
			requireItem(subscription, change);
			updateSubscription(
				world.state,
				subscription,
				{
					price: change?.price === undefined ? undefined : recurringPrice(world, change.price),
					quantity: change?.quantity,
					itemMetadata: change?.metadata,
					prorationBehavior: given.proration_behavior ?? "create_prorations",
					prorationSeconds: given.proration_date,
					ifUnpaid: given.payment_behavior ?? "allow_incomplete",
					cancelAtPeriodEnd: given.cancel_at_period_end,
					cancelAt: given.cancel_at,
					metadata: given.metadata,
					description: given.description,
					trialEnd: given.trial_end,
					defaultPaymentMethod: given.default_payment_method,
					pauseCollection: given.pause_collection && { ...given.pause_collection, resumes_at: null },
					discounts:
						given.discounts?.map((one) => ("discount" in one ? one.discount : newId("di"))) ?? (given.discounts === null ? [] : undefined),
					anchorNow: given.billing_cycle_anchor === "now",
				},
				nowSeconds(world),
			);
			return c.json(expanded(world.state, subscription, given.expand));
		})
		.delete("/subscriptions/:id", async (c) => {
			const { expand } = await read(c, cancelParams);
			const subscription = byId(c.req.param("id"));
			if (!isLive(subscription)) throw missing("subscription", subscription.id);
			endSubscription(world.state, subscription, "cancellation_requested", nowSeconds(world));
			return c.json(expanded(world.state, subscription, expand));
		});
}

/** Whether a subscription fits the `status` parameter. Without one, canceled subscriptions are omitted. */
function hasStatus(subscription: Subscription, wanted: (typeof statuses)[number] | undefined): boolean {
	if (wanted === undefined) return subscription.status !== "canceled";
	if (wanted === "all") return true;
	return wanted === "ended" ? !isLive(subscription) : subscription.status === wanted;
}

function requireItem(subscription: Subscription, change: { id?: string | undefined } | undefined): void {
	if (change === undefined) return;
	if (change.id === undefined)
		throw refuse("The sandbox's subscriptions have one item: name it, or a second one would be added.", { param: "items[0][id]" });
	if (change.id !== itemOf(subscription).id) throw missing("subscription_item", change.id, "items[0][id]");
}

function recurringPrice({ state }: World, id: string): Price {
	const price = find(state.stripe.prices, id, "price", "items[0][price]");
	if (!price.active) throw refuse("The price specified is inactive. This field only accepts active prices.", { param: "items[0][price]" });
	if (price.recurring === null)
		throw refuse(`The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`, {
			param: "items[0][price]",
		});
	return price;
}
