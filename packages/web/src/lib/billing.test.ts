import type { Outcome, RequestRow, Standing } from "@parley/metering";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Subject } from "./identity/subject.ts";
import { everyGuestKey, guestKey, networkKey, organizationKey, type SubjectKey, unconfirmedKey, userKey } from "./identity/subject-key.ts";

/** A scripted ledger: its answer to `hold`. Calls to all ledgers are recorded together in `calls`. */
interface Scripted {
	outcome:
		| Partial<Extract<Outcome, { kind: "held" | "repeat" }>>
		| { kind: "refused"; policy: string; tier?: string; remaining?: number }
		| { kind: "conflict" };
	standing?: Partial<Standing>;
}

const world = vi.hoisted(() => ({
	ledgers: {} as Record<string, unknown>,
	/** Ledgers that have stored nothing yet. */
	unstored: [] as string[],
	calls: [] as string[],
	/** The hold and the usage each ledger received. */
	holds: {} as Record<string, object>,
	spent: {} as Record<string, unknown>,
	/** Ledgers' answers to a raise; default: raised. An error is thrown. */
	raises: {} as Record<string, unknown>,
	/** Raises in the paying ledger when a request ends, and the steps each ledger was told to count. */
	raised: [] as { step: number; units: number }[],
	counted: {} as Record<string, unknown>,
	/** Ledgers that cannot be reached to lower a raise. */
	unreachable: [] as string[],
	/** Remaining units of each pool. */
	left: {} as Record<string, number>,
	isHuman: true,
	checks: 0,
	isConfirmed: false,
}));
const STANDING: Standing = {
	tier: "guest",
	limit: 5,
	used: 0,
	held: 1,
	remaining: 4,
	topUps: 0,
	freeDay: null,
	window: { startMs: 0, endMs: null },
};

vi.mock("./identity/turnstile.ts", () => ({
	isHuman: async () => {
		world.checks += 1;
		return world.isHuman;
	},
}));
vi.mock("./identity/subject.ts", () => ({
	identify: () => Promise.reject(new Error("every test names its subject")),
	isConfirmed: async () => world.isConfirmed,
}));
vi.mock("cloudflare:workers", () => ({
	env: {
		USAGE_LEDGER: {
			getByName: (key: string) => ({
				hold: async (_: string, hold: { id: string; units: number; sharedWith: unknown; onlyIfStored: boolean }) => {
					world.calls.push(`hold ${key} ${hold.id}`);
					world.holds[key] = hold;
					if (hold.onlyIfStored && world.unstored.includes(key)) return { outcome: { kind: "unknown" }, standing: STANDING };
					const { outcome, standing } = (world.ledgers[key] ?? { outcome: { kind: "held" } }) as Scripted;
					const row = {
						id: hold.id,
						pool: "day:2026-11-28",
						state: "held",
						attempt: 1,
						units: hold.units,
						sharedWith: hold.sharedWith,
						...("row" in outcome ? outcome.row : {}),
					};
					const refusal = { policy: "", remaining: 0, ...outcome, kind: undefined };
					return { outcome: { ...outcome, row, refusal }, standing: { ...STANDING, ...standing } };
				},
				usage: async () => ({ ...STANDING, remaining: world.left[key] ?? 25 }),
				release: async (id: string, why: string, spent: unknown, raised: unknown): Promise<Outcome> => {
					world.calls.push(`release ${key} ${id} ${why}`);
					world.spent[key] = spent;
					world.counted[key] = raised;
					return { kind: "unknown" };
				},
				settle: async (id: string, spent: unknown, raised: unknown) => {
					world.calls.push(`settle ${key} ${id}`);
					world.spent[key] = spent;
					world.counted[key] = raised;
					const isOfPool = key === NETWORK || key === EVERY_GUEST || key === UNCONFIRMED;
					return { kind: "ended", counted: !isOfPool, row: { raises: world.raised } };
				},
				raise: async (id: string, raise: { attempt: number; step: number; units: number; maxUnits?: number; cap?: unknown }) => {
					const { attempt, step, units, maxUnits, cap } = raise;
					world.calls.push(`raise ${key} ${id} ${[attempt, step, units, maxUnits, cap].join(" ").trim()}`);
					const answer = world.raises[key];
					if (answer instanceof Error) throw answer;
					return answer ?? { kind: "raised", row: { units: 7 } };
				},
				lower: async (id: string, attempt: number, step: number) => {
					world.calls.push(`lower ${key} ${id} ${attempt} ${step}`);
					if (world.unreachable.includes(key)) throw new Error("unreachable");
				},
			}),
		},
	},
}));
const { checkUsageAllowed, lowerUsage, raiseUsage, recordUsage, releaseUsage } = await import("./billing.ts");

