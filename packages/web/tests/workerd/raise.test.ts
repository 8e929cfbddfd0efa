import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { checkUsageAllowed, lowerUsage, raiseUsage, recordUsage, releaseUsage, type UsageHold } from "../../src/lib/billing.ts";
import type { Subject } from "../../src/lib/identity/subject.ts";
import { everyGuestKey, guestKey, networkKey, organizationKey, type SubjectKey, userKey } from "../../src/lib/identity/subject-key.ts";
import { LedgerStorage } from "../../src/objects/ledger-storage.ts";
import { Client, eventually, resetSandbox, sandboxState } from "../client.ts";
import { requestsOf, rewriteNotes, rewriteRequests } from "../stored.ts";

// Units that an answer adds to its hold while it is being written, in each ledger that holds it.

beforeEach(resetSandbox);

const DAY_MS = 86_400_000;
const id = () => crypto.randomUUID();
const ledgerOf = (key: string) => env.USAGE_LEDGER.getByName(key);
const usageOf = (key: string) => ledgerOf(key).usage(key);
const today = () => new Date().toISOString().slice(0, 10);
const times = <T>(n: number, make: (at: number) => Promise<T>) => Promise.all(Array.from({ length: n }, (_, at) => make(at)));

/** A guest in a network and under the site's ceiling, each with its own ledger. */
function guestSubject() {
	const [own, network, site] = [guestKey(id()), networkKey(today(), id()), everyGuestKey(`${today()}-${id()}`)] as const;
	const subject: Subject = { kind: "guest", key: own, payers: [{ key: own, member: null }], pools: [network, site], setCookie: "cookie" };
	return { subject, own, network, site };
}

async function holdOf(subject: Subject, requestId = "r", options: { units?: number; maxUnits?: number } = {}): Promise<UsageHold> {
	const usage = await checkUsageAllowed(new Request("http://localhost/"), { subject, requestId, ...options });
	if (!usage.allowed) throw new Error(`refused: ${usage.reason}`);
	return usage.hold;
}

/** Permanently uses up units of a ledger. */
const fill = (key: string, units: number) => ledgerOf(key).record(key, { id: `fill ${id()}`, fingerprint: "f", units, chatId: null });

