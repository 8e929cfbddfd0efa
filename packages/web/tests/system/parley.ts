import type { APIRequestContext, Browser } from "playwright-core";
import { openBrowser } from "./browser.ts";
import { freePort, Running, temporaryFolder } from "./process.ts";

/** The real `npm start` with the sandbox's model, and a browser. */
export class Parley {
	readonly browser: Browser;
	readonly app: string;
	readonly sandbox: string;
	readonly #close: () => Promise<void>;

	private constructor(browser: Browser, app: string, sandbox: string, close: () => Promise<void>) {
		this.browser = browser;
		this.app = app;
		this.sandbox = sandbox;
		this.#close = close;
	}

	static async start(): Promise<Parley> {
		const state = temporaryFolder();
		const [port, sandboxPort] = [await freePort(), await freePort()];
		const sandbox = `http://localhost:${sandboxPort}`;
		const model = { AI_BASE_URL: `${sandbox}/model/v1`, AI_MODELS: "sandbox=Sandbox" };
		const running = new Running("npm", ["start"], {
			env: { PORT: String(port), SANDBOX_PORT: String(sandboxPort), PARLEY_STATE: state.path, ...model },
		});
		await running.says(/Parley is ready/, 180_000);
		const browser = await openBrowser();
		return new Parley(browser, `http://localhost:${port}`, sandbox, async () => {
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

	/** `faults`, `settings`, `reset`, `scenarios/…` of the sandbox. */
	async control(what: string, body: object = {}): Promise<void> {
		const response = await fetch(`${this.sandbox}/__sandbox/${what}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
		if (!response.ok) throw new Error(await response.text());
	}

	/** Signs a browser up, and follows the link in the mail. */
	async signUp(request: APIRequestContext): Promise<{ userId: string; customerId: string }> {
		const email = `${crypto.randomUUID()}@example.com`;
		const data = { name: "Ada", email, password: "correct horse", callbackURL: "/" };
		// Each from an address of its own: better-auth lets three a minute through.
		const headers = { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` };
		const { user } = (await (await request.post(`${this.app}/api/auth/sign-up/email`, { data, headers })).json()) as {
			user: { id: string };
		};
		for (let tries = 0; tries < 100; tries += 1) {
			const { mailbox, customers } = await this.state();
			const mail = mailbox.find(({ to }) => to === email);
			const customer = customers.find(({ externalId }) => externalId === user.id);
			if (mail && customer) {
				// Not on to the page behind it, which would have the plan read before the test has set it.
				await request.get(/https?:\S+/.exec(mail.text)?.[0] ?? "", { maxRedirects: 0 });
				return { userId: user.id, customerId: customer.id };
			}
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		throw new Error(`no mail or no customer for ${email}`);
	}
}

interface SandboxState {
	mailbox: { to: string; subject: string; text: string }[];
	customers: { id: string; externalId: string }[];
	subscriptions: { customerId: string; status: string; isFreePlan: boolean }[];
	modelCalls: { messages: { role: string; content: unknown }[] }[];
}