const NETWORK = networkKey("2026-11-28", "hash");
const UNCONFIRMED = unconfirmedKey("2026-11-28", "hash");
const EVERY_GUEST = everyGuestKey("2026-11-28");
const OWN = guestKey("g1");
const ADA = userKey("u1");
const ACME = organizationKey("o1");

const guest = (setCookie: string | null): Subject => ({
	kind: "guest",
	key: OWN,
	payers: [{ key: OWN, member: null }],
	pools: [NETWORK, EVERY_GUEST],
	setCookie,
});
const member: Subject = {
	kind: "user",
	key: ADA,
	userId: "u1",
	name: "Ada",
	email: "ada@example.com",
	emailVerified: true,
	instructions: { about: "", answer: "" },
	organization: { organizationId: "o1", key: ACME, name: "Acme", mayBuy: true, cap: null },
	payers: [
		{ key: ACME, member: { id: ADA, cap: null } },
		{ key: ADA, member: null },
	],
	pools: [],
	setCookie: null,
};

const unconfirmed: Subject = {
	...member,
	emailVerified: false,
	organization: null,
	payers: [{ key: ADA, member: null }],
	pools: [UNCONFIRMED, EVERY_GUEST],
};

const script = (ledgers: Partial<Record<SubjectKey, Scripted>>) => {
	world.ledgers = ledgers;
};
const check = (subject: Subject) => checkUsageAllowed(new Request("https://parley.example/"), { subject, requestId: "r" });
const held = (row: Partial<RequestRow> = {}): Scripted => ({ outcome: { kind: "held", row: row as RequestRow } });
const repeat = (row: Partial<RequestRow>): Scripted => ({ outcome: { kind: "repeat", row: row as RequestRow } });
const refused = (policy: string): Scripted => ({ outcome: { kind: "refused", policy } });
const halfUsed = { standing: { used: 13, held: 0, limit: 25, remaining: 12 } };

beforeEach(() => {
	Object.assign(world, { ledgers: {}, unstored: [], calls: [], holds: {}, spent: {}, left: {} });
	Object.assign(world, { raises: {}, raised: [], counted: {}, unreachable: [] });
	Object.assign(world, { isHuman: true, checks: 0, isConfirmed: false });
});

describe("a known guest", () => {
	test("is held in their own ledger first, then in each pool", async () => {
		const usage = await check(guest(null));
		expect(world.calls).toEqual([`hold ${OWN} r`, `hold ${NETWORK} ${OWN}:r`, `hold ${EVERY_GUEST} ${OWN}:r`]);
		expect(usage).toMatchObject({ allowed: true, setCookie: null, hold: { requestId: "r", attempt: 1 } });
		if (usage.allowed) expect(usage.newlyHeld.takenFrom).toEqual(usage.hold.takenFrom);
	});

	test("keeps all units when a pool refuses: the call releases its own hold", async () => {
		script({ [NETWORK]: refused("network") });
		expect(await check(guest(null))).toMatchObject({ allowed: false, reason: "limit", refusal: { policy: "network" } });
		expect(world.calls).toEqual([`hold ${OWN} r`, `hold ${NETWORK} ${OWN}:r`, `release ${OWN} r refused`]);
	});

	test("sees the lowest balance of all its ledgers", async () => {
		script({ [EVERY_GUEST]: { ...held(), standing: { remaining: 2 } } });
		expect(await check(guest(null))).toMatchObject({ standing: { remaining: 2 } });
	});
});

