import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import document from "../../../../docs/retention.md?raw";
import wrangler from "../../../../wrangler.toml?raw";
import { ENDINGS } from "../../src/db/ended-rows.ts";
import { ConversationStorage } from "../../src/objects/conversation-storage.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, faults, resetSandbox } from "../client.ts";
import { rewriteRequests } from "../stored.ts";
import { logLines } from "../worker-log.ts";

// Everything that can end does end (docs/retention.md). The first group fails when a table, object or cookie has no row on that page.

const id = () => crypto.randomUUID();
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

beforeEach(resetSandbox);

/** The rows of the page's tables: what is stored, and when it ends. */
const documented = new Map(
	[...document.matchAll(/^\| `([^`]+)` \|[^|]*\| ([^|]+) \|$/gm)].map(([, name = "", ends = ""]) => [name, ends] as const),
);
const stays = (ends: string) => ends.startsWith("stays with ");

/** Runs the Worker's cron trigger, as the platform does. The types of `exports` only know `fetch`. */
async function runCron(): Promise<void> {
	await (exports.default as unknown as { scheduled(): Promise<void> }).scheduled();
}

const guestKey = (client: Client) => `guest:${client.cookies.get("parley.guest")?.split(".")[1]}`;
const ledgerOf = (key: string) => env.USAGE_LEDGER.getByName(key);

/** What an object has on disk: the names of its tables and values, and its alarm. */
function leftIn(object: DurableObjectStub): Promise<{ stored: unknown[]; alarm: number | null }> {
	return runInDurableObject(object, async (_, { storage }) => ({
		stored: [
			...storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
			...[...storage.kv.list()].map(([name]) => ({ name })),
		].map(({ name }) => name),
		alarm: await storage.getAlarm(),
	}));
}
const NOTHING = { stored: [], alarm: null };

/** Ends a guest's lifetime and runs its ledger's alarm. */
async function endGuest(key: string): Promise<void> {
	const longAgoMs = Date.now() - 401 * DAY_MS;
	await rewriteRequests(ledgerOf(key), () => ({ heldAtMs: longAgoMs, endedAtMs: longAgoMs }));
	// Waking the ledger sets the alarm, unless one is set.
	await ledgerOf(key).usage(key);
	await runDurableObjectAlarm(ledgerOf(key));
}

const tablesOfD1 = async () => {
	const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{ name: string }>();
	return results.map(({ name }) => name).filter((name) => !/^(?:sqlite|_cf)_/.test(name));
};

/** A mail with a code, a passkey, a provider, and a first factor without the second. */
async function cookiesOfOtherWays(client: Client, account: { email: string; password: string }, address: HeadersInit): Promise<string[]> {
	const userId = await env.DB.prepare("SELECT id FROM users WHERE email = ?").bind(account.email).first<string>("id");
	await env.DB.prepare("INSERT INTO second_factors (user_id, secret, recovery, enabled_at) VALUES (?, 'none', '[]', 1)").bind(userId).run();
	const social = { provider: "github", callbackURL: "/", errorCallbackURL: "/", disableRedirect: true };
	const answers = [
		await client.post("/api/auth/mail/send", { email: account.email, purpose: "sign-in" }, address),
		await client.post("/api/auth/passkey/challenge", {}, address),
		await client.post("/api/auth/sign-in/social", social, address),
		await client.post("/api/auth/sign-in/email", account, address),
	];
	expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 401]);
	for (const answer of answers) await answer.text();
	return answers.flatMap(({ headers }) => headers.getSetCookie());
}

/** The cookies that the Worker and its pages' scripts set in one browser, with their lifetimes in seconds. */
async function cookiesOfALife(): Promise<Map<string, number>> {
	const client = new Client();
	const account = { name: "Ada", email: `${id()}@example.com`, password: "correct horse" };
	const address = { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` };
	const lines: string[] = [];
	const keep = async (response: Response, status = 200) => {
		expect(response.status).toBe(status);
		lines.push(...response.headers.getSetCookie());
		lines.push(...((await response.text()).match(/parley\.\w+=[^;]*;[^;]*;max-age=\d+/g) ?? []));
	};
	await keep(await client.fetch("/"));
	// If a guest's ledger cannot be read, a sign-up sets the cookie that makes the next page load move the guest's chats.
	await runInDurableObject(ledgerOf(guestKey(client)), (_, { storage }) => storage.sql.exec("CREATE TABLE ledger (other)").toArray());
	await evictDurableObject(ledgerOf(guestKey(client)));
	await keep(await client.post("/api/auth/sign-up/email", account, address));
	await keep(await client.post("/api/auth/sign-out", {}, address));
	await keep(await client.post("/api/auth/sign-in/email", account, address));
	const german = { method: "POST", body: new URLSearchParams({ language: "de", next: "/" }), redirect: "manual" } as const;
	await keep(await client.fetch("/api/language", german), 303);
	lines.push(...(await cookiesOfOtherWays(client, account, address)));
	const lifetimes = lines.map((line) => [line.split("=", 1)[0] ?? "", Number(/max-age=(\d+)/i.exec(line)?.[1])] as const);
	return new Map(lifetimes.filter(([, seconds]) => seconds !== 0));
}

