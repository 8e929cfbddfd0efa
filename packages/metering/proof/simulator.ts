import {
	type AnswerEnd,
	type Command,
	type Entitlement,
	type Report,
	type RequestRow,
	type Spent,
	type SubjectKind,
	whoPays,
} from "../src/index.ts";
import type { Plan } from "./journal.ts";
import { Chance } from "./random.ts";
import { Subject } from "./subject.ts";

const START_MS = Date.UTC(2026, 1, 27, 23);
const DAY_MS = 86_400_000;
const SUBJECTS = 20;
const KINDS: readonly SubjectKind[] = ["guest", "network", "organization", "user", "user", "organization", "user", "user"];
const ENDS: readonly AnswerEnd[] = ["complete", "complete", "complete", "length", "filtered", "stopped", "failed", "interrupted"];

/** Counts of events in one game, so that a proof can show that failures occurred. */
export interface Tally {
	/** Commands whose decision was compared with the oracle's. */
	compared: number;
	held: number;
	spilled: number;
	freeDays: number;
	refused: number;
	raised: number;
	notRaised: number;
	lowered: number;
	repeats: number;
	crashes: number;
	jumps: number;
	lost: number;
	doubled: number;
	outages: number;
	lateWords: number;
	refusedReports: number;
	deadLetters: number;
	folded: number;
	events: number;
}

/** One subject with its clients and machines. `channel` has the messages in flight, which arrive in any order. */
class Life {
	readonly subject: Subject;
	channel: (() => void)[] = [];
	/** Running answers, or answers lost in a crash. */
	readonly answers = new Map<string, "running" | "gone">();
	ids: string[] = [];
	asked = 0;
	plan: Plan = { kind: "none" };
	purchases = 0;

	/** Probability that the provider refuses a report. */
	readonly dislike: number;

	readonly isPool: boolean;

	constructor(kind: SubjectKind, dislike: number) {
		this.dislike = dislike;
		this.isPool = kind === "network";
		this.subject = new Subject(kind);
	}
}

/**
 * Plays one seed: clients send, repeat and stop requests; the channel loses, duplicates and reorders messages; objects crash between any two steps;
 * clocks jump by up to two days either way; the provider has outages. The subject's journal checks each decision.
 * @throws on the first violation, naming the broken rule
 */
export class Simulator {
	readonly tally: Tally = {
		compared: 0,
		held: 0,
		spilled: 0,
		freeDays: 0,
		refused: 0,
		raised: 0,
		notRaised: 0,
		lowered: 0,
		repeats: 0,
		crashes: 0,
		jumps: 0,
		lost: 0,
		doubled: 0,
		outages: 0,
		lateWords: 0,
		refusedReports: 0,
		deadLetters: 0,
		folded: 0,
		events: 0,
	};
	readonly #chance: Chance;
	readonly #lives: Life[];
	#nowMs = START_MS;
	#outage = false;

