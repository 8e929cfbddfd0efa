import { afterEach, expect, test } from "vitest";
import { isWhole, type Person, randomId, seeded, sleep, World } from "./world.ts";

/*
 * The process dies at random moments while people chat and retry. Then nothing that was accepted may be uncounted, nothing counted twice, and the
 * provider must know of exactly what the ledgers counted. `npm run prove` plays 20 seeds of 500 chats by 20 people.
 */

const whole = process.env.PROVE === "whole";
const first = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const SEEDS = Number(process.env.KILL_SEEDS ?? (whole ? 20 : 1));
const CHATS = whole ? 500 : 60;
const PEOPLE = whole ? 20 : 6;
const KILLS_MIN = whole ? 5 : 2;
/** No claim is made of how long a machine takes to come back so often. */
const TIMEOUT_MS = whole ? 900_000 : 240_000;

let world: World | undefined;

afterEach(async () => {
	await world?.end();
	world = undefined;
});

test.each(Array.from({ length: SEEDS }, (_, n) => first + n))(
	"killed at random, it counts each answer once (SEED=%i)",
	async (seed) => {
		const random = seeded(seed);
		world = await World.start();
		const { outside } = world;
		await world.faults({ model: { firstTokenMs: 300, chunks: 12, chunkMs: 40 } });
		const people: Person[] = [];
		for (let n = 0; n < PEOPLE; n += 1) people.push(await world.subscriber(n));
		const open = new Set<string>();
		const answered: { person: Person; requestId: string }[] = [];
		let left = CHATS;
		let done = false;

		const chatting = Promise.all(
			people.map(async (person) => {
				while (left > 0) {
					left -= 1;
					answered.push({ person, requestId: await chatUntilAnswered(world as World, person, randomId(random), open) });
				}
			}),
		).finally(() => {
			done = true;
		});
		let kills = 0;
		let killsThatHurt = 0;
		while (!done) {
			await sleep(1_000 + random() * 3_000);
			if (done) break;
			// A unit is unsent when an answer has been heard that the provider does not know yet.
			const { usageEvents } = (await (await fetch(`${outside}/__sandbox/state`)).json()) as { usageEvents: unknown[] };
			if (open.size > 0 && usageEvents.length < answered.length) killsThatHurt += 1;
			await world.killWorker();
			kills += 1;
			await world.startWorker();
		}
		await chatting;
		const counted = await world.drained(answered, people, whole ? 300_000 : 120_000);
		console.log(
			`SEED=${seed}: ${kills} kills, ${killsThatHurt} with an open hold and an unsent row; ${CHATS} chats, ${counted} units, as many events`,
		);
		expect(counted).toBe(CHATS);
		expect(killsThatHurt).toBeGreaterThanOrEqual(KILLS_MIN);
	},
	TIMEOUT_MS,
);

/** One chat, sent again under its id until a whole, counted answer was heard. */
async function chatUntilAnswered(world: World, person: Person, requestId: string, open: Set<string>): Promise<string> {
	for (let tries = 0; tries < 600; tries += 1) {
		open.add(requestId);
		const answer = await world
			.send(person, requestId)
			.then(async (response) => ({ status: response.status, text: await response.text() }))
			// The process is gone; the next try finds it back.
			.catch(() => null);
		open.delete(requestId);
		if (answer && isWhole(answer.text)) return requestId;
		if (answer?.status === 429 || answer?.status === 400) throw new Error(`refused: ${answer.text}`);
		await sleep(200);
	}
	throw new Error(`${requestId} was never answered`);
}
