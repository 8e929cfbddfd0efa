import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, resetSandbox } from "../client.ts";
import { confirmed, id, problem, provider, reported } from "./provider.ts";

// Guarantees that hold with every billing provider and with none.

beforeEach(resetSandbox);

const ledgerOf = (userId: string) => env.USAGE_LEDGER.getByName(`user:${userId}`);

describe("a visitor", () => {
	test("has five requests", async () => {
		const guest = await new Client().visit();
		for (let left = 4; left >= 0; left -= 1) {
			expect((await guest.chat(id(), id())).metadata.counted).toBe(true);
			expect(await guest.usage()).toMatchObject({ tier: "guest", remaining: left, unverified: false });
		}
		expect((await guest.chat(id(), id())).problem).toMatchObject({ status: 429, policy: "guest" });
	});

	test("cannot buy or read billing", async () => {
		const guest = await new Client().visit();
		for (const action of ["checkout", "refresh", "cancel", "uncancel", "change", "payment-method"]) {
			expect(await problem(await guest.post(`/api/billing/${action}`, {})), action).toEqual([401, "Not signed in"]);
		}
		for (const path of ["/api/billing", "/api/billing/portal"]) expect((await guest.fetch(path)).status, path).toBe(401);
	});
});

describe("an account without a plan", () => {
	test("has 20 requests a day", async () => {
		const { user } = await confirmed();
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 20, topUps: 0, unverified: false, checkoutOpen: false });
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		expect(await user.usage()).toMatchObject({ used: 1, remaining: 19 });
	});

	test("reports no usage to the provider", async () => {
		const { user, userId } = await confirmed();
		await user.chat(id(), id());
		await runDurableObjectAlarm(ledgerOf(userId));
		expect(await reported(`user:${userId}`)).toEqual({});
	});
});

describe("an admin's grant", () => {
	test("is spent after the day's requests; a provider that keeps the credits itself refuses it", async () => {
		const { user, userId } = await confirmed();
		const admin = new Client();
		await admin.confirm((await admin.signUp("admin@example.com")).email);
		const gift = { userId, id: "sorry", units: 5 };
		const answers = [await admin.post("/api/admin/grants", gift), await admin.post("/api/admin/grants", gift)];
		if (provider === "flowglad") return expect(answers.map(({ status }) => status)).toEqual([409, 409]);
		expect(answers.map(({ status }) => status)).toEqual([201, 201]);
		expect(await user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 25, topUps: 5 });
		expect((await admin.post("/api/admin/grants", { ...gift, units: 6 })).status).toBe(409);
		expect((await user.post("/api/admin/grants", gift)).status).toBe(403);
	});
});

describe("the deployment", () => {
	test("names its provider in the health check", async () => {
		const { checks } = await (await new Client().fetch("/api/health")).json<{ checks: { billing: string } }>();
		expect(checks.billing).toBe(provider);
	});

	test("serves the routes of its own provider only", async () => {
		const { user } = await confirmed();
		expect((await user.fetch("/api/flowglad/billing")).status).toBe(provider === "flowglad" ? 200 : 503);
		expect((await user.fetch("/api/stripe?back=/pricing")).headers.get("location")).toBe("http://localhost/pricing");
		for (const other of ["flowglad", "stripe"].filter((one) => one !== provider)) {
			expect((await new Client().post(`/api/${other}/webhook`, {})).status, other).toBe(503);
		}
	});
});
