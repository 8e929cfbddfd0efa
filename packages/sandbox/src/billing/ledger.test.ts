import { describe, expect, it } from "vitest";
import { availableBalance, type LedgerEntry, type Posting, rollover, settlement, standing } from "./ledger.ts";

const account = { subscriptionId: "sub_1", usageMeterId: "usage_meter_1" };

/** An account that posts like a subscription does, with billing periods of 100 ms. */
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

describe("test vectors from flowglad.md e", () => {
	it("1: Pro starts at 1000, has 997 after three events and 1997 after a top-up", () => {
		const pro = openAccount(1000);
		expect(pro.balance()).toBe(1000);
		pro.use(1);
		pro.use(1);
		pro.use(1);
		expect(pro.balance()).toBe(997);
		pro.topUp(1000);
		expect(pro.balance()).toBe(1997);
	});

	it("2: one event of 2500 drains the grant and the top-up and leaves −503", () => {
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
	])("3: a rollover from −503 with debt settled %s gives %i", (settled, expected) => {
		const pro = openAccount(1000);
		pro.use(3);
		pro.topUp(1000);
		pro.use(2500);
		pro.rollOver({ settled });
		expect(pro.balance()).toBe(expected);
	});

	it("4: unused plan credits expire at the rollover, and unused top-up credits remain", () => {
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

	it("5: using 25 of 20 free credits leaves −5, and 15 after the rollover", () => {
		const free = openAccount(20);
		free.use(25);
		expect(free.balance()).toBe(-5);
		free.rollOver({ settled: false });
		expect(free.balance()).toBe(15);
	});
});

describe("the ledger", () => {
	it("consumes the grant that expires first, regardless of posting order", () => {
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

	it("deducts debt from one grant only, so that the next period starts in full", () => {
		const free = openAccount(20);
		free.use(25);
		free.rollOver({ settled: false });
		free.rollOver({ settled: false });
		expect(free.balance()).toBe(20);
	});

	it("restores the credits a grant paid for debt that is settled late, and expires them with the grant", () => {
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

	it("ignores a settlement when no debt is left", () => {
		const pro = openAccount(1000);
		pro.use(1503);
		const invoiced = pro.rollOver({ settled: false });
		pro.rollOver({ settled: false });
		pro.settle(invoiced);
		expect(pro.balance()).toBe(1000);
	});

	it("keeps balance = remaining grants − debt for any history", () => {
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
