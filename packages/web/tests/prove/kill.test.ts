import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, Running, root, temporaryFolder, until } from "../system/process.ts";

/*
 * The process dies at random moments while people chat and retry. Then nothing that was accepted may be uncounted, nothing counted twice, and the
 * provider must know of exactly what the ledgers counted.
 */

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const CHATS = Number(process.env.CHATS ?? 60);
const CLIENTS = Number(process.env.CLIENTS ?? 6);
const KILLS_MIN = Number(process.env.KILLS ?? 3);

const random = mulberry32(seed);
const state = temporaryFolder();
let sandbox: Running;
let worker: Running;
let app: string;
let outside: string;
let port: number;

beforeAll(async () => {
	const sandboxPort = await freePort();
	port = await freePort();
	app = `http://localhost:${port}`;
	outside = `http://localhost:${sandboxPort}`;
	sandbox = new Running("node", ["packages/sandbox/src/main.ts"], { env: { SANDBOX_PORT: String(sandboxPort) } });
	await sandbox.says(/sandbox ready/, 30_000);
	const vars = {
		BETTER_AUTH_SECRET: "a secret of the tests, long enough",
		GUEST_COOKIE_SECRET: "another secret of the tests; long enough",
		FLOWGLAD_SECRET_KEY: "sk_test_sandbox",
		FLOWGLAD_BASE_URL: outside,
		EMAIL_URL: `${outside}/__sandbox/mail`,
		AI_BASE_URL: `${outside}/model/v1`,
		AI_MODELS: "sandbox",
	};
	const lines = Object.entries(vars).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
	writeFileSync(join(state.path, "vars.env"), lines.join("\n"));
	await fetch(`${outside}/__sandbox/faults`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ model: { firstTokenMs: 100, chunks: 12, chunkMs: 40 } }),
	});
	await start();
});

afterAll(async () => {
	await worker?.kill();
	await sandbox?.kill();
	state.remove();
});

async function start(): Promise<void> {
	const flags = ["--port", String(port), "--inspector-port", "0", "--persist-to", state.path, "--env-file", join(state.path, "vars.env")];
	worker = new Running("wrangler", ["dev", ...flags, "--show-interactive-dev-session=false"], {
		cwd: root,
		env: { PARLEY_STATE: state.path },
	});
	await until(`${app}/api/health`, 60_000, () => worker.output);
}

test(`killed at random, it counts each answer once (SEED=${seed})`, async () => {
	const people = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => subscriber(n)));
	let left = CHATS;
	let kills = 0;
	let killsInFlight = 0;
	let done = false;

	const chatting = Promise.all(
		people.map(async (person) => {
			while (left > 0) {
				left -= 1;
				person.finished.push(await chatUntilAnswered(person));
			}
		}),
	).then(() => {
		done = true;
	});
	while (!done) {
		await sleep(1_000 + random() * 3_000);
		if (done && kills >= KILLS_MIN) break;
		const openBefore = people.filter((person) => person.open).length;
		await worker.kill();
		kills += 1;
		if (openBefore > 0) killsInFlight += 1;
		await start();
	}
	await chatting;

	// What is left over is ended and reported by the alarms of the objects alone.
	const counted = new Map<string, number>();
	for (const person of people) {
		await eventually(async () => {
			const usage = await (await ask(person, "/api/usage")).json();
			expect(usage).toMatchObject({ held: 0, tier: "paid" });
			counted.set(person.id, (usage as { used: number }).used);
		});
	}
	const total = [...counted.values()].reduce((sum, units) => sum + units, 0);
	const events = await eventually(async () => {
		const { usageEvents } = (await (await fetch(`${outside}/__sandbox/state`)).json()) as { usageEvents: { transactionId: string }[] };
		expect(usageEvents).toHaveLength(total);
		return usageEvents.map((event) => event.transactionId);
	});
	console.log(
		`${kills} kills, ${killsInFlight} with answers open; ${CHATS} chats, ${total} units counted, ${events.length} events; SEED=${seed}`,
	);
	expect(killsInFlight).toBeGreaterThanOrEqual(Math.min(KILLS_MIN, kills));
	expect(new Set(events).size).toBe(events.length);
	for (const person of people) {
		const answered = person.finished.map((requestId) => `user:${person.id}:${requestId}`);
		expect(events.filter((event) => event.startsWith(`user:${person.id}:`)).sort()).toEqual(answered.sort());
	}
	expect(total).toBe(CHATS);
});