	constructor(seed: number) {
		this.#chance = new Chance(seed);
		this.#lives = Array.from({ length: SUBJECTS }, (_, i) => new Life(KINDS[i % KINDS.length] ?? "user", i % 4 === 3 ? 1 : 0.02));
		for (const life of this.#lives) {
			this.#changePlan(life);
			life.subject.keep(life.subject.read(life.plan, this.#nowMs));
		}
	}

	play(steps: number): Tally {
		for (let step = 0; step < steps; step += 1) this.#step(this.#chance.pick(this.#lives));
		this.#outage = false;
		for (const { subject } of this.#lives) {
			subject.crash();
			subject.drain(this.#nowMs);
			this.tally.events += subject.provider.events.size;
			this.tally.compared += subject.compared;
		}
		return this.tally;
	}

	#step(life: Life): void {
		const chance = this.#chance;
		this.#nowMs += chance.between(0, 30_000);
		const dice = chance.next();
		if (dice < 0.3) this.#ask(life);
		else if (dice < 0.58) this.#deliver(life);
		else if (dice < 0.74) this.#alarm(life);
		else if (dice < 0.88) this.#shop(life);
		else if (dice < 0.93) this.#crash(life);
		else if (dice < 0.935) this.#jump();
		else if (dice < 0.945) this.#outages();
		else if (dice < 0.946) this.#season();
		else this.#nowMs += chance.between(0, 2 * 3_600_000);
	}

	/** Sends a message that may be lost, duplicated or delayed. */
	#send(life: Life, message: () => void): void {
		if (this.#chance.happens(0.08)) {
			this.tally.lost += 1;
			return;
		}
		life.channel.push(message);
		if (!this.#chance.happens(0.08)) return;
		this.tally.doubled += 1;
		life.channel.push(message);
	}

	#deliver(life: Life): void {
		for (let i = this.#chance.between(1, 4); i > 0 && life.channel.length > 0; i -= 1) {
			const [message] = life.channel.splice(this.#chance.between(0, life.channel.length - 1), 1);
			message?.();
		}
	}

	#ask(life: Life): void {
		const chance = this.#chance;
		const again = life.ids.length > 0 && chance.happens(0.25);
		const id = again ? chance.pick(life.ids) : `r${life.asked}`;
		if (!again) {
			life.asked += 1;
			life.ids.push(id);
			if (chance.happens(life.dislike)) life.subject.provider.disliked.add(id);
		}
		const units = chance.happens(0.2) ? chance.between(2, 5) : 1;
		const terms = { model: units < 3 ? "small" : "big", effort: null, steps: units, version: "v" };
		const fingerprint = again && chance.happens(0.1) ? "other" : "f";
		this.#send(life, () => {
			const outcome = life.subject.run(
				{ type: "hold", id, fingerprint, units, terms, freeDay: units < 3, chatId: "c", member: life.subject.memberOf(id) },
				this.#nowMs,
			);
			if (outcome.kind === "refused") this.tally.refused += 1;
			else if (outcome.kind === "repeat") this.tally.repeats += 1;
			else if (outcome.kind === "held") {
				if (outcome.row.spill) this.tally.spilled += 1;
				if (life.plan.kind !== "none" && outcome.row.pool.startsWith("day:")) this.tally.freeDays += 1;
				this.#answer(life, outcome.row);
			}
		});
	}

	#answer(life: Life, { id, attempt }: RequestRow): void {
		this.tally.held += 1;
		const chance = this.#chance;
		if (chance.happens(0.1)) return;
		life.answers.set(id, "running");
		for (let step = 1; chance.happens(0.4); step += 1) this.#take(life, { id, attempt, step });
		const release = whoPays({ end: chance.pick(ENDS), output: chance.pick(["words", "words", "words", "tokens", "none"]) });
		const spent = chance.happens(0.9) ? this.#spent() : null;
		// A pool counts the raises of the paying ledger.
		const raised = life.isPool && chance.happens(0.3) ? [1, 2] : undefined;
		const end = { id, spent, raised };
		const command: Command = release === null ? { type: "settle", ...end } : { type: "release", why: release, ...end };
		this.#send(life, () => {
			life.answers.delete(id);
			const expired = life.subject.rows.get(id)?.state === "expired";
			if (expired) this.tally.lateWords += 1;
			life.subject.run(command, this.#nowMs);
		});
		if (chance.happens(0.2)) this.#send(life, () => life.subject.run({ type: "extend", id }, this.#nowMs));
	}

	/** Takes a priced step of an answer. Its raise may arrive twice, late or never, and is lowered if the step fails. */
	#take(life: Life, taken: { id: string; attempt: number; step: number }): void {
		const { subject } = life;
		const chance = this.#chance;
		const units = chance.between(1, 3);
		const maxUnits = chance.happens(0.2) ? 4 : null;
		this.#send(life, () => {
			const { kind } = subject.run({ type: "raise", ...taken, units, maxUnits, cap: subject.capOf(taken.id) }, this.#nowMs);
			this.tally[kind === "raised" ? "raised" : "notRaised"] += 1;
		});
		if (!chance.happens(0.2)) return;
		this.#send(life, () => {
			subject.run({ type: "lower", ...taken }, this.#nowMs);
			this.tally.lowered += 1;
		});
	}

	#spent(): Spent {
		const number = () => this.#chance.between(0, 9_000);
		return {
			input: number(),
			cached: number(),
			output: number(),
			reasoning: number(),
			microDollars: number(),
			estimated: this.#chance.happens(0.2),
		};
	}

	/** Runs expired holds and the outbox, with a possible crash between any two steps. */
	#alarm(life: Life): void {
		const { subject } = life;
		const chance = this.#chance;
		this.tally.folded += subject.retain(this.#nowMs);
		for (const row of [...subject.rows.values()]) {
			if (row.state !== "held") continue;
			const chatStatus = chance.happens(0.6) ? "unreachable" : life.answers.has(row.id) ? "running" : "never-started";
			subject.run({ type: "expire", id: row.id, chatStatus }, this.#nowMs);
			if (!chance.happens(0.02)) continue;
			this.#crash(life);
			return;
		}
		const batch = subject.batch(this.#nowMs);
		if (batch.length === 0 || chance.happens(0.05)) return;
		if (this.#outage) return;
		// The request may arrive although its response is lost, so it may arrive twice, and late.
		this.#send(life, () => this.#report(life, chance.happens(0.5) ? batch : batch.toReversed()));
	}

	/** Delivers a batch. A refused one is resent row by row. */
	#report(life: Life, batch: readonly Report[]): void {
		const { subject } = life;
		if (subject.provider.receive(batch)) this.#send(life, () => this.#acknowledge(life, batch));
		else if (batch.length > 1) for (const report of batch) this.#send(life, () => this.#report(life, [report]));
		else for (const { id } of batch) this.#send(life, () => this.#refuse(life, id));
	}

	#refuse(life: Life, id: string): void {
		const outcome = life.subject.run({ type: "refuse", id }, this.#nowMs);
		if (outcome.kind !== "report-refused") return;
		this.tally.refusedReports += 1;
		if (outcome.deadLetter) this.tally.deadLetters += 1;
		if (this.#chance.happens(0.05)) life.subject.provider.disliked.delete(id);
	}

	#acknowledge(life: Life, batch: readonly Report[]): void {
		for (const { id } of batch) {
			life.subject.run({ type: "acknowledge", id }, this.#nowMs);
			if (!this.#chance.happens(0.02)) continue;
			this.#crash(life);
			return;
		}
	}

	/** Changes plans, delivers purchases and refunds (twice, late, out of order), and reads the entitlement. */
	#shop(life: Life): void {
		const dice = this.#chance.next();
		if (dice < 0.3) this.#changePlan(life);
		if (dice < 0.7) this.#read(life);
		else this.#trade(life, dice);
	}

	#trade(life: Life, dice: number): void {
		const chance = this.#chance;
		const { subject } = life;
		const id = `p${life.purchases}`;
		const units = chance.between(1, 12);
		const run = (command: Command) => this.#send(life, () => subject.run(command, this.#nowMs));
		if (dice < 0.85) {
			life.purchases += 1;
			run({ type: "grant", id, units, expiresAtMs: chance.happens(0.5) ? this.#nowMs + chance.between(0, 3 * DAY_MS) : null });
			if (chance.happens(0.4)) run({ type: "correct", id: `refund:${id}`, of: { grant: id }, units });
		} else if (dice < 0.88) {
			run({ type: "carry-over", id: `guest:${chance.between(0, 3)}`, units: chance.between(0, 3) });
		} else if (life.ids.length > 0) {
			run({ type: "correct", id, of: { request: chance.pick(life.ids) }, units: chance.pick([-3, -1, -1, 1]) });
		}
	}

	#changePlan(life: Life): void {
		const chance = this.#chance;
		const { provider } = life.subject;
		const subscriptionId = chance.pick(["s1", "s2"]);
		const startMs = this.#nowMs - chance.between(0, DAY_MS);
		const endMs = this.#nowMs + chance.between(1, 5 * DAY_MS);
		if (chance.happens(0.2)) life.plan = { kind: "none" };
		else if (chance.happens(0.5)) {
			provider.give(subscriptionId, chance.between(0, 30));
			life.plan = { kind: "balance", subscriptionId, endMs };
		} else if (life.plan.kind === "windowed" && chance.happens(0.6)) {
			// A renewal, an upgrade or a downgrade.
			const { plan } = life;
			const renewed = { startMs: plan.endMs, endMs: plan.endMs + 2 * DAY_MS };
			life.plan = { ...plan, limit: chance.between(0, 10), ...(chance.happens(0.5) ? renewed : {}) };
		} else {
			const listed = chance.happens(0.3) ? [{ id: `listed${chance.between(0, 1)}`, units: 5 }] : [];
			life.plan = { kind: "windowed", subscriptionId, limit: chance.between(0, 10), startMs, endMs, listed };
		}
	}

	#read(life: Life): void {
		if (this.#outage) return;
		const { subject } = life;
		const answer: { plan: Plan; entitlement: Entitlement } = subject.read(life.plan, this.#nowMs);
		const { instance } = subject;
		this.#send(life, () => {
			// A response to a crashed instance is lost.
			if (subject.instance === instance) subject.keep(answer);
		});
	}

	#crash(life: Life): void {
		this.tally.crashes += 1;
		life.subject.crash();
		if (this.#chance.happens(0.3)) life.answers.clear();
	}

	#jump(): void {
		this.tally.jumps += 1;
		this.#nowMs += this.#chance.between(-2 * DAY_MS, 2 * DAY_MS);
	}

	/** Advances a hundred days without requests. Nothing is repeated or delivered after that. */
	#season(): void {
		this.#nowMs += 100 * DAY_MS;
		for (const life of this.#lives) {
			life.ids = [];
			life.channel = [];
			life.answers.clear();
		}
	}

	#outages(): void {
		this.#outage = !this.#outage;
		if (this.#outage) this.tally.outages += 1;
	}
}
