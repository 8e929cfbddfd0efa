import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, resetSandbox, sandboxState } from "../client.ts";
import { functions } from "../wall.ts";

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

	test("is signed out for good and at once: a copy of its cookies reads, spends and buys nothing more", async () => {
		const client = new Client();
		await client.signUp();
		const chatId = crypto.randomUUID();
		expect((await client.chat(chatId, crypto.randomUUID())).status).toBe(200);
		const copy = new Client();
		for (const [name, value] of client.cookies) copy.cookies.set(name, value);
		expect(await copy.usage()).toMatchObject({ tier: "free", used: 1 });
		const copied = new Map(copy.cookies);
		expect((await client.post("/api/auth/sign-out", {})).status).toBe(200);
		expect(await client.usage()).toMatchObject({ tier: "guest" });
		for (const path of ["/api/usage", `/api/chat/${chatId}/stream`, "/api/flowglad/billing", "/api/billing"]) {
			copy.cookies.clear();
			for (const [name, value] of copied) copy.cookies.set(name, value);
			const response = await copy.fetch(path);
			if (path === "/api/usage") expect(await response.json()).toMatchObject({ tier: "guest", used: 0 });
			else expect([401, 404], path).toContain(response.status);
		}
		for (const [name, value] of copied) copy.cookies.set(name, value);
		expect((await copy.chat(chatId, crypto.randomUUID())).status).toBe(404);
		for (const [name, value] of copied) copy.cookies.set(name, value);
		expect((await copy.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 })).status).toBe(401);
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

	test("is named by its session token alone: no cookie holds a copy of the session", async () => {
		const client = new Client();
		await client.signUp();
		expect([...client.cookies.keys()].filter((name) => name.includes("session"))).toEqual(["parley.session_token"]);
		client.cookies.delete("parley.session_token");
		expect(await client.usage()).toMatchObject({ tier: "guest" });
	});
});

describe("a session", () => {
	const DAY_MS = 86_400_000;
	const expiryOf = (userId: string) =>
		env.DB.prepare("SELECT expires_at FROM sessions WHERE user_id = ?").bind(userId).first<number>("expires_at");
	const expireAt = (userId: string, instant: number) =>
		env.DB.prepare("UPDATE sessions SET expires_at = ? WHERE user_id = ?").bind(instant, userId).run();

	test("needs the whole signed cookie: a token alone, a changed one or another's signature is a guest's", async () => {
		const [client, other] = [new Client(), new Client()];
		await client.signUp();
		await other.signUp();
		const [mine = "", theirs = ""] = [client, other].map(({ cookies }) => cookies.get("parley.session_token"));
		const [token = "", signature = ""] = decodeURIComponent(mine).split(".");
		const foreign = decodeURIComponent(theirs).split(".")[1];
		for (const value of [token, `${token}.`, `${token}.${foreign}`, `${token}x.${signature}`, `${token}.${signature}.x`, `%E0%A4%A`, "."]) {
			const forger = new Client();
			forger.cookies.set("parley.session_token", value.includes("%") ? value : encodeURIComponent(value));
			expect(await forger.usage(), value).toMatchObject({ tier: "guest" });
		}
		expect(await client.usage()).toMatchObject({ tier: "free" });
	});

	test("ends when it expires, and is extended by use a day after it was last", async () => {
		const client = new Client();
		const { id } = await client.signUp();
		const nowMs = Date.now();
		await expireAt(id, nowMs + 6.5 * DAY_MS);
		await client.usage();
		expect(await expiryOf(id)).toBe(nowMs + 6.5 * DAY_MS);
		await expireAt(id, nowMs + 5 * DAY_MS);
		const response = await client.fetch("/api/usage");
		expect(await response.json()).toMatchObject({ tier: "free" });
		expect(response.headers.get("set-cookie")).toContain("parley.session_token=");
		expect(await expiryOf(id)).toBeGreaterThan(nowMs + 6.9 * DAY_MS);
		await expireAt(id, nowMs - 1);
		expect(await client.usage()).toMatchObject({ tier: "guest" });
	});
});

describe("a page of another viewer", () => {
	/** The tag that a viewer's own page carries. */
	const tagOf = async (client: Client) => {
		const tag = /tag:"((?:user|guest)\.[\w-]+)"/.exec(await (await client.fetch("/")).text())?.[1];
		if (!tag) throw new Error("the page names no viewer");
		return { "parley-viewer": tag };
	};
	const chatBody = (chatId: string) => ({ id: chatId, messages: [{ id: "m", role: "user", parts: [{ type: "text", text: "Hello" }] }] });

	test("is refused by every kind of request before anything is read or counted", async () => {
		const [alice, bob] = [new Client(), new Client()];
		await alice.signUp();
		await bob.signUp();
		const page = await tagOf(alice);
		const tries = [
			await bob.fetch("/api/usage", { headers: page }),
			await bob.post("/api/chat/ai", chatBody(crypto.randomUUID()), page),
			await bob.fetch("/api/chat/some", { method: "DELETE", headers: page }),
			await bob.post("/api/chat/some/stop", {}, page),
			await bob.fetch("/api/chat/some/stream", { headers: page }),
			await bob.fetch("/api/billing", { headers: page }),
			await bob.post("/api/billing/checkout", { priceSlug: "pro_monthly" }, page),
			await bob.fetch("/api/flowglad/billing", { headers: page }),
			await bob.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 }, page),
			await bob.post("/api/auth/organization/create", { name: "Acme", slug: crypto.randomUUID() }, page),
			await bob.post("/api/auth/sign-out", {}, page),
		];
		for (const response of tries) {
			expect(response.status, response.url).toBe(409);
			expect(response.headers.get("parley-viewer")).toBe("someone-else");
			expect(await response.json()).toMatchObject({ title: "Signed in as someone else" });
		}
		for (const name of ["loadShell", "loadPricing", "loadOrganizations"]) {
			const response = await bob.fetch(functions.get(name) ?? "", { headers: { "x-tsr-serverFn": "true", ...page } });
			expect([name, response.status, response.headers.get("parley-viewer")]).toEqual([name, 409, "someone-else"]);
			await response.text();
		}
		expect(await bob.usage()).toMatchObject({ tier: "free", used: 0, held: 0 });
		expect((await bob.fetch("/api/usage", { headers: await tagOf(bob) })).status).toBe(200);
	});

	test("is told when its user has signed out, and a guest's when the guest has signed in", async () => {
		const client = await new Client().visit();
		const guestPage = await tagOf(client);
		await client.signUp();
		const late = await client.post("/api/chat/ai", chatBody(crypto.randomUUID()), guestPage);
		expect([late.status, late.headers.get("parley-viewer")]).toEqual([409, "someone-else"]);
		await late.text();
		const usersPage = await tagOf(client);
		await client.post("/api/auth/sign-out", {});
		for (let visited = false; ; visited = true) {
			const response = await client.post("/api/chat/ai", chatBody(crypto.randomUUID()), usersPage);
			expect([response.status, response.headers.get("parley-viewer")]).toEqual([409, "signed-out"]);
			expect((await response.json<{ detail: string }>()).detail).toContain("Sign in");
			if (visited) break;
			await client.visit();
		}
		expect(await client.usage()).toMatchObject({ tier: "guest", used: 0 });
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
