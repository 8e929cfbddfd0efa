import { expect, it } from "vitest";
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
