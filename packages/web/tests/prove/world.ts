import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { freePort, Running, stateFolder, until } from "../system/process.ts";

/** The real process and its sandbox on free ports, with subscribers who chat. */
export class World {
	readonly port: number;
	readonly outside: string;
	readonly app: string;
	readonly #state = stateFolder();
	readonly #sandbox: Running;
	#worker: Running | null = null;

	private constructor(port: number, sandboxPort: number) {
		this.port = port;
		this.app = `http://localhost:${port}`;
		this.outside = `http://localhost:${sandboxPort}`;
		this.#sandbox = new Running("node", ["packages/sandbox/src/main.ts"], {
			env: { SANDBOX_PORT: String(sandboxPort), APP_URL: this.app },
		});
	}

	static async start(): Promise<World> {
		const world = new World(await freePort(), await freePort());
		await world.#sandbox.says(/sandbox ready/, 120_000);
		const vars = {
			BETTER_AUTH_SECRET: "a secret of the tests, long enough",
			GUEST_COOKIE_SECRET: "another secret of the tests; long enough",
			FLOWGLAD_SECRET_KEY: "sk_test_sandbox",
			FLOWGLAD_BASE_URL: world.outside,
			EMAIL_URL: `${world.outside}/__sandbox/mail`,
			AI_BASE_URL: `${world.outside}/model/v1`,
			AI_MODELS: "sandbox",
		};
		const lines = Object.entries(vars).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
		writeFileSync(join(world.#state.path, "vars.env"), lines.join("\n"));
		await world.startWorker();
		return world;
	}

	async end(): Promise<void> {
		await this.#worker?.kill();
		await this.#sandbox.kill();
		this.#state.remove();
	}

	async startWorker(): Promise<void> {
		const { path } = this.#state;
		const flags = ["--port", String(this.port), "--state", path, "--env-file", join(path, "vars.env")];
		const worker = new Running("node", ["scripts/serve.mjs", ...flags]);
		this.#worker = worker;
		await until(`${this.app}/api/health`, 180_000, () => worker.output);
	}

	/** Sends SIGKILL, so that the process cannot save anything. */
	async killWorker(): Promise<void> {
		await this.#worker?.kill();
	}

	async faults(faults: object): Promise<void> {
		const response = await fetch(`${this.outside}/__sandbox/faults`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(faults),
		});
		if (!response.ok) throw new Error(await response.text());
	}

	/** The last lines that the process printed. */
	log(lines = 40): string {
		return (this.#worker?.output ?? "").split("\n").slice(-lines).join("\n");
	}

	/** The response if it is 200. @throws with the body and the process's log otherwise */
	async accepted(response: Response): Promise<Response> {
		if (response.status === 200) return response;
		throw new Error(`answered ${response.status}: ${await response.text()}\n${this.log()}`);
	}

	fetch(person: Person, path: string, init: RequestInit = {}): Promise<Response> {
		return fetch(this.app + path, { ...init, headers: { cookie: person.cookie, ...init.headers } });
	}

	/** Sends a chat. @throws with the body and the process's log when it answers 500 */
	async send(person: Person, requestId: string, signal: AbortSignal | null = null): Promise<Response> {
		const message = { id: requestId, role: "user", parts: [{ type: "text", text: "Hello" }] };
		const body = JSON.stringify({ id: `c-${requestId}`, messages: [message] });
		const init = { method: "POST", headers: { "content-type": "application/json" }, body, signal };
		const response = await this.fetch(person, "/api/chat/ai", init);
		return response.status === 500 ? this.accepted(response) : response;
	}

	async subscriber(n: number): Promise<Person> {
		const email = `person${n}@example.com`;
		const json = (body: unknown, cookie = "") => ({
			method: "POST",
			headers: { "content-type": "application/json", "cf-connecting-ip": `10.0.0.${n + 1}`, cookie },
			body: JSON.stringify(body),
		});
		const signUp = await fetch(`${this.app}/api/auth/sign-up/email`, json({ name: `Person ${n}`, email, password: "correct horse" }));
		const { user } = (await signUp.json()) as { user: { id: string } };
		const cookie = signUp.headers
			.getSetCookie()
			.map((line) => line.split(";")[0])
			.join("; ");
		const person: Person = { id: user.id, cookie };
		// The mail is sent after the response.
		const link = await eventually(async () => {
			const { mailbox } = await this.sandbox();
			const found = /https?:\S+verify-email\S+/.exec(mailbox.find((mail) => mail.to === email)?.text ?? "")?.[0];
			if (!found) throw new Error(`no confirmation mail for ${email}`);
			return found;
		});
		await fetch(link, { redirect: "manual", headers: { cookie } });
		const { url } = (await (await fetch(`${this.app}/api/flowglad/checkout`, json({ priceSlug: "pro_monthly" }, cookie))).json()) as {
			url: string;
		};
		await fetch(url, { method: "POST", body: new URLSearchParams({ action: "pay" }), redirect: "manual" });
		await eventually(async () => expect(await (await this.fetch(person, "/api/usage")).json()).toMatchObject({ tier: "paid" }));
		return person;
	}

	async sandbox() {
		return (await (await fetch(`${this.outside}/__sandbox/state`)).json()) as {
			usageEvents: { transactionId: string }[];
			mailbox: { to: string; text: string }[];
		};
	}

	/**
	 * Waits until no request is held, and expects the provider's events to be exactly these requests, once each.
	 * @returns the units that the ledgers counted
	 */
	async drained(requests: { person: Person; requestId: string }[], people: Person[], withinMs = 60_000): Promise<number> {
		let counted = 0;
		for (const person of people) {
			await eventually(async () => {
				const usage = (await (await this.fetch(person, "/api/usage")).json()) as { held: number; tier: string; used: number };
				expect(usage).toMatchObject({ held: 0, tier: "paid", used: requests.filter((one) => one.person === person).length });
			}, withinMs);
			counted += requests.filter((one) => one.person === person).length;
		}
		const expected = requests.map(({ person, requestId }) => `user:${person.id}:${requestId}`).sort();
		await eventually(async () => {
			const { usageEvents } = await this.sandbox();
			expect(usageEvents.map((event) => event.transactionId).sort()).toEqual(expected);
		}, withinMs);
		return counted;
	}
}

export interface Person {
	id: string;
	cookie: string;
}

/** The pieces of answers in a chunk of a stream. */
export const piecesOf = (text: string) => text.split('"text-delta"').length - 1;

/** Whether an answer arrived completely and was counted. */
export const isWhole = (answer: string) => answer.includes('"type":"finish"') && answer.includes('"counted":true');

/** Retries until the check passes; throws its last error at the deadline. */
export async function eventually<T>(check: () => Promise<T>, withinMs = 60_000): Promise<T> {
	const deadline = Date.now() + withinMs;
	for (;;) {
		try {
			return await check();
		} catch (error) {
			if (Date.now() > deadline) throw error;
			await sleep(100);
		}
	}
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A seeded generator: the same seed makes the same choices, though not at the same moments. */
export function seeded(seed: number): () => number {
	let at = seed;
	return () => {
		at = (at + 0x6d2b79f5) | 0;
		let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

export const randomId = (random: () => number) => `r${Math.floor(random() * 2 ** 40).toString(36)}`;
