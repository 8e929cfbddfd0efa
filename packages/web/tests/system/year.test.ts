import { FlowgladServerAdmin } from "@flowglad/server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { freePort, Running, temporaryFolder } from "./process.ts";

// A year in the life of one account, on the real `npm start`: every click of the sandbox's clock moves the app along, and after each step what
// the app says is held to what the provider says, and both to the vectors of Flowglad's credits (packages/sandbox/src/year.test.ts has its side).

const state = temporaryFolder();
let parley: Running;
let app: string;
let sandbox: string;
let provider: FlowgladServerAdmin;

beforeAll(async () => {
	const [port, sandboxPort] = [await freePort(), await freePort()];
	app = `http://localhost:${port}`;
	sandbox = `http://localhost:${sandboxPort}`;
	provider = new FlowgladServerAdmin({ apiKey: "sk_test_sandbox", baseURL: sandbox, maxRetries: 0 });
	const model = { AI_BASE_URL: `${sandbox}/model/v1`, AI_API_KEY: "none", AI_MODELS: "sandbox" };
	parley = new Running("npm", ["start"], {
		env: { PORT: String(port), SANDBOX_PORT: String(sandboxPort), PARLEY_STATE: state.path, ...model },
	});
	await parley.says(/Parley is ready/, 180_000);
});

afterAll(async () => {
	await parley?.interrupt();
	state.remove();
});

const QUICK = { model: { firstTokenMs: 1, chunks: 2, chunkMs: 1 } };
// Plans are bought at 9, and looked at from 10 on: the clock goes on from wherever it was put.
const at = (month: number, day: number, hour = 10) => Date.UTC(2027, month - 1, day, hour);

async function control<T>(path: string, json?: unknown): Promise<T> {
	const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(json) };
	const response = await fetch(`${sandbox}/__sandbox/${path}`, json === undefined ? {} : post);
	if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
	return (await response.json()) as T;
}

/** One click: the sandbox's clock stands there, and the app has answered that it followed. */
async function until(instantMs: number): Promise<void> {
	expect(await control("clock", { nowMs: instantMs })).toMatchObject({ appStatus: 204 });
}

interface Usage {
	tier: string;
	limit: number;
	used: number;
	held: number;
	remaining: number;
	topUps: number;
	resetAt: string;
}

/** One account in one browser. */
class Account {
	readonly id: string;
	readonly #cookie: string;
	#requests = 0;

	private constructor(id: string, cookie: string) {
		this.id = id;
		this.#cookie = cookie;
	}

