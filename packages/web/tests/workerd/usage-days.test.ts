import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Spent } from "@parley/metering";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { UsageDay, UsageView } from "../../src/view/usage.ts";
import { stopAppClock } from "../app-time.ts";
import { Client, eventually, resetSandbox } from "../client.ts";
import { notesOf } from "../stored.ts";
import { logLines } from "../worker-log.ts";

// Usage by day and model: for its user from the ledger, for operators from copies in D1.

beforeEach(resetSandbox);

const HOUR_MS = 3_600_000;
/** Revenue per unit, in micro-dollars: $7.99 less 2.9 % and 30 cents, for 1,000 requests. */
const EARNED = 7_458;
const DAY_MS = 86_400_000;
const id = () => crypto.randomUUID();
const ledgerOf = (key: string) => env.USAGE_LEDGER.getByName(key);
const today = () => new Date().toISOString().slice(0, 10);
const spent = (input: number, change: Partial<Spent> = {}): Spent => ({
	input,
	cached: 1,
	output: 20,
	reasoning: 5,
	microDollars: 1_000 * input,
	estimated: false,
	...change,
});

/** Holds and settles a request of a model. */
async function use(key: string, model: string, { units = 1, used = spent(10), freeDay = false } = {}): Promise<string> {
	const requestId = id();
	const terms = { model, effort: null, steps: 1, version: "v" };
	const { outcome } = await ledgerOf(key).hold(key, { id: requestId, fingerprint: "f", units, terms, freeDay, chatId: null });
	expect(outcome.kind).toBe("held");
	await ledgerOf(key).settle(requestId, used);
	return outcome.kind === "held" ? outcome.row.pool : "";
}

async function usageOf(client: Client): Promise<UsageView & { days: UsageDay[] }> {
	return (await client.fetch("/api/usage")).json();
}

/** A subject's copies in D1. */
async function copiesOf(subject: string) {
	const rows = await env.DB.prepare("SELECT * FROM usage_days WHERE day >= 0 AND subject = ? ORDER BY day, model").bind(subject).all();
	return rows.results.map(({ id: _, subject: __, ...one }) => one);
}

describe("GET /api/usage", () => {
	test("returns the viewer's own totals by day and model, without our cost, even after the object died", async () => {
		const user = new Client();
		const { id: userId } = await user.signUp();
		const key = `user:${userId}`;
		expect((await usageOf(user)).days).toEqual([]);
		await use(key, "b", { units: 3 });
		await use(key, "a");
		await use(key, "a", { used: spent(7, { estimated: true }) });
		await evictDurableObject(ledgerOf(key));
		const tokens = { cachedInputTokens: 2, outputTokens: 40, reasoningTokens: 10 };
		expect((await usageOf(user)).days).toEqual([
			{ day: today(), model: "a", requests: 2, units: 2, inputTokens: 17, ...tokens, estimatedRequests: 1 },
			{
				day: today(),
				model: "b",
				requests: 1,
				units: 3,
				inputTokens: 10,
				cachedInputTokens: 1,
				outputTokens: 20,
				reasoningTokens: 5,
				estimatedRequests: 0,
			},
		]);
	});

	test("returns the last 31 days, and stores nothing for a subject that was never served", async () => {
		const user = new Client();
		const { id: userId, email } = await user.signUp();
		const clock = stopAppClock();
		await use(`user:${userId}`, "a");
		// A session does not last that long.
		const later = async (ms: number) => {
			clock.advance(ms);
			expect((await user.post("/api/auth/sign-in/email", { email, password: "correct horse" })).status).toBe(200);
			return (await usageOf(user)).days;
		};
		expect(await later(30 * DAY_MS)).toHaveLength(1);
		expect(await later(DAY_MS)).toEqual([]);
		const other = new Client();
		const { id: otherId } = await other.signUp();
		await usageOf(other);
		const tables = await runInDurableObject(ledgerOf(`user:${otherId}`), (_, { storage }) =>
			storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'request' OR name = 'daily'").toArray(),
		);
		expect(tables).toEqual([]);
	});

	test("adds a subscriber's free day to the plan's requests for the same model, and shows the remaining units of both", async () => {
		const user = new Client();
		const { id: userId } = await user.subscribe();
		const key = `user:${userId}`;
		await eventually(async () => expect(await user.usage()).toMatchObject({ tier: "paid", remaining: 1000 }));
		expect(await use(key, "a", { units: 999 })).toMatch(/^sub:/);
		expect(await use(key, "a", { units: 2, freeDay: true })).toBe(`day:${today()}`);
		const usage = await usageOf(user);
		expect(usage).toMatchObject({ tier: "paid", remaining: 1, freeDay: { limit: 20, used: 2, held: 0, remaining: 18 } });
		expect(usage.days).toMatchObject([{ model: "a", requests: 2, units: 1001 }]);
		const refused = await ledgerOf(key).hold(key, { id: id(), fingerprint: "f", units: 19, freeDay: true, chatId: null });
		expect(refused.outcome).toMatchObject({ kind: "refused", refusal: { policy: "paid", remaining: 1, freeDay: { remaining: 18 } } });
	});
});

