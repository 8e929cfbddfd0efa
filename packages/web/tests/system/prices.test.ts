import { MESSAGE_TOKENS, tokensOf } from "@parley/metering/price";
import type { BrowserContext, Page, Route } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assertAccessible } from "./accessible.ts";
import { Parley } from "./parley.ts";

// The demo's models: "Demo" costs one request; "Demo thinker", for accounts, three, six or twelve depending on its effort.

let parley: Parley;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	parley = await Parley.start({ model: "demo" });
});
afterAll(() => parley?.close());

beforeEach(async () => {
	await context?.close();
	context = await parley.browser.newContext();
	context.setDefaultTimeout(45_000);
	page = await context.newPage();
});

const composer = () => page.getByRole("textbox", { name: "Message", exact: true });
const models = () => page.getByRole("combobox", { name: "Model" });
const efforts = () => page.getByRole("combobox", { name: "Effort" });
const sendButton = () => page.locator("button[type=submit]");
const answer = () => page.getByRole("article", { name: "Answer" }).last();

/** Opens a new chat's page for a user with an account. */
async function openAsUser(): Promise<void> {
	await parley.openAccount(context.request);
	await page.goto(parley.app);
	await sendButton().waitFor();
}

/** Chooses the thinking model with the keyboard, and its highest effort. */
async function chooseThinker(): Promise<void> {
	await models().focus();
	await page.keyboard.press("Enter");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await expect.poll(() => models().inputValue()).toBe("demo-thinker");
	await efforts().focus();
	await page.keyboard.press("Enter");
	await page.keyboard.press("End");
	await page.keyboard.press("Enter");
	await expect.poll(() => efforts().inputValue()).toBe("high");
}

/** Answers the page's requests in place of the server. `false`: lets the request through. */
async function reply(...replies: ((route: Route) => Promise<void> | false)[]): Promise<Record<string, unknown>[]> {
	const sent: Record<string, unknown>[] = [];
	await page.route("**/api/chat/ai", async (route) => {
		sent.push(route.request().postDataJSON());
		await (replies[sent.length - 1]?.(route) || route.continue());
	});
	return sent;
}

const refusal = (status: number, problem: object) => (route: Route) =>
	route.fulfill({
		status,
		contentType: "application/problem+json",
		body: JSON.stringify({ title: "No", status, detail: "No.", ...problem }),
	});

/** An answer in the AI SDK's stream format, ending with this metadata. */
const stream =
	(text: string, metadata: object, reasoning = "") =>
	(route: Route) => {
		const part = (type: string, delta: string) => [
			{ type: `${type}-start`, id: type },
			{ type: `${type}-delta`, id: type, delta },
			{ type: `${type}-end`, id: type },
		];
		const chunks = [
			{ type: "start", messageId: crypto.randomUUID() },
			...(reasoning ? part("reasoning", reasoning) : []),
			...(text ? part("text", text) : []),
			{ type: "finish", messageMetadata: { state: "complete", counted: true, ...metadata } },
		];
		const body = [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"].map((data) => `data: ${data}\n\n`).join("");
		return route.fulfill({ contentType: "text/event-stream", headers: { "x-vercel-ai-ui-message-stream": "v1" }, body });
	};

describe("the price on the button", () => {
	test("follows model and effort, which can be chosen with the keyboard alone, and is remembered", async () => {
		await openAsUser();
		expect(await sendButton().getAttribute("aria-label")).toBe("Send");
		await chooseThinker();
		await page
			.getByRole("option", { name: "Demo thinker · 12 requests", selected: true, includeHidden: true })
			.waitFor({ state: "attached" });
		expect(await sendButton().getAttribute("aria-label")).toBe("Send · 12 requests");
		await page.reload();
		await page.getByRole("button", { name: "Send · 12 requests" }).waitFor();
		expect([await models().inputValue(), await efforts().inputValue()]).toEqual(["demo-thinker", "high"]);
	});

	test("follows the length of the draft", async () => {
		await openAsUser();
		// A step is 8,000 tokens.
		const words = (n: number) => "word ".repeat(n);
		let most = 0;
		while (MESSAGE_TOKENS + tokensOf(words(most + 1)) <= 8_000) most += 1;
		await composer().fill(words(most));
		expect(await sendButton().getAttribute("aria-label")).toBe("Send");
		await composer().press("End");
		await page.keyboard.type("more words");
		await page.getByRole("button", { name: "Send · 2 requests" }).waitFor();
	});

	test("is sent with the message; if the server's price is higher, the message is sent only after another press", async () => {
		await openAsUser();
		const price = { units: 2, model: "demo", effort: null, whole: false };
		const sent = await reply(refusal(409, { type: "urn:parley:problem:price-has-changed", price }));
		await composer().fill("How much?");
		await composer().press("Enter");
		await page.getByText("The price has changed: this now costs 2 requests, not 1. Nothing was sent or counted.").waitFor();
		expect(await composer().inputValue()).toBe("How much?");
		await page.getByRole("button", { name: "Send · 2 requests" }).click();
		await answer().getByText("You asked: “How much?”").waitFor();
		expect(sent).toMatchObject([
			{ ...asked(price), maxUnits: 1 },
			{ ...asked(price), maxUnits: 2 },
		]);
		expect(await composer().inputValue()).toBe("");
	});
});

const asked = ({ model, effort, whole }: { model: string; effort: string | null; whole: boolean }) => ({ model, effort, whole });

describe("the lists of models and efforts", () => {
	test("show a guest what an account adds, and lead to sign-up when it is chosen", async () => {
		await page.goto(parley.app);
		await sendButton().waitFor();
		await page.waitForLoadState("networkidle");
		expect(await models().locator("option").allInnerTexts()).toContain("Demo thinker · 3 requests · with an account");
		await models().selectOption("demo-thinker");
		expect(await models().inputValue()).toBe("demo");
		await page.getByRole("link", { name: "Sign up to use Demo thinker" }).click();
		await page.waitForURL(/\/sign-up/);
	});

	test("have no serious axe findings on desktop and phone, in light and dark", async () => {
		await openAsUser();
		await chooseThinker();
		const views = [1440, 390].flatMap((width) => (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })));
		await assertAccessible(page, views);
	});
});

