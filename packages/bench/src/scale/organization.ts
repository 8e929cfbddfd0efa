import { randomFrom } from "../statistics.ts";
import { EventQueue } from "./events.ts";
import { LeasedAllowance, LeasedPart } from "./leases.ts";
import { Servers } from "./peak.ts";
import { ASSUMED_USE, answerMs, gapMs } from "./population.ts";

/** One organization at its busiest time: with the product's ledger, and with a leased allowance in parts, a design that is not built. */
export interface OrganizationResult {
	seats: number;
	chatsPerSecond: number;
	/** As built: the share of chats refused by the in-flight limit. */
	refusedInFlight: number;
	/** Without that limit: calls to the ledger, the share of time in which it is busy, and the longest wait. */
	oneLedger: { callsPerSecond: number; busy: number; longestWaitMs: number };
	/** With leased parts; null if one ledger is enough. */
	leased: LeasedResult | null;
}

interface LeasedResult {
	parts: number;
	/** The maximum units of one lease. */
	lease: number;
	limit: number;
	admitted: number;
	/** The maximum, over time, of units leased but not taken: how much is reserved beyond actual use. */
	mostReserved: number;
	/** Units leased but not taken at the first refusal: this many requests were refused too early. */
	reservedAtFirstRefusal: number;
	parentCallsPerSecond: number;
	busiestPart: { callsPerSecond: number; busy: number };
}

/** Above this share of busy time a ledger is divided, so that each part stays below it. */
const BUSY_MAX = 0.5;
/** A part leases its need for this long. A part that got nothing waits `ASK_AGAIN_MS` before its next request. */
const LEASE_MS = 5_000;
const ASK_AGAIN_MS = 1_000;

export interface OrganizationOptions {
	seats: number;
	seconds: number;
	seed: number;
	ledgerMs: number;
	inFlightLimit: number;
}

/** Simulates one organization, event by event. The same seed gives the same result. */
export function simulateOrganization({ seats, seconds, seed, ledgerMs, inFlightLimit }: OrganizationOptions): OrganizationResult {
	const { chatsPerSeat, workingHours, workPeakFactor } = ASSUMED_USE;
	const chatsPerSecond = (seats * chatsPerSeat * workPeakFactor) / (workingHours * 3_600);
	const bounded = runOneLedger({ chatsPerSecond, seconds, seed, ledgerMs, inFlightLimit });
	const unbounded = runOneLedger({ chatsPerSecond, seconds, seed, ledgerMs, inFlightLimit: Number.POSITIVE_INFINITY });
	const { busy, callsPerSecond, longestWaitMs } = unbounded.load;
	const parts = Math.ceil(busy / BUSY_MAX);
	return {
		seats,
		chatsPerSecond,
		refusedInFlight: bounded.asked === 0 ? 0 : bounded.refused / bounded.asked,
		oneLedger: { callsPerSecond, busy, longestWaitMs },
		leased: parts === 1 ? null : runLeased({ chatsPerSecond, seconds, seed, ledgerMs, parts }),
	};
}

interface Run {
	chatsPerSecond: number;
	seconds: number;
	seed: number;
	ledgerMs: number;
}

function runOneLedger({ chatsPerSecond, seconds, seed, ledgerMs, inFlightLimit }: Run & { inFlightLimit: number }) {
	const random = randomFrom(seed);
	const ledger = new Servers(ledgerMs);
	const ends = new EventQueue();
	let [asked, refused] = [0, 0];
	const endUntil = (untilMs: number) => {
		while (ends.nextMs <= untilMs) {
			ends.next();
			ledger.call(0, ends.atMs);
		}
	};
	for (let atMs = gapMs(random, chatsPerSecond); atMs < seconds * 1000; atMs += gapMs(random, chatsPerSecond)) {
		endUntil(atMs);
		ledger.call(0, atMs);
		asked += 1;
		const lengthMs = answerMs(random);
		if (ends.size >= inFlightLimit) refused += 1;
		else ends.add(atMs + lengthMs, 0, 0);
	}
	endUntil(seconds * 1000);
	return { asked, refused, load: ledger.load("ledger", seconds).busiest };
}

/** The limit is chosen so that it is used up before the end, when leases can cause early refusals. Every request goes to a random part. */
function runLeased({ chatsPerSecond, seconds, seed, ledgerMs, parts: count }: Run & { parts: number }): LeasedResult {
	const random = randomFrom(seed);
	const limit = Math.floor(chatsPerSecond * seconds * 0.75);
	const parent = new LeasedAllowance(limit, count);
	const parts = Array.from({ length: count }, () => new LeasedPart());
	const servers = new Servers(ledgerMs);
	const parentServer = new Servers(ledgerMs);
	const ends = new EventQueue();
	const lease = Math.ceil((chatsPerSecond / count) * (LEASE_MS / 1000));
	const nothingLeftUntilMs = parts.map(() => 0);
	const reserved = () => parts.reduce((units, one) => units + one.free, 0);
	let [mostReserved, reservedAtFirstRefusal] = [0, -1];
	for (let atMs = gapMs(random, chatsPerSecond); atMs < seconds * 1000; atMs += gapMs(random, chatsPerSecond)) {
		for (; ends.nextMs <= atMs; servers.call(ends.subject, ends.atMs)) ends.next();
		const index = Math.floor(random() * count);
		const part = parts[index];
		if (!part) continue;
		servers.call(index, atMs);
		// A request waits for the parent only if its part has no units left.
		if (part.free === 0 && atMs >= (nothingLeftUntilMs[index] ?? 0)) {
			parentServer.call(0, atMs);
			part.receive(parent.lease(index, part.wants(lease)));
			if (part.free === 0) nothingLeftUntilMs[index] = atMs + ASK_AGAIN_MS;
			mostReserved = Math.max(mostReserved, reserved());
		}
		if (part.take(1)) ends.add(atMs + answerMs(random), 0, index);
		else if (reservedAtFirstRefusal < 0) reservedAtFirstRefusal = reserved();
	}
	const { callsPerSecond, busy } = servers.load("part", seconds).busiest;
	return {
		parts: count,
		lease,
		limit,
		admitted: parts.reduce((units, one) => units + one.taken, 0),
		mostReserved,
		reservedAtFirstRefusal: Math.max(0, reservedAtFirstRefusal),
		parentCallsPerSecond: parentServer.load("parent", seconds).busiest.callsPerSecond,
		busiestPart: { callsPerSecond, busy },
	};
}