describe("docs/retention.md", () => {
	test("has exactly one row for each D1 table, object class and bucket", async () => {
		const classes = [...wrangler.matchAll(/^class_name = "(\w+)"/gm)].map(([, name = ""]) => name);
		const buckets = [...wrangler.matchAll(/^bucket_name = "([\w-]+)"/gm)].map(([, name = ""]) => name);
		const names = [...documented.keys()].filter((name) => !name.startsWith("parley."));
		expect(names.sort()).toEqual([...(await tablesOfD1()), ...classes, ...buckets].sort());
	});

	test("says that a table ends exactly if the cron trigger deletes its rows", async () => {
		const tables = await tablesOfD1();
		const ending = [...documented].filter(([name, ends]) => tables.includes(name) && !stays(ends)).map(([name]) => name);
		expect(ending.sort()).toEqual(Object.keys(ENDINGS).sort());
	});

	test("has a row with the true lifetime for each cookie", async () => {
		const inSeconds: Record<string, number> = { days: 86_400, minutes: 60 };
		const lifetimeOf = (ends: string) => {
			const [, amount, unit = ""] = /after (\d+) (days|minutes)$/.exec(ends) ?? [];
			return Number(amount) * (inSeconds[unit] ?? Number.NaN);
		};
		const cookies = [...documented].filter(([name]) => name.startsWith("parley."));
		expect(await cookiesOfALife()).toEqual(new Map(cookies.map(([name, ends]) => [name, lifetimeOf(ends)])));
	});
});

/** Inserts one row into a table that ends; `at` is when it ends, epoch milliseconds. */
const inserts: Record<keyof typeof ENDINGS, { keptMs: number; sql: string; foundBy?: string }> = {
	sessions: {
		keptMs: 0,
		sql: "INSERT INTO sessions (id, token, user_id, expires_at, created_at, updated_at) VALUES (?1, ?1, (SELECT id FROM users LIMIT 1), ?2, 0, 0)",
	},
	verifications: {
		keptMs: 0,
		sql: "INSERT INTO verifications (id, identifier, value, expires_at, created_at, updated_at) VALUES (?1, ?1, '', ?2, 0, 0)",
	},
	rate_limits: { keptMs: DAY_MS, sql: "INSERT INTO rate_limits (id, key, count, last_request) VALUES (?1, ?1, 1, ?2)" },
	bounds: { keptMs: 0, sql: "INSERT INTO bounds (key, count, ends_at) VALUES (?1, 1, ?2)" },
	invitations: {
		keptMs: 30 * DAY_MS,
		sql: `INSERT INTO invitations (id, organization_id, email, role, expires_at, created_at, inviter_id)
			VALUES (?1, (SELECT id FROM organizations LIMIT 1), 'a@example.com', 'member', ?2, 0, (SELECT id FROM users LIMIT 1))`,
	},
	stripe_events: { keptMs: 30 * DAY_MS, sql: "INSERT INTO stripe_events (id, done_at) VALUES (?1, ?2)" },
	provider_copies: { keptMs: DAY_MS, sql: "INSERT INTO provider_copies (name, answer, read_at) VALUES (?1, '{}', ?2)" },
	mails: {
		keptMs: 400 * DAY_MS,
		sql: "INSERT INTO mails (event, state, attempts, not_before, useful_ms, created_at, ended_at) VALUES (?1, 'sent', 1, 0, 0, 0, ?2)",
	},
	usage_days: {
		keptMs: 62 * DAY_MS,
		sql: `INSERT INTO usage_days (subject, day, model, tier, requests, units, input, cached, output, reasoning, micro_dollars, estimated)
			VALUES (?1, ?2, 'm', 'free', 0, 0, 0, 0, 0, 0, 0, 0)`,
		foundBy: "subject",
	},
	ledger_reports: {
		keptMs: 90 * DAY_MS,
		sql: "INSERT INTO ledger_reports (subject, provider, owed, dead_letters, drift, updated_at) VALUES (?1, 'ok', 0, 0, 0, ?2)",
	},
};

