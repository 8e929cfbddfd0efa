import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { AI_REQUESTS_METER, checkUsageAllowed, getBillingSummary, recordUsage } from "../../src/lib/billing.ts";
import { flowglad } from "../../src/lib/flowglad.ts";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";

// The functions named in the owner's documents (seed 001), called with a Request.

beforeEach(resetSandbox);

const requestOf = (client: Client) =>
	new Request("http://localhost/", { headers: { cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join("; ") } });

describe("checkUsageAllowed", () => {
	test("holds one unit for the subject, until none remains", async () => {
		const client = await new Client().visit();
		for (let n = 0; n < 5; n += 1) {
			const usage = await checkUsageAllowed(requestOf(client));
			expect(usage).toMatchObject({ allowed: true, hold: { takenFrom: [{ ledger: expect.stringMatching(/^guest:/) }] } });
			expect(await client.usage()).toMatchObject({ held: n + 1, remaining: 4 - n });
		}
		expect(await checkUsageAllowed(requestOf(client))).toMatchObject({ allowed: false, reason: "limit", refusal: { policy: "guest" } });
	});

	test("holds once for a request id, and refuses the id with another body", async () => {
		const client = await new Client().visit();
		const options = { requestId: "r", fingerprint: "f" };
		await checkUsageAllowed(requestOf(client), options);
		expect(await checkUsageAllowed(requestOf(client), options)).toMatchObject({ allowed: true });
		expect(await client.usage()).toMatchObject({ held: 1 });
		expect(await checkUsageAllowed(requestOf(client), { ...options, fingerprint: "g" })).toMatchObject({
			allowed: false,
			reason: "conflict",
		});
	});
});

describe("recordUsage", () => {
	test("settles a hold, and is idempotent", async () => {
		const client = await new Client().visit();
		const usage = await checkUsageAllowed(requestOf(client));
		if (!usage.allowed) throw new Error("refused");
		expect(await recordUsage(usage.hold)).toMatchObject({ counted: true });
		expect(await recordUsage(usage.hold)).toMatchObject({ counted: true });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0, remaining: 4 });
	});

	test("settles a hold by its request id", async () => {
		const client = await new Client().visit();
		await checkUsageAllowed(requestOf(client), { requestId: "r" });
		expect(await recordUsage(requestOf(client), 1, { requestId: "r" })).toMatchObject({ counted: true });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("holds and settles at once without a hold, for the amount, 1 by default", async () => {
		const client = await new Client().visit();
		expect(await recordUsage(requestOf(client))).toMatchObject({ counted: true });
		expect(await recordUsage(requestOf(client), 3)).toMatchObject({ counted: true });
		expect(await client.usage()).toMatchObject({ used: 4, remaining: 1 });
		expect(await recordUsage(requestOf(client), 2)).toMatchObject({ counted: false, outcome: { kind: "refused" } });
		expect(await client.usage()).toMatchObject({ used: 4, remaining: 1 });
	});
});

describe("getBillingSummary", () => {
	test("returns the subject's tier, limit, use and reset", async () => {
		const client = await new Client().visit();
		await recordUsage(requestOf(client), 2);
		expect(await getBillingSummary(requestOf(client))).toEqual({
			tier: "guest",
			limit: 5,
			used: 2,
			held: 0,
			remaining: 3,
			topUps: 0,
			freeDay: null,
			window: { start: null, end: null },
			resetAt: null,
			unverified: false,
			checkoutOpen: false,
		});
	});

	test("holds and writes nothing for a new subject", async () => {
		const client = await new Client().visit();
		await getBillingSummary(requestOf(client));
		const { runInDurableObject } = await import("cloudflare:test");
		const key = `guest:${[...client.cookies.values()][0]?.split(".")[1]}`;
		const tables = await runInDurableObject(env.USAGE_LEDGER.getByName(key), (_, state) =>
			state.storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
		);
		expect(tables).toEqual([]);
	});
});

describe("flowglad", () => {
	test("creates a server for the user's id, with name and address from our database", async () => {
		await faults({ api: [{ path: "/api/v1/customers", method: "POST", status: 500 }] });
		const client = new Client();
		const user = await client.signUp();
		await eventually(async () => expect((await sandboxState()).calls["POST /api/v1/customers"]).toBeGreaterThan(0));
		await faults({});
		const billing = await flowglad(user.id)?.getBilling();
		expect(billing?.customer).toMatchObject({ externalId: user.id, email: user.email, name: "Ada" });
		expect(billing?.checkUsageBalance(AI_REQUESTS_METER) ?? null).toBeNull();
	});

	test("finds no customer for an unknown id", async () => {
		await expect(flowglad("nobody")?.getBilling()).rejects.toThrow("Customer not found");
	});
});
