import { expect, it } from "vitest";
import { errorOf, runStripe, withPlan } from "./testing/harness.ts";

it("creates, updates, unsets, finds by email and deletes customers", async () => {
	const { stripe } = await runStripe();
	const ada = await stripe.customers.create({ name: "Ada", email: "ada@example.com", metadata: { user: "1", plan: "x" } });
	expect(ada).toMatchObject({ object: "customer", balance: 0, livemode: false, invoice_settings: { default_payment_method: null } });
	const changed = await stripe.customers.update(ada.id, { name: "", description: "First", metadata: { plan: "" } });
	expect(changed).toMatchObject({ name: null, description: "First", email: "ada@example.com", metadata: { user: "1" } });
	await stripe.customers.create({ email: "bob@example.com" });
	expect((await stripe.customers.list({ email: "ada@example.com" })).data.map(({ id }) => id)).toEqual([ada.id]);
	expect(await stripe.customers.del(ada.id)).toMatchObject({ id: ada.id, deleted: true });
	expect(await stripe.customers.retrieve(ada.id)).toMatchObject({ id: ada.id, deleted: true });
	expect((await stripe.customers.list()).data).toHaveLength(1);
	expect((await errorOf(stripe.customers.update(ada.id, { name: "x" }))).statusCode).toBe(404);
});

it("cancels a deleted customer's subscriptions and keeps the paid invoices", async () => {
	const { sandbox, stripe, customer, subscription, id } = await withPlan();
	await stripe.customers.del(customer.id);
	expect(await subscription()).toMatchObject({ status: "canceled", customer: customer.id });
	expect((await stripe.invoices.list({ subscription: id })).data).toMatchObject([{ status: "paid", total: 799 }]);
	expect(await stripe.subscriptions.retrieve(id, { expand: ["customer"] })).toMatchObject({ customer: { deleted: true } });
	await sandbox.advance(40 * 24 * 60 * 60);
	expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
});

it("lists newest first, pages in both directions, and supports the SDK's auto-pagination", async () => {
	const { stripe } = await runStripe();
	const ids: string[] = [];
	for (let index = 0; index < 12; index++) ids.unshift((await stripe.customers.create({ name: `c${index}` })).id);
	const first = await stripe.customers.list({ limit: 5 });
	expect([first.data.map(({ id }) => id), first.has_more, first.url]).toEqual([ids.slice(0, 5), true, "/v1/customers"]);
	const second = await stripe.customers.list({ limit: 5, starting_after: ids[4] ?? "" });
	expect([second.data.map(({ id }) => id), second.has_more]).toEqual([ids.slice(5, 10), true]);
	const last = await stripe.customers.list({ limit: 5, starting_after: ids[9] ?? "" });
	expect([last.data.map(({ id }) => id), last.has_more]).toEqual([ids.slice(10), false]);
	const before = await stripe.customers.list({ limit: 3, ending_before: ids[4] ?? "" });
	expect([before.data.map(({ id }) => id), before.has_more]).toEqual([ids.slice(1, 4), true]);
	expect((await stripe.customers.list()).data).toHaveLength(10);
	expect((await stripe.customers.list({ limit: 12 })).has_more).toBe(false);
	expect((await stripe.customers.list({ limit: 5 }).autoPagingToArray({ limit: 100 })).map(({ id }) => id)).toEqual(ids);
	expect((await errorOf(stripe.customers.list({ limit: 101 }))).param).toBe("limit");
	expect((await errorOf(stripe.customers.list({ starting_after: "cus_nope" }))).code).toBe("resource_missing");
	expect((await stripe.customers.list({ created: { lt: 1 } })).data).toEqual([]);
});

it("refuses lists for a customer that never existed here, and still answers them for a deleted customer", async () => {
	const { stripe, customer, id } = await withPlan();
	for (const list of [stripe.subscriptions, stripe.invoices, stripe.charges, stripe.paymentIntents, stripe.subscriptionSchedules]) {
		const refused = await errorOf(list.list({ customer: "cus_of_another_mode" }));
		expect([refused.statusCode, refused.code, refused.param]).toEqual([400, "resource_missing", "customer"]);
	}
	await stripe.customers.del(customer.id);
	expect((await stripe.subscriptions.list({ customer: customer.id, status: "all" })).data.map((one) => one.id)).toEqual([id]);
	expect((await stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1);
	expect((await errorOf(stripe.billingPortal.sessions.create({ customer: customer.id }))).code).toBe("resource_missing");
});

it("finds customers by their metadata, and detaches a card from its customer and plan", async () => {
	const { stripe, customer, subscription } = await withPlan();
	await stripe.customers.create({ metadata: { userId: "u1" } });
	const { id } = await stripe.customers.create({ metadata: { userId: "u2" } });
	const found = async (userId: string) => (await stripe.customers.search({ query: `metadata["userId"]:"${userId}"` })).data;
	expect((await found("u2")).map((one) => one.id)).toEqual([id]);
	expect(await found("u3")).toEqual([]);
	const [card] = (await stripe.customers.listPaymentMethods(customer.id)).data;
	expect(await stripe.paymentMethods.detach(card?.id ?? "")).toMatchObject({ customer: null });
	expect((await subscription()).default_payment_method).toBeNull();
	expect((await errorOf(stripe.paymentMethods.detach(card?.id ?? ""))).statusCode).toBe(400);
});
