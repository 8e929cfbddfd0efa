import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { flowglad } from "../../src/lib/flowglad.ts";
import { Client } from "../client.ts";

// `npx wrangler dev` in a fresh clone: two generated secrets and nothing else.

test("the demo model answers a guest, says that it is a demo, and counts", async () => {
	const client = await new Client().visit();
	const answer = await client.chat("c", "m", { text: "What are you?" });
	expect(answer).toMatchObject({ last: "finish", metadata: { model: "demo", state: "complete", counted: true } });
	expect(answer.text).toContain("demo model");
	expect(answer.text).toContain("AI_BASE_URL");
	expect(await client.usage()).toMatchObject({ used: 1, remaining: 4 });
});

test("the demo models are available, under their own version", async () => {
	expect(await (await new Client().fetch("/api/models")).json()).toMatchObject({
		version: "demo",
		tier: "guest",
		models: [
			{ id: "demo", allowed: true, units: 1 },
			{ id: "demo-thinker", allowed: false, units: 3 },
		],
	});
});

test("an account has the free tier, and billing routes report that Flowglad is not configured", async () => {
	const client = new Client();
	await client.signUp();
	expect(await client.usage()).toMatchObject({ tier: "free", limit: 20, unverified: false });
	for (const response of [
		await client.fetch("/api/flowglad/billing"),
		await client.post("/api/flowglad/checkout", { priceSlug: "pro_monthly" }),
		await client.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 }),
	]) {
		expect(response.status).toBe(503);
		expect(await response.json()).toEqual({ error: "Flowglad not configured" });
	}
	expect((await client.chat("c2", "m")).status).toBe(200);
});

test("flowglad() returns null without a key", () => {
	expect(flowglad("user")).toBeNull();
});

test("every webhook is refused while no webhook secret is set", async () => {
	const response = await new Client().post("/api/flowglad/webhook", {});
	expect(response.status).toBe(503);
	expect(await response.json()).toMatchObject({ title: "Webhooks not configured" });
});

test("health is ok without a billing provider", async () => {
	const response = await new Client().fetch("/api/health");
	expect(await response.json()).toMatchObject({ status: "ok", checks: { billing: "none", model: "demo" } });
});

test("there is no security.txt without a contact", async () => {
	const response = await new Client().fetch("/.well-known/security.txt");
	expect([response.status, await response.json()]).toEqual([404, expect.objectContaining({ title: "Not found" })]);
});

test("every page renders", async () => {
	for (const path of ["/", "/pricing", "/sign-in", "/sign-up"]) {
		const response = await exports.default.fetch(new Request(`http://localhost${path}`));
		expect(response.status, path).toBe(200);
		expect(await response.text()).toContain("<h1");
	}
});

test("only this machine is answered without APP_ORIGIN", async () => {
	for (const path of ["/", "/api/health"]) {
		const response = await exports.default.fetch(new Request(`https://parley.example${path}`));
		expect(response.status, path).toBe(421);
		expect(await response.json()).toMatchObject({ title: "Misdirected request" });
	}
});
