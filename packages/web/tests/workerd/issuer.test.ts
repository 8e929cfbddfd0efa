import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { Client, faults, resetSandbox, sandboxState } from "../client.ts";
import { answerFor, expectLogged, FAILURES, marker } from "../marked-log.ts";

// Tokens from the configured issuer, at the API. The sandbox plays the issuer.

beforeEach(resetSandbox);
afterEach(() => void vi.restoreAllMocks());

const issuer = `${inject("sandboxUrl")}/issuer`;
let hours = 0;
const hello = { model: "sandbox", messages: [{ role: "user", content: "Hello" }] };
const random = () => crypto.randomUUID();

interface Asked {
	claims: Record<string, unknown>;
	issuer?: string;
	audience?: string;
	expiresInSeconds?: number;
}

async function tokenOf(asked: Asked): Promise<string> {
	const response = await fetch(`${issuer}/token`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(asked),
	});
	return (await response.json<{ token: string }>()).token;
}

const callWith = (token: string, path = "/v1/chat/completions", json: unknown = hello) =>
	new Client().post(path, json, { authorization: `Bearer ${token}` });
const usageOf = async (token: string) => {
	const response = await new Client().fetch("/v1/usage", { headers: { authorization: `Bearer ${token}` } });
	expect(response.status).toBe(200);
	return response.json<{ used: number; held: number; limit: number }>();
};
const mapped = async (sub: string) => {
	const { results } = await env.DB.prepare(
		"select users.id, email, email_verified as verified from accounts join users on users.id = user_id where provider_id = 'issuer' and account_id = ?",
	)
		.bind(`${issuer} ${sub}`)
		.all<{ id: string; email: string; verified: number }>();
	return results;
};

const base64 = (value: object) => btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const validClaims = () => ({ iss: issuer, aud: "parley", sub: random(), exp: Math.floor(Date.now() / 1000) + 300 });

/** A token signed with what everyone can read: the issuer's public key, used as a shared secret. */
async function tokenByPublicKey(): Promise<string> {
	const { keys } = await (await fetch(`${issuer}/.well-known/jwks.json`)).json<{ keys: { kid: string; x: string }[] }>();
	const [published] = keys;
	const text = `${base64({ alg: "HS256", typ: "JWT", kid: published?.kid })}.${base64(validClaims())}`;
	const secret = new TextEncoder().encode(JSON.stringify(published));
	const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)));
	return `${text}.${btoa(String.fromCharCode(...signature))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "")}`;
}

describe("a token of the issuer", () => {
	test("acts as the same user as on the page at the metered endpoints, whatever cookie is sent along", async () => {
		const claims = { sub: random() };
		const token = await tokenOf({ claims });
		const bearer = { authorization: `Bearer ${token}` };
		const page = await new Client().visit();
		const message = { id: random(), role: "user", parts: [{ type: "text", text: "Hello" }] };
		const chatId = random();
		const answered = await page.post("/api/chat/ai", { id: chatId, messages: [message] }, bearer);
		expect(answered.status).toBe(200);
		expect(await answered.text()).toContain("You said");
		expect(await usageOf(token)).toMatchObject({ used: 1 });
		expect(await (await page.fetch("/api/usage", { headers: bearer })).json()).toMatchObject({ tier: "free", used: 1 });
		expect(await page.usage()).toMatchObject({ tier: "guest", used: 0 });
		expect((await page.fetch(`/api/chat/${chatId}/stream`)).status).toBe(404);
		// A plan is required, as with a session.
		const event = await page.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 }, bearer);
		expect(await event.json()).toMatchObject({ type: "urn:parley:problem:no-active-subscription-found" });
	});

	test("is refused if invalid, rather than counted as a guest or by its cookie", async () => {
		const page = new Client();
		await page.signUp();
		const message = { id: random(), role: "user", parts: [{ type: "text", text: "Hello" }] };
		for (const token of [await tokenOf({ claims: { sub: random() }, audience: "another" }), await tokenByPublicKey(), "nonsense"]) {
			const bearer = { authorization: `Bearer ${token}` };
			const tries = [
				await page.post("/api/chat/ai", { id: random(), messages: [message] }, bearer),
				await page.post("/api/usage-events", { usageMeterSlug: "ai_requests", amount: 1 }, bearer),
				await page.fetch("/api/usage", { headers: bearer }),
			];
			expect(tries.map(({ status }) => status)).toEqual([401, 401, 401]);
			expect(await tries[0]?.json()).toMatchObject({ type: "urn:parley:problem:unauthorized" });
		}
		expect(await page.usage()).toMatchObject({ used: 0 });
	});

	test("is metered as its own user, the same one in each call", async () => {
		const sub = random();
		const claims = { sub, email: `${sub}@example.com`, email_verified: true, name: "Ada" };
		const first = await callWith(await tokenOf({ claims }));
		expect(first.status).toBe(200);
		expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("19");
		const second = await callWith(await tokenOf({ claims }), "/v1/responses", { model: "sandbox", input: "Hello" });
		expect(second.headers.get("x-ratelimit-remaining-requests")).toBe("18");
		expect(await usageOf(await tokenOf({ claims }))).toMatchObject({ used: 2, held: 0, limit: 20 });
		expect(await mapped(sub)).toEqual([{ id: expect.any(String), email: `${sub}@example.com`, verified: 1 }]);
	});

	test("creates one user when its first calls are concurrent", async () => {
		const sub = random();
		const token = await tokenOf({ claims: { sub, email: `${sub}@example.com`, email_verified: true } });
		const answers = await Promise.all(Array.from({ length: 4 }, () => callWith(token)));
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
		await Promise.all(answers.map((answer) => answer.text()));
		expect(await mapped(sub)).toHaveLength(1);
		expect(await usageOf(token)).toMatchObject({ used: 4, held: 0 });
		const { results } = await env.DB.prepare("select id from users where email = ?").bind(`${sub}@example.com`).all();
		expect(results).toHaveLength(1);
	});

	test("is refused while its account is being deleted", async () => {
		const sub = random();
		const token = await tokenOf({ claims: { sub } });
		await usageOf(token);
		const [user] = await mapped(sub);
		await env.DB.prepare("insert into deletions values (?, 'user', 'none', 1, 9999999999999, 0)")
			.bind(user?.id ?? "")
			.run();
		expect((await callWith(token)).status).toBe(401);
	});

	test("gives access only to the metered endpoints: no page, key, session, list of chats or billing", async () => {
		const token = await tokenOf({ claims: { sub: random() } });
		const headers = { authorization: `Bearer ${token}` };
		const get = async (path: string) => (await new Client().fetch(path, { headers })).status;
		expect([await get("/api/keys"), await get("/api/billing"), await get("/api/shares"), await get("/api/folders")]).toEqual([
			401, 401, 401, 401,
		]);
		expect(await (await new Client().fetch("/api/auth/get-session", { headers })).json()).toBeNull();
	});
});