describe("a guest with a page's cookie whose ledger has stored nothing", () => {
	beforeEach(() => {
		world.unstored = [OWN];
	});

	test("draws on the pools first, like a new guest", async () => {
		expect(await check(guest(null))).toMatchObject({ allowed: true, setCookie: null });
		expect(world.calls).toEqual([`hold ${OWN} r`, `hold ${NETWORK} ${OWN}:r`, `hold ${EVERY_GUEST} ${OWN}:r`, `hold ${OWN} r`]);
	});

	test("holds nothing in its own ledger when a pool refuses", async () => {
		script({ [NETWORK]: refused("network") });
		expect(await check(guest(null))).toMatchObject({ allowed: false, reason: "limit", refusal: { policy: "network" } });
		expect(world.calls).toEqual([`hold ${OWN} r`, `hold ${NETWORK} ${OWN}:r`]);
	});

	test("must pass the human check once a pool is half used, before its own ledger holds anything", async () => {
		script({ [NETWORK]: { ...held(), ...halfUsed } });
		world.isHuman = false;
		expect(await check(guest(null))).toMatchObject({ allowed: false, reason: "challenge" });
		expect(world.calls).toEqual([`hold ${OWN} r`, `hold ${NETWORK} ${OWN}:r`, `release ${NETWORK} ${OWN}:r refused`]);
	});
});

describe("a new guest", () => {
	test("draws on the pools first and receives the cookie once every ledger holds", async () => {
		expect(await check(guest("cookie"))).toMatchObject({ allowed: true, setCookie: "cookie" });
		expect(world.calls).toEqual([`hold ${NETWORK} ${OWN}:r`, `hold ${EVERY_GUEST} ${OWN}:r`, `hold ${OWN} r`]);
	});

	test("leaves no ledger and receives no cookie when a pool refuses", async () => {
		script({ [NETWORK]: refused("network") });
		expect(await check(guest("cookie"))).not.toHaveProperty("setCookie");
		expect(world.calls).toEqual([`hold ${NETWORK} ${OWN}:r`]);
	});
});

describe("a repeat", () => {
	test("is held in the pools of its first attempt and holds nothing new", async () => {
		const yesterday = networkKey("2026-11-27", "hash");
		script({ [OWN]: repeat({ state: "held", attempt: 2, sharedWith: [yesterday] }), [yesterday]: repeat({ state: "held" }) });
		const usage = await check(guest(null));
		expect(world.calls).toEqual([`hold ${OWN} r`, `hold ${yesterday} ${OWN}:r`]);
		expect(usage).toMatchObject({ allowed: true, hold: { attempt: 2 }, newlyHeld: { takenFrom: [] } });
	});

	test("of a settled request takes nothing from any pool", async () => {
		script({ [OWN]: repeat({ state: "settled", sharedWith: [NETWORK] }) });
		expect(await check(guest(null))).toMatchObject({ allowed: true });
		expect(world.calls).toEqual([`hold ${OWN} r`]);
	});

	test("with another body is a conflict", async () => {
		script({ [OWN]: { outcome: { kind: "conflict" } } });
		expect(await check(guest(null))).toMatchObject({ allowed: false, reason: "conflict" });
	});
});

describe("Turnstile", () => {
	test("guards a half-used pool from new guests, and from known ones without any earlier request", async () => {
		world.isHuman = false;
		script({ [NETWORK]: { ...held(), ...halfUsed } });
		expect(await check(guest("cookie"))).toMatchObject({ allowed: false, reason: "challenge" });
		expect(world.calls).toEqual([`hold ${NETWORK} ${OWN}:r`, `release ${NETWORK} ${OWN}:r refused`]);
		world.calls = [];
		expect(await check(guest(null))).toMatchObject({ allowed: false, reason: "challenge" });
		expect(world.calls.slice(-2)).toEqual([`release ${OWN} r refused`, `release ${NETWORK} ${OWN}:r refused`]);
	});

	test("is skipped for a guest who was served before, and while the pools are less than half used", async () => {
		world.isHuman = false;
		script({ [OWN]: { ...held(), standing: { used: 1 } }, [NETWORK]: { ...held(), ...halfUsed } });
		expect(await check(guest(null))).toMatchObject({ allowed: true });
		script({ [NETWORK]: { ...held(), standing: { used: 12, held: 0, limit: 25 } } });
		expect(await check(guest("cookie"))).toMatchObject({ allowed: true });
		expect(world.checks).toBe(0);
	});

	test("does not judge a guest's own ledger, however small its limit", async () => {
		world.isHuman = false;
		script({ [OWN]: { ...held(), standing: { held: 1, limit: 1, remaining: 0 } } });
		expect(await check(guest("cookie"))).toMatchObject({ allowed: true });
	});
});