describe("a guest's raise", () => {
	test("is held, counted and released with its request, in the guest's ledger and in each pool", async () => {
		const { subject, own, network, site } = guestSubject();
		const hold = await holdOf(subject);
		expect(await raiseUsage(hold, 1, 2)).toEqual({ raised: true, units: 3 });
		expect(await raiseUsage(hold, 2, 1)).toEqual({ raised: true, units: 4 });
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ used: 0, held: 4 });
		await recordUsage(hold);
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ used: 4, held: 0 });
		const other = await holdOf(subject, "s");
		expect(await raiseUsage(other, 1, 1)).toMatchObject({ raised: false, reason: "limit", left: 0 });
		await releaseUsage(other, "failed-early");
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ used: 4, held: 0 });
	});

	test("is released in full when its answer fails, and the next attempt starts at the original price", async () => {
		const { subject, own, network, site } = guestSubject();
		const first = await holdOf(subject, "r", { units: 2 });
		await raiseUsage(first, 1, 3);
		await releaseUsage(first, "failed-early");
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ used: 0, held: 0 });
		const second = await holdOf(subject, "r", { units: 2 });
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ held: 2 });
		expect(await raiseUsage(first, 1, 1)).toMatchObject({ raised: false, reason: "ended" });
		expect(await raiseUsage(second, 1, 1)).toEqual({ raised: true, units: 3 });
	});

	test("adds its units once when sent twenty times concurrently", async () => {
		const { subject, own, network, site } = guestSubject();
		const hold = await holdOf(subject);
		const answers = await times(20, () => raiseUsage(hold, 1, 2));
		expect(answers).toEqual(Array(20).fill({ raised: true, units: 3 }));
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ held: 3 });
	});

	test.each([
		["the guest's own ledger", "own", 3],
		["the network's pool", "network", 23],
	] as const)("that %s refuses is held nowhere", async (_, refusing, units) => {
		const ledgers = guestSubject();
		const { subject, own, network, site } = ledgers;
		const hold = await holdOf(subject);
		await fill(ledgers[refusing], units);
		expect(await raiseUsage(hold, 1, 2)).toEqual({ raised: false, reason: "limit", left: 1 });
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ held: 1 });
		// The same step may be decided a second time.
		expect(await raiseUsage(hold, 1, 1)).toEqual({ raised: true, units: 2 });
	});

	test("never exceeds the maximum its sender agreed to", async () => {
		const { subject, own, network, site } = guestSubject();
		const hold = await holdOf(subject, "r", { units: 1, maxUnits: 3 });
		expect(await raiseUsage(hold, 1, 3)).toEqual({ raised: false, reason: "max-units", left: 2 });
		expect(await raiseUsage(hold, 1, 2)).toEqual({ raised: true, units: 3 });
		expect(await raiseUsage(hold, 2, 1)).toEqual({ raised: false, reason: "max-units", left: 0 });
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ held: 3 });
	});

	test("is released once when its step fails", async () => {
		const { subject, own, network, site } = guestSubject();
		const hold = await holdOf(subject);
		await raiseUsage(hold, 1, 2);
		await raiseUsage(hold, 2, 1);
		await lowerUsage(hold, 1);
		await lowerUsage(hold, 1);
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ held: 2 });
		await recordUsage(hold);
		await lowerUsage(hold, 2);
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ used: 2, held: 0 });
	});

	test.each([
		["counted", (hold: UsageHold) => recordUsage(hold), 1],
		["released", (hold: UsageHold) => releaseUsage(hold, "failed-early"), 0],
	] as const)("that a crash stopped between the pools and the guest's ledger is in none, once its request is %s", async (_, end, used) => {
		const { subject, own, network, site } = guestSubject();
		const hold = await holdOf(subject);
		for (const pool of [network, site]) await ledgerOf(pool).raise(`${own}:r`, { attempt: 1, step: 1, units: 2 });
		expect(await usageOf(network)).toMatchObject({ held: 3 });
		await end(hold);
		for (const key of [own, network, site]) expect(await usageOf(key)).toMatchObject({ used, held: 0 });
	});

	test("survives an eviction, with the ledger in one value and in tables", async () => {
		const { subject, own, network } = guestSubject();
		const hold = await holdOf(subject);
		await raiseUsage(hold, 1, 2);
		const isWhole = (key: SubjectKey) => runInDurableObject(ledgerOf(key), (_, { storage }) => [...storage.kv.list()].length === 1);
		const site = everyGuestKey(today());
		const spread = { ...subject, pools: [site] };
		for (let n = 0; n < 41; n += 1) await releaseUsage(await holdOf(spread, `n${n}`), "failed-early");
		const inTables = await holdOf(spread, "t");
		await raiseUsage(inTables, 1, 1);
		expect([await isWhole(network), await isWhole(own), await isWhole(site)]).toEqual([true, false, false]);
		for (const key of [own, network, site]) await evictDurableObject(ledgerOf(key));
		expect(await raiseUsage(hold, 1, 2)).toEqual({ raised: true, units: 3 });
		expect(await usageOf(own)).toMatchObject({ held: 5 });
		expect(await usageOf(network)).toMatchObject({ held: 3 });
		expect(await usageOf(site)).toMatchObject({ held: 2 });
	});
});

describe("raises and holds at the limit", () => {
	test("never exceed the available units, and a refused one leaves none that it would have fitted into", async () => {
		for (let game = 0; game < 10; game += 1) {
			const key = guestKey(id());
			const ledger = ledgerOf(key);
			await ledger.hold(key, { id: "open", fingerprint: "f", units: 1, chatId: null });
			const outcomes = await times(24, async (n) => {
				const units = 1 + (n % 3);
				const outcome =
					n % 2 === 0
						? await ledger.raise("open", { attempt: 1, step: 1 + n / 2, units })
						: (await ledger.hold(key, { id: `h${n}`, fingerprint: "f", units, chatId: null })).outcome;
				return { kind: outcome.kind, units };
			});
			const taken = outcomes.filter(({ kind }) => kind === "held" || kind === "raised").reduce((sum, { units }) => sum + units, 1);
			expect(taken).toBe(5);
			expect(await ledger.usage(key)).toMatchObject({ used: 0, held: 5, remaining: 0 });
		}
	});

	test("give the last unit to exactly one of two raises", async () => {
		for (let game = 0; game < 20; game += 1) {
			const key = guestKey(id());
			const ledger = ledgerOf(key);
			for (const name of ["a", "b"]) await ledger.hold(key, { id: name, fingerprint: "f", units: 2, chatId: null });
			const pair = await Promise.all(["a", "b"].map((name) => ledger.raise(name, { attempt: 1, step: 1, units: 1 })));
			expect(pair.map(({ kind }) => kind).sort()).toEqual(["raised", "refused"]);
		}
	});

	test("in two chats on one network hold the same units in all ledgers, whichever is refused", async () => {
		const [one, two] = [guestSubject(), guestSubject()];
		const shared = { ...two.subject, pools: one.subject.pools };
		const holds = [await holdOf(one.subject), await holdOf(shared)];
		await fill(one.network, 18);
		const answers = await Promise.all(holds.flatMap((hold) => [1, 2, 3].map((step) => raiseUsage(hold, step, 2))));
		const raised = 2 * answers.filter((answer) => answer.raised).length;
		const [own, other, network, site] = await Promise.all([one.own, two.own, one.network, one.site].map(usageOf));
		expect((own?.held ?? 0) + (other?.held ?? 0)).toBe(2 + raised);
		expect([network?.held, site?.held]).toEqual([2 + raised, 2 + raised]);
		expect(network?.used).toBe(18);
		expect((network?.used ?? 0) + (network?.held ?? 0)).toBeLessThanOrEqual(25);
	});
});