describe("a ledger's copy of its daily totals", () => {
	const used = async (key = `user:${id()}`) => {
		await use(key, "a");
		return key;
	};
	/** Runs the alarm an hour later, when the copy is due. */
	const copied = async (key: string, clock: { advance(ms: number): void }) => {
		clock.advance(HOUR_MS + 1);
		await runDurableObjectAlarm(ledgerOf(key));
	};
	const row = (numbers: object) => ({ ...numbers, day: Date.parse(today()), tier: "free", estimated: 0 });

	test("is written by an alarm, an hour after the first request and then at most hourly", async () => {
		const clock = stopAppClock();
		const key = await used();
		await runDurableObjectAlarm(ledgerOf(key));
		expect(await copiesOf(key)).toEqual([]);
		await copied(key, clock);
		const one = row({ model: "a", requests: 1, units: 1, input: 10, cached: 1, output: 20, reasoning: 5, micro_dollars: 10_000 });
		await eventually(async () => expect(await copiesOf(key)).toEqual([one]));
		await use(key, "a", { units: 2 });
		await use(key, "b", { used: spent(3) });
		await runDurableObjectAlarm(ledgerOf(key));
		expect((await notesOf(ledgerOf(key))).copiedAtMs).toBe(Date.now());
		await copied(key, clock);
		await eventually(async () =>
			expect(await copiesOf(key)).toEqual([
				row({ model: "a", requests: 2, units: 3, input: 20, cached: 2, output: 40, reasoning: 10, micro_dollars: 20_000 }),
				row({ model: "b", requests: 1, units: 1, input: 3, cached: 1, output: 20, reasoning: 5, micro_dollars: 3_000 }),
			]),
		);
		// The alarm that would have retried a failed copy finds nothing to do, and sets no other.
		await copied(key, clock);
		expect(await runDurableObjectAlarm(ledgerOf(key))).toBe(false);
	});

	test("is still scheduled after the object died", async () => {
		const clock = stopAppClock();
		const key = await used();
		await runDurableObjectAlarm(ledgerOf(key));
		await evictDurableObject(ledgerOf(key));
		await copied(key, clock);
		await eventually(async () => expect(await copiesOf(key)).toHaveLength(1));
	});

	test("is retried after an hour when D1 failed, and affects no request", async () => {
		await env.DB.prepare("CREATE TRIGGER fails BEFORE INSERT ON usage_days BEGIN SELECT RAISE(ABORT, 'no'); END").run();
		const clock = stopAppClock();
		const key = await used();
		await copied(key, clock);
		await eventually(async () => expect(logLines.filter((line) => line.startsWith(`could not copy the usage of ${key}`))).toHaveLength(1));
		await use(key, "a");
		await env.DB.prepare("DROP TRIGGER fails").run();
		await runDurableObjectAlarm(ledgerOf(key));
		expect(await copiesOf(key)).toEqual([]);
		await copied(key, clock);
		await eventually(async () => expect(await copiesOf(key)).toMatchObject([{ requests: 2 }]));
	});

	test("is not written for requests without a model", async () => {
		const clock = stopAppClock();
		const key = `user:${id()}`;
		await ledgerOf(key).record(key, { id: id(), fingerprint: "f", units: 1, chatId: null });
		await copied(key, clock);
		expect((await notesOf(ledgerOf(key))).copiedAtMs).toBeUndefined();
	});

	test("may have more rows than one statement can bind", async () => {
		const clock = stopAppClock();
		const key = `user:${id()}`;
		for (let n = 0; n < 20; n += 1) await use(key, `model-${String(n).padStart(2, "0")}`, { used: spent(n) });
		await copied(key, clock);
		await eventually(async () => expect((await copiesOf(key)).map(({ input }) => input)).toEqual(Array.from({ length: 20 }, (_, n) => n)));
	});
});

