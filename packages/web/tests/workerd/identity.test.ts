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

	test("of one account is bounded over all networks, and locks out no browser that has signed in before", async () => {
		const owner = new Client();
		const { email } = await owner.signUp();
		await owner.post("/api/auth/sign-out", {});
		const from = (n: number) => ({ "cf-connecting-ip": `198.18.${n}.1` });
		const guess = (n: number, password = `guess ${n} of many`) =>
			new Client().post("/api/auth/sign-in/email", { email: n % 2 ? email : email.toUpperCase(), password }, from(n));
		const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => guess(n)));
		expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
		const refused = answers.filter(({ status }) => status === 429);
		expect(refused).toHaveLength(30);
		expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(600);
		// The right password tells someone who guesses nothing either.
		expect((await guess(41, "correct horse")).status).toBe(429);
		expect((await owner.post("/api/auth/sign-in/email", credentials(email), from(42))).status).toBe(200);
		const { email: other } = await new Client().signUp();
		expect((await new Client().post("/api/auth/sign-in/email", credentials(other), from(43))).status).toBe(200);
	});

	test("is bounded the same for an address without an account, and on the way that changes a password", async () => {
		const nobody = { email: `${crypto.randomUUID()}@example.com`, password: "a guess or two" };
		const address = (n: number) => ({ "cf-connecting-ip": `198.19.${n}.1` });
		const unknown = Array.from({ length: 14 }, (_, n) => new Client().post("/api/auth/sign-in/email", nobody, address(n)));
		expect((await Promise.all(unknown)).filter(({ status }) => status === 401)).toHaveLength(10);
		const thief = new Client();
		await thief.signUp();
		const change = { currentPassword: "a guess or two", newPassword: "the new password" };
		const changes = Array.from({ length: 14 }, (_, n) => thief.post("/api/auth/change-password", change, address(n)));
		const statuses = (await Promise.all(changes)).map(({ status }) => status);
		expect(statuses.filter((status) => status === 400)).toHaveLength(10);
		expect(statuses.filter((status) => status === 429)).toHaveLength(4);
	});

	test("counts only wrong passwords", async () => {
		const { email } = await new Client().signUp();
		for (let n = 0; n < 12; n += 1) {
			const address = { "cf-connecting-ip": `198.20.${n}.1` };
			expect((await new Client().post("/api/auth/sign-in/email", credentials(email), address)).status).toBe(200);
		}
	});
});

test("confirmation mails to one address are bounded, from whatever networks they are requested", async () => {
	const client = new Client();
	const { email } = await client.signUp();
	const resend = (n: number) => new Client().post("/api/auth/send-verification-email", { email }, { "cf-connecting-ip": `198.21.${n}.1` });
	const statuses = (await Promise.all(Array.from({ length: 12 }, (_, n) => resend(n)))).map(({ status }) => status);
	expect(statuses.filter((status) => status === 200)).toHaveLength(3);
	expect(statuses.filter((status) => status === 429)).toHaveLength(9);
	const { mailbox } = await sandboxState();
	expect(mailbox.filter(({ to }) => to === email).length).toBeLessThanOrEqual(4);
});

describe("a field that better-auth would store unchecked", () => {
	const ODD_NAMES: unknown[] = [
		[],
		{},
		7,
		true,
		null,
		"",
		" ",
		"n".repeat(61),
		"Your prize\n\nhttp://evil.example",
		"a\u0000b",
		"evil.example",
	];

	test("is refused in a name, and the account stays usable", async () => {
		const client = new Client();
		await client.signUp();
		for (const name of ODD_NAMES) {
			expect((await client.post("/api/auth/update-user", { name })).status, JSON.stringify(name)).toBe(400);
			const json = { name, email: `${crypto.randomUUID()}@example.com`, password: "correct horse" };
			const address = { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` };
			expect((await new Client().post("/api/auth/sign-up/email", json, address)).status, JSON.stringify(name)).toBe(400);
		}
		expect((await client.post("/api/auth/update-user", { name: " Grace " })).status).toBe(200);
		const session = await client.fetch("/api/auth/get-session?disableCookieCache=true");
		expect(await session.json()).toMatchObject({ user: { name: "Grace" } });
	});

	test("never reaches the database if the product does not use it", async () => {
		const client = new Client();
		const { id } = await client.signUp();
		for (const more of [
			{ image: [] },
			{ image: "x".repeat(10_000) },
			{ emailVerified: true },
			{ id: "other" },
			{ email: "other@example.com" },
		]) {
			await client.post("/api/auth/update-user", { name: "Grace", ...more });
		}
		const row = await env.DB.prepare("SELECT id, image, email_verified, email FROM users WHERE id = ?").bind(id).first();
		expect(row).toMatchObject({ id, image: null, email_verified: 0 });
		expect(row?.email).not.toBe("other@example.com");
		const created = await client.post("/api/auth/organization/create", {
			name: "Acme",
			slug: id,
			logo: "javascript:alert(1)",
			metadata: { a: "b".repeat(8_000) },
			createdAt: 0,
		});
		const { id: organizationId } = await created.json<{ id: string }>();
		await client.post("/api/auth/organization/update", {
			organizationId,
			data: { name: "Acme 2", logo: [], metadata: { a: 1 }, slug: "x" },
		});
		const organization = await env.DB.prepare("SELECT name, slug, logo, metadata FROM organizations WHERE id = ?")
			.bind(organizationId)
			.first();
		expect(organization).toEqual({ name: "Acme 2", slug: id, logo: null, metadata: null });
	});
});

describe("a route of better-auth that this product does not use", () => {
	const UNUSED = [
		["GET", "list-sessions"],
		["GET", "list-accounts"],
		["POST", "sign-in/social"],
		["POST", "change-email"],
		["POST", "delete-user"],
		["POST", "update-session"],
		["POST", "link-social"],
		["GET", "organization/list-invitations"],
		["GET", "organization/get-full-organization"],
		["GET", "organization/get-invitation"],
		["GET", "organization/list-user-invitations"],
		["GET", "organization/get-active-member-role"],
		["POST", "organization/check-slug"],
		["POST", "organization/delete"],
		["POST", "organization/has-permission"],
		["POST", "organization/add-member"],
		["POST", "organization/create-team"],
		["POST", "organization/%6Ceave/"],
		["GET", `no-such-thing-${crypto.randomUUID()}`],
	] as const;

	test("is not found, and writes no rate-limit row", async () => {
		const client = new Client();
		await client.signUp();
		const rows = () => env.DB.prepare("SELECT count(*) AS n FROM rate_limits").first();
		const before = await rows();
		for (const [method, path] of UNUSED) {
			const response = await client.fetch(`/api/auth/${path}`, { method, ...(method === "POST" ? { json: {} } : {}) });
			expect([response.status, response.headers.get("content-type")], path).toEqual([404, "application/problem+json"]);
		}
		expect(await rows()).toEqual(before);
	});
});
