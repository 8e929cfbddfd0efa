import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, isRecord } from "./answer.ts";
import { Client, type Question, type Reply, type Site } from "./http.ts";
import { Breach, Unjudged } from "./rule.ts";

/** The body of `GET /api/usage`, as far as rules read it. Counts are requests. */
export interface Usage {
	tier: string;
	limit: number;
	used: number;
	held: number;
	remaining: number;
	window: { start: string | null };
}

/** A chat with one whole and counted answer in it. */
export interface FinishedChat {
	owner: Client;
	question: Question;
	output: string;
}

const SHORT = "Answer with one word.";
/** Long enough to be interrupted, and still a few hundred tokens. */
const LONG = "Count from one to eighty in words. Write nothing else.";
/** A person who waits longer for a sign-up to be let through would be a rule of its own. */
const SIGN_UP_WAIT_MAX_S = 15;

const id = () => randomUUID();

/** A new request in a new chat. */
export const shortQuestion = (): Question => ({ chatId: id(), key: id(), text: SHORT });
export const longQuestion = (): Question => ({ chatId: id(), key: id(), text: LONG });

/** What one run knows and shares between its rules, which run one after the other. */
export class Context {
	readonly site: Site;
	readonly accounts: boolean;
	/** Requests a guest gets, as the deployment says it itself. */
	readonly guestLimit: number;
	/** A guest who has nothing left. */
	spent: Client | null = null;
	chat: FinishedChat | null = null;
	#person: Client | null = null;
	#closed: string | null = null;

	constructor(site: Site, options: { accounts: boolean; guestLimit: number }) {
		this.site = site;
		this.accounts = options.accounts;
		this.guestLimit = options.guestLimit;
	}

	/** A guest who has asked nothing yet, with the cookie that loading the page gives. */
	async visit(): Promise<Client> {
		const client = new Client(this.site);
		await client.read("/");
		return client;
	}

	/** A new guest who can ask so many times, whatever other guests of this network have used. */
	async guest(units: number): Promise<Client> {
		const guest = await this.visit();
		const { remaining, limit } = await usageOf(guest);
		if (remaining < Math.min(units, limit))
			throw new Unjudged(`a new guest has ${remaining} of ${limit} left: the network's pool is used up`);
		if (units > limit) throw new Unjudged(`a guest gets ${limit}, and ${units} are needed`);
		return guest;
	}

	/** A guest's whole allowance, unless trying it would be dear. */
	async guestWithAll(): Promise<Client> {
		if (tooDear(this.guestLimit)) throw new Unjudged(`a guest gets ${this.guestLimit}: reaching that would cost too many model calls`);
		return this.guest(this.guestLimit);
	}

	/** Somebody with so many requests left: an account where accounts may be made, else a guest. */
	async person(units: number): Promise<Client> {
		if (this.#person && (await usageOf(this.#person)).remaining >= units) return this.#person;
		this.#person = (await this.#account()) ?? (await this.guest(units));
		return this.#person;
	}

	async #account(): Promise<Client | null> {
		if (!this.accounts || this.#closed !== null) return null;
		try {
			const client = await this.visit();
			await this.signUp(client);
			return client;
		} catch (error) {
			if (!(error instanceof Unjudged)) throw error;
			this.#closed = error.message;
			return null;
		}
	}

	/** Makes an account of a client, and lets the rules behind this one use it. */
	async signUp(client: Client): Promise<{ email: string; password: string }> {
		if (!this.accounts) throw new Unjudged("--no-accounts");
		const login = { email: `conformance-${id()}@example.com`, password: id() };
		const send = () => client.post("/api/auth/sign-up/email", { name: "Conformance", ...login });
		let reply = await send();
		if (reply.status === 429) {
			const seconds = Number(reply.headers.get("x-retry-after") ?? reply.headers.get("retry-after") ?? SIGN_UP_WAIT_MAX_S);
			if (!(seconds <= SIGN_UP_WAIT_MAX_S)) throw new Unjudged("sign-up is rate-limited: try again in a minute");
			await sleep(seconds * 1000, undefined, { signal: this.site.deadline });
			reply = await send();
		}
		if (reply.status !== 200) throw new Unjudged(`no account could be made: sign-up answered ${reply.status}`);
		this.#person = client;
		return login;
	}

	/** A guest at its limit: the one that an earlier rule left, or a new one that uses up everything. */
	async spentGuest(): Promise<Client> {
		if (this.spent) return this.spent;
		const guest = await this.guestWithAll();
		for (let n = 0; n < this.guestLimit; n += 1) await counted(await guest.ask(shortQuestion()));
		this.spent = guest;
		return guest;
	}

	/** A chat with a finished answer: the one that an earlier rule left, or a new one. */
	async finishedChat(): Promise<FinishedChat> {
		if (this.chat) return this.chat;
		const owner = await this.person(1);
		const question = shortQuestion();
		const { output } = await counted(await owner.ask(question));
		this.chat = { owner, question, output };
		return this.chat;
	}
}

/** More model calls than a look at one limit is worth. */
export const tooDear = (guestLimit: number) => guestLimit > 8;

export async function usageOf(client: Client): Promise<Usage> {
	return toUsage(await client.read("/api/usage"));
}

export function toUsage({ status, json }: Reply): Usage {
	const start = isRecord(json) && isRecord(json.window) ? json.window.start : undefined;
	if (status !== 200 || !isRecord(json) || typeof json.tier !== "string")
		throw new Breach(`GET /api/usage answered ${status} without the numbers`);
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

/** How many units lie between two looks at the same window. */
export function difference(before: Usage, after: Usage): number {
	if (before.window.start !== after.window.start || before.tier !== after.tier)
		throw new Unjudged("another window began in the middle: run again");
	return after.used - before.used;
}

/** Hears an answer that nothing should go wrong with: whole and counted. */
export async function counted(answer: Answer): Promise<Answer> {
	await answer.whole();
	refusedByOthers(answer);
	if (answer.status !== 200)
		throw new Breach(`a valid request was answered ${answer.status} ${String(answer.problem?.title ?? "")}`.trim());
	const { state } = answer.metadata;
	if (state === "failed" || state === "interrupted" || answer.last === "error") throw new Unjudged("the model failed");
	if (answer.metadata.counted !== true)
		throw new Breach(`an answer ended as "${String(state)}" with counted ${String(answer.metadata.counted)}`);
	return answer;
}

/** Whether the model failed this answer, which then proves nothing about limits. */
export const modelFailed = (answer: Answer) =>
	answer.status === 200 && (answer.last === "error" || answer.metadata.state === "failed" || answer.metadata.state === "interrupted");

/** A refusal that is about this network, and tells nothing about the rule. */
export function refusedByOthers(answer: Answer): void {
	if (answer.status === 429 && answer.problem?.policy === "network") throw new Unjudged("the guests of this network have used up its pool");
}