describe("a request that costs more than the remaining units", () => {
	test("is offered cheaper alternatives, each with one press", async () => {
		await openAsUser();
		const refused = { units: 24, model: "demo", effort: null, whole: false };
		const cheaper = { units: 3, model: "demo-thinker", effort: "low", whole: false };
		const limit = { type: "urn:parley:problem:usage-limit-reached", policy: "free", limit: 20, remaining: 20 };
		const sent = await reply(refusal(429, { ...limit, price: refused, affordable: [cheaper] }));
		await composer().fill("A large one");
		await composer().press("Enter");
		await page.getByText("This costs 24 requests, and you have 20 left. Your draft is saved.").waitFor();
		await page.getByRole("button", { name: "Send with Demo thinker, with low effort · 3 requests" }).click();
		await answer().getByText("You asked: “A large one”").waitFor();
		expect(sent[1]).toMatchObject({ ...asked(cheaper), maxUnits: 3 });
	});
});

describe("an answer", () => {
	test("says how long the model thought, what it cost, and where its context began; it can be continued", async () => {
		await openAsUser();
		const sent = await reply(
			(route) => {
				const { messages } = route.request().postDataJSON() as { messages: { id: string }[] };
				const metadata = { state: "length", thoughtMs: 12_300, units: 3, model: "demo-thinker", readFrom: messages[0]?.id };
				return stream("Because.", metadata, "Hmm.")(route);
			},
			stream("And so on.", {}),
		);
		await composer().fill("Why?");
		await composer().press("Enter");
		await answer().getByText("Demo thinker · 3 requests").waitFor();
		const thought = answer().getByText("Thought for 12 s");
		expect(await answer().getByText("Hmm.").isVisible()).toBe(false);
		await thought.click();
		await answer().getByText("Hmm.").waitFor();
		await page.getByText("The model reads from here.").waitFor();
		await page.getByRole("button", { name: "Include the whole chat · 1 request each" }).click();
		await page.getByText("Your next message includes the whole chat.").waitFor();
		await page.getByRole("button", { name: "Continue · 1 request" }).click();
		await answer().getByText("And so on.").waitFor();
		expect(sent.map(({ whole }) => whole)).toEqual([false, true]);
	});

	test("that failed says why, and what to do next", async () => {
		await openAsUser();
		await reply(stream("", { state: "failed", counted: false, failure: "busy", retryAfterS: 7 }));
		await composer().fill("Anyone there?");
		await composer().press("Enter");
		await page.getByText("The model is busy, so this didn’t count. Try again in 7 seconds.").first().waitFor();
		await answer().getByRole("button", { name: "Try again" }).waitFor();
	});
});
