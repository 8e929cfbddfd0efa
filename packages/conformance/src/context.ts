import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, isRecord } from "./answer.ts";
import { Breach, Unjudged } from "./failure.ts";
import { Client, type Question, type Reply, type Site } from "./http.ts";

/** The parts of `GET /api/usage` that rules read. Counts are requests. */
export interface Usage {
	tier: string;
	limit: number;
	used: number;
	held: number;
	remaining: number;
	window: { start: string | null };
}

/** A model at one of its efforts, and what a short message to it costs. */
export interface Offer {
	model: string;
	effort: string | null;
	units: number;
}

/** A guest who has received one answer. */
export interface Newcomer {
	client: Client;
	question: Question;
}

/** A chat with one complete, counted answer. */
export interface FinishedChat {
	owner: Client;
	question: Question;
	answerId: string;
	output: string;
}

const SHORT = "Answer with one word.";
/** Long enough to interrupt, but only a few hundred tokens. */
const LONG = "Count from one to eighty in words. Write nothing else.";
/** Longest wait for a rate-limited sign-up, in seconds. */
const SIGN_UP_WAIT_MAX_S = 15;
/** Highest guest limit that is tested; each unit costs a model call. */
const LIMIT_TRIED_MAX = 8;

/** A new request in a new chat. Its text is unique, so that a leak can be recognized. */
const question = (text: string): Question => ({ chatId: randomUUID(), key: randomUUID(), text: `${text} (${randomUUID().slice(0, 8)})` });
export const shortQuestion = () => question(SHORT);
export const longQuestion = () => question(LONG);

/** State that the rules of one run share. They run one after the other. */
export class Context {
	readonly site: Site;
	readonly mayMakeAccount: boolean;
	/** A guest's limit, as the deployment reports it. */
	readonly guestLimit: number;
	/** A guest at its limit. */
	spent: Client | null = null;
	newcomer: Newcomer | null = null;
	chat: FinishedChat | null = null;
	/** The client for rules that are not about limits. */
	#person: Client | null = null;
	#signUpTried = false;

	constructor(site: Site, options: { mayMakeAccount: boolean; guestLimit: number }) {
		this.site = site;
		this.mayMakeAccount = options.mayMakeAccount;
		this.guestLimit = options.guestLimit;
	}

	/** Creates a guest by loading the page. It has sent no request yet. */
	async visit(): Promise<Client> {
		const client = new Client(this.site);
		await client.read("/");
		return client;
	}

	/** Creates a guest with at least `units` requests left. @throws Unjudged when the network's pool has too few */
	async guest(units: number): Promise<Client> {
		const guest = await this.visit();
		const { remaining, limit } = await usageOf(guest);
		if (units > limit) throw new Unjudged(`a guest gets ${limit} requests, and ${units} are needed`);
		if (remaining < units) throw new Unjudged(`a new guest has ${remaining} of ${limit} left: the network's pool is used up for today`);
		return guest;
	}

	/** Creates a guest with an unused allowance. @throws Unjudged when using it up costs too much */
	async guestWithAll(): Promise<Client> {
		this.#assertTriable();
		return this.guest(this.guestLimit);
	}

	/** The current guest, or a new one, brought to exactly one remaining request. */
	async guestWithOneLeft(): Promise<Client> {
		this.#assertTriable();
		const usage = this.#person && (await usageOf(this.#person));
		const canContinue = usage?.tier === "guest" && usage.used < this.guestLimit && usage.remaining === this.guestLimit - usage.used;
		const guest = this.#person && canContinue ? this.#person : await this.guest(Math.max(1, this.guestLimit));
		while ((await usageOf(guest)).used < this.guestLimit - 1) await counted(await guest.ask(shortQuestion()));
		return guest;
	}