describe("an address in a token", () => {
	test("joins the existing account if the issuer and the account have both confirmed it, and spends there", async () => {
		const client = new Client();
		const { id, email } = await client.signUp();
		await env.DB.prepare("update users set email_verified = 1 where id = ?").bind(id).run();
		const token = await tokenOf({ claims: { sub: random(), email: email.toUpperCase(), email_verified: true } });
		await (await callWith(token)).text();
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test.each([false, "true", 1, undefined])("joins no account unless the issuer says it is confirmed: %j", async (email_verified) => {
		const client = new Client();
		const { email, id } = await client.signUp();
		const sub = random();
		await (await callWith(await tokenOf({ claims: { sub, email, email_verified } }))).text();
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		const [user] = await mapped(sub);
		expect(user).toMatchObject({ verified: 0, email: expect.stringMatching(/@issuer\.invalid$/) });
		expect(user?.id).not.toBe(id);
	});

	test("used by an unconfirmed sign-up ends that account's password and sessions before joining it", async () => {
		const squatter = new Client();
		const { email, id } = await squatter.signUp();
		const sub = random();
		await (await callWith(await tokenOf({ claims: { sub, email, email_verified: true } }))).text();
		expect(await mapped(sub)).toEqual([{ id, email, verified: 1 }]);
		expect(await squatter.usage()).toMatchObject({ tier: "guest" });
		const { results } = await env.DB.prepare("select id from accounts where user_id = ? and provider_id = 'credential'").bind(id).all();
		expect(results).toEqual([]);
	});

	test("is adopted once the issuer has confirmed it, unless another account has it", async () => {
		const sub = random();
		const email = `${sub}@example.com`;
		await usageOf(await tokenOf({ claims: { sub, email, email_verified: false } }));
		const [before] = await mapped(sub);
		await usageOf(await tokenOf({ claims: { sub, email, email_verified: true } }));
		expect(await mapped(sub)).toEqual([{ id: before?.id, email, verified: 1 }]);
		const other = random();
		await usageOf(await tokenOf({ claims: { sub: other } }));
		await usageOf(await tokenOf({ claims: { sub: other, email, email_verified: true } }));
		expect(await mapped(other)).toEqual([expect.objectContaining({ verified: 0 })]);
	});
});

describe("a token is refused, creates no user and counts nothing", () => {
	const none = async () => `${base64({ alg: "none", typ: "JWT" })}.${base64(validClaims())}.`;
	const tampered = async () => {
		const [head, , signature] = (await tokenOf({ claims: { sub: random() } })).split(".");
		return `${head}.${base64(validClaims())}.${signature}`;
	};
	const cases: [string, () => Promise<string>][] = [
		["without a signature (alg none)", none],
		["signed by the public key as a shared secret (alg HS256)", tokenByPublicKey],
		["with other claims than were signed", tampered],
		["that has expired", () => tokenOf({ claims: { sub: random() }, expiresInSeconds: -60 })],
		["that never expires", () => tokenOf({ claims: { sub: random(), exp: null } })],
		["that is not valid yet", () => tokenOf({ claims: { sub: random(), nbf: Math.floor(Date.now() / 1000) + 600 } })],
		["for another audience", () => tokenOf({ claims: { sub: random() }, audience: "another" })],
		["without an audience", () => tokenOf({ claims: { sub: random(), aud: null } })],
		["of another issuer", () => tokenOf({ claims: { sub: random() }, issuer: "https://evil.example" })],
		["without a person", () => tokenOf({ claims: {} })],
		["of a person with a name of no length", () => tokenOf({ claims: { sub: "" } })],
		["of a person with an endless name", () => tokenOf({ claims: { sub: "x".repeat(256) } })],
		["that is no token", async () => "a.b.c"],
	];

	test.each(cases)("%s", async (_, make) => {
		const count = async () => (await env.DB.prepare("select count(*) as n from users").first<{ n: number }>())?.n;
		const [users, { modelCalls }] = [await count(), await sandboxState()];
		const response = await callWith(await make());
		expect(response.status).toBe(401);
		expect(response.headers.get("www-authenticate")).toBe("bearer");
		expect(await response.json()).toMatchObject({ error: { code: "invalid_api_key", type: "authentication_error" } });
		expect(await count()).toBe(users);
		expect((await sandboxState()).modelCalls).toHaveLength(modelCalls.length);
	});
});

describe("the issuer's keys", () => {
	const fetches = async () => (await sandboxState()).calls["GET /issuer/.well-known/jwks.json"] ?? 0;

	test("are fetched once for many tokens, and an unknown key does not trigger a fetch each time", async () => {
		const claims = { sub: random() };
		await usageOf(await tokenOf({ claims }));
		const before = await fetches();
		for (let call = 0; call < 5; call += 1) await usageOf(await tokenOf({ claims }));
		const unknown = `${base64({ alg: "ES256", kid: "unknown" })}.${base64(validClaims())}.${"A".repeat(86)}`;
		for (let call = 0; call < 5; call += 1) expect((await callWith(unknown)).status).toBe(401);
		expect((await fetches()) - before).toBeLessThanOrEqual(1);
	});

	test("are fetched from the configured address only, whatever address or key a token names", async () => {
		const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
		const { publicKey, privateKey } = pair as CryptoKeyPair;
		const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "mine", alg: "ES256" };
		const path = `/issuer/${random()}.json`;
		const named = `${env.SANDBOX_URL}${path}`;
		for (const header of [{ jku: named }, { x5u: named }, { kid: named }, { jwk }]) {
			const text = `${base64({ alg: "ES256", typ: "JWT", kid: "mine", ...header })}.${base64(validClaims())}`;
			const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, new TextEncoder().encode(text));
			expect((await callWith(`${text}.${Buffer.from(signature).toString("base64url")}`)).status).toBe(401);
		}
		expect(Object.keys((await sandboxState()).calls)).not.toContain(`GET ${path}`);
	});

	/** The app's clock, some seconds ahead of the machine's. It only moves forward, because the keys are kept between tests. */
	function ahead(seconds: number): void {
		vi.restoreAllMocks();
		const machine = Date.now;
		vi.spyOn(Date, "now").mockImplementation(() => machine() + seconds * 1000);
	}

	test("are fetched again after a rotation once the cooldown is over, and the old ones are rejected then", async () => {
		const old = await tokenOf({ claims: { sub: random() }, expiresInSeconds: 3_600 });
		await usageOf(old);
		await fetch(`${issuer}/rotate`, { method: "POST" });
		const token = await tokenOf({ claims: { sub: random() }, expiresInSeconds: 3_600 });
		expect((await callWith(token)).status).toBe(401);
		ahead(31);
		await usageOf(token);
		expect((await callWith(old)).status).toBe(401);
	});

	test("are used for ten minutes while the issuer is down; after that it is called at most every 5 s", async () => {
		const token = await tokenOf({ claims: { sub: random() }, expiresInSeconds: 36_000 });
		ahead(700);
		await usageOf(token);
		await faults({ api: [{ path: "/issuer/*", status: 503 }] });
		await usageOf(token);
		ahead(1_400);
		const before = await fetches();
		for (let call = 0; call < 5; call += 1) {
			const response = await callWith(token);
			expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
			expect(await response.json()).toMatchObject({ error: { type: "server_error", code: "issuer_unavailable" } });
		}
		expect((await fetches()) - before).toBe(1);
		await faults({});
		ahead(1_406);
		await usageOf(token);
	});

	test.each(FAILURES)("leave neither the response text nor a token in the log when the issuer %s", async (_, answer) => {
		const token = await tokenOf({ claims: { sub: marker }, expiresInSeconds: 360_000 });
		// Each time after the ten minutes for which keys are used.
		hours += 1;
		ahead(hours * 3_600);
		answerFor("/issuer/.well-known", answer);
		expect((await callWith(token)).status).toBe(503);
		expectLogged(/the keys of the issuer could not be read/, token);
	});
});
