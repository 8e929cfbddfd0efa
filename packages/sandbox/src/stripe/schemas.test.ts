import { expect, it } from "vitest";
import { errorOf, runStripe, withPlan } from "./testing/harness.ts";
import { checkStripe } from "./testing/schemas/answers.ts";

it("validates every response in the tests, including errors", async () => {
	const { stripe, validated } = await runStripe();
	const { id } = await stripe.customers.create({ email: "ada@example.com" });
	await errorOf(stripe.customers.retrieve("cus_nobody"));
	expect(validated).toEqual(["POST /v1/customers 200", "GET /v1/customers/cus_nobody 404"]);
	await stripe.customers.del(id);
	expect(validated.at(-1)).toBe(`DELETE /v1/customers/${id} 200`);
});

it("fails a test when a response field is unknown, missing or of the wrong type", async () => {
	const { stripe, world, violations } = await runStripe();
	const { id } = await stripe.customers.create();
	const [customer] = world.state.stripe.customers;
	for (const [broken, violation] of [
		[{ ...customer, extra: 1 }, 'Unrecognized key: "extra"'],
		[{ ...customer, balance: undefined }, "expected number, received undefined"],
		[{ ...customer, created: "today" }, "expected number, received string"],
	] as const) {
		world.state.stripe.customers = [broken as never];
		await expect(stripe.customers.retrieve(id)).rejects.toThrow();
		expect(violations.splice(0)).toEqual([expect.stringContaining(violation)]);
	}
});

it("validates records inside lists, inside other records and in events", async () => {
	const { stripe, sandbox, id, customer } = await withPlan();
	const { violations, world } = sandbox;
	for (const invoice of world.state.stripe.invoices) Object.assign(invoice, { total: "7.99" });
	await expect(stripe.invoices.list({ customer: customer.id })).rejects.toThrow();
	await expect(stripe.subscriptions.retrieve(id, { expand: ["latest_invoice"] })).rejects.toThrow();
	const [event] = world.state.stripe.events;
	if (event !== undefined) event.data.object = { ...customer, object: "customer", name: 7 };
	await expect(stripe.events.retrieve(event?.id ?? "")).rejects.toThrow();
	expect(violations.splice(0)).toEqual([
		expect.stringMatching(/answer\.data\.0: [\s\S]*total/),
		expect.stringMatching(/answer\.latest_invoice: [\s\S]*total/),
		expect.stringMatching(/answer\.data\.object: [\s\S]*name/),
	]);
});

it("rejects a response object without a schema", () => {
	expect(checkStripe({ method: "GET", path: "/v1/coupons/x", status: 200, body: { object: "coupon" } })).toContain("no schema for coupon");
});
