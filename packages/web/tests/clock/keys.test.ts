import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, eventually, faults, moveClock, resetSandbox } from "../client.ts";

// An API key's limit at the ends of its windows, which the clock is moved across.

const DAY_MS = 86_400_000;
const hello = { model: "sandbox", messages: [{ role: "user", content: "Hello" }] };
const id = () => crypto.randomUUID();

beforeEach(async () => {
	await resetSandbox();
	await moveClock({ offsetMs: 0 });
});

interface Key {
	id: string;
	secret: string;
}

async function keyOf(client: Client, limit: object, organization: string | null = null): Promise<Key> {
	const response = await client.post("/api/keys", { name: "Script", scopes: ["chat", "usage"], limit, organization });
	expect(response.status).toBe(201);
	const { secret, key } = await response.json<{ secret: string; key: { id: string } }>();
	return { id: key.id, secret };
}

async function subscriber() {
	const client = new Client();
	const user = await client.subscribe();
	await eventually(async () => expect(await client.usage()).toMatchObject({ tier: "paid" }));
	return { client, user };
}

const bearer = ({ secret }: Key) => ({ authorization: `Bearer ${secret}` });
const ask = (key: Key, headers: Record<string, string> = {}) =>
	new Client().post("/v1/chat/completions", hello, { ...bearer(key), ...headers });

/** Sends this many requests concurrently. @returns how many were admitted */
async function admitted(key: Key, times: number): Promise<number> {
	const answers = await Promise.all(
		Array.from({ length: times }, async () => {
			const response = await ask(key);
			await response.text();
			return response.status;
		}),
	);
	expect(new Set(answers)).toEqual(new Set([200, 429]));
	return answers.filter((status) => status === 200).length;
}

const usageOf = async (key: Key) => {
	const response = await new Client().fetch("/v1/usage", { headers: bearer(key) });
	return response.json<{ used: number; remaining: number; window: { start: string; end: string }; key: object }>();
};

/** The end of a 429's window, in seconds from now, from each field that carries it. */
async function toldEnds(key: Key) {
	const response = await ask(key);
	expect(response.status).toBe(429);
	expect(response.headers.get("ratelimit-policy")).toMatch(/^"key";/);
	await response.text();
	return [
		Number(response.headers.get("retry-after")),
		Number(/t=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1]),
		Number(/^(\d+)s$/.exec(response.headers.get("x-ratelimit-reset-requests") ?? "")?.[1]),
	];
}

async function expectToldEnd(key: Key, endMs: number, nowMs: number): Promise<void> {
	for (const seconds of await toldEnds(key)) expect(Math.abs(seconds - (endMs - nowMs) / 1000)).toBeLessThan(60);
}