describe("the cron trigger", () => {
	const keyColumn = (table: keyof typeof ENDINGS) => inserts[table].foundBy ?? ENDINGS[table].key.name;
	const isThere = async (table: keyof typeof ENDINGS, key: string) =>
		(await env.DB.prepare(`SELECT 1 FROM ${table} WHERE ${keyColumn(table)} = ?`)
			.bind(key)
			.first()) !== null;
	const rateLimits = async () =>
		(await env.DB.prepare("SELECT count(*) AS n FROM rate_limits WHERE id LIKE 'old-%'").first<{ n: number }>())?.n;

	beforeEach(async () => {
		await new Client().signUp();
		await env.DB.prepare("INSERT OR IGNORE INTO organizations (id, name, slug, created_at) VALUES ('o', 'O', 'ends', 0)").run();
	});

	test.each(Object.keys(inserts) as (keyof typeof ENDINGS)[])("deletes exactly the expired rows of %s", async (table) => {
		const { keptMs, sql } = inserts[table];
		const [ended, open] = [id(), id()];
		const endedAtMs = Date.now() - keptMs;
		await env.DB.prepare(sql).bind(ended, endedAtMs).run();
		await env.DB.prepare(sql)
			.bind(open, endedAtMs + HOUR_MS)
			.run();
		await runCron();
		expect(await isThere(table, ended)).toBe(false);
		expect(await isThere(table, open)).toBe(true);
	});

	test.each([
		["a failing provider", "provider = 'failing'"],
		["drift", "drift = -1"],
		["a dead letter", "dead_letters = 1"],
		["owed usage", "owed = 1"],
	])("keeps an old report of a ledger with %s", async (_, trouble) => {
		const subject = id();
		await env.DB.prepare(inserts.ledger_reports.sql).bind(subject, 0).run();
		await env.DB.prepare(`UPDATE ledger_reports SET ${trouble} WHERE subject = ?`).bind(subject).run();
		await runCron();
		expect(await isThere("ledger_reports", subject)).toBe(true);
	});

	test("deletes at most 40 batches of 1,000 per run, reports that more remains, and continues in the next run", async () => {
		await env.DB.prepare(
			`INSERT INTO rate_limits (id, key, count, last_request)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 41000) SELECT 'old-' || i, 'old-' || i, 1, 0 FROM n`,
		).run();
		await runCron();
		const left = await rateLimits();
		expect(left).toBeGreaterThanOrEqual(1_000);
		expect(left).toBeLessThan(41_000);
		expect(logLines).toContain("more ended rows than one run deletes: rate_limits");
		await runCron();
		expect(await rateLimits()).toBe(0);
	});

	test("deletes the rows of all other tables when one table fails", async () => {
		const [event, copy] = [id(), id()];
		await env.DB.prepare(inserts.stripe_events.sql).bind(event, 0).run();
		await env.DB.prepare(inserts.provider_copies.sql).bind(copy, 0).run();
		await env.DB.prepare("CREATE TRIGGER fails BEFORE DELETE ON stripe_events BEGIN SELECT RAISE(ABORT, 'no'); END").run();
		await runCron();
		await env.DB.prepare("DROP TRIGGER fails").run();
		expect(await isThere("stripe_events", event)).toBe(true);
		expect(await isThere("provider_copies", copy)).toBe(false);
		expect(logLines.filter((line) => line.startsWith("ended rows of "))).toEqual([
			expect.stringMatching(/^ended rows of stripe_events could not be deleted/),
		]);
		await runCron();
		expect(await isThere("stripe_events", event)).toBe(false);
	});
});

