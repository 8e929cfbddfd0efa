import { expect, vi } from "vitest";
import { freePort, Running, stateFolder } from "../system/process.ts";

/** The sandbox's model without pauses. */
const QUICK = { model: { firstTokenMs: 1, chunks: 2, chunkMs: 1 } };

/** An instant in 2027. Plans are bought at 9 and checked from 10 on, because the clock keeps running from where it was set. */
export const at = (month: number, day: number, hour = 10) => Date.UTC(2027, month - 1, day, hour);

export const eventually = <T>(look: () => Promise<T>) => vi.waitFor(look, { timeout: 20_000, interval: 100 });

export interface Usage {
	tier: string;
	limit: number;
	used: number;
	held: number;
	remaining: number;
	topUps: number;
	resetAt: string;
}

/** The real `npm start` with a movable clock. */
export class Year {
	readonly app: string;
	readonly sandbox: string;
	/** Stops all processes. */
	readonly end: () => Promise<void>;

	private constructor(app: string, sandbox: string, end: () => Promise<void>) {
		this.app = app;
		this.sandbox = sandbox;
		this.end = end;
	}

	static async begin(provider: "flowglad" | "stripe"): Promise<Year> {
		const state = stateFolder();
		const [port, sandboxPort] = [await freePort(), await freePort()];
		const sandbox = `http://localhost:${sandboxPort}`;
		const model = { AI_BASE_URL: `${sandbox}/model/v1`, AI_API_KEY: "none", AI_MODELS: "sandbox" };
		const running = new Running("npm", ["start"], {
			env: {
				PORT: String(port),
				SANDBOX_PORT: String(sandboxPort),
				PARLEY_STATE: state.path,
				BILLING_PROVIDER: provider,
				...model,
			},
		});
		await running.says(/Parley is ready/, 180_000);
		return new Year(`http://localhost:${port}`, sandbox, async () => {
			await running.interrupt();
			state.remove();
		});
	}

	async control<T>(path: string, json?: unknown): Promise<T> {
		const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(json) };
		const response = await fetch(`${this.sandbox}/__sandbox/${path}`, json === undefined ? {} : post);
		if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
		return (await response.json()) as T;
	}

	async faults(set: object): Promise<void> {
		await this.control("faults", { ...QUICK, ...set });
	}

	/** Moves the sandbox's clock, and expects the app to follow. */
	async until(instantMs: number): Promise<void> {
		expect(await this.control("clock", { nowMs: instantMs })).toMatchObject({ appStatus: 204 });
	}

	/** Creates an account with a confirmed address. */
	async signUp(email: string): Promise<Account> {
		const response = await fetch(`${this.app}/api/auth/sign-up/email`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ name: "Ada", email, password: "correct horse" }),
		});
		const { user } = (await response.json()) as { user: { id: string } };
		const pairs = response.headers.getSetCookie().map((line) => line.split(";")[0]);
		const cookie = pairs.join("; ");
		// The mail is sent after the response.
		const link = await vi.waitFor(async () => {
			const { mailbox } = await this.control<{ mailbox: { to: string; text: string }[] }>("state");
			const found = /https?:\S+verify-email\S+/.exec(mailbox.find(({ to }) => to === email)?.text ?? "")?.[0];
			if (!found) throw new Error(`no confirmation mail for ${email}`);
			return found;
		}, 10_000);
		await fetch(link, { redirect: "manual", headers: { cookie } });
		return new Account(this.app, user.id, cookie);
	}
}

/** One account in one browser. */
export class Account {
	readonly id: string;
	readonly #app: string;
	readonly #cookie: string;
	#requests = 0;

	constructor(app: string, id: string, cookie: string) {
		this.#app = app;
		this.id = id;
		this.#cookie = cookie;
	}

	post(path: string, json: unknown): Promise<Response> {
		const headers = { "content-type": "application/json", cookie: this.#cookie };
		return fetch(this.#app + path, { method: "POST", headers, body: JSON.stringify(json) });
	}

	async get<T>(path: string): Promise<T> {
		return (await (await fetch(this.#app + path, { headers: { cookie: this.#cookie } })).json()) as T;
	}

	usage(): Promise<Usage> {
		return this.get("/api/usage");
	}

	/** Sends `times` chats and reads every answer to its end. @returns the status of each */
	async chat(times: number): Promise<number[]> {
		const statuses: number[] = [];
		while (statuses.length < times) {
			const batch = Array.from({ length: Math.min(5, times - statuses.length) }, async () => {
				this.#requests += 1;
				const message = { id: `m${this.#requests}`, role: "user", parts: [{ type: "text", text: "Hello" }] };
				const response = await this.post("/api/chat/ai", { id: `c${this.#requests}`, messages: [message] });
				await response.text();
				return response.status;
			});
			statuses.push(...(await Promise.all(batch)));
		}
		return statuses;
	}

	/** Posts a usage event of this many units to the app. */
	async use(amount: number): Promise<number> {
		this.#requests += 1;
		const event = { usageMeterSlug: "ai_requests", amount, transactionId: `u${this.#requests}` };
		const response = await this.post("/api/usage-events", event);
		await response.text();
		return response.status;
	}

	async buy(priceSlug: string): Promise<void> {
		const { url } = (await (await this.post("/api/billing/checkout", { priceSlug })).json()) as { url: string };
		await (await fetch(url, { method: "POST", body: new URLSearchParams({ action: "pay" }), redirect: "manual" })).text();
	}
}