describe("a member of an organization", () => {
	test("spends from its plan, in a row that names the member", async () => {
		expect(await check(member)).toMatchObject({ allowed: true, hold: { takenFrom: [{ ledger: ACME, id: `${ADA}:r` }] } });
		expect(world.calls).toEqual([`hold ${ACME} ${ADA}:r`]);
	});

	test("spends from their own ledger while the organization has no plan", async () => {
		script({ [ACME]: refused("organization") });
		expect(await check(member)).toMatchObject({ allowed: true, hold: { takenFrom: [{ ledger: ADA, id: "r" }] } });
	});

	test("is refused for good by the plan's limit: the two ledgers never mix", async () => {
		script({ [ACME]: refused("paid") });
		expect(await check(member)).toMatchObject({ allowed: false, reason: "limit", refusal: { policy: "paid" } });
		expect(world.calls).toEqual([`hold ${ACME} ${ADA}:r`]);
	});
});

describe("a user without a confirmed address", () => {
	const poolIsSpent = { [UNCONFIRMED]: refused("network") };

	test("draws on their own day, their network's pool and the ceiling of all guests", async () => {
		const usage = await check(unconfirmed);
		expect(world.calls).toEqual([`hold ${ADA} r`, `hold ${UNCONFIRMED} ${ADA}:r`, `hold ${EVERY_GUEST} ${ADA}:r`]);
		world.calls = [];
		expect(usage.allowed && (await recordUsage(usage.hold))).toMatchObject({ counted: true });
		expect(world.calls).toEqual([`settle ${ADA} r`, `settle ${UNCONFIRMED} ${ADA}:r`, `settle ${EVERY_GUEST} ${ADA}:r`]);
	});

	test("is refused by a spent pool because of their unconfirmed address, and keeps their own unit", async () => {
		for (const pool of [UNCONFIRMED, EVERY_GUEST]) {
			world.calls = [];
			script({ [pool]: refused("network") });
			expect(await check(unconfirmed)).toMatchObject({ allowed: false, reason: "limit", refusal: { policy: "unconfirmed", tier: "free" } });
			expect(world.calls).toContain(`release ${ADA} r refused`);
		}
	});

	test("is refused by their own limit like a confirmed user", async () => {
		script({ [ADA]: refused("free") });
		expect(await check(unconfirmed)).toMatchObject({ reason: "limit", refusal: { policy: "free" } });
	});

	test("draws on no pool for requests a plan pays", async () => {
		script({ [ADA]: held({ pool: "sub:s1" }), ...poolIsSpent });
		expect(await check(unconfirmed)).toMatchObject({ allowed: true });
		script({ [ACME]: held({ pool: "sub:s1@0" }), ...poolIsSpent });
		expect(await check({ ...unconfirmed, payers: member.payers })).toMatchObject({ allowed: true });
		expect(world.calls).toEqual([`hold ${ADA} r`, `hold ${ACME} ${ADA}:r`]);
	});

	test("needs no Turnstile for a request, because the sign-up required it", async () => {
		world.isHuman = false;
		script({ [UNCONFIRMED]: { ...held(), ...halfUsed } });
		expect(await check(unconfirmed)).toMatchObject({ allowed: true });
		expect(world.checks).toBe(0);
	});

	test("sees their own limit, with at most the pools' remaining units", async () => {
		script({ [ADA]: { ...held(), standing: { tier: "free", limit: 20, remaining: 19 } }, [UNCONFIRMED]: { ...held(), ...halfUsed } });
		expect(await check({ ...unconfirmed, pools: [UNCONFIRMED] })).toMatchObject({ standing: { tier: "free", limit: 20, remaining: 12 } });
	});
});

test("a hold is settled in each of its ledgers, and the paying ledger decides whether it counts", async () => {
	const usage = await check(guest(null));
	world.calls = [];
	expect(usage.allowed && (await recordUsage(usage.hold))).toMatchObject({ counted: true });
	expect(world.calls).toEqual([`settle ${OWN} r`, `settle ${NETWORK} ${OWN}:r`, `settle ${EVERY_GUEST} ${OWN}:r`]);
});