describe("GET /api/admin/usage", () => {
	const admin = new Client();
	const day = "2026-03-05";
	const subjects = [`user:${id()}`, `guest:${id()}`];

	beforeAll(async () => {
		const { email } = await admin.signUp("usage-admin@example.com");
		expect((await admin.fetch("/api/admin/usage")).status).toBe(403);
		await admin.confirm(email);
		const insert = `INSERT INTO usage_days (day, subject, model, tier, requests, units, input, cached, output, reasoning, micro_dollars, estimated)
			VALUES (?, ?, ?, ?, ?, ?, 100, 0, 10, 0, ?, 1)`;
		const rows = [
			[day, subjects[0], "dear", "paid", 10, 60, 200_000],
			[day, subjects[0], "cheap", "free", 5, 5, 1_000],
			[day, subjects[1], "dear", "guest", 1, 6, 30_000],
			["2026-03-06", subjects[0], "cheap", "paid", 2, 2, 500],
		];
		await env.DB.batch(rows.map(([on, ...values]) => env.DB.prepare(insert).bind(Date.parse(String(on)), ...values)));
	});

	interface Sums {
		requests: number;
		units: number;
		costMicroDollars: number;
		earnedMicroDollars: number;
		marginMicroDollars: number;
	}
	interface Answer {
		from: string;
		to: string;
		groups: (Sums & Record<string, unknown>)[];
		total: Sums;
	}
	const read = async (query: string) => (await admin.fetch(`/api/admin/usage?${query}`)).json<Answer>();
	const range = `from=${day}&to=2026-03-06`;

	test("sums what all subjects used, cost and earned, most expensive group first", async () => {
		expect(await read(range)).toEqual({
			from: day,
			to: "2026-03-06",
			by: "model",
			groups: [
				{
					model: "dear",
					requests: 11,
					units: 66,
					paidUnits: 60,
					inputTokens: 200,
					cachedInputTokens: 0,
					outputTokens: 20,
					reasoningTokens: 0,
					estimatedRequests: 2,
					costMicroDollars: 230_000,
					earnedMicroDollars: 60 * EARNED,
					marginMicroDollars: 60 * EARNED - 230_000,
				},
				{
					model: "cheap",
					requests: 7,
					units: 7,
					paidUnits: 2,
					inputTokens: 200,
					cachedInputTokens: 0,
					outputTokens: 20,
					reasoningTokens: 0,
					estimatedRequests: 2,
					costMicroDollars: 1_500,
					earnedMicroDollars: 2 * EARNED,
					marginMicroDollars: 2 * EARNED - 1_500,
				},
			],
			total: {
				requests: 18,
				units: 73,
				paidUnits: 62,
				inputTokens: 400,
				cachedInputTokens: 0,
				outputTokens: 40,
				reasoningTokens: 0,
				estimatedRequests: 4,
				costMicroDollars: 231_500,
				earnedMicroDollars: 62 * EARNED,
				marginMicroDollars: 62 * EARNED - 231_500,
			},
		});
	});

	test.each([
		["plan", ["paid", "guest", "free"]],
		["subject", subjects],
		["day", [day, "2026-03-06"]],
	])("groups by %s", async (by, names) => {
		const { groups, total } = await read(`${range}&by=${by}`);
		expect(groups.map((group) => group[by])).toEqual(names);
		expect(groups.reduce((sum, group) => sum + group.marginMicroDollars, 0)).toBe(total.marginMicroDollars);
	});

	test("returns the last 31 days by default, with zeros for days without usage", async () => {
		const { from, to, total } = await read("");
		expect([Date.parse(to) - Date.parse(from), to]).toEqual([30 * DAY_MS, today()]);
		expect(total.costMicroDollars).toBeGreaterThanOrEqual(0);
		expect(await read("from=2026-02-01&to=2026-02-02")).toMatchObject({ groups: [], total: { units: 0, marginMicroDollars: 0 } });
	});

	test("returns one subject's days from its ledger, exact to the request", async () => {
		const key = `user:${id()}`;
		await use(key, "a", { units: 2, used: spent(4) });
		const answer = await (await admin.fetch(`/api/admin/usage?subject=${key}`)).json<{ days: object[]; total: object }>();
		const sums = {
			requests: 1,
			units: 2,
			paidUnits: 0,
			inputTokens: 4,
			costMicroDollars: 4_000,
			earnedMicroDollars: 0,
			marginMicroDollars: -4_000,
		};
		expect(answer).toMatchObject({ subject: key, days: [{ day: today(), model: "a", plan: "free", ...sums }], total: sums });
		expect(await (await admin.fetch(`/api/admin/usage?subject=guest:${id()}`)).json()).toMatchObject({ days: [], total: { units: 0 } });
	});

	test.each([
		"by=color",
		"from=yesterday",
		"from=2026-03-06&to=2026-03-05",
		"from=2026-01-01&to=2026-03-05",
		"subject=someone",
		"subject=network:2026-03-05:all",
	])("refuses %s", async (query) => {
		expect((await admin.fetch(`/api/admin/usage?${query}`)).status).toBe(400);
	});

	test("is limited to this server's admins", async () => {
		const user = new Client();
		await user.signUp();
		expect([(await user.fetch("/api/admin/usage")).status, (await new Client().fetch("/api/admin/usage")).status]).toEqual([403, 401]);
	});
});
