import { randomFrom } from "../statistics.ts";
import { EventQueue } from "./events.ts";
import { ASSUMED_USE, answerMs, Groups, gapMs, peakChatsPerSecond } from "./population.ts";

/** How long an object is busy with one call, in milliseconds, and which calls a chat makes. */
export interface Service {
	ledgerMs: number;
	/** Every other object. */
	objectMs: number;
	d1Ms: number;
	d1QueriesPerChat: number;
	/** Requests that a network's guests may make in a day. */
	networkLimit: number;
}

/** The load of all objects of one kind, and of the busiest one. */
export interface Load {
	kind: string;
	objects: number;
	callsPerSecond: number;
	busiest: {
		callsPerSecond: number;
		/** Calls in its busiest second. */
		inOneSecond: number;
		/** The share of time in which it is busy; above 1 its queue keeps growing. */
		busy: number;
		longestWaitMs: number;
	};
}

export interface PeakResult {
	accounts: number;
	seconds: number;
	chats: number;
	chatsPerSecond: number;
	guestsRefused: number;
	loads: Load[];
}

const KINDS = [
	"D1 (one database)",
	"a pool of all guests (only with ALL_GUESTS_REQUESTS_DAILY)",
	"an organization's ledger",
	"a network's ledger",
	"a user's ledger",
	"a chat",
	"a chat list",
] as const;
type Kind = (typeof KINDS)[number];
const [D1, ALL_GUESTS, ORGANIZATION, NETWORK, USER, CHAT, LIST] = KINDS;

const REPORT_AFTER_MS = 3_000;
/** Kinds of events. */
const [END_OF_USERS, END_OF_ORGANIZATIONS, END_OF_GUESTS, ALARM_OF_USER, ALARM_OF_ORGANIZATION] = [0, 1, 2, 3, 4];

/** Objects of one kind, each a queue that serves one call after another. */
export class Servers {
	readonly #serviceMs: number;
	readonly #indices = new Map<number, number>();
	readonly #calls: number[] = [];
	readonly #freeAtMs: number[] = [];
	readonly #second: number[] = [];
	readonly #inSecond: number[] = [];
	readonly #mostInSecond: number[] = [];
	readonly #longestWaitMs: number[] = [];

	constructor(serviceMs: number) {
		this.#serviceMs = serviceMs;
	}

