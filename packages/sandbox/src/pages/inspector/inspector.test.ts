import { expect, it } from "vitest";
import { defaultSettings } from "../../settings.ts";
import { eventually } from "../../testing/eventually.ts";
import { runSandbox, type TestSandbox, withPro } from "../../testing/harness.ts";
import { startReceiver, webhookSecret } from "../../testing/receiver.ts";
import { faultGroups } from "./fault-presets.ts";
import { isActive, mergeFaults } from "./preset-faults.ts";

const textOf = async (url: string) => (await fetch(url)).text();

/** Submits a page's form. Returns the redirect target and its message. */
async function submit(sandbox: TestSandbox, path: string, fields: Record<string, string> = {}) {
	const response = await fetch(`${sandbox.url}${path}`, { method: "POST", redirect: "manual", body: new URLSearchParams(fields) });
	const location = new URL(response.headers.get("location") ?? "/", sandbox.url);
	return {
		status: response.status,
		path: location.pathname,
		said: location.searchParams.get("said"),
		refused: location.searchParams.get("refused"),
	};
}

it.each(["/", "/scenarios", "/webhooks", "/faults", "/oddities", "/mailbox"])(
	"shows %s of an empty sandbox with the current page and the sandbox's time",
	async (path) => {
		const sandbox = await runSandbox({ now: () => Date.UTC(2026, 0, 1, 12) });
		const text = await textOf(`${sandbox.url}${path}`);
		expect(text).toContain('aria-current="page"');
		expect(text).toContain("2026-01-01 12:00 UTC");
		expect(text).not.toMatch(/undefined|\[object/);
	},
);

it("lists customers with their balance, and shows a customer's plans, ledger, payments and card", async () => {
	const { sandbox, use } = await withPro();
	await use("req_1", 3);
	expect(await textOf(`${sandbox.url}/`)).toMatch(/ada@example.com[\s\S]*997/);
	const { customers } = await sandbox.state();
	const text = await textOf(`${sandbox.url}/customers/${customers[0]?.id}`);
	for (const part of ["upgraded to paid", "req_1", "−3", "+1000", "$7.99", "4242", "Refund"]) expect(text).toContain(part);
	expect((await fetch(`${sandbox.url}/customers/none`)).status).toBe(404);
});

it("escapes text from the app", async () => {
	const sandbox = await runSandbox();
	await sandbox.admin.createCustomer({ customer: { externalId: "x", name: "<script>alert(1)</script>", email: "a@example.com" } });
	for (const path of ["/", "/scenarios", "/webhooks"]) expect(await textOf(`${sandbox.url}${path}`)).not.toContain("<script>alert(1)");
	expect(await textOf(`${sandbox.url}/?said=${encodeURIComponent("<img src=x>")}`)).not.toContain("<img");
});

it("clock buttons move by an hour, day, week or month, to the next event or today, and freeze and resume it", async () => {
	const sandbox = await runSandbox({ now: () => Date.UTC(2026, 0, 31, 22) });
	const at = async () => new Date((await sandbox.state()).now).toISOString().slice(0, 16);
	for (const [to, expected] of [
		["hour", "2026-01-31T23:00"],
		["tomorrow", "2026-02-01T00:00"],
		["week", "2026-02-08T00:00"],
		["month", "2026-03-08T00:00"],
		["freeze", "2026-03-08T00:00"],
		["hour", "2026-03-08T01:00"],
		["thaw", "2026-03-08T01:00"],
		["today", "2026-01-31T22:00"],
	] as const) {
		expect(await submit(sandbox, "/clock", { to, back: "/faults" })).toMatchObject({ status: 303, path: "/faults" });
		expect(await at()).toBe(expected);
	}
	await sandbox.flowglad("user_1").findOrCreateCustomer();
	expect(await textOf(`${sandbox.url}/`)).toContain("Next: Free of Ada renews, 2026-02-28 22:00 UTC");
	await submit(sandbox, "/clock", { to: "next" });
	expect(await at()).toBe("2026-02-28T22:00");
	expect((await sandbox.state()).subscriptions).toMatchObject([{ status: "past_due" }]);
});

it("redirects a form to / if its target is another site", async () => {
	const sandbox = await runSandbox();
	for (const back of ["//evil.example/", "https://evil.example/", ""])
		expect((await submit(sandbox, "/clock", { to: "hour", back })).path).toBe("/");
});

it("refunds, disputes and archives by button, and reports success or refusal", async () => {
	const { sandbox } = await withPro();
	const { customers, payments } = await sandbox.state();
	const back = `/customers/${customers[0]?.id}`;
	expect(await submit(sandbox, `/payments/${payments[0]?.id}/dispute`, { back })).toMatchObject({
		path: back,
		said: expect.stringContaining("Disputed"),
	});
	expect(await submit(sandbox, `/payments/${payments[0]?.id}/refund`, { back })).toMatchObject({
		said: expect.stringContaining("Refunded"),
	});
	expect(await submit(sandbox, `/payments/${payments[0]?.id}/refund`, { back })).toMatchObject({
		path: back,
		refused: "Payment has already been refunded",
	});
	expect(await submit(sandbox, `${back}/archive`, { back })).toMatchObject({ said: expect.stringContaining("Archived") });
	expect((await sandbox.state()).customers).toMatchObject([{ archived: true }]);
});

it("sets the checked faults, shows them as checked, accepts JSON, and clears all faults", async () => {
	const sandbox = await runSandbox();
	await submit(sandbox, "/faults", { group0: "down", preset: "renewals", group4: "model-dies" });
	expect((await sandbox.state()).faults).toEqual({
		api: [{ path: "/api/v1/*", status: 503 }],
		declineRenewals: true,
		model: { failAfterChunks: 10 },
	});
	expect((await textOf(`${sandbox.url}/faults`)).match(/value="(\w|-)+" checked/g)).toEqual([
		'value="down" checked',
		'value="renewals" checked',
		'value="model-dies" checked',
	]);
	expect(await submit(sandbox, "/faults/json", { json: '{"activationDelayMs": 7}' })).toMatchObject({ said: "Set." });
	expect((await sandbox.state()).faults).toEqual({ activationDelayMs: 7 });
	expect((await submit(sandbox, "/faults/json", { json: '{"api": 7}' })).refused).toContain("Invalid faults");
	expect((await submit(sandbox, "/faults/json", { json: "{" })).refused).toContain("Invalid faults");
	await submit(sandbox, "/faults");
	expect((await sandbox.state()).faults).toEqual({});
});

it("recognizes each preset by its faults, alone or merged with others", () => {
	const presets = faultGroups.flatMap((group) => group.presets);
	for (const preset of presets) {
		const active = presets.filter((one) => isActive(mergeFaults([preset.faults]), one)).map(({ id }) => id);
		expect(active).toEqual([preset.id]);
	}
	const hooks = presets.filter(({ id }) => id.startsWith("hook"));
	const all = mergeFaults(hooks.map(({ faults }) => faults));
	expect(hooks.every((preset) => isActive(all, preset))).toBe(true);
});

it("sets oddities and offers, and refuses invalid numbers", async () => {
	const sandbox = await runSandbox();
	const on = Object.fromEntries(Object.entries(defaultSettings).flatMap(([name, value]) => (value === true ? [[name, "on"]] : [])));
	await submit(sandbox, "/oddities", { ...on, twoSubscriptions: "on", maxPlan: "on", proTrialDays: "14", freeCredits: "20" });
	expect((await sandbox.state()).settings).toEqual({
		...defaultSettings,
		twoSubscriptions: true,
		maxPlan: true,
		proTrialDays: 14,
		freeCredits: 20,
	});
	expect((await submit(sandbox, "/oddities", { proTrialDays: "x", freeCredits: "0" })).refused).toContain("whole numbers");
	expect(await textOf(`${sandbox.url}/oddities`)).toMatch(/name="twoSubscriptions" checked/);
});

it("plays a scenario from the customer's page and from the list", async () => {
	const sandbox = await runSandbox();
	const customer = await sandbox.flowglad("user_1").findOrCreateCustomer();
	const back = `/customers/${customer.id}`;
	expect(await submit(sandbox, "/scenarios", { name: "pro-999-of-1000", customerId: customer.id, back })).toMatchObject({ path: back });
	expect(await textOf(`${sandbox.url}${back}`)).toContain("−999");
	const somebody = await submit(sandbox, "/scenarios", { name: "cancelling", customerId: "" });
	expect(somebody.path).toMatch(/^\/customers\/cust_/);
	expect(await submit(sandbox, "/scenarios", { name: "nowhere", back: "/scenarios" })).toMatchObject({
		refused: expect.stringContaining("no such"),
	});
});

it("lists webhooks, resends an event and sends a new one", async () => {
	const { url, received } = await startReceiver();
	const sandbox = await runSandbox({ webhookUrl: url, webhookSecret });
	const customer = await sandbox.flowglad("user_1").findOrCreateCustomer();
	await eventually(() => expect(received).toHaveLength(2));
	const { webhooks } = await sandbox.state();
	expect(await textOf(`${sandbox.url}/webhooks`)).toMatch(/customer\.created[\s\S]*Resend/);
	await submit(sandbox, `/webhooks/${webhooks[0]?.id}/resend`);
	await eventually(() => expect(received).toHaveLength(3));
	await submit(sandbox, "/webhooks", { type: "subscription.updated", customerId: customer.id });
	await eventually(() => expect(received.at(-1)?.payload).toMatchObject({ object: "subscription", id: expect.stringMatching(/^sub_/) }));
});
