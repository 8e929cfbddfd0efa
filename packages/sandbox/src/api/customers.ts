import type { CustomerCreateResponse, CustomerRetrieveResponse } from "@flowglad/node/resources/customers";
import { Hono } from "hono";
import { usageMeterBalances } from "../billing/credits.ts";
import { archiveCustomer, createCustomer, requireCustomer } from "../billing/customers.ts";
import type { UsageMeterBalance } from "../billing/records.ts";
import { Refusal, stated } from "../billing/refusal.ts";
import { currentSubscriptions, findSubscription, itemsOf } from "../billing/subscriptions/find.ts";
import type { Env, World } from "../world.ts";
import { readBody } from "./body.ts";
import { billing, subscriptionRecord } from "./render.ts";
import { archiveCustomerBody, createCustomerBody, updateCustomerBody } from "./schemas.ts";

export function customerRoutes(world: World) {
	return new Hono<Env>()
		.post("/customers", async (c) => {
			const body = await readBody(c, createCustomerBody);
			const { customer, subscription } = createCustomer(world.state, body.customer, world.nowMs());
			if (world.state.faults.firstVisitRace)
				throw new Refusal("CONFLICT", `A customer with externalId ${customer.externalId} already exists`, { isStated: true });
			return c.json({
				data: {
					customer,
					subscription: subscriptionRecord(world.state, subscription),
					subscriptionItems: itemsOf(world.state, subscription.id),
				},
			} satisfies CustomerCreateResponse);
		})
		.get("/customers/:externalId", (c) => {
			const customer = requireCustomer(world.state, c.req.param("externalId"));
			return c.json({ customer } satisfies CustomerRetrieveResponse);
		})
		.put("/customers/:externalId", async (c) => {
			const body = await readBody(c, updateCustomerBody);
			const customer = requireCustomer(world.state, c.req.param("externalId"));
			const given = Object.entries(body.customer).filter(([, value]) => value !== undefined);
			Object.assign(customer, Object.fromEntries(given), { updatedAt: world.nowMs() });
			return c.json({ customer } satisfies CustomerRetrieveResponse);
		})
		.post("/customers/:externalId/archive", async (c) => {
			await readBody(c, archiveCustomerBody);
			const customer = archiveCustomer(world.state, c.req.param("externalId"), world.nowMs());
			return c.json({ customer } satisfies CustomerRetrieveResponse);
		})
		.get("/customers/:externalId/billing", (c) => {
			const customer = requireCustomer(world.state, c.req.param("externalId"));
			return c.json(billing(world.state, customer, c.req.url));
		})
		.get("/customers/:externalId/usage-balances", (c) => {
			const customer = requireCustomer(world.state, c.req.param("externalId"));
			const wanted = c.req.query("subscriptionId");
			const subscriptions =
				wanted === undefined ? currentSubscriptions(world.state, customer.id) : [stated(() => findSubscription(world.state, wanted))];
			if (subscriptions.some(({ customerId }) => customerId !== customer.id))
				throw new Refusal("NOT_FOUND", `Subscription with id ${wanted} not found`, { isStated: true });
			// @flowglad/node has no method for this route; its entries equal those of the billing object.
			return c.json({
				usageMeterBalances: subscriptions.flatMap(({ id }) => usageMeterBalances(world.state, id)),
			} satisfies { usageMeterBalances: UsageMeterBalance[] });
		});
}