describe("a key's limit per billing period", () => {
	test("follows the plan's period: the remainder is exact on both sides of its end, which refusals and answers report", async () => {
		const { client } = await subscriber();
		const key = await keyOf(client, { units: 3, per: "period" });
		const { window } = await client.usage();
		const endMs = Date.parse(window.end ?? "");
		const first = await ask(key);
		await first.text();
		expect(first.headers.get("ratelimit-policy")).toMatch(/^"key";q=3;w=/);
		expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("2");
		expect(await admitted(key, 12)).toBe(2);
		await expectToldEnd(key, endMs, Date.now());
		expect(await usageOf(key)).toMatchObject({
			used: 3,
			remaining: 0,
			key: { limit: 3, used: 3, held: 0, remaining: 0, resetAt: window.end },
		});
		await moveClock({ nowMs: endMs - 60_000 });
		expect((await ask(key)).status).toBe(429);
		await moveClock({ nowMs: endMs });
		expect(await admitted(key, 12)).toBe(3);
		expect(await usageOf(key)).toMatchObject({ used: 3, remaining: 0, window: { start: window.end } });
	});

	test("stays one limit while the provider cannot report the new period", async () => {
		const { client, user } = await subscriber();
		const key = await keyOf(client, { units: 3, per: "period" });
		const { window } = await client.usage();
		const endMs = Date.parse(window.end ?? "");
		// The plan is trusted for a day after it was read from the provider.
		await moveClock({ nowMs: endMs - 3_600_000 });
		await env.USAGE_LEDGER.getByName(`user:${user.id}`).refresh(`user:${user.id}`);
		await faults({ api: [{ path: "/api/v1/*", status: 500 }] });
		await moveClock({ nowMs: endMs });
		const first = await ask(key);
		expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("2");
		await first.text();
		await eventually(async () => expect((await usageOf(key)).key).toMatchObject({ used: 1, remaining: 2, resetAt: null }));
		await faults({});
		await moveClock({ advanceMs: 60_000 });
		await eventually(async () =>
			expect(await usageOf(key)).toMatchObject({
				window: { start: window.end },
				key: { used: 1, remaining: 2, resetAt: expect.any(String) },
			}),
		);
		expect(await admitted(key, 8)).toBe(2);
	});

	test("charges nothing to the new period for a repeat across the boundary", async () => {
		const { client } = await subscriber();
		const key = await keyOf(client, { units: 1, per: "period" });
		const endMs = Date.parse((await client.usage()).window.end ?? "");
		const once = { "idempotency-key": "once" };
		await moveClock({ nowMs: endMs - 5_000 });
		await faults({ model: { firstTokenMs: 60_000 } });
		const dying = await new Client().post("/v1/chat/completions", { ...hello, stream: true }, { ...bearer(key), ...once });
		const call = () => env.API_CALL.getByName(`call.${dying.headers.get("x-request-id")}`);
		await runInDurableObject(call(), async (_, state) => {
			await state.storage.deleteAll();
			await state.storage.sync();
			state.abort("a crash");
		}).catch(() => {});
		await dying.text().catch(() => "");
		await faults({});
		await moveClock({ nowMs: endMs + 5_000 });
		expect(await usageOf(key)).toMatchObject({ key: { used: 0, held: 0, remaining: 1 } });
		const again = await new Client().post("/v1/chat/completions", { ...hello, stream: true }, { ...bearer(key), ...once });
		expect(again.status).toBe(200);
		await again.text();
		expect(await usageOf(key)).toMatchObject({ key: { used: 0, held: 0, remaining: 1 } });
		expect(await admitted(key, 4)).toBe(1);
	});

	test("follows the UTC day when no plan pays", async () => {
		const client = new Client();
		await client.signUp();
		const key = await keyOf(client, { units: 2, per: "period" });
		expect(await admitted(key, 6)).toBe(2);
		const { resetAt } = await client.usage();
		await expectToldEnd(key, Date.parse(resetAt ?? ""), Date.now());
		await moveClock({ nowMs: Date.parse(resetAt ?? "") });
		expect(await admitted(key, 6)).toBe(2);
	});
});

test("a key's daily limit renews with the UTC day within a plan's period, and that end is reported", async () => {
	const { client } = await subscriber();
	const key = await keyOf(client, { units: 2, per: "day" });
	expect(await admitted(key, 6)).toBe(2);
	const nowMs = await moveClock({ offsetMs: 0 });
	const dayEndMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
	await expectToldEnd(key, dayEndMs, nowMs);
	await moveClock({ nowMs: dayEndMs });
	expect(await admitted(key, 6)).toBe(2);
});

describe("a key's pool", () => {
	const hold = { fingerprint: "", units: 2, chatId: null };

	test("lasts as long as its key if its window has no end, and its units are not renewed", async () => {
		const client = new Client();
		await client.signUp();
		const key = await keyOf(client, { units: 2, per: "period" });
		const pool = `key:user-0:${key.id}`;
		const ledger = () => env.USAGE_LEDGER.getByName(pool);
		const take = () => ledger().hold(pool, { ...hold, id: id(), member: { id: key.id, cap: 2 }, windowEndMs: null });
		const { outcome } = await take();
		if (outcome.kind !== "held") throw new Error(outcome.kind);
		await ledger().settle(outcome.row.id);
		await moveClock({ advanceMs: 401 * DAY_MS });
		expect((await take()).outcome).toMatchObject({ kind: "refused", refusal: { policy: "key", remaining: 0, resetAtMs: null } });
		await env.DB.prepare("delete from api_keys where id = ?").bind(key.id).run();
		await runInDurableObject(ledger(), (instance) => instance.alarm());
		expect((await ledger().usage(pool, key.id)).share).toEqual({ used: 0, held: 0 });
	});

	test("is deleted 25 hours after its window", async () => {
		const endMs = Date.now() + 100 * DAY_MS;
		const pool = `key:user-1:${id()}`;
		const ledger = env.USAGE_LEDGER.getByName(pool);
		await ledger.hold(pool, { ...hold, id: "one", member: { id: "k", cap: 2 }, windowEndMs: endMs });
		await ledger.settle("one");
		await moveClock({ nowMs: endMs + 24 * 3_600_000 });
		expect((await ledger.usage(pool, "k")).share).toEqual({ used: 2, held: 0 });
		await moveClock({ nowMs: endMs + 26 * 3_600_000 });
		expect((await ledger.usage(pool, "k")).share).toEqual({ used: 0, held: 0 });
	});
});
