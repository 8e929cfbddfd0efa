import { expect, it } from "vitest";
import { errorOf, runStripe } from "./testing/harness.ts";

it("replays the first response for a repeated idempotency key, including errors", async () => {
	const { stripe, buy } = await runStripe();
	const create = () => stripe.customers.create({ email: "ada@example.com" }, { idempotencyKey: "key_1" });
	const [first, second] = [await create(), await create()];
	expect(second.id).toBe(first.id);
	const headersOf = ({ lastResponse }: typeof first) => new Headers(lastResponse.headers);
	expect(headersOf(second).get("idempotent-replayed")).toBe("true");
	expect(headersOf(first).get("idempotent-replayed")).toBeNull();
	expect(headersOf(second).get("original-request")).toBe(first.lastResponse.requestId);
	expect(second.lastResponse.requestId).toMatch(/^req_/);
	expect(second.lastResponse.requestId).not.toBe(first.lastResponse.requestId);
	expect((await stripe.customers.list()).data).toHaveLength(1);
	const session = await buy(first.id, "pro_monthly");
	const id = String(session.subscription);
	const gone = () => stripe.subscriptions.update(id, { default_payment_method: "pm_nope" }, { idempotencyKey: "key_2" });
	const refused = await errorOf(gone());
	expect(refused).toMatchObject({ statusCode: 400, code: "resource_missing" });
	expect((await errorOf(gone())).headers?.["idempotent-replayed"]).toBe("true");
});

it("refuses a reused key with other parameters or another endpoint, and does not store invalid requests", async () => {
	const { stripe } = await runStripe();
	await stripe.customers.create({ email: "ada@example.com" }, { idempotencyKey: "key_1" });
	const other = await errorOf(stripe.customers.create({ email: "bob@example.com" }, { idempotencyKey: "key_1" }));
	expect([other.statusCode, other.rawType]).toEqual([400, "idempotency_error"]);
	const elsewhere = await errorOf(stripe.products.create({ name: "x" }, { idempotencyKey: "key_1" }));
	expect([elsewhere.statusCode, elsewhere.rawType]).toEqual([400, "idempotency_error"]);
	expect((await errorOf(stripe.customers.create({ colour: "red" } as never, { idempotencyKey: "key_2" }))).code).toBe("parameter_unknown");
	expect((await stripe.customers.create({ name: "Bob" }, { idempotencyKey: "key_2" })).name).toBe("Bob");
});

it("refuses a key whose first request is still running, and forgets keys after 24 hours", async () => {
	const sandbox = await runStripe();
	const { stripe } = sandbox;
	await sandbox.faults({ api: [{ path: "/v1/customers", method: "POST", delayMs: 300, times: 1 }] });
	const create = () => stripe.customers.create({ name: "Ada" }, { idempotencyKey: "key_1" });
	const slow = create();
	// Calls are counted before the fault delays them.
	await expect.poll(() => sandbox.world.state.calls["POST /v1/customers"]).toBe(1);
	const refused = await errorOf(create());
	expect([refused.statusCode, refused.code, refused.rawType]).toEqual([409, "idempotency_key_in_use", "idempotency_error"]);
	expect(refused.requestId).toMatch(/^req_/);
	const first = await slow;
	expect((await create()).id).toBe(first.id);
	await sandbox.advance(24 * 60 * 60);
	expect((await create()).id).not.toBe(first.id);
});

it("creates one record when the SDK retries after a lost response", async () => {
	const sandbox = await runStripe();
	await sandbox.faults({ api: [{ path: "/v1/customers", method: "POST", dropAfterCommit: true, times: 1 }] });
	const { id } = await sandbox.client({ maxNetworkRetries: 2 }).customers.create({ name: "Ada" });
	expect((await sandbox.stripe.customers.list()).data.map((one) => one.id)).toEqual([id]);
	await sandbox.faults({ api: [{ path: "/v1/customers", status: 503, times: 1 }] });
	expect(await errorOf(sandbox.stripe.customers.list())).toMatchObject({
		statusCode: 503,
		rawType: "api_error",
		requestId: expect.stringMatching(/^req_/),
	});
	await sandbox.faults({ keyRateLimited: true });
	expect(await errorOf(sandbox.stripe.customers.list())).toMatchObject({ statusCode: 429, code: "rate_limit" });
});
