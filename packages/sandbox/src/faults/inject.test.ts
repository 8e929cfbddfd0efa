import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { expect, it } from "vitest";
import { runSandbox } from "../testing/harness.ts";

const path = "/api/v1/customers/user_1";
const customer = { externalId: "user_1", name: "Ada", email: "ada@example.com" };

it("returns the configured status and headers the configured number of times, and changes no state", async () => {
	const { send, faults, state } = await runSandbox();
	await faults({ api: [{ path: "/api/v1/customers", method: "POST", status: 429, headers: { "retry-after": "7" }, times: 2 }] });
	for (let time = 0; time < 2; time++) {
		const response = await send("POST", "/api/v1/customers", { customer });
		expect(response.status).toBe(429);
		expect(response.headers.get("retry-after")).toBe("7");
	}
	expect((await state()).customers).toEqual([]);
	expect((await send("POST", "/api/v1/customers", { customer })).status).toBe(200);
	expect(await state()).toMatchObject({ calls: { "POST /api/v1/customers": 3 }, faults: { api: [] } });
});

it("lets an SDK retry succeed after a transient fault", async () => {
	const { flowglad, faults } = await runSandbox();
	await faults({ api: [{ path: "/api/v1/customers/:externalId", status: 503, times: 1 }] });
	await expect(flowglad("user_1").findOrCreateCustomer()).resolves.toMatchObject({ externalId: "user_1" });
});

it.each([
	["/api/v1/customers/user_1", true],
	["/api/v1/customers/:externalId", true],
	["/api/v1/*", true],
	["/api/v1/customers", false],
	["/api/v1/customers/:externalId/billing", false],
])("a fault at %s affects GET customers/user_1: %s", async (faulty, isHit) => {
	const { send, faults } = await runSandbox();
	await faults({ api: [{ path: faulty, status: 500 }] });
	expect((await send("GET", path)).status).toBe(isHit ? 500 : 404);
});

it("delays a response", async () => {
	const { send, faults } = await runSandbox();
	await faults({ api: [{ path, delayMs: 80 }] });
	const startedAtMs = performance.now();
	expect((await send("GET", path)).status).toBe(404);
	expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(75);
});

it("hangs until the client gives up, and serves other requests meanwhile", async () => {
	const { url, send, faults } = await runSandbox();
	await faults({ api: [{ path, hang: true, times: 1 }] });
	await expect(fetch(`${url}${path}`, { signal: AbortSignal.timeout(80) })).rejects.toThrow();
	expect((await send("GET", path)).status).toBe(404);
});

it("does the work, sends the headers and stalls, and serves other requests meanwhile", async () => {
	const { url, send, faults, state } = await runSandbox();
	await faults({ api: [{ path: "/api/v1/customers", stall: true, times: 1 }] });
	const headers = { authorization: "sk_test_sandbox", "content-type": "application/json" };
	// Not `fetch`, because the harness reads every answer to its end.
	const call = request(`${url}/api/v1/customers`, { method: "POST", headers }).end(JSON.stringify({ customer }));
	const [response]: IncomingMessage[] = await once(call, "response");
	expect(response?.statusCode).toBe(200);
	expect((await state()).customers).toMatchObject([{ externalId: "user_1" }]);
	expect((await send("GET", path)).status).toBe(200);
	expect([response?.complete, response?.read()]).toEqual([false, null]);
	call.destroy();
});

it("does the work and drops the response, so that a repeat conflicts", async () => {
	const { send, faults, state } = await runSandbox();
	await faults({ api: [{ path: "/api/v1/customers", dropAfterCommit: true, times: 1 }] });
	await expect(send("POST", "/api/v1/customers", { customer })).rejects.toThrow();
	expect((await state()).customers).toMatchObject([{ externalId: "user_1" }]);
	expect((await send("POST", "/api/v1/customers", { customer })).status).toBe(409);
});

it("does the work and sends half of the JSON", async () => {
	const { send, faults, state } = await runSandbox();
	await faults({ api: [{ path: "/api/v1/customers", invalidJson: true, times: 1 }] });
	const response = await send("POST", "/api/v1/customers", { customer });
	expect(response.status).toBe(200);
	await expect(response.json()).rejects.toThrow(SyntaxError);
	expect((await state()).customers).toHaveLength(1);
});

it("throttles a body and sends all of it", async () => {
	const { send, faults } = await runSandbox();
	const whole = await (await send("GET", "/api/v1/pricing-models")).text();
	await faults({ api: [{ path: "/api/v1/*", bodyBytesPerSecond: 1000 }] });
	const startedAtMs = performance.now();
	expect(await (await send("GET", "/api/v1/pricing-models")).text()).toBe(whole);
	expect(performance.now() - startedAtMs).toBeGreaterThan(whole.length - 50);
});

it("formats errors like the real service: 401 as text, others with their code", async () => {
	const { send, faults } = await runSandbox();
	await faults({ api: [{ path, status: 401 }] });
	expect(await (await send("GET", path)).text()).toBe("Unauthorized");
	for (const [status, code] of [
		[404, "NOT_FOUND"],
		[409, "CONFLICT"],
		[503, "INTERNAL_SERVER_ERROR"],
	]) {
		await faults({ api: [{ path, status }] });
		expect(await (await send("GET", path)).json()).toMatchObject({ code });
	}
});

it("replaces all faults with each post, clears them with {}, and refuses unknown faults", async () => {
	const { send, faults, state } = await runSandbox();
	await faults({ api: [{ path, status: 500 }], activationDelayMs: 5 });
	await faults({ declineRenewals: true });
	expect((await state()).faults).toEqual({ declineRenewals: true });
	expect((await faults({ apy: [] })).status).toBe(400);
	await faults({});
	expect((await state()).faults).toEqual({});
	expect((await send("GET", path)).status).toBe(404);
});

it("applies the first fault that matches path and method", async () => {
	const { send, faults } = await runSandbox();
	await faults({
		api: [
			{ path: "/api/v1/*", method: "post", status: 500 },
			{ path: "/api/v1/customers/:externalId", status: 429 },
			{ path, status: 503 },
		],
	});
	expect((await send("GET", path)).status).toBe(429);
	expect((await send("POST", "/api/v1/customers", { customer })).status).toBe(500);
	expect((await send("GET", "/api/v1/prices")).status).toBe(200);
});
