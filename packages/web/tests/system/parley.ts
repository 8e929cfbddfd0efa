import type { APIRequestContext, Browser } from "playwright-core";
import { openBrowser } from "./browser.ts";
import { freePort, Running, stateFolder } from "./process.ts";

interface StartOptions {
	provider?: "flowglad" | "stripe";
	/** `sandbox` answers at once and records its requests. `demo` is the app's model when none is configured. */
	model?: "sandbox" | "demo";
	/** Additional variables of the app. */
	variables?: Record<string, string>;
}

/** A running `npm start` and a browser. */
export class Parley {
	readonly browser: Browser;
	readonly app: string;
	readonly sandbox: string;
	/** The folder of its local state (database.ts). */
	readonly statePath: string;
	readonly #close: () => Promise<void>;

	private constructor(browser: Browser, app: string, sandbox: string, statePath: string, close: () => Promise<void>) {
		this.browser = browser;
		this.app = app;
		this.sandbox = sandbox;
		this.statePath = statePath;
		this.#close = close;
	}

	static async start({ provider = "flowglad", model = "sandbox", variables = {} }: StartOptions = {}): Promise<Parley> {
		const state = stateFolder();
		const [port, sandboxPort] = [await freePort(), await freePort()];
		const sandbox = `http://localhost:${sandboxPort}`;
		const running = new Running("npm", ["start"], {
			env: {
				PORT: String(port),
				SANDBOX_PORT: String(sandboxPort),
				PARLEY_STATE: state.path,
				BILLING_PROVIDER: provider,
				...variables,
				...(model === "sandbox" ? { AI_BASE_URL: `${sandbox}/model/v1`, AI_MODELS: "sandbox=Sandbox" } : {}),
			},
		});
		await running.says(/Parley is ready/, 180_000);
		const browser = await openBrowser();
		return new Parley(browser, `http://localhost:${port}`, sandbox, state.path, async () => {
			await browser.close();
			await running.interrupt();
			state.remove();
		});
	}

	close(): Promise<void> {
		return this.#close();
	}

	async state(): Promise<SandboxState> {
		return (await (await fetch(`${this.sandbox}/__sandbox/state`)).json()) as SandboxState;
	}

	/** Posts to the sandbox's control API: `faults`, `settings`, `reset`, `scenarios/…`. */
	async control(what: string, body: object = {}): Promise<void> {
		const response = await fetch(`${this.sandbox}/__sandbox/${what}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
		if (!response.ok) throw new Error(await response.text());
	}

	/** Signs up and follows the link in the mail. */
	async openAccount(request: APIRequestContext): Promise<string> {
		const email = `${crypto.randomUUID()}@example.com`;
		const data = { name: "Ada", email, password: "correct horse", callbackURL: "/" };
		// better-auth allows three sign-ups per minute and address.
		const headers = { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` };
		const { user } = (await (await request.post(`${this.app}/api/auth/sign-up/email`, { data, headers })).json()) as {
			user: { id: string };
		};
		const { text } = await this.find(`a mail to ${email}`, ({ mailbox }) => mailbox.find(({ to }) => to === email));
		// The redirect is not followed: the page would read the plan before the test sets it.
		await request.get(/https?:\S+/.exec(text)?.[0] ?? "", { maxRedirects: 0 });
		return user.id;
	}

	/** Opens an account and waits for its Flowglad customer. */
	async signUp(request: APIRequestContext): Promise<{ userId: string; customerId: string }> {
		const userId = await this.openAccount(request);
		const customer = await this.find(`a customer ${userId}`, ({ customers }) => customers.find(({ externalId }) => externalId === userId));
		return { userId, customerId: customer.id };
	}

	/**
	 * Polls the sandbox's state until `among` finds something.
	 * @throws {Error} naming `what` after `withinMs`
	 */
	async find<T>(what: string, among: (state: SandboxState) => T | undefined, withinMs = 30_000): Promise<T> {
		for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
			const found = among(await this.state());
			if (found !== undefined) return found;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		throw new Error(`the sandbox has no ${what}`);
	}
}

export interface SandboxState {
	mailbox: { to: string; subject: string; text: string }[];
	customers: { id: string; externalId: string }[];
	subscriptions: { customerId: string; status: string; isFreePlan: boolean }[];
	usageEvents: { transactionId: string; amount: number }[];
	stripe: { meterEvents: { identifier: string; payload: { value: string; stripe_customer_id: string } }[] };
	modelCalls: { messages: { role: string; content: unknown }[] }[];
}
