import { get } from "node:http";
import { describe, expect, it } from "vitest";
import { runSandbox } from "../testing/harness.ts";

it("resets records, clock, faults, counters and mail, and keeps the start options", async () => {
	const sandbox = await runSandbox({ now: () => 1000, settings: { maxPlan: true } });
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	await sandbox.buy("user_1", "pro_monthly");
	await sandbox.advance(5000);
	await sandbox.faults({ declineRenewals: true });
	await sandbox.send("POST", "/__sandbox/settings", { twoSubscriptions: true });
	await sandbox.send("POST", "/__sandbox/mail", { to: "a@example.com", subject: "", text: "" });
	const response = await fetch(`${sandbox.url}/reset`, { method: "POST", redirect: "manual" });
	expect([response.status, response.headers.get("location")]).toEqual([303, "/"]);
	const { now, settings, catalogue, stripe, ...emptied } = await sandbox.state();
	expect(catalogue).toBeNull();
	expect(now).toBe(1000);
	expect(settings).toMatchObject({ maxPlan: true, twoSubscriptions: false });
	for (const [name, value] of Object.entries(emptied)) expect({ [name]: value }).toEqual({ [name]: Array.isArray(value) ? [] : {} });
	for (const name of ["customers", "ledger", "payments", "webhooks", "mailbox", "calls", "faults"]) expect(emptied).toHaveProperty(name);
});

it("changes the given settings, and refuses unknown or invalid ones", async () => {
	const { send, state } = await runSandbox();
	expect((await send("POST", "/__sandbox/settings", { freeCredits: 20 })).status).toBe(200);
	expect((await send("POST", "/__sandbox/settings", { twoSubscriptions: true })).status).toBe(200);
	expect((await state()).settings).toMatchObject({ freeCredits: 20, twoSubscriptions: true, freePlanPastDue: true });
	expect((await send("POST", "/__sandbox/settings", { freeCredit: 20 })).status).toBe(400);
	expect((await send("POST", "/__sandbox/settings", { freeCredits: -1 })).status).toBe(400);
});

it("returns 404 for unknown ids and 400 for invalid bodies", async () => {
	const { send } = await runSandbox();
	expect((await send("POST", "/__sandbox/webhooks/msg_x/resend")).status).toBe(404);
	expect((await send("POST", "/__sandbox/payments/pym_x/dispute")).status).toBe(404);
	expect((await send("POST", "/__sandbox/scenarios/nowhere", {})).status).toBe(404);
	expect((await send("POST", "/__sandbox/clock", "{")).status).toBe(400);
	expect((await send("POST", "/__sandbox/webhooks", { type: "customer.exploded", customerId: "cust_x" })).status).toBe(400);
});

describe("pages of other sites", () => {
	const foreign = { origin: "https://evil.example" };

	it("cannot change anything with a form, a text body or an empty request", async () => {
		const { url, send, state } = await runSandbox();
		await send("POST", "/__sandbox/settings", { twoSubscriptions: true });
		const attempts: [path: string, init: RequestInit][] = [
			["/__sandbox/settings", { body: '{"twoSubscriptions":false}' }],
			["/__sandbox/settings", { body: new URLSearchParams({ twoSubscriptions: "false" }) }],
			["/__sandbox/settings", { headers: { ...foreign, "content-type": "application/json" }, body: '{"twoSubscriptions":false}' }],
			["/__sandbox/settings", { headers: { origin: "null", "content-type": "application/json" }, body: '{"twoSubscriptions":false}' }],
			["/__sandbox/reset", { headers: foreign }],
			["/__sandbox/reset", { headers: { "sec-fetch-site": "cross-site" } }],
			["/__sandbox/mail", { body: '{"to":"a@example.com","subject":"","text":""}' }],
			["/reset", { headers: foreign }],
			["/clock", { headers: foreign, body: new URLSearchParams({ to: "month" }) }],
			["/scenarios", { headers: foreign, body: new URLSearchParams({ name: "trial" }) }],
		];
		for (const [path, init] of attempts) {
			const response = await fetch(`${url}${path}`, { method: "POST", redirect: "manual", ...init });
			expect([path, init, response.status]).toEqual([path, init, expect.toBeOneOf([403, 415])]);
		}
		expect(await state()).toMatchObject({ settings: { twoSubscriptions: true }, mailbox: [], customers: [] });
	});

	it("cannot read anything through their own host name (DNS rebinding)", async () => {
		const { port } = await runSandbox();
		const statusFor = (host: string, path: string) =>
			new Promise<number | undefined>((resolve, reject) => {
				// `fetch` does not let a client choose its Host header.
				get({ host: "127.0.0.1", port, path, headers: { host } }, (answer) => resolve(answer.resume().statusCode)).on("error", reject);
			});
		for (const path of ["/__sandbox/state", "/__sandbox/clock", "/", "/mailbox", "/stripe"]) {
			for (const host of [`evil.example:${port}`, "evil.example", `localhost.evil.example:${port}`, `192.0.2.1:${port}`])
				expect([path, host, await statusFor(host, path)]).toEqual([path, host, 421]);
			for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
				expect([path, host, await statusFor(host, path)]).toEqual([path, host, 200]);
		}
	});

	it("are distinguished from this machine's own pages", async () => {
		const { url } = await runSandbox();
		const headers = { origin: url, "sec-fetch-site": "same-origin" };
		expect((await fetch(`${url}/reset`, { method: "POST", redirect: "manual", headers })).status).toBe(303);
		expect((await fetch(`${url}/__sandbox/reset`, { method: "POST" })).status).toBe(200);
	});
});