	static async signUp(email: string): Promise<Account> {
		const response = await fetch(`${app}/api/auth/sign-up/email`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ name: "Ada", email, password: "correct horse" }),
		});
		const { user } = (await response.json()) as { user: { id: string } };
		// Without the cached half, which would say for a minute that the address is not confirmed.
		const pairs = response.headers.getSetCookie().map((line) => line.split(";")[0]);
		const account = new Account(user.id, pairs.filter((pair) => !pair?.includes("session_data")).join("; "));
		// The mail leaves behind the answer.
		const link = await vi.waitFor(async () => {
			const { mailbox } = await control<{ mailbox: { to: string; text: string }[] }>("state");
			const found = /https?:\S+verify-email\S+/.exec(mailbox.find(({ to }) => to === email)?.text ?? "")?.[0];
			if (!found) throw new Error(`no confirmation mail for ${email}`);
			return found;
		}, 10_000);
		await fetch(link, { redirect: "manual", headers: { cookie: account.#cookie } });
		return account;
	}

	post(path: string, json: unknown): Promise<Response> {
		const headers = { "content-type": "application/json", cookie: this.#cookie };
		return fetch(app + path, { method: "POST", headers, body: JSON.stringify(json) });
	}

	async usage(): Promise<Usage> {
		return (await (await fetch(`${app}/api/usage`, { headers: { cookie: this.#cookie } })).json()) as Usage;
	}

	/** Chats so many times, and hears every answer to its end; the status of each. */
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

	/** Uses so much through the app's usage events. */
	async use(amount: number): Promise<number> {
		this.#requests += 1;
		const event = { usageMeterSlug: "ai_requests", amount, transactionId: `u${this.#requests}` };
		const response = await this.post("/api/usage-events", event);
		await response.text();
		return response.status;
	}

	async buy(priceSlug: string): Promise<void> {
		const { url } = (await (await this.post("/api/flowglad/checkout", { priceSlug })).json()) as { url: string };
		await (await fetch(url, { method: "POST", body: new URLSearchParams({ action: "pay" }), redirect: "manual" })).text();
	}

	/** A call of the SDK's, as the account page makes it. */
	async change(call: string, body: object): Promise<number> {
		const response = await this.post(`/api/flowglad/subscriptions/${call}`, body);
		await response.text();
		return response.status;
	}

	async current() {
		return (await provider.getCustomerBilling(this.id)).subscriptions?.find((one) => one.current && !one.isFreePlan);
	}
}

const eventually = <T>(look: () => Promise<T>) => vi.waitFor(look, { timeout: 20_000, interval: 100 });

test("free days, Pro, top-ups, renewals, a failed card, another plan, a cancellation, coming back: app and provider say the same", async () => {
	const began = Date.now();
	await control("settings", { maxPlan: true });
	await control("faults", QUICK);
	await until(at(1, 15));
	const ada = await Account.signUp("ada@example.com");
	const tier = async (expected: Partial<Usage>) => expect(await ada.usage()).toMatchObject(expected);
	/** Both books: the plan's status and balance at the provider, and what the app shows, which is never negative. */
	const stands = async (status: string, balance: number, shown: Partial<Usage>) => {
		const plan = await ada.current();
		const entry = plan?.experimental?.usageMeterBalances?.find(({ slug }) => slug === "ai_requests");
		expect([plan?.status, entry?.availableBalance]).toEqual([status, balance]);
		await tier({ tier: "paid", limit: 1000, held: 0, remaining: Math.max(0, balance), ...shown });
	};
	/** Usage that another service of the same business reports. */
	const useElsewhere = async (amount: number) => {
		const subscriptionId = (await ada.current())?.id ?? "";
		const transactionId = `elsewhere:${amount}:${Date.now()}`;
		await provider.createUsageEvent({ usageEvent: { subscriptionId, usageMeterSlug: "ai_requests", transactionId, amount } });
	};
	/** What the outbox has sent, once it is empty. */
	const reported = async () => {
		const { usageEvents } = await control<{ usageEvents: { transactionId: string; amount: number }[] }>("state");
		return usageEvents.filter(({ transactionId }) => transactionId.startsWith("user:")).reduce((sum, { amount }) => sum + amount, 0);
	};
	let counted = 0;
	const used = async (units: number) => {
		counted += units;
		await eventually(async () => expect(await reported()).toBe(counted));
	};

	// Free days: 20, then none; tomorrow 20 again; and again when the provider's free plan calls itself past due after a month.
	await tier({ tier: "free", limit: 20, used: 0, remaining: 20, resetAt: "2027-01-16T00:00:00.000Z" });
	expect(await ada.chat(20)).toEqual(Array(20).fill(200));
	expect(await ada.chat(1)).toEqual([429]);
	await tier({ used: 20, remaining: 0 });
	await until(at(1, 16, 0));
	await tier({ used: 0, remaining: 20, resetAt: "2027-01-17T00:00:00.000Z" });
	expect(await ada.chat(1)).toEqual([200]);
	await until(at(2, 16));
	await tier({ tier: "free", used: 0, remaining: 20 });

	// Vector 1: Pro, three requests, a top-up. The provider's webhooks tell of the plan; nobody asks for it.
	await until(at(2, 20, 9));
	await ada.buy("pro_monthly");
	await eventually(() => stands("active", 1000, { used: 0, topUps: 0, resetAt: expect.stringMatching(/^2027-03-20T09:0/) }));
	expect(await ada.chat(3)).toEqual([200, 200, 200]);
	await used(3);
	await stands("active", 997, { used: 3, topUps: 0 });
	await ada.buy("top_up_1000");
	await eventually(() => stands("active", 1997, { used: 3, topUps: 1000 }));

	// A thousand requests of the plan, then the top-up, then no more: what does not fit whole is refused whole.
	expect(await ada.use(997)).toBe(201);
	await used(997);
	await stands("active", 1000, { used: 1000, topUps: 1000 });
	expect([await ada.use(500), await ada.use(501)]).toEqual([201, 429]);
	await used(500);
	await stands("active", 500, { used: 1500, topUps: 500 });
	expect(await ada.use(500)).toBe(201);
	await used(500);
	expect(await ada.chat(1)).toEqual([429]);

	// Vector 2, by usage from elsewhere; vector 3, settled: the renewal's invoice pays the debt.
	await useElsewhere(503);
	await until(at(3, 1));
	await stands("active", -503, { used: 2000, topUps: 0 });
	await until(at(3, 20));
	await stands("active", 1000, { used: 0, topUps: 0, resetAt: expect.stringMatching(/^2027-04-20T09:0/) });

	// Vector 4: what is left of a period expires, what is left of a top-up does not.
	expect(await ada.use(400)).toBe(201);
	await used(400);
	await stands("active", 600, { used: 400 });
	await until(at(4, 20));
	await stands("active", 1000, { used: 0 });
	await ada.buy("top_up_1000");
	await eventually(() => stands("active", 2000, { topUps: 1000 }));
	expect([await ada.use(1000), await ada.use(300)]).toEqual([201, 201]);
	await used(1300);
	await stands("active", 700, { used: 1300, topUps: 700 });
	await until(at(5, 20));
	await stands("active", 1700, { used: 0, topUps: 700 });

	// Vector 3, unsettled: the card fails, the credits are there all the same, and the debt has eaten of them. Past due is still Pro.
	expect([await ada.use(1000), await ada.use(700)]).toEqual([201, 201]);
	await used(1700);
	await useElsewhere(503);
	await control("faults", { ...QUICK, declineRenewals: true });
	await until(at(6, 20));
	await stands("past_due", 497, { used: 0 });
	expect(await ada.chat(2)).toEqual([200, 200]);
	expect(await ada.use(95)).toBe(201);
	await used(97);
	await until(at(6, 23));
	await stands("past_due", 400, { used: 97 });

	// Grace ends well: the second retry goes through and settles the debt.
	await control("faults", QUICK);
	await until(at(6, 28));
	await stands("active", 903, { used: 97 });
	await until(at(7, 20));
	await stands("active", 1000, { used: 0 });

	// Up to Max in the middle of a period, for its share of the credits; down again when the next one ends.
	await until(at(8, 4, 21));
	expect(await ada.change("adjust", { priceSlug: "max_monthly" })).toBe(200);
	await stands("active", 1500, { limit: 3000 });
	await until(at(8, 20));
	await stands("active", 3000, { limit: 3000 });
	expect(await ada.change("adjust", { priceSlug: "pro_monthly" })).toBe(200);
	await stands("active", 3000, { limit: 3000 });
	await until(at(9, 20));
	await stands("active", 1000, { limit: 1000 });

	// Cancels, thinks better of it, cancels again; a top-up would end with the plan. Then there is no plan at all, and the free days are back.
	await until(at(9, 25));
	const id = (await ada.current())?.id ?? "";
	const cancellation = { id, cancellation: { timing: "at_end_of_current_billing_period" } };
	expect(await ada.change("cancel", cancellation)).toBe(200);
	await stands("cancellation_scheduled", 1000, { used: 0 });
	expect((await ada.post("/api/flowglad/checkout", { priceSlug: "top_up_1000" })).status).toBe(409);
	expect(await ada.change("uncancel", { id })).toBe(200);
	await stands("active", 1000, { used: 0 });
	expect(await ada.change("cancel", cancellation)).toBe(200);
	expect(await ada.use(250)).toBe(201);
	await used(250);
	await stands("cancellation_scheduled", 750, { used: 250 });
	await until(at(10, 20));
	expect(await ada.current()).toBeUndefined();
	await tier({ tier: "free", limit: 20, used: 0, remaining: 20, topUps: 0, resetAt: "2027-10-21T00:00:00.000Z" });
	expect(await ada.use(1)).toBe(409);
	expect(await ada.chat(2)).toEqual([200, 200]);
	await tier({ used: 2, remaining: 18 });

	// Comes back with fresh credits; what was left before is not hers any more.
	await until(at(11, 1, 9));
	await ada.buy("pro_monthly");
	await eventually(() => stands("active", 1000, { used: 0, topUps: 0, resetAt: expect.stringMatching(/^2027-12-01T09:0/) }));
	expect(await ada.chat(1)).toEqual([200]);
	await used(1);
	await until(at(12, 1));
	await stands("active", 1000, { used: 0 });

	// A delivery that a busy machine let time out is made again after 5 s.
	const { ids, webhooks } = await eventually(async () => {
		const { usageEvents, webhooks } = await control<{ usageEvents: { transactionId: string }[]; webhooks: { outcome: string }[] }>("state");
		expect(new Set(webhooks.map(({ outcome }) => outcome))).toEqual(new Set(["delivered"]));
		return { ids: usageEvents.map(({ transactionId }) => transactionId), webhooks };
	});
	expect(new Set(ids).size).toBe(ids.length);
	console.log(
		`a year in ${((Date.now() - began) / 1000).toFixed(1)} s: ${counted} units, ${ids.length} events, ${webhooks.length} webhooks`,
	);
});