describe("a priced request", () => {
	const terms = { model: "m", effort: null, steps: 2, version: "v1" };
	const spent = { input: 1, cached: 0, output: 2, reasoning: 0, microDollars: 3, estimated: false };
	const ask = (subject: Subject) =>
		checkUsageAllowed(new Request("https://parley.example/"), { subject, requestId: "r", units: 2, terms, tiers: ["free", "paid"] });

	test("passes its terms and free day to the paying ledger, and only units to pools", async () => {
		await ask(guest(null));
		expect(world.holds[OWN]).toMatchObject({ units: 2, terms, tiers: ["free", "paid"] });
		expect(world.holds[NETWORK]).toMatchObject({ units: 2 });
		for (const pool of [NETWORK, EVERY_GUEST]) expect(Object.keys(world.holds[pool] ?? {})).not.toContain("terms");
	});

	test("is held everywhere with the units of its first attempt, and returns the terms it was sold under", async () => {
		const first = { ...terms, version: "v0" };
		script({ [OWN]: held({ units: 5, terms: first }) });
		expect(await ask(guest(null))).toMatchObject({ allowed: true, units: 5, terms: first });
		for (const pool of [NETWORK, EVERY_GUEST]) expect(world.holds[pool]).toMatchObject({ units: 5 });
	});

	test("stores its token usage in the paying ledger, counted or not", async () => {
		const usage = await ask(guest(null));
		if (!usage.allowed) throw new Error("the request is allowed");
		await recordUsage(usage.hold, 1, { spent });
		expect(world.spent).toEqual({ [OWN]: spent, [NETWORK]: null, [EVERY_GUEST]: null });
		await releaseUsage(usage.hold, "failed-midway", spent);
		expect(world.spent).toEqual({ [OWN]: spent, [NETWORK]: null, [EVERY_GUEST]: null });
		await releaseUsage(usage.hold, "refused");
		expect(world.spent).toEqual({ [OWN]: null, [NETWORK]: null, [EVERY_GUEST]: null });
	});
});

