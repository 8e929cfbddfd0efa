import { describe, expect, it } from "vitest";
import { availableBalance, type LedgerEntry, type Posting, rollover, settlement, standing } from "./ledger.ts";

const account = { subscriptionId: "sub_1", usageMeterId: "usage_meter_1" };

/** An account that is driven as a subscription drives it, a billing period being 100 ms long. */
function openAccount(grantPerPeriod: number) {
	const entries: LedgerEntry[] = [];
	let atMs = 0;
	const post = (posting: Posting) => entries.push({ ...posting, id: `entry_${entries.length}` });
	const grant = (amount: number, expiresAtMs: number | null) =>
		post({ ...account, atMs, type: "grant", amount, expiresAtMs, billingPeriodId: null });
	const settle = (units: number) => {
		const posting = settlement(account, entries, { atMs, invoiceId: "inv_1", units });
		if (posting !== null) post(posting);
	};
	grant(grantPerPeriod, 100);
	return {
		entries,
		use: (amount: number) => post({ ...account, atMs, type: "usage", amount, usageEventId: "e" }),
		topUp: (amount: number) => grant(amount, null),
		rollOver: ({ settled }: { settled: boolean }) => {
			atMs += 100;
			const units = standing(entries).outstanding;
			const postings = rollover(account, entries, {
				atMs,
				billingPeriodId: `period_${atMs}`,
				grants: [{ amount: grantPerPeriod, expiresAtMs: atMs + 100 }],
			});
			for (const posting of postings) post(posting);
			if (settled) settle(units);
			return units;
		},
		settle,
		balance: () => availableBalance(entries),
	};
}

describe("the test vectors of flowglad.md e", () => {
	it("1: a new Pro has 1000, 997 after three events, 1997 with a top-up", () => {
		const pro = openAccount(1000);
		expect(pro.balance()).toBe(1000);
		pro.use(1);
		pro.use(1);
		pro.use(1);
		expect(pro.balance()).toBe(997);
		pro.topUp(1000);
		expect(pro.balance()).toBe(1997);
	});

	it("2: one event of 2500 drains grant and top-up and leaves −503", () => {
		const pro = openAccount(1000);
		pro.use(3);
		pro.topUp(1000);
		pro.use(2500);
		expect(pro.balance()).toBe(-503);
		expect(standing(pro.entries)).toEqual({
			openGrants: [
				{ id: "entry_0", remaining: 0, debtPaid: 0, expiresAtMs: 100 },
				{ id: "entry_2", remaining: 0, debtPaid: 0, expiresAtMs: null },
			],
			outstanding: 503,
		});
	});

	it.each([
		[false, 497],
		[true, 1000],
	])("3: rollover of −503 with the debt settled: %s gives %i", (settled, expected) => {
		const pro = openAccount(1000);
		pro.use(3);
		pro.topUp(1000);
		pro.use(2500);
		pro.rollOver({ settled });
		expect(pro.balance()).toBe(expected);
	});

	it("4: the unused part of a grant expires at the rollover, a top-up's remainder survives it", () => {
		const pro = openAccount(1000);
		pro.use(400);
		pro.rollOver({ settled: false });
		expect(pro.balance()).toBe(1000);

		const toppedUp = openAccount(1000);
		toppedUp.topUp(1000);
		toppedUp.use(1300);
		expect(toppedUp.balance()).toBe(700);
		toppedUp.rollOver({ settled: false });
		expect(toppedUp.balance()).toBe(1700);
	});

	it("5: a free plan of 20 that used 25 stands at −5, and at 15 after the rollover", () => {
		const free = openAccount(20);
		free.use(25);
		expect(free.balance()).toBe(-5);
		free.rollOver({ settled: false });
		expect(free.balance()).toBe(15);
	});
});

describe("the ledger", () => {
	it("draws on the earliest expiry first, whatever the order of the grants", () => {
		const pro = openAccount(10);
		pro.entries.length = 0;
		const grants: [string, number | null][] = [
			["never", null],
			["late", 200],
			["early", 100],
		];
		for (const [id, expiresAtMs] of grants) {
			pro.entries.push({
				...account,
				id,
				atMs: 0,
				type: "grant",
				amount: 10,
				expiresAtMs,
				billingPeriodId: null,
			});
		}
		pro.use(15);
		expect(standing(pro.entries).openGrants).toEqual([
			{ id: "early", remaining: 0, debtPaid: 0, expiresAtMs: 100 },
			{ id: "late", remaining: 5, debtPaid: 0, expiresAtMs: 200 },
			{ id: "never", remaining: 10, debtPaid: 0, expiresAtMs: null },
		]);
	});

	it("lets debt eat a grant once, so that a quiet period ends it", () => {
		const free = openAccount(20);
		free.use(25);
		free.rollOver({ settled: false });
		free.rollOver({ settled: false });
		expect(free.balance()).toBe(20);
	});

	it("gives a grant back what it paid of a debt that is settled late, and that expires with it", () => {
		const pro = openAccount(1000);
		pro.use(1503);
		const invoiced = pro.rollOver({ settled: false });
		pro.use(200);
		expect(pro.balance()).toBe(297);
		pro.settle(invoiced);
		expect(pro.balance()).toBe(800);
		pro.settle(invoiced);
		expect(pro.balance()).toBe(800);
		pro.rollOver({ settled: false });
		expect(pro.balance()).toBe(1000);
	});

	it("settles nothing that is nobody's debt any more", () => {
		const pro = openAccount(1000);
		pro.use(1503);
		const invoiced = pro.rollOver({ settled: false });
		pro.rollOver({ settled: false });
		pro.settle(invoiced);
		expect(pro.balance()).toBe(1000);
	});

	it("keeps balance = what is left of the grants − debt, through any history", () => {
		const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
		const random = seededRandom(seed);
		const drawn = (max: number) => 1 + Math.floor(random() * max);
		const mixed = openAccount(20);
		for (let step = 0; step < 500; step++) {
			const dice = random();
			if (dice < 0.7) mixed.use(drawn(12));
			else if (dice < 0.85) mixed.topUp(drawn(30));
			else mixed.rollOver({ settled: random() < 0.5 });
			const { openGrants, outstanding } = standing(mixed.entries);
			const left = openGrants.reduce((sum, { remaining }) => sum + remaining, 0);
			expect(mixed.balance(), `SEED=${seed} step ${step}`).toBe(left - outstanding);
		}
	});
});

/** mulberry32 */
function seededRandom(seed: number): () => number {
	let a = seed;
	return () => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}
