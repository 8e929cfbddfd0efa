import { afterEach, expect, test } from "vitest";
import { record } from "./result.ts";
import { isWhole, type Person, piecesOf, randomId, seeded, sleep, World } from "./world.ts";

/*
 * The process is killed at random moments while people chat and retry. Every accepted request is counted exactly once, and the provider's events
 * equal the ledgers' units. `npm run prove` runs 20 seeds of 500 chats by 20 people.
 */

const whole = process.env.PROVE === "whole";
const first = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const SEEDS = Number(process.env.KILL_SEEDS ?? (whole ? 20 : 1));
const CHATS = whole ? 500 : 60;
const PEOPLE = whole ? 20 : 6;
const KILLS_MIN = whole ? 5 : 2;
/** The pieces of one answer. Kills are timed by pieces, not by the clock, so a slow machine is killed as often as a fast one. */
const PIECES = 12;
/** Pieces per person between two kills: the minimum, and the maximum that is added at random. With few chats, kills must be frequent to hit any. */
const APART = whole ? { least: 10, more: 40 } : { least: 6, more: 18 };
const TIMEOUT_MS = whole ? 900_000 : 240_000;

let world: World | undefined;

afterEach(async () => {
	await world?.end();
	world = undefined;
});

test.for(Array.from({ length: SEEDS }, (_, n) => first + n))(
	"counts each answer once when the process is killed at random (SEED=%i)",
	{ timeout: TIMEOUT_MS },
	async (seed, context) => {
		const random = seeded(seed);
		world = await World.start();
		await world.faults({ model: { firstTokenMs: 300, chunks: PIECES, chunkMs: 40 } });
		const people: Person[] = [];
		for (let n = 0; n < PEOPLE; n += 1) people.push(await world.subscriber(n));
		const crowd = new Crowd(world, people, random);
		const { kills, killsThatHurt } = await killDuring(crowd.chat(), { world, crowd, random });
		const counted = await world.drained(crowd.answered, people, whole ? 300_000 : 120_000);
		const hurt = `${killsThatHurt} with an open hold and an unsent row`;
		record(context, `${kills} kills, ${hurt}; ${CHATS} chats, ${counted} units, as many events`, seed);
		expect(counted).toBe(CHATS);
		expect(killsThatHurt).toBeGreaterThanOrEqual(KILLS_MIN);
	},
);

/** People who share a number of chats, and retry each until it is answered. */
class Crowd {
	/** The requests under way. */
	readonly open = new Set<string>();
	readonly answered: { person: Person; requestId: string }[] = [];
	/** The pieces of answers that arrived so far. */
	pieces = 0;
	readonly #world: World;
	readonly #people: Person[];
	readonly #random: () => number;

	constructor(world: World, people: Person[], random: () => number) {
		this.#world = world;
		this.#people = people;
		this.#random = random;
	}

	async chat(): Promise<void> {
		let left = CHATS;
		await Promise.all(
			this.#people.map(async (person) => {
				while (left > 0) {
					left -= 1;
					this.answered.push({ person, requestId: await this.#untilAnswered(person, randomId(this.#random)) });
				}
			}),
		);
	}

	/** Resends one chat under its id until a complete, counted answer arrives. */
	async #untilAnswered(person: Person, requestId: string): Promise<string> {
		for (let tries = 0; tries < 600; tries += 1) {
			this.open.add(requestId);
			const answer = await this.#once(person, requestId);
			this.open.delete(requestId);
			if (answer && isWhole(answer.text)) return requestId;
			if (answer?.status === 429 || answer?.status === 400) throw new Error(`refused: ${answer.text}`);
			await sleep(200);
		}
		throw new Error(`${requestId} was never answered`);
	}

	/** One attempt; null if the process died during it. */
	async #once(person: Person, requestId: string): Promise<{ status: number; text: string } | null> {
		try {
			const response = await this.#world.send(person, requestId);
			let text = "";
			for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
				this.pieces += piecesOf(chunk);
				text += chunk;
			}
			return { status: response.status, text };
		} catch {
			return null;
		}
	}
}

/** Kills and restarts the process until the chats are done. */
async function killDuring(chats: Promise<void>, { world, crowd, random }: { world: World; crowd: Crowd; random: () => number }) {
	let done = false;
	const chatting = chats.finally(() => {
		done = true;
	});
	// Awaited below; without a handler, a failure during a restart would be an unhandled rejection.
	chatting.catch(() => {});
	let kills = 0;
	let killsThatHurt = 0;
	for (;;) {
		const killAt = crowd.pieces + PEOPLE * (APART.least + random() * APART.more);
		while (!done && crowd.pieces < killAt) await sleep(10);
		if (done) break;
		// A unit is unsent if its answer arrived and the provider has no event for it.
		const { usageEvents } = await world.sandbox();
		if (crowd.open.size > 0 && usageEvents.length < crowd.answered.length) killsThatHurt += 1;
		await world.killWorker();
		kills += 1;
		await world.startWorker();
	}
	await chatting;
	return { kills, killsThatHurt };
}