describe("the end of a guest", () => {
	test("deletes its chats, its list and its ledger; a chat deleted earlier ends by itself", async () => {
		const client = await new Client().visit();
		const chats = [id(), id(), id()];
		for (const chat of chats) await client.chat(chat, id());
		expect((await client.fetch(`/api/chat/${chats[2]}`, { method: "DELETE" })).status).toBe(204);
		const key = guestKey(client);
		await endGuest(key);
		expect(await leftIn(ledgerOf(key))).toEqual(NOTHING);
		expect(await leftIn(env.CHAT_LIST.getByName(key))).toEqual(NOTHING);
		for (const chat of chats.slice(0, 2)) expect(await leftIn(env.CONVERSATION.getByName(chat))).toEqual(NOTHING);
		// The deleted chat is no longer in the list, and ends by its own alarm.
		const deleted = env.CONVERSATION.getByName(chats[2] ?? "");
		// The heartbeat of its answer comes first.
		await runDurableObjectAlarm(deleted);
		expect((await leftIn(deleted)).alarm).toBeGreaterThan(Date.now() + 89 * DAY_MS);
	});

	test("deletes 25 chats at a time; the next alarm continues, even after one that failed", async () => {
		const client = await new Client().visit();
		const key = guestKey(client);
		await client.chat(id(), id());
		const chats = Array.from({ length: 30 }, id);
		for (const chat of chats) {
			await runInDurableObject(env.CONVERSATION.getByName(chat), (_, { storage }) =>
				new ConversationStorage(storage.sql).writeChat({ id: chat, owner: key, title: "Old", deleted: false, whole: false }),
			);
			await evictDurableObject(env.CONVERSATION.getByName(chat));
			await env.CHAT_LIST.getByName(key).put({ id: chat, title: "Old", updatedAt: new Date(0).toISOString() });
		}
		const broken = env.CONVERSATION.getByName(chats[7] ?? "");
		await runInDurableObject(broken, (_, { storage }) => storage.sql.exec("UPDATE chat SET deleted = 7").toArray());
		await endGuest(key);
		for (let alarms = 0; alarms < 3; alarms += 1) await runDurableObjectAlarm(ledgerOf(key));
		expect((await leftIn(broken)).stored).not.toEqual([]);
		expect((await leftIn(ledgerOf(key))).alarm).not.toBe(null);
		expect(logLines.some((line) => line.startsWith(`the chats of ${key} could not be ended`))).toBe(true);
		await runInDurableObject(broken, (_, { storage }) => storage.sql.exec("UPDATE chat SET deleted = 0").toArray());
		for (let alarms = 0; alarms < 2; alarms += 1) await runDurableObjectAlarm(ledgerOf(key));
		for (const chat of chats) expect((await leftIn(env.CONVERSATION.getByName(chat))).stored).toEqual([]);
		expect(await leftIn(env.CHAT_LIST.getByName(key))).toEqual(NOTHING);
		expect(await leftIn(ledgerOf(key))).toEqual(NOTHING);
	});

	test("leaves a chat that moved to an account, even if it is still in the guest's list", async () => {
		const client = await new Client().visit();
		const key = guestKey(client);
		const chat = id();
		await client.chat(chat, id());
		await client.signUp();
		await env.CHAT_LIST.getByName(key).put({ id: chat, title: "Moved", updatedAt: new Date(0).toISOString() });
		await endGuest(key);
		expect(await leftIn(env.CHAT_LIST.getByName(key))).toEqual(NOTHING);
		expect((await env.CONVERSATION.getByName(chat).view(`user:${(await me(client)).id}`))?.messages).toHaveLength(2);
	});
});

/** The signed-in user. */
async function me(client: Client): Promise<{ id: string }> {
	return (await (await client.fetch("/api/auth/get-session")).json<{ user: { id: string } }>()).user;
}

describe("a guest cookie that is only collected", () => {
	test("stores nothing when its network has no requests left, however often it is used", async () => {
		const ip = "203.0.113.77";
		await Promise.all(Array.from({ length: 25 }, async () => (await new Client(ip).send(id(), id())).text()));
		for (let farmed = 0; farmed < 3; farmed += 1) {
			const client = await new Client(ip).visit();
			const chat = id();
			for (let tries = 0; tries < 2; tries += 1)
				expect((await client.chat(chat, id())).problem).toMatchObject({ policy: "network", limit: 25 });
			const key = guestKey(client);
			expect(await leftIn(ledgerOf(key))).toEqual(NOTHING);
			expect(await leftIn(env.CHAT_LIST.getByName(key))).toEqual(NOTHING);
			expect(await leftIn(env.CONVERSATION.getByName(chat))).toEqual(NOTHING);
		}
	});
});

describe("a deleted chat", () => {
	test("loses its messages at once and the rest after 90 days; until then no request is answered again", async () => {
		const client = new Client();
		await client.signUp();
		const [chat, message] = [id(), id()];
		await client.chat(chat, message);
		await client.fetch(`/api/chat/${chat}`, { method: "DELETE" });
		const conversation = env.CONVERSATION.getByName(chat);
		const clock = stopAppClock();
		// The heartbeat of its last answer may still be due.
		await runDurableObjectAlarm(conversation);
		expect((await client.chat(chat, message)).status).toBe(410);
		clock.advance(91 * DAY_MS);
		await runDurableObjectAlarm(conversation);
		expect(await leftIn(conversation)).toEqual(NOTHING);
	});

	test("ends the same way when deleted while its answer is being written", async () => {
		const client = new Client();
		await client.signUp();
		const chat = id();
		await faults({ model: { chunks: 50, chunkMs: 20 } });
		const answer = await client.send(chat, id());
		await client.fetch(`/api/chat/${chat}`, { method: "DELETE" });
		await answer.text();
		const conversation = env.CONVERSATION.getByName(chat);
		await runDurableObjectAlarm(conversation);
		expect((await leftIn(conversation)).alarm).toBeGreaterThan(Date.now() + 89 * DAY_MS);
		stopAppClock().advance(91 * DAY_MS);
		await runDurableObjectAlarm(conversation);
		expect(await leftIn(conversation)).toEqual(NOTHING);
	});
});
