import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Parley, type SandboxState } from "../system/parley.ts";

/** A provider, the model that answers, and the paid requests at the provider with their units. */
interface Setting {
	provider: "flowglad" | "stripe";
	model: "demo" | "sandbox";
	reported: (state: SandboxState) => { name: string; units: number }[];
}

/** Runs the whole journey with one provider: guest, account, Pro, top-up. Uses the real `npm start` and a real browser. */
export function tellStory({ provider, model, reported }: Setting): void {
	let parley: Parley;
	let page: Page;

	beforeAll(async () => {
		parley = await Parley.start({ provider, model });
		// Only the sandbox's model obeys these settings.
		await parley.control("faults", { model: { firstTokenMs: 5, chunks: 4, chunkMs: 1 } });
		page = await parley.browser.newPage();
		page.setDefaultTimeout(45_000);
	});

	afterAll(() => parley?.close());

	const composer = () => page.getByRole("textbox", { name: "Message" });
	const left = () => page.getByTestId("left");
	const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();

	async function leftReads(text: string | RegExp): Promise<void> {
		await left().filter({ hasText: text }).waitFor();
	}

	/** Writes and sends a message, and waits for the end of the answer. */
	async function ask(text: string): Promise<void> {
		const answers = page.getByRole("article").filter({ hasText: `${model} model` });
		const before = await answers.count();
		await composer().fill(text);
		await page.getByRole("button", { name: "Send", exact: true }).click();
		await answers.nth(before).waitFor();
		await page.getByRole("button", { name: "Stop", exact: true }).waitFor({ state: "detached" });
	}

	/** Sends a question with this browser's session, without the page. */
	async function askUnseen(text: string): Promise<void> {
		const message = { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text }] };
		const answer = await page.request.post(`${parley.app}/api/chat/ai`, { data: { id: crypto.randomUUID(), messages: [message] } });
		expect(await answer.text()).toContain('"counted":true');
	}

	test("a visitor chats as a guest, signs up, buys Pro and then a top-up, in one session", async () => {
		// A guest chats at once, and always sees the remaining requests.
		await page.goto(parley.app);
		await leftReads("5 free requests left");
		const reads = ["No free requests left", "Last free request", "Last 2 free requests", "3 free requests left", "4 free requests left"];
		for (const left of [4, 3, 2, 1, 0]) {
			await ask(`Question of a guest, ${left} more to come`);
			await leftReads(reads[left] ?? "");
		}

		// At the limit the composer explains why, and keeps the draft.
		await composer().fill("What I still wanted to ask");
		await shows("You’ve used your 5 free requests. Sign up to get 20 a day.");
		await page.getByRole("status").getByRole("link", { name: "Sign up" }).click();

		// Signing up moves the chat, today's usage and the draft to the account.
		await page.getByLabel("Name").fill("Ada");
		await page.getByLabel("Email").fill("ada@example.com");
		await page.getByLabel("Password").fill("correct horse");
		await page.getByRole("button", { name: "Sign up" }).click();
		await leftReads("15 of 20 left today");
		await shows("Question of a guest, 4 more to come");
		await expect.poll(() => composer().inputValue()).toBe("What I still wanted to ask");

		// The free tier has a daily limit.
		for (let n = 0; n < 14; n += 1) await askUnseen(`Question of the day, number ${n}`);
		await ask("Last question of the day");
		await leftReads("No requests left today");
		await composer().fill("Worth paying for");
		await shows(/You’ve used today’s 20 requests/);
		await page.getByRole("status").getByRole("link", { name: "Go Pro" }).click();

		// Paying requires a confirmed address, and the page shows how to confirm it.
		await page.getByRole("button", { name: "Go Pro" }).click();
		const mailbox = await page
			.getByRole("link", { name: /mailbox/i })
			.first()
			.getAttribute("href");
		await page.goto(mailbox ?? "");
		await page
			.getByRole("link", { name: /Confirm your email address/ })
			.first()
			.click();
		await page.getByRole("link", { name: /verify-email/ }).click();
		await page.goto(`${parley.app}/pricing`);
		await shows("$7.99");

		// After paying, the chat continues.
		await page.getByRole("button", { name: "Go Pro" }).click();
		await page.getByRole("button", { name: "Pay" }).click();
		await shows(/You’re on Pro/);
		await leftReads(/1,?000 of 1,?000 left · renews/);
		for (let n = 1; n <= 3; n += 1) await ask(`Question of a subscriber, number ${n}`);
		await leftReads(/997 of 1,?000 left · renews/);

		// A top-up adds to the remaining requests.
		await page.goto(`${parley.app}/account/plan`);
		await page.getByRole("button", { name: "Buy a top-up" }).click();
		await page.getByRole("button", { name: "Pay" }).click();
		await shows(/Your top-up is here/);
		await leftReads(/997 of 1,?000 left · renews .* · 1,?000 from top-ups/);
		await ask("One more");
		await leftReads(/1,?000 from top-ups/);

		// The provider has exactly the paid requests, once each.
		const events = await parley.find("four paid requests", (state) => (reported(state).length >= 4 ? reported(state) : undefined));
		expect(events.map(({ units }) => units)).toEqual([1, 1, 1, 1]);
		expect(new Set(events.map(({ name }) => name)).size).toBe(4);
		expect(events.every(({ name }) => /^user:[^:]+:/.test(name))).toBe(true);
	});
}