	call(object: number, atMs: number): void {
		let index = this.#indices.get(object);
		if (index === undefined) {
			index = this.#calls.length;
			this.#indices.set(object, index);
			for (const figures of [this.#calls, this.#freeAtMs, this.#inSecond, this.#mostInSecond, this.#longestWaitMs]) figures.push(0);
			this.#second.push(-1);
		}
		const second = Math.floor(atMs / 1000);
		const inSecond = this.#second[index] === second ? (this.#inSecond[index] ?? 0) + 1 : 1;
		const freeAtMs = this.#freeAtMs[index] ?? 0;
		this.#second[index] = second;
		this.#inSecond[index] = inSecond;
		this.#mostInSecond[index] = Math.max(this.#mostInSecond[index] ?? 0, inSecond);
		this.#longestWaitMs[index] = Math.max(this.#longestWaitMs[index] ?? 0, freeAtMs - atMs);
		this.#freeAtMs[index] = Math.max(freeAtMs, atMs) + this.#serviceMs;
		this.#calls[index] = (this.#calls[index] ?? 0) + 1;
	}

	load(kind: string, seconds: number): Load {
		let busiest = 0;
		let calls = 0;
		for (const [index, own] of this.#calls.entries()) {
			calls += own;
			if (own > (this.#calls[busiest] ?? 0)) busiest = index;
		}
		const callsPerSecond = (this.#calls[busiest] ?? 0) / seconds;
		return {
			kind,
			objects: this.#calls.length,
			callsPerSecond: calls / seconds,
			busiest: {
				callsPerSecond,
				inOneSecond: this.#mostInSecond[busiest] ?? 0,
				busy: (callsPerSecond * this.#serviceMs) / 1000,
				longestWaitMs: this.#longestWaitMs[busiest] ?? 0,
			},
		};
	}
}

/** Simulates the busiest time of a day, event by event. The same seed gives the same result. */
export function simulatePeak(accounts: number, seconds: number, seed: number, service: Service): PeakResult {
	const world = new Peak(accounts, randomFrom(seed), service);
	world.run(seconds * 1000);
	return {
		accounts,
		seconds,
		chats: world.chats,
		chatsPerSecond: peakChatsPerSecond(accounts),
		guestsRefused: world.guestsRefused,
		loads: KINDS.map((kind) => world.servers[kind].load(kind, seconds)),
	};
}

class Peak {
	chats = 0;
	guestsRefused = 0;
	readonly servers: Record<Kind, Servers>;
	readonly #accounts: number;
	readonly #random: () => number;
	readonly #service: Service;
	readonly #organizations: Groups;
	readonly #networks: Groups;
	readonly #usedOfNetwork: Uint16Array;
	readonly #queue = new EventQueue();
	/** Ledgers of users and organizations whose alarm is set. */
	readonly #armed = [new Set<number>(), new Set<number>()] as const;

	constructor(accounts: number, random: () => number, service: Service) {
		const { largestOrganization, organizationSeatsMax, inOrganizations, guestShare, largestNetwork, guestsPerNetwork } = ASSUMED_USE;
		this.#accounts = accounts;
		this.#random = random;
		this.#service = service;
		const largest = Math.min(organizationSeatsMax, accounts * largestOrganization);
		this.#organizations = new Groups(accounts * inOrganizations, largest, 2);
		const guests = accounts * guestShare;
		this.#networks = new Groups(guests, guests * largestNetwork, guestsPerNetwork);
		this.#usedOfNetwork = new Uint16Array(this.#networks.count);
		const { ledgerMs, objectMs, d1Ms } = service;
		const ledgers = () => new Servers(ledgerMs);
		this.servers = {
			[D1]: new Servers(d1Ms),
			[ALL_GUESTS]: ledgers(),
			[ORGANIZATION]: ledgers(),
			[NETWORK]: ledgers(),
			[USER]: ledgers(),
			[CHAT]: new Servers(objectMs),
			[LIST]: new Servers(objectMs),
		};
	}

	run(untilMs: number): void {
		const perSecond = peakChatsPerSecond(this.#accounts) * (1 + ASSUMED_USE.guestShare);
		for (let atMs = gapMs(this.#random, perSecond); atMs < untilMs; atMs += gapMs(this.#random, perSecond)) {
			this.#runUntil(atMs);
			if (this.#random() * (1 + ASSUMED_USE.guestShare) < 1) this.#chatOfAccount(atMs);
			else this.#attemptOfGuest(atMs);
		}
		this.#runUntil(untilMs);
	}

	#chatOfAccount(atMs: number): void {
		const { d1QueriesPerChat } = this.#service;
		for (let query = 0; query < d1QueriesPerChat; query += 1) this.servers[D1].call(0, atMs);
		const isMember = this.#random() < ASSUMED_USE.inOrganizations;
		const owner = Math.floor(this.#random() * this.#accounts);
		const payer = isMember ? this.#organizations.pick(this.#random) : owner;
		this.servers[isMember ? ORGANIZATION : USER].call(payer, atMs);
		this.servers[LIST].call(owner, atMs);
		this.#chat(atMs, isMember ? END_OF_ORGANIZATIONS : END_OF_USERS, payer);
	}

	/** Pools are called first: if the network's pool is used up, nothing else is called. */
	#attemptOfGuest(atMs: number): void {
		const network = this.#networks.pick(this.#random);
		this.servers[NETWORK].call(network, atMs);
		if ((this.#usedOfNetwork[network] ?? 0) >= this.#service.networkLimit) {
			this.guestsRefused += 1;
			return;
		}
		this.#usedOfNetwork[network] = (this.#usedOfNetwork[network] ?? 0) + 1;
		this.servers[ALL_GUESTS].call(0, atMs);
		// Each of these guests is new and has its own chat list.
		this.servers[LIST].call(-1 - this.chats, atMs);
		this.#chat(atMs, END_OF_GUESTS, network);
	}

	/** Each chat is a separate object. */
	#chat(atMs: number, end: number, payer: number): void {
		this.chats += 1;
		this.servers[CHAT].call(this.chats, atMs);
		this.#queue.add(atMs + answerMs(this.#random), end, payer);
	}

	#runUntil(untilMs: number): void {
		while (this.#queue.nextMs <= untilMs) {
			this.#queue.next();
			this.#on(this.#queue.kind, this.#queue.subject, this.#queue.atMs);
		}
	}

	#on(kind: number, payer: number, atMs: number): void {
		const isOrganization = kind === END_OF_ORGANIZATIONS || kind === ALARM_OF_ORGANIZATION;
		if (kind === END_OF_GUESTS) {
			this.servers[NETWORK].call(payer, atMs);
			this.servers[ALL_GUESTS].call(0, atMs);
			return;
		}
		const armed = this.#armed[isOrganization ? 1 : 0];
		this.servers[isOrganization ? ORGANIZATION : USER].call(payer, atMs);
		if (kind === ALARM_OF_USER || kind === ALARM_OF_ORGANIZATION) armed.delete(payer);
		else if (!armed.has(payer)) {
			armed.add(payer);
			this.#queue.add(atMs + REPORT_AFTER_MS, isOrganization ? ALARM_OF_ORGANIZATION : ALARM_OF_USER, payer);
		}
	}
}
