import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { modelOf } from "../../src/components/testing/views.ts";
import { moveCookie } from "../../src/lib/identity/guest-cookie.ts";
import { proofsOfOneRequest } from "../../src/lib/identity/proofs.ts";
import { guestKey, userKey } from "../../src/lib/identity/subject-key.ts";
import type { ChatMessage } from "../../src/view/chat.ts";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";
import { rewriteRequests } from "../stored.ts";
import { apiRoutes, functions, methodOf } from "../wall.ts";

beforeEach(resetSandbox);

const credentials = (email: string) => ({ email, password: "correct horse" });
const id = () => crypto.randomUUID();

/** better-auth limits requests per address. */
const anyAddress = () => ({ "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` });
const signIn = (client: Client, email: string, password: string) =>
	client.post("/api/auth/sign-in/email", { email, password }, anyAddress());
const sessionOf = async (client: Client) =>
	(await client.fetch("/api/auth/get-session", { headers: anyAddress() })).json<{
		user: { email: string; emailVerified: boolean };
	} | null>();
const isVerified = async (email: string) =>
	(await env.DB.prepare("SELECT email_verified AS verified FROM users WHERE email = ?").bind(email).first<{ verified: number }>())
		?.verified === 1;
/** 204 for the chat's owner, 404 for everyone else. */
const isOwner = async (client: Client, chatId: string) => (await client.fetch(`/api/chat/${chatId}/stream`)).status === 204;
const guestOf = (client: Client) => guestKey((client.cookies.get("parley.guest") ?? "").split(".")[1] ?? "");

async function linkTo(email: string): Promise<string> {
	// The mail is sent after the response.
	return eventually(async () => {
		const { mailbox } = await sandboxState();
		const [link] = /https?:\S+verify-email\S+/.exec(mailbox.findLast((mail) => mail.to === email)?.text ?? "") ?? [];
		if (!link) throw new Error(`no confirmation mail for ${email}`);
		return link;
	});
}

/** Opens a link like a click on another site. @returns where it leads, and its token */
async function open(client: Client, link: string): Promise<{ to: string; token: string }> {
	const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
	const response = await client.fetch(link, { headers });
	await response.body?.cancel();
	return { to: response.headers.get("location") ?? "", token: new URL(link).searchParams.get("token") ?? "" };
}

const confirm = (client: Client, token: string, password: string, isNew: boolean) =>
	client.post("/api/auth/confirm-email", { token, password, isNew }, anyAddress());

describe("an account", () => {
	test("stores its password as a salted scrypt hash only", async () => {
		const { id } = await new Client().signUp();
		const row = await env.DB.prepare("SELECT password FROM accounts WHERE user_id = ?").bind(id).first<{ password: string }>();
		expect(row?.password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
	});

	test("can be signed in to only with its password", async () => {
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

	test("changes its password with the old one, and then ends all other sessions if requested", async () => {
		const [client, other] = [new Client(), new Client()];
		const { email } = await client.signUp();
		await signIn(other, email, "correct horse");
		const change = (currentPassword: string, newPassword: string, more = {}) =>
			client.post("/api/auth/change-password", { currentPassword, newPassword, ...more }, anyAddress());
		expect((await change("battery staple", "the second horse")).status).toBe(400);
		expect((await change("correct horse", "short")).status).toBe(400);
		expect((await change("correct horse", "the second horse")).status).toBe(200);
		expect(await other.usage()).toMatchObject({ tier: "free" });
		expect((await change("the second horse", "the third horse", { revokeOtherSessions: true })).status).toBe(200);
		expect(await client.usage()).toMatchObject({ tier: "free" });
		expect(await other.usage()).toMatchObject({ tier: "guest" });
		const statuses = ["correct horse", "the second horse", "the third horse"].map((password) => signIn(new Client(), email, password));
		expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([401, 401, 200]);
	});

	test("is signed out immediately: copied cookies can no longer read, spend or buy", async () => {
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

	test("gets a confirmation mail, and can chat before confirming", async () => {
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

	test("is identified by its session token alone: no cookie caches the session", async () => {
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

	test("requires the whole signed cookie: a bare token, a changed one or another's signature is treated as a guest", async () => {
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

	test("expires, and use extends it a day after the last extension", async () => {
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

describe("a page loaded by another viewer", () => {
	/** The viewer tag that a viewer's own page carries. */
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

	/** Everything without a viewer: health, the browser's language, webhooks, Stripe's return, unrouted addresses, functions that are the same for all. */
	const WITHOUT_VIEWER = new Set([
		...[
			"/api/auth/some",
			"/api/dev/clock",
			"/api/flowglad/webhook",
			"/api/health",
			"/api/language",
			"/api/some",
			"/api/stripe",
			"/api/stripe/webhook",
		],
		...["loadConfirmation", "loadFreeLimit", "loadLegal", "loadShared", "loadProviders", "loadMailLink", "loadEmailChange"],
	]);

	test("is refused by every route and every function that has a viewer", async () => {
		const [alice, bob] = [new Client(), new Client()];
		await alice.signUp();
		await bob.signUp();
		const page = await tagOf(alice);
		const answers: [what: string, status: number][] = [];
		for (const path of apiRoutes.filter((route) => !WITHOUT_VIEWER.has(route)))
			for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
				const json = path === "/api/chat/ai" ? chatBody(id()) : {};
				const response = await bob.fetch(path, { method, headers: page, ...(method.startsWith("P") ? { json } : {}) });
				await response.text();
				if (response.status !== 405) answers.push([`${method} ${path}`, response.status]);
			}
		const text = (s: string) => ({ t: 1, s });
		const record = (i: number, k: string[], v: unknown[]) => ({ t: 10, i, p: { k, v }, o: 0 });
		const givenTo: Record<string, object> = {
			createCheckoutSession: record(1, ["successUrl", "cancelUrl"], [text("/"), text("/")]),
			loadChat: record(1, ["id"], [text("some")]),
		};
		for (const [name, path] of functions) {
			if (WITHOUT_VIEWER.has(name)) continue;
			const given = givenTo[name] ?? text("some");
			const body = JSON.stringify({ t: record(0, ["data"], [given]), f: 63, m: [] });
			const headers = { ...page, "x-tsr-serverFn": "true", "content-type": "application/json" };
			const response = await (methodOf(name) === "GET"
				? bob.fetch(`${path}?payload=${encodeURIComponent(body)}`, { headers })
				: bob.fetch(path, { method: "POST", body, headers }));
			await response.text();
			answers.push([name, response.status]);
		}
		expect(answers.length).toBeGreaterThan(15);
		expect(answers.filter(([, status]) => status !== 409)).toEqual([]);
	});

	test("is refused once its user has signed out, or its guest has signed in", async () => {
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

describe("while the database does not answer", () => {
	/** Makes every D1 statement fail until the test ends, like an outage. */
	function breakDatabase(): { repair: () => void } {
		const fail = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
		const dead = { bind: () => dead, all: fail, first: fail, raw: fail, run: fail } as unknown as D1PreparedStatement;
		const broken = [vi.spyOn(env.DB, "prepare").mockReturnValue(dead), vi.spyOn(env.DB, "batch").mockImplementation(fail)];
		const repair = () => broken.forEach((spy) => void spy.mockRestore());
		onTestFinished(repair);
		return { repair };
	}
	const chatBody = () => ({ id: id(), messages: [{ id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] }] });

	test("a signed-in user gets 503 from every route, is never treated as a guest, and nothing counts", async () => {
		const client = await new Client().visit();
		const { email } = await client.signUp();
		await client.visit();
		const cookies = new Map(client.cookies);
		const { repair } = breakDatabase();
		const GETS = ["usage", "chat/some/stream", "billing", "billing/portal", "flowglad/billing", "admin/ledgers", "stripe?session_id=x"];
		const AUTH_GETS = ["get-session", "organization/list", "organization/list-members", "verify-email?token=x"];
		const POSTS: [path: string, body: object][] = [
			["chat/ai", chatBody()],
			["chat/some/stop", {}],
			["billing/checkout", { priceSlug: "pro_monthly" }],
			["billing/cancel", { planId: "x", when: "now" }],
			["billing/refresh", {}],
			["flowglad/checkout", { priceSlug: "pro_monthly" }],
			["flowglad/customers/billing", {}],
			["usage-events", { usageMeterSlug: "ai_requests", amount: 1 }],
			["admin/corrections", { userId: "x", id: "x", units: -1 }],
			["auth/sign-in/email", credentials(email)],
			["auth/sign-up/email", { name: "Ada", ...credentials(`${id()}@example.com`) }],
			["auth/sign-out", {}],
			["auth/update-user", { name: "Grace" }],
			["auth/change-password", { currentPassword: "correct horse", newPassword: "another horse" }],
			["auth/confirm-email", { token: "x", password: "correct horse", isNew: false }],
			["auth/send-verification-email", { email }],
			["auth/revoke-sessions", {}],
			["auth/organization/create", { name: "Acme", slug: id() }],
			["auth/organization/set-active", { organizationId: null }],
			["auth/organization/accept-invitation", { invitationId: "x" }],
		];
		const answers = [
			...(await Promise.all(
				[...GETS, ...AUTH_GETS.map((path) => `auth/${path}`)].map((path) => client.fetch(`/api/${path}`, { headers: anyAddress() })),
			)),
			...(await Promise.all(POSTS.map(([path, body]) => client.post(`/api/${path}`, body, anyAddress())))),
			await client.fetch("/api/chat/some", { method: "DELETE" }),
		];
		for (const response of answers) {
			const answer = await response.text();
			expect([response.status, response.headers.get("content-type")], `${response.url} ${answer}`).toEqual([
				503,
				"application/problem+json",
			]);
			expect(JSON.parse(answer), response.url).toMatchObject({
				title: "Database unavailable",
				detail: expect.stringContaining("Try again"),
			});
			expect(Number(response.headers.get("retry-after")), response.url).toBeGreaterThan(0);
		}
		for (const name of ["loadShell", "loadChat", "loadPricing", "loadOrganizations"]) {
			const response = await client.fetch(functions.get(name) ?? "", { headers: { "x-tsr-serverFn": "true" } });
			expect([name, response.status], await response.text()).toEqual([name, name === "loadChat" ? 400 : 503]);
		}
		for (const path of ["/", "/account/plan", "/pricing", "/c/some"]) {
			const response = await client.fetch(path);
			expect([path, response.status]).toEqual([path, 503]);
			// Neither a guest's page nor the failed query with its parameters.
			expect(await response.text()).not.toMatch(/tag:"guest|Sign up|select "|D1_ERROR/);
		}
		expect(client.cookies).toEqual(cookies);
		repair();
		expect(await client.usage()).toMatchObject({ tier: "free", used: 0, held: 0 });
	});

	test("a guest can continue", async () => {
		const client = await new Client().visit();
		breakDatabase();
		expect((await client.chat(id(), id())).status).toBe(200);
		expect(await client.usage()).toMatchObject({ tier: "guest", used: 1 });
		expect((await client.fetch("/")).status).toBe(200);
	});
});

describe("guessing passwords", () => {
	test("is rate-limited by the address from the edge, not by one the client claims", async () => {
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

	test("is limited per account across all networks, without locking out browsers that have signed in before", async () => {
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
		// While limited, even the right password reveals nothing to an attacker.
		expect((await guess(41, "correct horse")).status).toBe(429);
		expect((await owner.post("/api/auth/sign-in/email", credentials(email), from(42))).status).toBe(200);
		const { email: other } = await new Client().signUp();
		expect((await new Client().post("/api/auth/sign-in/email", credentials(other), from(43))).status).toBe(200);
	});

	test("is limited the same way for an address without an account, and for changing a password", async () => {
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

test("confirmation mails to one address are limited across all networks: one at sign-up, and one requested per ten minutes", async () => {
	const { email } = await new Client().signUp();
	const resend = (n: number) => new Client().post("/api/auth/send-verification-email", { email }, { "cf-connecting-ip": `198.21.${n}.1` });
	const statuses = (await Promise.all(Array.from({ length: 12 }, (_, n) => resend(n)))).map(({ status }) => status);
	expect(statuses.toSorted()).toEqual([200, ...Array(11).fill(429)]);
	for (let n = 0; n < 3; n += 1) {
		const again = await new Client().post("/api/auth/sign-up/email", { name: "Ada", ...credentials(email.toUpperCase()) }, anyAddress());
		expect(again.status).toBe(422);
	}
	const mails = async () => (await sandboxState()).mailbox.filter(({ to }) => to === email);
	await eventually(async () => expect(await mails()).toHaveLength(2));
	const refused = await (await resend(13)).json();
	expect(refused).toMatchObject({ title: "Too many attempts", detail: expect.stringMatching(/A link went .* Try again in \d+ minutes\./) });
	expect(await mails()).toHaveLength(2);
});

describe("a field that better-auth would store unvalidated", () => {
	const NO_NAMES: unknown[] = [[], {}, 7, true, null, "", " ", "n".repeat(61)];
	const ODD_NAMES = ["Your prize\n\nhttp://evil.example", "a\u0000b", "evil.example"];
	const signUpAs = (name: unknown) =>
		new Client().post("/api/auth/sign-up/email", { name, ...credentials(`${id()}@example.com`) }, anyAddress());

	test("is refused in a name, and the account stays usable", async () => {
		const client = new Client();
		await client.signUp();
		for (const name of [...NO_NAMES, ...ODD_NAMES])
			expect((await client.post("/api/auth/update-user", { name })).status, JSON.stringify(name)).toBe(400);
		for (const name of NO_NAMES) expect((await signUpAs(name)).status, JSON.stringify(name)).toBe(400);
		expect((await client.post("/api/auth/update-user", { name: " Grace " })).status).toBe(200);
		const session = await client.fetch("/api/auth/get-session?disableCookieCache=true");
		expect(await session.json()).toMatchObject({ user: { name: "Grace" } });
	});

	test("is normalized in the name at sign-up", async () => {
		const names = await Promise.all(
			ODD_NAMES.map(async (name) => (await (await signUpAs(name)).json<{ user: { name: string } }>()).user.name),
		);
		expect(names).toEqual(["Your prize http evil. example", "a b", "evil. example"]);
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

describe("a better-auth route that this product does not use", () => {
	const UNUSED = [
		["GET", "list-sessions"],
		["GET", "list-accounts"],
		["POST", "link-social"],
		["POST", "delete-user"],
		["POST", "update-session"],
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
		["POST", "request-password-reset"],
		["POST", "reset-password"],
		["GET", `no-such-thing-${crypto.randomUUID()}`],
	] as const;

	test("answers 404 and writes no rate-limit row", async () => {
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

describe("a confirmation link", () => {
	test("does nothing in a browser that is not signed in to its account: no sign-in, no confirmation, no moved chats", async () => {
		const { email: strangers } = await new Client().signUp();
		const link = await linkTo(strangers);
		const guest = await new Client().visit();
		const chatId = id();
		await guest.chat(chatId, id());
		expect((await open(guest, link)).to).toMatch(/^\/confirm-email\?token=/);
		await guest.visit();
		expect(await sessionOf(guest)).toBeNull();
		expect(await isOwner(guest, chatId)).toBe(true);

		const reader = new Client();
		const { email } = await reader.signUp();
		await open(reader, link);
		expect((await sessionOf(reader))?.user.email).toBe(email);
		expect(await isVerified(strangers)).toBe(false);
	});

	test("confirms at once in a browser signed in to its account, and ends all other sessions", async () => {
		const client = new Client();
		const { email } = await client.signUp();
		const other = new Client();
		await signIn(other, email, "correct horse");
		expect((await open(client, await linkTo(email))).to).toBe("/?confirmed=true");
		expect((await sessionOf(client))?.user).toMatchObject({ email, emailVerified: true });
		expect(await sessionOf(other)).toBeNull();
		expect(await other.usage()).toMatchObject({ tier: "guest" });
	});

	test("in another browser confirms with the password, which ends all other sessions and signs in there", async () => {
		const phone = new Client();
		const { email } = await phone.signUp();
		const computer = await new Client().visit();
		const chatId = id();
		await computer.chat(chatId, id());
		const { token } = await open(computer, await linkTo(email));
		expect((await confirm(computer, token, "battery staple", false)).status).toBe(401);
		expect(await isVerified(email)).toBe(false);
		expect((await confirm(computer, token, "correct horse", false)).status).toBe(200);
		expect((await sessionOf(computer))?.user).toMatchObject({ email, emailVerified: true });
		expect(await isOwner(computer, chatId)).toBe(true);
		expect(await sessionOf(phone)).toBeNull();
	});

	test("lets the mailbox's owner set a new password, and leaves no access to the person who signed up with the address", async () => {
		const attacker = new Client();
		const { email } = await attacker.signUp();
		const reader = await new Client().visit();
		const { token } = await open(reader, await linkTo(email));
		expect((await confirm(reader, token, "short", true)).status).toBe(400);
		expect((await confirm(reader, token, "a password of mine", true)).status).toBe(200);
		const chatId = id();
		await reader.chat(chatId, id());
		expect(await isOwner(reader, chatId)).toBe(true);
		// At once: no cookie caches a session.
		expect(await attacker.usage()).toMatchObject({ tier: "guest" });
		expect(await isOwner(attacker, chatId)).toBe(false);
		expect(await sessionOf(attacker)).toBeNull();
		expect((await signIn(attacker, email, "correct horse")).status).toBe(401);
		expect((await signIn(new Client(), email, "a password of mine")).status).toBe(200);
	});

	test("cannot be locked by the person who signed up: after the new password, their browser counts as unknown", async () => {
		const attacker = new Client();
		const { email } = await attacker.signUp();
		const owner = await new Client().visit();
		const { token } = await open(owner, await linkTo(email));
		expect((await confirm(owner, token, "a password of mine", true)).status).toBe(200);
		const guesses = Array.from({ length: 24 }, (_, n) => signIn(n % 2 ? attacker : new Client(), email, `guess ${n} of many`));
		expect((await Promise.all(guesses)).filter(({ status }) => status === 401)).toHaveLength(10);
		await owner.post("/api/auth/sign-out", {});
		expect((await signIn(owner, email, "a password of mine")).status).toBe(200);
	});

	test("keeps the new password even if the person who signed up changes theirs at the same moment", async () => {
		const attacker = new Client();
		const { email } = await attacker.signUp();
		const reader = await new Client().visit();
		const { token } = await open(reader, await linkTo(email));
		// Between checking the old password and writing the new one.
		const prepare = env.DB.prepare.bind(env.DB);
		let confirmed: Promise<Response> | undefined;
		const spy = vi.spyOn(env.DB, "prepare").mockImplementation((query) => {
			if (!query.startsWith('update "accounts"') || confirmed !== undefined) return prepare(query);
			confirmed = confirm(reader, token, "a password of mine", true);
			const after = (statement: D1PreparedStatement, run: "all" | "raw" | "run") => async () => {
				expect((await confirmed)?.status).toBe(200);
				return statement[run]();
			};
			const bind = (...values: unknown[]) => {
				const bound = prepare(query).bind(...values);
				return { all: after(bound, "all"), raw: after(bound, "raw"), run: after(bound, "run") };
			};
			return { bind } as unknown as D1PreparedStatement;
		});
		onTestFinished(() => void spy.mockRestore());
		const change = { currentPassword: "correct horse", newPassword: "the attacker's next", revokeOtherSessions: true };
		expect((await attacker.post("/api/auth/change-password", change, anyAddress())).status).toBe(400);
		expect(await attacker.usage()).toMatchObject({ tier: "guest" });
		expect((await signIn(new Client(), email, "the attacker's next")).status).toBe(401);
		expect((await sessionOf(reader))?.user).toMatchObject({ email, emailVerified: true });
	});

	test("is used up once the address is confirmed: it cannot set a password again", async () => {
		const client = new Client();
		const { email } = await client.signUp();
		const link = await linkTo(email);
		const { token } = await open(client, link);
		const finder = new Client();
		expect((await open(finder, link)).to).toBe("/");
		for (const isNew of [true, false]) expect((await confirm(finder, token, "correct horse", isNew)).status).toBe(400);
		expect(await sessionOf(finder)).toBeNull();
	});

	test("requires our signature: a token in better-auth's own form, another user's or an altered one confirms nothing", async () => {
		const client = new Client();
		const { id: userId, email } = await client.signUp();
		const { email: other } = await new Client().signUp();
		const foreign = new URL(await linkTo(other)).searchParams.get("token") ?? "";
		const own = new URL(await linkTo(email)).searchParams.get("token") ?? "";
		const jwt = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ email }))}.`;
		for (const token of [jwt, foreign.replace(/^[^.]+/, userId), `${own}x`, own.slice(0, -1), `${userId}.9999999999.`, "", "."]) {
			const { to } = await open(
				client,
				`http://localhost/api/auth/verify-email?${new URLSearchParams({ token, callbackURL: "/account" })}`,
			);
			expect(to, token).toBe("/account?error=INVALID_TOKEN");
			expect((await confirm(client, token, "correct horse", false)).status, token).toBe(400);
		}
		expect(await isVerified(email)).toBe(false);
	});

	test("leads only to pages of this site", async () => {
		const client = new Client();
		const { email } = await client.signUp();
		const token = new URL(await linkTo(email)).searchParams.get("token") ?? "";
		for (const callbackURL of ["/..//evil.example", "/.//evil.example", "https://evil.example/", "//evil.example"]) {
			const query = new URLSearchParams({ token, callbackURL });
			const response = await new Client().fetch(`/api/auth/verify-email?${query}`, { headers: anyAddress() });
			const location = response.headers.get("location");
			const next = new URL(location ?? "/", "http://localhost");
			expect([next.origin, next.searchParams.get("next") ?? "/"], callbackURL).toEqual(["http://localhost", "/"]);
		}
	});

	test("is mailed without any text written by the person who signed up", async () => {
		const email = `${id()}@example.com`;
		const name = "Win a prize with a name";
		await new Client().post("/api/auth/sign-up/email", { name, email, password: "correct horse" }, anyAddress());
		await linkTo(email);
		expect((await sandboxState()).mailbox.find((mail) => mail.to === email)?.text).not.toContain("prize");
	});
});

describe("an unconfirmed account with another person's address", () => {
	test("gets neither that person's invitations nor admin rights, even after the mailbox's owner has confirmed", async () => {
		const inviter = new Client();
		const { email: inviters } = await inviter.signUp();
		await inviter.confirm(inviters);
		const organization = await inviter.post("/api/auth/organization/create", { name: "Acme", slug: id() }, anyAddress());
		const { id: organizationId } = await organization.json<{ id: string }>();
		const attacker = new Client();
		const { email } = await attacker.signUp("identity-admin@example.com");
		const link = await linkTo(email);
		const invitation = await inviter.post("/api/auth/organization/invite-member", { organizationId, email, role: "admin" }, anyAddress());
		const { id: invitationId } = await invitation.json<{ id: string }>();
		const accept = (client: Client) => client.post("/api/auth/organization/accept-invitation", { invitationId }, anyAddress());
		const reader = await new Client().visit();
		const { token } = await open(reader, link);
		expect([(await attacker.fetch("/api/admin/ledgers")).status, (await accept(attacker)).status]).toEqual([403, 403]);
		expect((await confirm(reader, token, "a password of mine", true)).status).toBe(200);
		expect([(await attacker.fetch("/api/admin/ledgers")).status, (await accept(attacker)).status]).toEqual([401, 401]);
		expect([(await reader.fetch("/api/admin/ledgers")).status, (await accept(reader)).status]).toEqual([200, 200]);
	});
});

describe("a session", () => {
	test("ends when the password that opened it is replaced at the same moment", async () => {
		const { id: userId } = await new Client().signUp();
		const account = () => env.DB.prepare("SELECT password FROM accounts WHERE user_id = ?").bind(userId).first<{ password: string }>();
		const opened = () => env.DB.prepare("SELECT id FROM sessions WHERE user_id = ?").bind(userId).first<{ id: string }>();
		const signsIn = proofsOfOneRequest();
		expect(await signsIn.verify({ hash: (await account())?.password ?? "", password: "correct horse" })).toBe(true);
		const session = { id: (await opened())?.id ?? "", userId };
		await signsIn.assertProven(session);
		const replaces = proofsOfOneRequest();
		const hash = await replaces.hash("a password of mine");
		await env.DB.prepare("UPDATE accounts SET password = ? WHERE user_id = ?").bind(hash, userId).run();
		await replaces.assertProven(session);
		await expect(signsIn.assertProven(session)).rejects.toThrow("Invalid email or password");
		expect(await opened()).toBeNull();
	});

	test("is not opened by a request without proof", async () => {
		const { id: userId } = await new Client().signUp();
		await expect(proofsOfOneRequest().assertProven({ id: "none", userId })).rejects.toThrow("Invalid email or password");
	});
});

describe("a guest beside a session", () => {
	/** A guest with a chat, in a browser where a user is also signed in. */
	async function guestBesideSession() {
		const client = await new Client().visit();
		const chatId = id();
		await client.chat(chatId, id());
		const user = new Client();
		const { id: userId } = await user.signUp();
		for (const [name, value] of user.cookies) client.cookies.set(name, value);
		return { client, chatId, userId };
	}

	test("keeps its chats: only a sign-in in this browser moves them", async () => {
		const { client, chatId } = await guestBesideSession();
		const guest = new Client();
		guest.cookies.set("parley.guest", client.cookies.get("parley.guest") ?? "");
		await client.visit();
		expect(await isOwner(client, chatId)).toBe(false);
		expect(await isOwner(guest, chatId)).toBe(true);
	});

	test("moves its chats with a page load after a sign-in whose move failed", async () => {
		const { client, chatId, userId } = await guestBesideSession();
		const secret = "another secret of the tests; long enough";
		const [mark = ""] = moveCookie(new Request("http://localhost/"), guestOf(client), userKey(userId), secret, Date.now()).split(";");
		client.cookies.set("parley.move", mark.slice("parley.move=".length));
		await client.visit();
		expect(await isOwner(client, chatId)).toBe(true);
		expect([...client.cookies.keys()].filter((name) => /guest|move/.test(name))).toEqual([]);
	});
});

describe("signing up while the guest's first requests are under way", () => {
	beforeEach(() => faults({}));

	/** The same browser in another tab, whose requests were sent before the sign-up was answered. */
	function asBefore(client: Client): Client {
		const late = new Client();
		late.cookies.set("parley.guest", client.cookies.get("parley.guest") ?? "");
		return late;
	}

	test("answers none of them from the guest's allowance afterwards, and reports that the guest has signed up", async () => {
		const client = await new Client().visit();
		const late = asBefore(client);
		const chatId = id();
		const answer = await client.chat(chatId, id());
		await client.signUp();
		const again = { id: chatId, messages: [], trigger: "regenerate-message", messageId: answer.id };
		for (const response of [
			await late.send(id(), id()),
			await late.send(chatId, id()),
			await late.post("/api/chat/ai", again),
			await late.fetch(`/api/chat/${chatId}/stream`),
			await late.post(`/api/chat/${chatId}/stop`, {}),
			await late.post(`/api/chat/${chatId}/stop`, { requestId: id() }),
			await late.fetch(`/api/chat/${chatId}`, { method: "DELETE" }),
		]) {
			// The page loads again (components/session/page-viewer.ts).
			expect([response.status, response.headers.get("parley-viewer")], response.url).toEqual([409, "someone-else"]);
			expect(await response.json()).toMatchObject({ title: "Signed in as someone else", detail: expect.stringContaining("signed up") });
		}
		expect(await isOwner(client, chatId)).toBe(true);
		expect(await client.usage()).toMatchObject({ tier: "free", used: 1, held: 0 });
	});

	test("gives a browser that missed the sign-up response a new guest, and leaves the old guest's chats with the account", async () => {
		const client = await new Client().visit();
		const late = asBefore(client);
		const [guest, chatId] = [guestOf(client), id()];
		await client.chat(chatId, id());
		const { id: userId } = await new Client().signUp();
		// A sign-up that closed the guest's ledger and failed before moving the chats.
		await env.USAGE_LEDGER.getByName(guest).close(guest, userKey(userId));
		expect(await (await late.fetch("/")).text()).not.toContain(chatId);
		expect(guestOf(late)).not.toBe(guest);
		expect((await late.chat(id(), id())).status).toBe(200);
		expect(await late.usage()).toMatchObject({ tier: "guest", used: 1 });
		const list = await env.CHAT_LIST.getByName(userKey(userId)).list();
		expect(list.chats.map((chat) => chat.id)).toEqual([chatId]);
	});

	test("moves a chat that starts after the guest's chats were moved, with its unit", async () => {
		const client = await new Client().visit();
		const [guest, chatId, requestId] = [guestOf(client), id(), id()];
		const ledger = env.USAGE_LEDGER.getByName(guest);
		await ledger.hold(guest, { id: requestId, fingerprint: "f", units: 1, chatId });
		await client.signUp();
		expect(await client.usage()).toMatchObject({ used: 0 });
		const message: ChatMessage = { id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] };
		const started = await env.CONVERSATION.getByName(chatId).start({
			chatId,
			subject: { kind: "guest", key: guest, payers: [{ key: guest, member: null }], pools: [], setCookie: null },
			requestId,
			fingerprint: "f",
			model: modelOf("sandbox"),
			effort: null,
			maxUnits: undefined,
			maxHeldUnits: undefined,
			search: false,
			whole: undefined,
			instructions: undefined,
			folder: undefined,
			history: null,
			prompt: { kind: "message", message, files: [], replaces: false },
			seen: null,
			url: "http://localhost/api/chat/ai",
			headers: [],
		});
		if (started.kind !== "stream") throw new Error(started.kind);
		await new Response(started.stream).text();
		await eventually(async () => {
			expect(await client.usage()).toMatchObject({ used: 1 });
			expect(await isOwner(client, chatId)).toBe(true);
			expect(await (await client.fetch("/")).text()).toContain(chatId);
		});
	});

	test("counts a request that ended in the same millisecond as the sign-up", async () => {
		const client = await new Client().visit();
		await client.chat(id(), id());
		// The ledger's time is never before its rows, so the two instants are equal.
		const endedAtMs = Date.now() + 60_000;
		await rewriteRequests(env.USAGE_LEDGER.getByName(guestOf(client)), () => ({ endedAtMs }));
		await client.signUp();
		expect(await client.usage()).toMatchObject({ used: 1 });
	});

	test("counts each answered request once, and leaves no chat behind", async () => {
		for (const before of [0, 2, 5]) {
			const client = await new Client().visit();
			const chatIds = Array.from({ length: 5 }, id);
			const chat = async (chatId: string) => ({ chatId, ...(await client.chat(chatId, id())) });
			const first = chatIds.slice(0, before).map(chat);
			const signedUp = client.signUp();
			const answers = await Promise.all([...first, ...chatIds.slice(before).map(chat)]);
			await signedUp;
			const answered = answers.filter(({ status }) => status === 200);
			await eventually(async () => {
				expect(await client.usage()).toMatchObject({ tier: "free", used: answered.length, held: 0 });
				for (const { chatId } of answered) expect(await isOwner(client, chatId)).toBe(true);
			});
		}
	});
});

describe("sign-up", () => {
	test.each([
		["email", { email: "ada@exa_mple.com" }],
		["email", { email: "ada@example..com" }],
		["name", { name: 7 }],
	])("names the field %s when it refuses %j", async (field, wrong) => {
		const body = { name: "Ada", email: `${id()}@example.com`, password: "correct horse", ...wrong };
		const response = await new Client().post("/api/auth/sign-up/email", body, anyAddress());
		expect(response.status).toBe(400);
		// The form finds the field by this code (components/session/session-requests.ts).
		expect(await response.json()).toMatchObject({ code: `INVALID_${field.toUpperCase()}`, message: expect.stringMatching(/\.$/) });
	});
});
