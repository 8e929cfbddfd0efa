import { randomFrom } from "../statistics.ts";
import { ASSUMED_USE, answerMs, Groups, gapMs, trafficAt } from "./population.ts";

/** Alarms that fire around 00:00 UTC, and other load that starts then. */
export interface AlarmResult {
	accounts: number;
	days: number;
	/** Alarms by purpose: in an average minute, in the busiest one and in the first after midnight. */
	kinds: AlarmKind[];
	/** New network ledger objects: each is named by its UTC day. */
	newNetworks: Omit<AlarmKind, "kind">;
	/** Alarms that would be due at the same instant in a design that resets every ledger used on the previous day. */
	ifLedgersReset: number;
}

interface AlarmKind {
	kind: string;
	inMeanMinute: number;
	inBusiestMinute: number;
	/** The UTC time of the busiest minute. */
	busiestAt: string;
	afterMidnight: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The product's own delays (packages/web/src/objects): usage-ledger.ts, ledger-alarm.ts, provider-link.ts, conversation.ts. */
const REPORT_AFTER_MS = 3_000;
const COMPARE_EVERY_MS = DAY_MS;
const NETWORK_LIFE_MS = 25 * 3_600_000;
const HEARTBEAT_MS = 20_000;
const HOLD_MS = 600_000;

/** Counts events per minute, except on the first day, when ledgers have no history yet. */
class Minutes {
	readonly #counts: Float64Array;

	constructor(days: number) {
		this.#counts = new Float64Array((days * DAY_MS) / MINUTE_MS);
	}

	add(atMs: number): void {
		const minute = Math.floor(atMs / MINUTE_MS);
		if (minute < this.#counts.length) this.#counts[minute] = (this.#counts[minute] ?? 0) + 1;
	}

	summary(): Omit<AlarmKind, "kind"> {
		const counted = this.#counts.subarray(DAY_MS / MINUTE_MS);
		let busiest = 0;
		let sum = 0;
		let [atMidnight, midnights] = [0, 0];
		for (const [minute, count] of counted.entries()) {
			sum += count;
			if (count > (counted[busiest] ?? 0)) busiest = minute;
			if ((minute * MINUTE_MS) % DAY_MS !== 0) continue;
			atMidnight += count;
			midnights += 1;
		}
		return {
			inMeanMinute: sum / counted.length,
			inBusiestMinute: counted[busiest] ?? 0,
			busiestAt: new Date((busiest * MINUTE_MS) % DAY_MS).toISOString().slice(11, 16),
			afterMidnight: atMidnight / midnights,
		};
	}
}

/** One alarm per object, as on the platform. Setting it only ever moves it to an earlier time. */
class Alarms {
	readonly #atMs: Float64Array;
	readonly #fired: Minutes;
	/** When the object's next alarm is due after one has fired; infinity for never. */
	readonly #againMs: (object: number, firedMs: number) => number;

	constructor(objects: number, fired: Minutes, againMs: (object: number, firedMs: number) => number) {
		this.#atMs = new Float64Array(objects).fill(Number.POSITIVE_INFINITY);
		this.#fired = fired;
		this.#againMs = againMs;
	}

	/** Fires the alarms due until an instant. Objects are independent, so each is caught up only when it is next used. */
	runUntil(object: number, untilMs: number): void {
		for (let atMs = this.#atMs[object] ?? 0; atMs <= untilMs && atMs !== Number.POSITIVE_INFINITY; atMs = this.#atMs[object] ?? 0) {
			this.#fired.add(atMs);
			this.#atMs[object] = this.#againMs(object, atMs);
		}
	}

	set(object: number, atMs: number): void {
		this.#atMs[object] = Math.min(this.#atMs[object] ?? 0, atMs);
	}

