import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { holdAppWaits } from "../app-time.ts";
import { Client, eventually, faults, resetSandbox, sandboxState } from "../client.ts";

// Flowglad's webhooks only make a ledger read its entitlement again. Signed here the way Svix signs.

const SECRET = "the webhook secret of the tests";
const id = () => crypto.randomUUID();

interface Event {
	body: string;
	/** Seconds since it was signed. */
	ageS?: number;
	secret?: string;
	/** The message's id: the same for each attempt. */
	messageId?: string;
}

const aboutCustomer = (externalId: string) =>
	JSON.stringify({ id: "sub_1", object: "subscription", customer: { id: "cus_1", externalId }, pricingModelId: "pm_1" });

async function signed({ body, ageS = 0, secret = SECRET, messageId = `msg_${id()}` }: Event): Promise<Record<string, string>> {
	const timestamp = Math.floor(Date.now() / 1000) - ageS;
	const bytes = new TextEncoder();
	const key = await crypto.subtle.importKey("raw", bytes.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	const signature = await crypto.subtle.sign("HMAC", key, bytes.encode(`${messageId}.${timestamp}.${body}`));
	const base64 = btoa(String.fromCharCode(...new Uint8Array(signature)));
	return { "svix-id": messageId, "svix-timestamp": String(timestamp), "svix-signature": `v1,${base64}` };
}

function receive(body: BodyInit, headers: HeadersInit): Promise<Response> {
	return new Client().fetch("/api/flowglad/webhook", { method: "POST", body, headers });
}

async function told(externalId: string): Promise<number> {
	const body = aboutCustomer(externalId);
	return (await receive(body, await signed({ body }))).status;
}

const READS_MAX = 1_000;
/** Counts reads of one customer through a harmless fault that counts down. */
const countReads = (userId: string, fault: object = { delayMs: 1 }) =>
	faults({ api: [{ path: `/api/v1/customers/${userId}/billing`, times: READS_MAX, ...fault }] });
const reads = async () => READS_MAX - ((await sandboxState()).faults.api[0]?.times ?? 0);

/** A user whose ledger has read that there is no plan, and may read again at once. */
async function freeUser(): Promise<{ user: Client; userId: string }> {
	const user = new Client();
	const { id: userId, email } = await user.signUp();
	await user.confirm(email);
	await eventually(async () => expect((await sandboxState()).customers.map(({ externalId }) => externalId)).toContain(userId));
	await user.usage();
	const ledger = env.USAGE_LEDGER.getByName(`user:${userId}`);
	await eventually(async () => expect(await notesOf(userId)).toMatchObject({ entitlement: { kind: "none" } }));
	await evictDurableObject(ledger);
	return { user, userId };
}

function notesOf(userId: string) {
	return runInDurableObject(env.USAGE_LEDGER.getByName(`user:${userId}`), (_, { storage }) => {
		if (storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").toArray().length === 0) return null;
		const [row] = storage.sql.exec<{ notes: string }>("SELECT notes FROM ledger").toArray();
		return JSON.parse(row?.notes ?? "null");
	});
}

/** Buys Pro outside the app: on a second device, or in the provider's dashboard. */
async function buyElsewhere(userId: string): Promise<void> {
	const api = { authorization: "sk_test_sandbox", "content-type": "application/json" };
	const checkoutSession = {
		customerExternalId: userId,
		type: "product",
		priceSlug: "pro_monthly",
		successUrl: "http://localhost/",
		cancelUrl: "http://localhost/",
	};
	const body = JSON.stringify({ checkoutSession });
	const session = await fetch(`${env.SANDBOX_URL}/api/v1/checkout-sessions`, { method: "POST", headers: api, body });
	const { url } = await session.json<{ url: string }>();
	await (await fetch(url, { method: "POST", body: new URLSearchParams({ action: "pay" }), redirect: "manual" })).text();
}

beforeEach(resetSandbox);

describe("a webhook", () => {
	test("shows a plan bought elsewhere without a request by the user", async () => {
		const { user, userId } = await freeUser();
		await buyElsewhere(userId);
		expect(await told(userId)).toBe(200);
		await eventually(async () => expect(await notesOf(userId)).toMatchObject({ entitlement: { kind: "balance", available: 1000 } }));
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("that is lost is recovered by the read before a refusal", async () => {
		const { user, userId } = await freeUser();
		await buyElsewhere(userId);
		const hold = { id: id(), fingerprint: "", units: 20, chatId: null };
		await env.USAGE_LEDGER.getByName(`user:${userId}`).record(`user:${userId}`, hold);
		await eventually(async () => expect((await user.chat(id(), id())).metadata.counted).toBe(true));
		expect(await user.usage()).toMatchObject({ tier: "paid", used: 1 });
	});

	test("received a hundred times reads the provider once, and once more after 10 s", async () => {
		const { userId } = await freeUser();
		await countReads(userId);
		const waits = holdAppWaits(1_000);
		const answers = await Promise.all(Array.from({ length: 100 }, () => told(userId)));
		expect(new Set(answers)).toEqual(new Set([200]));
		await eventually(async () => expect(await reads()).toBeGreaterThan(0));
		for (let n = 0; n < 20; n += 1) await told(userId);
		// A webhook that came after the read was sent causes a read once the 10 s are over.
		await eventually(async () => expect(waits.pending).toHaveLength(1));
		expect(waits.pending[0]).toBeLessThanOrEqual(10_000);
		expect(await reads()).toBe(1);
		waits.release();
		const isSure = async () => {
			const { entitlement, changedAtMs } = await notesOf(userId);
			expect(entitlement.fetchedAtMs).toBeGreaterThanOrEqual(changedAtMs);
		};
		await eventually(isSure);
		expect([await reads(), waits.pending]).toEqual([2, []]);
	});

	test("that is late or out of order leads to the current state", async () => {
		const { user, userId } = await freeUser();
		await buyElsewhere(userId);
		const bought = aboutCustomer(userId);
		const late = await signed({ body: bought, ageS: 240 });
		expect(await told(userId)).toBe(200);
		await eventually(async () => expect(await notesOf(userId)).toMatchObject({ entitlement: { kind: "balance" } }));
		expect((await receive(bought, late)).status).toBe(200);
		expect((await receive(bought, late)).status).toBe(200);
		expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 });
	});

	test("keeps the last entitlement while the provider is silent", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid" }));
		await evictDurableObject(env.USAGE_LEDGER.getByName(`user:${userId}`));
		await countReads(userId, { status: 500 });
		expect(await told(userId)).toBe(200);
		await eventually(async () => expect(await reads()).toBeGreaterThan(0));
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		expect(await user.usage()).toMatchObject({ tier: "paid", used: 1, remaining: 999, unverified: false });
	});

	test("whose read failed is stored, and the next request reads without delaying its answer", async () => {
		const { userId } = await freeUser();
		const key = `user:${userId}`;
		const hold = () => env.USAGE_LEDGER.getByName(key).hold(key, { id: id(), fingerprint: "", units: 1, chatId: null });
		await countReads(userId, { status: 500 });
		expect(await told(userId)).toBe(200);
		await eventually(async () => expect(await reads()).toBe(1));
		await evictDurableObject(env.USAGE_LEDGER.getByName(key));
		await countReads(userId);
		expect((await hold()).outcome.kind).toBe("held");
		// The entitlement is trusted again, even after a restart.
		const { changedAtMs } = await notesOf(userId);
		await eventually(async () => expect((await notesOf(userId)).entitlement.fetchedAtMs).toBeGreaterThanOrEqual(changedAtMs));
		expect(await reads()).toBe(1);
		await evictDurableObject(env.USAGE_LEDGER.getByName(key));
		expect((await hold()).outcome.kind).toBe("held");
		// A refresh waits for a running read, then reads once itself.
		await env.USAGE_LEDGER.getByName(key).refresh(key);
		expect(await reads()).toBe(2);
	});

	test("about an unknown or unused account is acknowledged, and creates no storage", async () => {
		const newcomer = new Client();
		const { id: userId } = await newcomer.signUp();
		await countReads(userId);
		for (const externalId of [userId, "no-such-user", "org:none", "guest:x", ""]) {
			expect(await told(externalId), externalId).toBe(200);
			expect(await notesOf(externalId)).toBe(null);
		}
		for (const body of ["{}", "null", JSON.stringify({ id: "evt", object: "sync" })])
			expect((await receive(body, await signed({ body }))).status).toBe(200);
		expect(await reads()).toBe(0);
	});
});

describe("a webhook that is not from Flowglad", () => {
	const body = aboutCustomer("somebody");
	const WRONG: [what: string, body: BodyInit, headers: () => Promise<Record<string, string>>][] = [
		["no signature", body, async () => ({})],
		["another secret", body, () => signed({ body, secret: "another secret of the same kind" })],
		["one byte more", `${body} `, () => signed({ body })],
		["one byte changed", body.replace("somebody", "somebodz"), () => signed({ body })],
		["a byte order mark in front", `\uFEFF${body}`, () => signed({ body })],
		["signed 6 minutes ago", body, () => signed({ body, ageS: 360 })],
		["signed in 2 minutes", body, () => signed({ body, ageS: -120 })],
		["another message's id", body, async () => ({ ...(await signed({ body })), "svix-id": "msg_other" })],
		["another version", body, async () => ({ ...(await signed({ body })), "svix-signature": "v2,AAAA" })],
		["signed, and no JSON", "{", () => signed({ body: "{" })],
	];

	test.each(WRONG)("is refused: %s", async (_, sent, headers) => {
		const response = await receive(sent, await headers());
		expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
		const problem = await response.text();
		expect(JSON.parse(problem)).toMatchObject({ title: "Invalid signature" });
		expect(problem).not.toMatch(/svix|whsec|header|tolerance|JSON/i);
	});

	test("is refused above 64 KiB, even with a valid signature", async () => {
		const large = JSON.stringify({ customer: { externalId: "x" }, padding: "x".repeat(65 * 1024) });
		const response = await receive(large, await signed({ body: large }));
		expect(response.status).toBe(413);
		expect(await response.json()).toMatchObject({ title: "Body too large" });
	});

	test("is refused when it comes from a page on another site", async () => {
		const response = await receive(body, { ...(await signed({ body })), origin: "https://evil.example" });
		expect(response.status).toBe(403);
		await response.text();
	});
});
