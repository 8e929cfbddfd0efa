import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, isRecord } from "./answer.ts";
import { Breach, Unjudged } from "./failure.ts";
import { Client, type Question, type Reply, type Site } from "./http.ts";

/** The body of `GET /api/usage`, as far as rules read it. Counts are requests. */
export interface Usage {
	tier: string;
	limit: number;
	used: number;
	held: number;
	remaining: number;
	window: { start: string | null };
}

/** A guest with one answer. */
export interface Newcomer {
	client: Client;
	question: Question;
}

/** A chat with one whole and counted answer in it. */
export interface FinishedChat {
	owner: Client;
	question: Question;
	answerId: string;
	output: string;
}

const SHORT = "Answer with one word.";
/** Long enough to be interrupted, and still a few hundred tokens. */
const LONG = "Count from one to eighty in words. Write nothing else.";
/** A person who waits longer for a sign-up to be let through would be a rule of its own. */
const SIGN_UP_WAIT_MAX_S = 15;
/** More model calls than a look at one limit is worth. */
const LIMIT_TRIED_MAX = 8;

/** A new request in a new chat. The number makes its text one of a kind, so that it is recognized where it should not be. */
const question = (text: string): Question => ({ chatId: randomUUID(), key: randomUUID(), text: `${text} (${randomUUID().slice(0, 8)})` });
export const shortQuestion = () => question(SHORT);
export const longQuestion = () => question(LONG);

/** What one run knows and shares between its rules, which run one after the other. */
export class Context {
	readonly site: Site;
	readonly mayMakeAccount: boolean;
	/** Requests a guest gets, as the deployment says it itself. */
	readonly guestLimit: number;
	/** A guest who has nothing left. */
	spent: Client | null = null;
	newcomer: Newcomer | null = null;
	chat: FinishedChat | null = null;
	/** Who asks what is not about limits. */
	#person: Client | null = null;
	#signUpTried = false;

	constructor(site: Site, options: { mayMakeAccount: boolean; guestLimit: number }) {
		this.site = site;
		this.mayMakeAccount = options.mayMakeAccount;
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
		if (units > limit) throw new Unjudged(`a guest gets ${limit}, and ${units} are needed`);
		if (remaining < units) throw new Unjudged(`a new guest has ${remaining} of ${limit} left: the network's pool of today is used up`);
		return guest;
	}

	/** A guest's whole allowance, unless trying it would be dear. */
	async guestWithAll(): Promise<Client> {
		this.#assertTriable();
		return this.guest(this.guestLimit);
	}

	/** A guest with one request left: the one who has asked so far, or a new one. */
	async guestWithOneLeft(): Promise<Client> {
		this.#assertTriable();
		const usage = this.#person && (await usageOf(this.#person));
		const goesOn = usage?.tier === "guest" && usage.used < this.guestLimit && usage.remaining === this.guestLimit - usage.used;
		const guest = this.#person && goesOn ? this.#person : await this.guest(Math.max(1, this.guestLimit));
		while ((await usageOf(guest)).used < this.guestLimit - 1) await counted(await guest.ask(shortQuestion()));
		return guest;
	}

	#assertTriable(): void {
		if (modelCallsToLimit(this.guestLimit) < this.guestLimit)
			throw new Unjudged(`a guest gets ${this.guestLimit}: reaching that would cost too many model calls`);
	}

	/** Somebody with so many requests left: the account where one may be made, else a guest. */
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

	/** Makes the account of a run: of this client, and lets the rules behind this one use it. */
	async signUp(client: Client): Promise<{ email: string; password: string }> {
		if (this.#signUpTried) throw new Unjudged("no second account is made");
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

	/** A guest with one answer: the one that an earlier rule left, or a new one. */
	async guestWithOne(): Promise<Newcomer> {
		if (this.newcomer) return this.newcomer;
		const client = await this.guest(1);
		const question = shortQuestion();
		await counted(await client.ask(question));
		this.newcomer = { client, question };
		return this.newcomer;
	}

	/** A chat with a finished answer, whose owner can ask so many times more: the one that an earlier rule left, or a new one. */
	async finishedChat(unitsLeft = 0): Promise<FinishedChat> {
		if (this.chat && (await usageOf(this.chat.owner)).remaining >= unitsLeft) return this.chat;
		const owner = await this.person(1 + unitsLeft);
		const question = shortQuestion();
		const { id, output } = await counted(await owner.ask(question));
		this.chat = { owner, question, answerId: id, output };
		return this.chat;
	}
}

/** Model calls that it takes to bring a guest to its limit; 0 where that is not tried, because it would be dear. */
export const modelCallsToLimit = (guestLimit: number) => (guestLimit > LIMIT_TRIED_MAX ? 0 : guestLimit);

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

/** Whether a new guest is asked to show to be human, which this is not. */
export const isChallenge = ({ status, problem }: Answer) => status === 403 && problem?.title === "Human check needed";

/** A refusal that is about this network, and tells nothing about the rule. */
export function refusedByOthers(answer: Answer): void {
	if (isChallenge(answer)) throw new Unjudged("new guests of this network must show to be human: half of its pool is used");
	if (answer.status === 429 && answer.problem?.policy === "network") throw new Unjudged("the guests of this network have used up its pool");
}
