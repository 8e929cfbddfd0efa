import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, resetSandbox, sandboxState } from "../client.ts";

beforeEach(resetSandbox);

const credentials = (email: string) => ({ email, password: "correct horse" });

describe("an account", () => {
	test("stores its password as a salted scrypt hash only", async () => {
		const { id } = await new Client().signUp();
		const row = await env.DB.prepare("SELECT password FROM accounts WHERE user_id = ?").bind(id).first<{ password: string }>();
		expect(row?.password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
	});

	test("can only be signed in to with its password", async () => {
		const { email } = await new Client().signUp();
		const wrong = await new Client().post(
			"/api/auth/sign-in/email",
			{ email, password: "battery staple" },
			{ "cf-connecting-ip": "10.9.9.1" },
		);
		expect(wrong.status).toBe(401);
		const client = new Client();
		expect((await client.post("/api/auth/sign-in/email", credentials(email), { "cf-connecting-ip": "10.9.9.2" })).status).toBe(200);
		expect(await client.usage()).toMatchObject({ tier: "free" });
	});

	test("is signed out for good: later requests are a guest's, and old cookies reach no money", async () => {
		const client = new Client();
		await client.signUp();
		const session = new Map(client.cookies);
		expect((await client.post("/api/auth/sign-out", {})).status).toBe(200);
		expect(await client.usage()).toMatchObject({ tier: "guest" });
		// Billing routes read the session fresh, so kept cookies are worthless.
		for (const [name, value] of session) client.cookies.set(name, value);
		expect((await client.fetch("/api/flowglad/billing")).status).toBe(401);
	});

	test("gets a confirmation mail, and may chat before confirming", async () => {
		const client = new Client();
		const { email } = await client.signUp();
		expect((await sandboxState()).mailbox).toMatchObject([{ to: email, subject: "Confirm your email address" }]);
		expect((await client.chat(crypto.randomUUID(), crypto.randomUUID())).status).toBe(200);
		await client.confirm(email);
		const { user } = await (await client.fetch("/api/auth/get-session?disableCookieCache=true")).json<{
			user: { emailVerified: boolean };
		}>();
		expect(user.emailVerified).toBe(true);
	});

	test("is not reachable with the cookie's cached session data alone", async () => {
		const client = new Client();
		await client.signUp();
		expect([...client.cookies.keys()]).toContain("parley.session_data");
		client.cookies.delete("parley.session_token");
		expect(await client.usage()).toMatchObject({ tier: "guest" });
	});
});

describe("guessing passwords", () => {
	test("is rate-limited by the address from the edge, not by one that the client sends", async () => {
		const { email } = await new Client().signUp();
		const statuses: number[] = [];
		for (let n = 0; n < 12; n += 1) {
			const headers = { "cf-connecting-ip": "203.0.113.50", "x-forwarded-for": `198.51.100.${n}` };
			statuses.push((await new Client().post("/api/auth/sign-in/email", { email, password: `guess ${n} of many` }, headers)).status);
		}
		expect(statuses).toContain(429);
		const elsewhere = await new Client().post("/api/auth/sign-in/email", credentials(email), { "cf-connecting-ip": "203.0.113.51" });
		expect(elsewhere.status).toBe(200);
	});
});