	end(untilMs: number): void {
		for (let object = 0; object < this.#atMs.length; object += 1) this.runUntil(object, untilMs);
	}
}

const never = () => Number.POSITIVE_INFINITY;

/**
 * Simulates an app's alarms over several days. Every account has a plan that reports its usage, the case with the most alarms. The same
 * seed gives the same result.
 * @param networkLimit requests that a network's guests may make in a day
 */
export function simulateAlarms(accounts: number, days: number, seed: number, networkLimit: number): AlarmResult {
	const random = randomFrom(seed);
	const users = new Users(accounts, days);
	const guests = new Guests(accounts * ASSUMED_USE.guestShare, days, networkLimit);
	const heartbeats = new Minutes(days);
	const { guestShare, chatsPerAccount, peakFactor } = ASSUMED_USE;
	const perSecond = (accounts * chatsPerAccount * (1 + guestShare)) / 86_400;
	const untilMs = days * DAY_MS;
	for (let atMs = gapMs(random, perSecond * peakFactor); atMs < untilMs; atMs += gapMs(random, perSecond * peakFactor)) {
		// Candidates arrive at the peak's rate, and the hour's share of them is kept.
		if (random() * peakFactor >= trafficAt(atMs)) continue;
		const endMs = atMs + answerMs(random);
		const isAccount = random() * (1 + guestShare) < 1;
		if (isAccount) users.chat(Math.floor(random() * accounts), endMs);
		else if (!guests.chat(guests.networks.pick(random), atMs)) continue;
		// The last heartbeat finds that the answer has ended.
		for (let beatMs = atMs + HEARTBEAT_MS; beatMs < endMs + HEARTBEAT_MS; beatMs += HEARTBEAT_MS) heartbeats.add(beatMs);
	}
	users.end(untilMs);
	guests.end(untilMs);
	const kinds = {
		"a report to the provider": users.reports,
		"the daily comparison": users.comparisons,
		"a running answer's heartbeat": heartbeats,
		"holds of guests and networks, looked at after 10 minutes": guests.holds,
		"the end of a network's ledger": guests.ends,
	};
	return {
		accounts,
		days,
		kinds: Object.entries(kinds).map(([kind, minutes]) => ({ kind, ...minutes.summary() })),
		newNetworks: guests.newNetworks.summary(),
		ifLedgersReset: users.usedSince(untilMs - DAY_MS),
	};
}

/** The ledgers of accounts. */
class Users {
	readonly reports: Minutes;
	readonly comparisons: Minutes;
	readonly #reporting: Alarms;
	readonly #comparing: Alarms;
	readonly #usedMs: Float64Array;
	readonly #comparedMs: Float64Array;

	constructor(accounts: number, days: number) {
		this.reports = new Minutes(days);
		this.comparisons = new Minutes(days);
		this.#usedMs = new Float64Array(accounts).fill(-DAY_MS);
		this.#comparedMs = new Float64Array(accounts).fill(-DAY_MS);
		this.#reporting = new Alarms(accounts, this.reports, never);
		this.#comparing = new Alarms(accounts, this.comparisons, (user, firedMs) => {
			this.#comparedMs[user] = firedMs;
			return Number.POSITIVE_INFINITY;
		});
	}

	chat(user: number, endMs: number): void {
		this.#usedMs[user] = endMs;
		this.#reporting.runUntil(user, endMs);
		this.#comparing.runUntil(user, endMs);
		this.#reporting.set(user, endMs + REPORT_AFTER_MS);
		const dueMs = (this.#comparedMs[user] ?? 0) + COMPARE_EVERY_MS;
		// The report's alarm also does an overdue comparison.
		if (dueMs <= endMs) this.#comparedMs[user] = endMs;
		else this.#comparing.set(user, dueMs);
	}

	end(untilMs: number): void {
		this.#reporting.end(untilMs);
		this.#comparing.end(untilMs);
	}

	usedSince(fromMs: number): number {
		let users = 0;
		for (const usedMs of this.#usedMs) if (usedMs >= fromMs) users += 1;
		return users;
	}
}

/** The ledgers of guests and of their networks. A network has one ledger per UTC day. */
class Guests {
	readonly networks: Groups;
	readonly holds: Minutes;
	readonly ends: Minutes;
	readonly newNetworks: Minutes;
	readonly #holding: Alarms;
	readonly #usedMs: Float64Array;
	readonly #units: Uint16Array;
	readonly #limit: number;

	constructor(guests: number, days: number, limit: number) {
		this.#limit = limit;
		this.networks = new Groups(guests, guests * ASSUMED_USE.largestNetwork, ASSUMED_USE.guestsPerNetwork);
		this.holds = new Minutes(days);
		this.ends = new Minutes(days);
		this.newNetworks = new Minutes(days);
		this.#holding = new Alarms(this.networks.count, this.holds, never);
		this.#usedMs = new Float64Array(this.networks.count).fill(Number.NEGATIVE_INFINITY);
		this.#units = new Uint16Array(this.networks.count);
	}

	/** @returns whether the network's pool had a unit left */
	chat(network: number, atMs: number): boolean {
		const lastMs = this.#usedMs[network] ?? 0;
		if (Math.floor(lastMs / DAY_MS) < Math.floor(atMs / DAY_MS)) {
			this.newNetworks.add(atMs);
			this.#units[network] = 0;
			if (lastMs >= 0) this.ends.add(lastMs + NETWORK_LIFE_MS);
		}
		if ((this.#units[network] ?? 0) >= this.#limit) return false;
		this.#units[network] = (this.#units[network] ?? 0) + 1;
		this.#usedMs[network] = atMs;
		this.#holding.runUntil(network, atMs);
		this.#holding.set(network, atMs + HOLD_MS);
		// The guest's own ledger.
		this.holds.add(atMs + HOLD_MS);
		return true;
	}

	end(untilMs: number): void {
		this.#holding.end(untilMs);
	}
}