interface Person {
	id: string;
	cookie: string;
	/** A chat of this person is being answered. */
	open: boolean;
	/** The requests whose whole answer was heard, and said to be counted. */
	finished: string[];
}

async function subscriber(n: number): Promise<Person> {
	const email = `person${n}@example.com`;
	const json = (body: unknown) => ({
		method: "POST",
		headers: { "content-type": "application/json", "cf-connecting-ip": `10.0.0.${n + 1}` },
		body: JSON.stringify(body),
	});
	const signUp = await fetch(`${app}/api/auth/sign-up/email`, json({ name: `Person ${n}`, email, password: "correct horse" }));
	const { user } = (await signUp.json()) as { user: { id: string } };
	const cookie = signUp.headers
		.getSetCookie()
		.map((line) => line.split(";")[0])
		// The cached half would say for a minute that the address is not confirmed.
		.filter((pair) => !pair?.includes("session_data"))
		.join("; ");
	const person: Person = { id: user.id, cookie, open: false, finished: [] };
	const { mailbox } = (await (await fetch(`${outside}/__sandbox/state`)).json()) as { mailbox: { to: string; text: string }[] };
	const link = /https?:\S+verify-email\S+/.exec(mailbox.find((mail) => mail.to === email)?.text ?? "")?.[0];
	await fetch(link ?? "", { redirect: "manual", headers: { cookie } });
	const checkout = await fetch(`${app}/api/flowglad/checkout`, {
		...json({ priceSlug: "pro_monthly" }),
		headers: { "content-type": "application/json", cookie },
	});
	const { url } = (await checkout.json()) as { url: string };
	await fetch(url, { method: "POST", body: new URLSearchParams({ action: "pay" }), redirect: "manual" });
	await eventually(async () => expect(await (await ask(person, "/api/usage")).json()).toMatchObject({ tier: "paid" }));
	return person;
}

const ask = (person: Person, path: string, init: RequestInit = {}) =>
	fetch(app + path, { ...init, headers: { cookie: person.cookie, ...init.headers } });

/** One chat, sent again under its id until a whole, counted answer was heard; gives its requestId. */
async function chatUntilAnswered(person: Person): Promise<string> {
	const requestId = `r${Math.floor(random() * 2 ** 40).toString(36)}`;
	const body = JSON.stringify({
		id: `c-${requestId}`,
		messages: [{ id: requestId, role: "user", parts: [{ type: "text", text: "Hello" }] }],
	});
	for (let tries = 0; tries < 400; tries += 1) {
		try {
			person.open = true;
			const response = await ask(person, "/api/chat/ai", { method: "POST", headers: { "content-type": "application/json" }, body });
			const text = await response.text();
			if (text.includes('"type":"finish"') && text.includes('"counted":true')) return requestId;
			if (response.status === 429 || response.status === 400) throw new Error(`refused: ${text}`);
		} catch (error) {
			if (error instanceof Error && error.message.startsWith("refused")) throw error;
			// The process is gone; the next try finds it back.
		} finally {
			person.open = false;
		}
		await sleep(200);
	}
	throw new Error(`${requestId} was never answered`);
}

async function eventually<T>(look: () => Promise<T>, withinMs = 60_000): Promise<T> {
	const deadline = Date.now() + withinMs;
	for (;;) {
		try {
			return await look();
		} catch (error) {
			if (Date.now() > deadline) throw error;
			await sleep(300);
		}
	}
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A small seeded generator, so that a run can be repeated (its moments in real time cannot). */
function mulberry32(start: number): () => number {
	let at = start;
	return () => {
		at = (at + 0x6d2b79f5) | 0;
		let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
