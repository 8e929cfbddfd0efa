import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../statistics.ts";
import { simulateAlarms } from "./alarms.ts";
import { EventQueue } from "./events.ts";
import { simulateOrganization } from "./organization.ts";
import { Servers, type Service, simulatePeak } from "./peak.ts";
import { ASSUMED_USE, Groups, trafficAt } from "./population.ts";

const service: Service = { ledgerMs: 1, objectMs: 1, d1Ms: 1, d1QueriesPerChat: 1, networkLimit: 25 };
const seed = fc.integer({ min: 0, max: 1_000_000 });

describe("a queue of events", () => {
	test("returns each event once, the earliest first", () => {
		fc.assert(
			fc.property(fc.array(fc.record({ atMs: fc.nat(50), kind: fc.nat(5), subject: fc.nat(1_000) })), (events) => {
				const queue = new EventQueue();
				for (const { atMs, kind, subject } of events) queue.add(atMs, kind, subject);
				const taken: typeof events = [];
				while (queue.size > 0) {
					queue.next();
					taken.push({ atMs: queue.atMs, kind: queue.kind, subject: queue.subject });
				}
				const text = (all: typeof events) => all.map((one) => JSON.stringify(one)).toSorted();
				expect(text(taken)).toEqual(text(events));
				expect(taken.map(({ atMs }) => atMs)).toEqual(events.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
			}),
		);
	});

	test("grows beyond its first size", () => {
		const queue = new EventQueue();
		for (let event = 100_000; event > 0; event -= 1) queue.add(event, 1, event);
		expect([queue.size, queue.nextMs]).toEqual([100_000, 1]);
	});
});

describe("groups of people", () => {
	test("contain all members, and decrease in size from the largest", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 2, max: 400 }), (members, largest) => {
				const groups = new Groups(members, largest, 2);
				const sizes = Array.from({ length: groups.count }, (_, group) => groups.size(group));
				expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(members);
				expect(sizes[0]).toBe(Math.min(members, largest));
				expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
			}),
		);
	});

	test("are picked in proportion to their size", () => {
		const groups = new Groups(1_000, 500, 100);
		const random = randomFrom(1);
		const picks = Array.from({ length: 20_000 }, () => groups.pick(random));
		for (let group = 0; group < groups.count; group += 1) {
			const share = picks.filter((pick) => pick === group).length / picks.length;
			expect(share).toBeCloseTo(groups.size(group) / 1_000, 1);
		}
	});
});

describe("an object", () => {
	test("serves one call after another: a call waits for all earlier ones", () => {
		const servers = new Servers(10);
		for (const atMs of [0, 0, 5, 100]) servers.call(7, atMs);
		const { busiest, objects } = servers.load("one", 1);
		expect(objects).toBe(1);
		// Calls at 0, 0 and 5 are served at 0, 10 and 20.
		expect(busiest).toEqual({ callsPerSecond: 4, inOneSecond: 4, busy: 0.04, longestWaitMs: 15 });
	});
});

describe("the busiest time", () => {
	test("is the same for the same seed, and differs for another", () => {
		const run = (of: number) => simulatePeak(10_000, 3_600, of, service);
		expect(run(1)).toEqual(run(1));
		expect(run(1)).not.toEqual(run(2));
	});

	test("loses no call: each chat calls its object and a list once, makes a query and a hold, and at most a settlement and an alarm", () => {
		fc.assert(
			fc.property(seed, (of) => {
				const { chats, seconds, guestsRefused, loads } = simulatePeak(50_000, 600, of, service);
				const [d1 = 0, allGuests = 0, organizations = 0, networks = 0, users = 0, ofChats = 0, ofLists = 0] = loads.map(
					({ callsPerSecond }) => Math.round(callsPerSecond * seconds),
				);
				expect([ofChats, ofLists]).toEqual([chats, chats]);
				// Chats that belong to no account are those of admitted guests.
				const guests = chats - d1;
				expect(allGuests).toBeGreaterThanOrEqual(guests);
				expect(allGuests).toBeLessThanOrEqual(2 * guests);
				expect(networks).toBe(allGuests + guestsRefused);
				expect(organizations + users).toBeGreaterThanOrEqual(d1);
				expect(organizations + users).toBeLessThanOrEqual(3 * d1);
			}),
			{ numRuns: 20 },
		);
	});

	test("refuses guests of a network without units, and calls no other object for them", () => {
		const { guestsRefused, loads } = simulatePeak(50_000, 600, 1, { ...service, networkLimit: 0 });
		expect(guestsRefused).toBeGreaterThan(0);
		expect(loads.find(({ kind }) => kind.startsWith("a pool of all guests"))?.objects).toBe(0);
	});

	test("varies with the hour by a factor whose daily mean is 1", () => {
		const hours = Array.from({ length: 24 }, (_, hour) => trafficAt(hour * 3_600_000));
		expect(hours.reduce((sum, one) => sum + one, 0) / 24).toBeCloseTo(1);
		expect(Math.max(...hours)).toBeCloseTo(ASSUMED_USE.peakFactor);
	});
});

describe("an organization", () => {
	const options = { seconds: 60, ledgerMs: 5, inFlightLimit: 100 };

	test("is never refused while fewer answers than the limit are in flight", () => {
		expect(simulateOrganization({ ...options, seats: 500, seed: 1 }).refusedInFlight).toBe(0);
		expect(simulateOrganization({ ...options, seats: 100_000, seed: 1 }).refusedInFlight).toBeGreaterThan(0.5);
	});

	test("with leased parts admits its limit or at most one unit per part less, and reserves at most one lease per part", () => {
		fc.assert(
			fc.property(seed, fc.integer({ min: 50_000, max: 300_000 }), (of, seats) => {
				const { leased } = simulateOrganization({ ...options, seats, seed: of });
				if (!leased) throw new Error("so many seats need parts");
				expect(leased.admitted).toBeLessThanOrEqual(leased.limit);
				expect(leased.admitted + leased.parts).toBeGreaterThanOrEqual(leased.limit);
				expect(leased.mostReserved).toBeLessThanOrEqual(leased.parts * leased.lease);
				expect(leased.reservedAtFirstRefusal).toBeLessThanOrEqual(leased.mostReserved);
				expect(leased.busiestPart.busy).toBeLessThan(1);
			}),
			{ numRuns: 10 },
		);
	});
});

describe("the alarms of several days", () => {
	const result = simulateAlarms(20_000, 3, 1, 25);

	test("are the same for the same seed", () => {
		expect(simulateAlarms(20_000, 3, 1, 25)).toEqual(result);
	});

	test("are no more frequent in the first minute after midnight than in the day's busiest minute", () => {
		for (const one of [...result.kinds, result.newNetworks]) {
			expect(one.afterMidnight).toBeLessThanOrEqual(one.inBusiestMinute);
			expect(one.inMeanMinute).toBeGreaterThan(0);
		}
	});

	test("in their busiest minute are fewer than the ledgers that a reset at midnight would wake", () => {
		const busiest = result.kinds.reduce((sum, { inBusiestMinute }) => sum + inBusiestMinute, 0);
		expect(result.ifLedgersReset).toBeGreaterThan(10 * busiest);
	});

	test("compare an account at most once a day, and report at most once per chat", () => {
		const [reports, comparisons] = result.kinds;
		const chatsPerMinute = (20_000 * ASSUMED_USE.chatsPerAccount) / 1_440;
		expect(reports?.inMeanMinute).toBeLessThan(chatsPerMinute * 1.1);
		expect(comparisons?.inMeanMinute).toBeLessThan(20_000 / 1_440);
	});
});
