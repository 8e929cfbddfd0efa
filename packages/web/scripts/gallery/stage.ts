import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Key } from "../../src/text/catalogue.ts";
import { de } from "../../src/text/de.ts";
import { en } from "../../src/text/en.ts";
import type { Language } from "../../src/text/languages.ts";
import { type Product, startProduct } from "../product.ts";

const PATIENCE_MS = 20_000;
/** How often the sandbox's state is read, and for how long. */
const POLL_MS = 100;
const POLLS_MAX = 200;

interface SandboxState {
	mailbox: { to: string; text: string }[];
	customers: { id: string; externalId: string }[];
}

/** Starts the product with two models of the sandbox. */
export const startForGallery = () =>
	startProduct((sandbox) => ({ AI_BASE_URL: `${sandbox}/model/v1`, AI_MODELS: "swift=Swift,deep=Deep", AI_MODEL_UNITS: "deep=3" }));

const CATALOGUES = { en, de };
const LOCALES: Record<Language, string> = { en: "en-GB", de: "de-DE" };

/** What a state is made with: the running product, and a visitor of its own who reads one language. */
export class Stage {
	readonly page: Page;
	readonly language: Language;
	readonly #product: Product;
	readonly #context: BrowserContext;

	private constructor(product: Product, context: BrowserContext, page: Page, language: Language) {
		this.page = page;
		this.language = language;
		this.#product = product;
		this.#context = context;
	}

	/** A new visitor, with a model that answers at once. */
	static async open(product: Product, browser: Browser, language: Language): Promise<Stage> {
		const context = await browser.newContext({
			locale: LOCALES[language],
			reducedMotion: "reduce",
			viewport: { width: 1280, height: 800 },
		});
		context.setDefaultTimeout(PATIENCE_MS);
		const stage = new Stage(product, context, await context.newPage(), language);
		await stage.modelSays("Nothing yet.");
		return stage;
	}

	close(): Promise<void> {
		return this.#context.close();
	}

	/** Opens a page of the app, and waits until its buttons work. */
	async goto(path: string): Promise<void> {
		await this.page.goto(`${this.#product.app}${path}`);
		await this.page.waitForLoadState("networkidle");
	}

	/** Makes the model's next answers this Markdown. `then`: how they end. */
	async modelSays(markdown: string, then: "close" | "cut" | "stay" = "close"): Promise<void> {
		const event = (delta: object, finish: string | null = null) =>
			`data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "swift", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
		const end = then === "close" ? [`${event({}, "stop")}data: [DONE]\n\n`] : [];
		const wire = { parts: [event({ content: markdown }), ...end], end: then };
		await this.faults({ model: { wires: { swift: wire, deep: wire } } });
	}

	/** How a text of the catalogue reads here, with anything in its places. */
	text(key: Key): RegExp {
		const message = CATALOGUES[this.language][key];
		const pattern = typeof message === "string" ? message : message.other;
		const parts = pattern.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
		return new RegExp(`^${parts.join(".*")}`);
	}

	button(key: Key) {
		return this.page.getByRole("button", { name: this.text(key) });
	}

	async write(text: string): Promise<void> {
		await this.page.locator("form textarea").first().fill(text);
	}

	async send(text: string): Promise<void> {
		await this.write(text);
		await this.page.locator("form textarea").first().press("Enter");
	}

	/** Asks on the page, and waits for the end of the answer. */
	async ask(question: string, answer: string): Promise<void> {
		await this.modelSays(answer);
		await this.send(question);
		await this.page.waitForURL("**/c/*");
		await this.page
			.getByRole("article", { name: this.text("chat_answer") })
			.last()
			.getByRole("button", { name: this.text("frame_copy") })
			.first()
			.waitFor();
		await this.page.locator("article[aria-busy=true]").waitFor({ state: "detached" });
	}

	/** Uses requests without the page. */
	async use(requests: number): Promise<void> {
		for (let left = requests; left > 0; left -= 1) {
			const messages = [{ id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text: "A question of an earlier chat" }] }];
			const answer = await this.#context.request.post(`${this.#product.app}/api/chat/ai`, { data: { id: crypto.randomUUID(), messages } });
			await answer.body();
		}
	}

	/** Signs up and follows the link in the mail. `scenario`: what the provider knows of the customer. */
	async signUp(scenario?: string): Promise<void> {
		const email = `${crypto.randomUUID()}@example.com`;
		// better-auth allows three sign-ups per minute and address.
		const headers = { "cf-connecting-ip": `10.${crypto.getRandomValues(new Uint8Array(3)).join(".")}` };
		const data = { name: "Ada", email, password: "correct horse", callbackURL: "/" };
		const signedUp = await this.#context.request.post(`${this.#product.app}/api/auth/sign-up/email`, { data, headers });
		const { user } = (await signedUp.json()) as { user: { id: string } };
		const { text } = await this.#find(({ mailbox }) => mailbox.find(({ to }) => to === email));
		await this.#context.request.get(/https?:\S+/.exec(text)?.[0] ?? "", { maxRedirects: 0 });
		const customer = await this.#find(({ customers }) => customers.find(({ externalId }) => externalId === user.id));
		if (scenario) await this.#control(`scenarios/${scenario}`, { customerId: customer.id });
	}

	/** Makes the sandbox fail in this way, and in no other. */
	faults(faults: object): Promise<void> {
		return this.#control("faults", faults);
	}

	async #control(what: string, body: object): Promise<void> {
		const headers = { "content-type": "application/json" };
		const response = await fetch(`${this.#product.sandbox}/__sandbox/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
		if (!response.ok) throw new Error(await response.text());
	}

	async #find<T>(among: (state: SandboxState) => T | undefined): Promise<T> {
		for (let left = POLLS_MAX; left > 0; left -= 1) {
			const found = among((await (await fetch(`${this.#product.sandbox}/__sandbox/state`)).json()) as SandboxState);
			if (found !== undefined) return found;
			await new Promise((resolve) => setTimeout(resolve, POLL_MS));
		}
		throw new Error("the sandbox has no such mail or customer");
	}
}