describe("a user's raise", () => {
	const userSubject = (key: `user:${string}`): Subject => ({
		kind: "user",
		key,
		userId: key.slice("user:".length),
		name: "Ada",
		email: "ada@example.com",
		emailVerified: true,
		instructions: { about: "", answer: "" },
		organization: null,
		payers: [{ key, member: null }],
		pools: [],
		setCookie: null,
	});

	test("after midnight is charged to the day of its request", async () => {
		const key = userKey(id());
		const hold = await holdOf(userSubject(key));
		await fill(key, 17);
		const heldAtMs = Date.now() - DAY_MS;
		const yesterday = new Date(heldAtMs).toISOString().slice(0, 10);
		const move = { heldAtMs, pool: `day:${yesterday}` };
		await rewriteRequests(ledgerOf(key), () => move);
		expect(await raiseUsage(hold, 1, 3)).toEqual({ raised: false, reason: "limit", left: 2 });
		expect(await raiseUsage(hold, 1, 2)).toEqual({ raised: true, units: 3 });
		expect(await usageOf(key)).toMatchObject({ used: 0, held: 0, remaining: 20 });
		await recordUsage(hold);
		const [row] = (await requestsOf(ledgerOf(key))).filter((one) => one.id === "r");
		expect(row).toMatchObject({ pool: `day:${yesterday}`, units: 3, state: "settled" });
	});

	test("on a plan is reported once with all units, and is refused only after the provider was read", async () => {
		const client = new Client();
		const { id: userId } = await client.subscribe();
		const key = userKey(userId);
		expect(await client.usage()).toMatchObject({ tier: "paid" });
		const hold = await holdOf(userSubject(key));
		// A stale copy from before the latest purchase.
		await rewriteNotes(ledgerOf(key), (notes) => {
			if (notes.entitlement?.kind !== "balance") throw new Error("a plan with a balance is expected");
			return { ...notes, entitlement: { ...notes.entitlement, available: 2, fetchedAtMs: Date.now() - 60_000 } };
		});
		expect(await raiseUsage(hold, 1, 9)).toEqual({ raised: true, units: 10 });
		await recordUsage(hold);
		await eventually(async () => {
			await runDurableObjectAlarm(ledgerOf(key));
			expect((await sandboxState()).usageEvents).toMatchObject([{ amount: 10, transactionId: `${key}:r` }]);
		});
		expect(await client.usage()).toMatchObject({ used: 10, held: 0, remaining: 990 });
	});

	test("in an organization is limited by the member's cap", async () => {
		const organization = organizationKey(id());
		const key = userKey(id());
		const nowMs = Date.now();
		const entitlement = {
			kind: "balance" as const,
			subscriptionId: "sub_1",
			available: 100,
			allowance: 100,
			periodStartMs: nowMs - DAY_MS,
			periodEndMs: nowMs + DAY_MS,
			fetchedAtMs: nowMs,
		};
		await runInDurableObject(ledgerOf(organization), (_, { storage }) => {
			new LedgerStorage(storage).writeNotes(organization, { entitlement });
		});
		await evictDurableObject(ledgerOf(organization));
		const payers = [{ key: organization, member: { id: key, cap: "a-fifth" as const } }];
		const hold = await holdOf({ ...userSubject(key), payers });
		expect(await raiseUsage(hold, 1, 20)).toEqual({ raised: false, reason: "limit", left: 19 });
		expect(await raiseUsage(hold, 1, 19)).toEqual({ raised: true, units: 20 });
		expect(await ledgerOf(organization).usage(organization, key)).toMatchObject({ held: 20, remaining: 80, share: { used: 0, held: 20 } });
		await recordUsage(hold);
		expect(await ledgerOf(organization).usage(organization, key)).toMatchObject({ used: 20, held: 0, share: { used: 20, held: 0 } });
	});
});