	#assertTriable(): void {
		if (modelCallsToLimit(this.guestLimit) < this.guestLimit)
			throw new Unjudged(`a guest gets ${this.guestLimit}: reaching that would cost too many model calls`);
	}

	/** A client with at least `units` requests left: the account if one is allowed, else a guest. */
	async person(units: number): Promise<Client> {
		for (const known of [this.#person, (await this.#account()) ?? this.newcomer?.client]) {
			if (!known || (await usageOf(known)).remaining < units) continue;
			this.#person = known;
			return known;
		}
		this.#person = await this.guest(units);
		return this.#person;
	}

	async #account(): Promise<Client | null> {
		if (!this.mayMakeAccount || this.#signUpTried) return null;
		try {
			const client = await this.visit();
			await this.signUp(client);
			return client;
		} catch (error) {
			if (error instanceof Unjudged) return null;
			throw error;
		}
	}

	/** Signs this client up, once per run. Later rules use the account too. @throws Unjudged when sign-up is refused */
	async signUp(client: Client): Promise<{ email: string; password: string }> {
		if (this.#signUpTried) throw new Unjudged("a run creates one account only");
		this.#signUpTried = true;
		const login = { email: `conformance-${randomUUID()}@example.com`, password: randomUUID() };
		const send = () => client.post("/api/auth/sign-up/email", { name: "Conformance", ...login });
		let reply = await send();
		if (reply.status === 429) {
			const seconds = Number(reply.headers.get("x-retry-after") ?? reply.headers.get("retry-after") ?? SIGN_UP_WAIT_MAX_S);
			if (!(seconds <= SIGN_UP_WAIT_MAX_S)) throw new Unjudged("sign-up is rate-limited: try again in a minute");
			await sleep(seconds * 1000, undefined, { signal: this.site.deadline });
			reply = await send();
		}
		if (reply.status !== 200) throw new Unjudged(`no account could be created: sign-up answered ${reply.status}`);
		this.#person = client;
		return login;
	}

	/** A guest at its limit: one that an earlier rule left, or a new one that uses up its allowance. */
	async spentGuest(): Promise<Client> {
		if (this.spent) return this.spent;
		const guest = await this.guestWithAll();
		for (let n = 0; n < this.guestLimit; n += 1) await counted(await guest.ask(shortQuestion()));
		this.spent = guest;
		return guest;
	}

	/** A guest with one answer: the one that an earlier rule left, or a new one. */
	async guestWithOne(): Promise<Newcomer> {
		if (this.newcomer) return this.newcomer;
		const client = await this.guest(1);
		const question = shortQuestion();
		await counted(await client.ask(question));
		this.newcomer = { client, question };
		return this.newcomer;
	}

	/** A chat with a finished answer, whose owner has `unitsLeft` requests left: the one that an earlier rule left, or a new one. */
	async finishedChat(unitsLeft = 0): Promise<FinishedChat> {
		if (this.chat && (await usageOf(this.chat.owner)).remaining >= unitsLeft) return this.chat;
		const owner = await this.person(1 + unitsLeft);
		const question = shortQuestion();
		const { id, output } = await counted(await owner.ask(question));
		this.chat = { owner, question, answerId: id, output };
		return this.chat;
	}
}

/** Model calls needed to bring a guest to its limit; 0 above the highest limit that is tested. */
export const modelCallsToLimit = (guestLimit: number) => (guestLimit > LIMIT_TRIED_MAX ? 0 : guestLimit);

/** Reads `GET /api/usage`. @throws Breach when it is malformed */
export async function usageOf(client: Client): Promise<Usage> {
	return toUsage(await client.read("/api/usage"));
}

/** Parses a reply of `GET /api/usage`. @throws Breach when a number is missing */
export function toUsage({ status, json }: Reply): Usage {
	const start = isRecord(json) && isRecord(json.window) ? json.window.start : undefined;
	if (status !== 200 || !isRecord(json) || typeof json.tier !== "string")
		throw new Breach(`GET /api/usage answered ${status} without usage numbers`);
	const number = (name: string): number => {
		const value = json[name];
		if (typeof value !== "number") throw new Breach(`GET /api/usage has no number "${name}"`);
		return value;
	};
	return {
		tier: json.tier,
		limit: number("limit"),
		used: number("used"),
		held: number("held"),
		remaining: number("remaining"),
		window: { start: typeof start === "string" ? start : null },
	};
}

/** Reads this client's models from `GET /api/models`, the cheapest first. @throws Breach when it is malformed */
export async function offersTo(client: Client): Promise<Offer[]> {
	return toOffers(await client.read("/api/models"));
}

/** Parses a reply of `GET /api/models`. @throws Breach when a field that determines a price is missing */
export function toOffers({ status, json }: Reply): Offer[] {
	if (status !== 200 || !isRecord(json) || !Array.isArray(json.models))
		throw new Breach(`GET /api/models answered ${status} without models`);
	const offers = json.models.flatMap((model: unknown): Offer[] => {
		if (!isRecord(model) || typeof model.id !== "string" || !isUnits(model.weight) || !isRecord(model.efforts))
			throw new Breach("GET /api/models has a model without id, weight or efforts");
		if (model.allowed !== true) return [];
		const { id, weight } = model;
		const efforts = Object.entries(model.efforts);
		if (efforts.length === 0) return [{ model: id, effort: null, units: weight }];
		return efforts.map(([effort, factor]) => {
			if (!isUnits(factor)) throw new Breach(`GET /api/models: the effort "${effort}" of ${id} has no factor`);
			return { model: id, effort, units: weight * factor };
		});
	});
	return offers.sort((a, b) => a.units - b.units);
}

const isUnits = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value) && value >= 1;

/** Units counted between two readings of the same window. @throws Unjudged when the window changed in between */
export function difference(before: Usage, after: Usage): number {
	if (before.window.start !== after.window.start || before.tier !== after.tier)
		throw new Unjudged("a new window began during the check: run again");
	return after.used - before.used;
}

/** Reads a valid request's answer to its end. @throws Breach when it is refused or not counted, Unjudged when the model failed */
export async function counted(answer: Answer): Promise<Answer> {
	await answer.whole();
	refusedByOthers(answer);
	if (answer.status !== 200) throw new Breach(`a valid request got ${answer.status} ${String(answer.problem?.title ?? "")}`.trim());
	const { state } = answer.metadata;
	if (state === "failed" || state === "interrupted" || answer.last === "error") throw new Unjudged("the model failed");
	if (answer.metadata.counted !== true)
		throw new Breach(`an answer ended as "${String(state)}" with counted ${String(answer.metadata.counted)}`);
	return answer;
}

/** Whether the model failed. A failed answer proves nothing about limits. */
export const modelFailed = (answer: Answer) =>
	answer.status === 200 && (answer.last === "error" || answer.metadata.state === "failed" || answer.metadata.state === "interrupted");

/** Whether the deployment requires a human check of a new guest, which this client cannot pass. */
export const isChallenge = ({ status, problem }: Answer) => status === 403 && problem?.title === "Human check needed";

/** @throws Unjudged for a refusal that concerns this network, not the rule */
export function refusedByOthers(answer: Answer): void {
	if (isChallenge(answer)) throw new Unjudged("new guests of this network need a human check: half of its pool is used");
	if (answer.status !== 429) return;
	const { policy } = answer.problem ?? {};
	if (policy === "network") throw new Unjudged("the guests of this network have used up its pool");
	if (policy === "unconfirmed") throw new Unjudged("the unconfirmed accounts of this network have used up their pool");
}