describe("a raise", () => {
	const holdOf = async (subject: Subject, maxUnits?: number) => {
		const usage = await checkUsageAllowed(new Request("https://parley.example/"), { subject, requestId: "r", maxUnits });
		if (!usage.allowed) throw new Error("the request is allowed");
		world.calls = [];
		return usage.hold;
	};
	const limit = { kind: "refused", refusal: { policy: "guest", remaining: 1 } };

	test("goes to the pools first and the paying ledger last, each with its own attempt and the sender's maximum", async () => {
		script({ [OWN]: held({ attempt: 3 }) });
		expect(await raiseUsage(await holdOf(guest(null), 9), 2, 4)).toEqual({ raised: true, units: 7 });
		expect(world.calls).toEqual([`raise ${NETWORK} ${OWN}:r 1 2 4 9`, `raise ${EVERY_GUEST} ${OWN}:r 1 2 4 9`, `raise ${OWN} r 3 2 4 9`]);
	});

	test("by a member passes on the member's cap", async () => {
		const [spender] = member.payers;
		if (!spender?.member) throw new Error("a member spends");
		const payers = [{ ...spender, member: { ...spender.member, cap: 30 } }];
		await raiseUsage(await holdOf({ ...member, payers }, 5), 1, 1);
		expect(world.calls).toEqual([`raise ${ACME} ${ADA}:r 1 1 1 5 30`]);
	});

	test.each([
		["a pool refuses", EVERY_GUEST, [NETWORK]],
		["the ledger that pays refuses", OWN, [NETWORK, EVERY_GUEST]],
	] as const)("is undone where %s", async (_, key, lowered) => {
		world.raises = { [key]: limit };
		world.unreachable = [NETWORK];
		expect(await raiseUsage(await holdOf(guest(null)), 1, 2)).toEqual({ raised: false, reason: "limit", left: 1 });
		expect(world.calls.filter((call) => call.startsWith("lower"))).toEqual(lowered.map((pool) => `lower ${pool} ${OWN}:r 1 1`));
	});

	test.each([
		[{ kind: "not-raised", reason: "max-units", left: 2 }, "max-units", 2],
		[{ kind: "unknown" }, "unknown", 0],
	])("reports why it is refused: %j", async (answer, reason, left) => {
		world.raises = { [OWN]: answer };
		expect(await raiseUsage(await holdOf(guest(null)), 1, 2)).toEqual({ raised: false, reason, left });
	});

	test("of an ended hold leaves the pools to that ending", async () => {
		world.raises = { [OWN]: { kind: "not-raised", reason: "ended", left: 0 } };
		expect(await raiseUsage(await holdOf(guest(null)), 1, 2)).toMatchObject({ raised: false, reason: "ended" });
		expect(world.calls.filter((call) => call.startsWith("lower"))).toEqual([]);
	});

	test("that cannot reach a ledger throws and is undone there too, because the ledger's answer may be lost", async () => {
		world.raises = { [OWN]: new Error("gone") };
		world.unreachable = [EVERY_GUEST];
		await expect(raiseUsage(await holdOf(guest(null)), 1, 2)).rejects.toThrow("gone");
		expect(world.calls.slice(3)).toEqual([`lower ${OWN} r 1 1`, `lower ${NETWORK} ${OWN}:r 1 1`, `lower ${EVERY_GUEST} ${OWN}:r 1 1`]);
	});

	test("whose step failed is undone in the paying ledger, then in the pools", async () => {
		const hold = await holdOf(guest(null));
		await lowerUsage(hold, 4);
		expect(world.calls).toEqual([`lower ${OWN} r 1 4`, `lower ${NETWORK} ${OWN}:r 1 4`, `lower ${EVERY_GUEST} ${OWN}:r 1 4`]);
		world.unreachable = [OWN];
		await expect(lowerUsage(hold, 4)).rejects.toThrow("unreachable");
	});

	test("counts in pools as in the paying ledger, which ends first, also for a new guest", async () => {
		const hold = await holdOf(guest("cookie"));
		world.raised = [{ step: 2, units: 4 }];
		await recordUsage(hold);
		expect(world.calls).toEqual([`settle ${OWN} r`, `settle ${NETWORK} ${OWN}:r`, `settle ${EVERY_GUEST} ${OWN}:r`]);
		expect(world.counted).toEqual({ [OWN]: undefined, [NETWORK]: [2], [EVERY_GUEST]: [2] });
		await releaseUsage(hold, "failed-midway");
		expect(world.counted).toEqual({ [OWN]: undefined, [NETWORK]: undefined, [EVERY_GUEST]: undefined });
	});

	test("of an earlier call does not change the price reported to a repeat", async () => {
		script({ [OWN]: repeat({ state: "held", units: 6, raises: [{ step: 1, units: 4 }], sharedWith: [NETWORK] }) });
		expect(await check(guest(null))).toMatchObject({ allowed: true, units: 2 });
		expect(world.holds[NETWORK]).toMatchObject({ units: 2 });
	});
});

describe("a refusal reports the remaining units of", () => {
	const refusalOf = async (subject: Subject, limit: { policy: string; tier: string; remaining: number }, ledger: SubjectKey) => {
		world.ledgers = { [ledger]: { outcome: { kind: "refused", ...limit } } };
		const usage = await check(subject);
		return usage.allowed || usage.reason !== "limit" ? null : usage.refusal;
	};

	test.each([
		["the subject, where its pools have more", guest(null), { policy: "guest", tier: "guest", remaining: 3 }, OWN, {}, 3],
		[
			"a pool that did not refuse, where that is less",
			guest(null),
			{ policy: "guest", tier: "guest", remaining: 3 },
			OWN,
			{ [EVERY_GUEST]: 2 },
			2,
		],
		[
			"all pools, where one refuses",
			guest(null),
			{ policy: "network", tier: "guest", remaining: 3 },
			NETWORK,
			{ [NETWORK]: 3, [EVERY_GUEST]: 1 },
			1,
		],
		["an unconfirmed user's pools", unconfirmed, { policy: "free", tier: "free", remaining: 4 }, ADA, { [UNCONFIRMED]: 0 }, 0],
		["the plan alone, which no pool bounds", unconfirmed, { policy: "paid", tier: "paid", remaining: 4 }, ADA, { [UNCONFIRMED]: 0 }, 4],
		[
			"the subject, where answers are in flight",
			guest(null),
			{ policy: "in-flight", tier: "guest", remaining: 3 },
			OWN,
			{ [NETWORK]: 0 },
			3,
		],
	])("%s", async (_, subject, limit, ledger, left, expected) => {
		world.left = left;
		expect(await refusalOf(subject, limit, ledger)).toMatchObject({ remaining: expected });
	});
});
