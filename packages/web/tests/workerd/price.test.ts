import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { priceOfSend } from "../../src/components/chat/price.ts";
import { modelOf } from "../../src/components/testing/views.ts";
import { type Answer, Client, faults, hear, resetSandbox, sandboxState } from "../client.ts";
import { messagesOf, requestsOf, textOf } from "../stored.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();

interface Asked {
	text?: string;
	model?: string;
	effort?: string | null;
	maxUnits?: number;
	whole?: boolean;
	key?: string;
}

/** Sends a message with every field that affects its price. */
async function ask(client: Client, chatId: string, { text = "Hello", key = id(), ...asked }: Asked = {}): Promise<Answer> {
	const messages = [{ id: key, role: "user", parts: [{ type: "text", text }] }];
	return hear(await client.post("/api/chat/ai", { id: chatId, messages, ...asked }, { "idempotency-key": key }));
}

async function user(): Promise<{ client: Client; key: string }> {
	const client = new Client();
	return { client, key: `user:${(await client.signUp()).id}` };
}

/** The price that the page shows for a message to `narrow` that sends the whole chat. */
function shownPrice(tokensBefore: number, text: string): number {
	const model = modelOf("narrow", { inputStep: 100, maxOutput: 50, contextWindow: 550 });
	return priceOfSend({ model, effort: null, instructions: 0 }, true, tokensBefore, text).units;
}

const view = (key: string, chatId: string) => env.CONVERSATION.getByName(chatId).view(key);
const lastSent = async () => (await sandboxState()).modelCalls.at(-1)?.messages.map(({ content }) => content) ?? [];
/** A text of at least this many tokens, and less than 20 more. */
const words = (tokens: number) => "word ".repeat(tokens / 2);

describe("the price of a request", () => {
	test("combines weight, effort and steps; it is charged, stored with the request, and reported with the answer", async () => {
		const { client, key } = await user();
		const chat = id();
		const answer = await ask(client, chat, { model: "narrow", effort: "medium", key: "k1" });
		expect(answer.metadata).toMatchObject({ model: "narrow", units: 2, effort: "medium", counted: true });
		expect(await client.usage()).toMatchObject({ used: 2, held: 0 });
		const [row] = await requestsOf(env.USAGE_LEDGER.getByName(key));
		expect(row).toMatchObject({
			units: 2,
			terms: { model: "narrow", effort: "medium", steps: 1, version: expect.stringMatching(/^[0-9a-f]{12}$/) },
		});
		const messages = await messagesOf(env.CONVERSATION.getByName(chat));
		expect(messages.at(-1)?.metadata).toMatchObject({ units: 2, effort: "medium" });
	});

	test("above the one shown on the page is refused with the new price: nothing is held, counted or stored", async () => {
		const { client, key } = await user();
		const chat = id();
		const refused = await ask(client, chat, { model: "dear", maxUnits: 4 });
		expect(refused.status).toBe(409);
		expect(refused.problem).toMatchObject({ title: "Price has changed", price: { units: 5, model: "dear", effort: null, whole: false } });
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		expect(await view(key, chat)).toBeNull();
		expect((await ask(client, chat, { model: "dear", maxUnits: 5 })).metadata).toMatchObject({ units: 5, counted: true });
	});

	test("is part of what an id identifies: a different effort is a different request", async () => {
		const { client } = await user();
		const chat = id();
		await ask(client, chat, { model: "narrow", effort: "low", key: "k1" });
		expect((await ask(client, chat, { model: "narrow", effort: "high", key: "k1" })).problem).toMatchObject({
			title: "Request id already used",
		});
		expect(await client.usage()).toMatchObject({ used: 1 });
	});

	test("stays that of the first attempt when a failed request is retried", async () => {
		const { client } = await user();
		const chat = id();
		await faults({ model: { failBeforeOutput: 500 } });
		expect((await ask(client, chat, { model: "dear", key: "k1" })).metadata).toMatchObject({ counted: false });
		await faults({ model: {} });
		expect((await ask(client, chat, { model: "dear", key: "k1", maxUnits: 5 })).metadata).toMatchObject({ units: 5, counted: true });
		expect(await client.usage()).toMatchObject({ used: 5, held: 0 });
	});

	test("never exceeds the one shown on the page, even if an attempt that never started was held at another price", async () => {
		const { client, key } = await user();
		const chat = id();
		const parts = [{ type: "text", text: "Hello" }];
		const fingerprint = createHash("sha256")
			.update(JSON.stringify([chat, "submit-message", null, "sandbox", parts]))
			.digest("hex")
			.slice(0, 32);
		const ledger = env.USAGE_LEDGER.getByName(key);
		const terms = { model: "sandbox", effort: null, steps: 3, version: "before" };
		await ledger.hold(key, { id: "k1", fingerprint, units: 3, terms, chatId: chat });
		await ledger.release("k1", "refused");
		const refused = await ask(client, chat, { model: "sandbox", maxUnits: 1, key: "k1" });
		expect([refused.status, refused.problem]).toMatchObject([409, { title: "Price has changed", price: { units: 3 } }]);
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		expect(await view(key, chat)).toBeNull();
		expect((await ask(client, chat, { model: "sandbox", maxUnits: 3, key: "k1" })).metadata).toMatchObject({ units: 3, counted: true });
		expect(await client.usage()).toMatchObject({ used: 3, held: 0 });
	});

	test("does not exist for an effort that the model does not have", async () => {
		const { client } = await user();
		expect((await ask(client, id(), { effort: "low" })).status).toBe(400);
	});

	test("does not exist for a message that alone is too long for the model", async () => {
		const { client } = await user();
		expect((await ask(client, id(), { model: "narrow", text: words(1_200) })).problem).toMatchObject({ title: "Message too long" });
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
	});
});

describe("the messages that a request sends", () => {
	test("are the newest that fit into its steps, and the answer says where they begin", async () => {
		const { client } = await user();
		const chat = id();
		for (const text of ["one", "two", "three", "four"]) await ask(client, chat, { text: `${text} ${words(30)}` });
		const { metadata } = await ask(client, chat, { model: "narrow", text: "five" });
		expect(metadata).toMatchObject({ units: 1, readFrom: expect.any(String) });
		const sent = await lastSent();
		expect(sent.at(-1)).toBe("five");
		expect(sent.length).toBeLessThan(9);
		const messages = await messagesOf(env.CONVERSATION.getByName(chat));
		const from = messages.findIndex((message) => message.id === metadata.readFrom);
		expect(messages.slice(from, -1).map(textOf)).toEqual(sent);
	});

	test("are the whole chat if its setting says so, at the price that the page computes from the chat's tokens", async () => {
		const { client, key } = await user();
		const chat = id();
		for (const text of ["one", "two"]) await ask(client, chat, { text });
		const { tokens = 0, whole } = (await view(key, chat)) ?? {};
		expect(whole).toBe(false);
		const units = shownPrice(tokens, "four");
		expect(units).toBeGreaterThan(1);
		const answer = await ask(client, chat, { model: "narrow", text: "four", whole: true, maxUnits: units });
		expect(answer.metadata).toMatchObject({ units, counted: true });
		expect(answer.metadata.readFrom).toBeUndefined();
		expect(await lastSent()).toHaveLength(5);
		expect(await view(key, chat)).toMatchObject({ whole: true, tokens: answer.metadata.tokens });
		// The setting stays with the chat.
		expect((await ask(client, chat, { model: "narrow", text: "five" })).metadata.units).toBeGreaterThan(1);
		expect((await ask(client, chat, { model: "narrow", text: "six", whole: false })).metadata).toMatchObject({ units: 1 });
	});

	test("exclude an unanswered question, and a whole chat is not charged for it either", async () => {
		const { client, key } = await user();
		const chat = id();
		await ask(client, chat, { text: "one" });
		const before = (await view(key, chat))?.tokens;
		await faults({ model: { failBeforeOutput: 500 } });
		expect((await ask(client, chat, { text: "two" })).metadata).toMatchObject({ counted: false, tokens: before });
		await faults({ model: {} });
		expect((await view(key, chat))?.tokens).toBe(before);
		expect((await ask(client, chat, { text: "three", whole: true })).metadata).toMatchObject({ counted: true });
		expect(await lastSent()).toEqual(["one", expect.any(String), "three"]);
	});

	test("are cut to fit the model once the chat has outgrown it, and the answer says so", async () => {
		const { client } = await user();
		const chat = id();
		for (let turn = 0; turn < 4; turn += 1) await ask(client, chat, { text: words(180) });
		const answer = await ask(client, chat, { model: "narrow", text: "go on", whole: true });
		expect(answer.metadata).toMatchObject({ units: 5, counted: true, readFrom: expect.any(String) });
	});
});

describe("an answer that reached its limit", () => {
	test("is continued from its end by an ordinary message at an ordinary price", async () => {
		const { client, key } = await user();
		const chat = id();
		await faults({ model: { hugeLineAfterChunks: 1, chunks: 5 } });
		expect((await ask(client, chat, { text: `Count to a million. ${words(4_000)}` })).metadata).toMatchObject({
			state: "length",
			units: 1,
		});
		await faults({ model: {} });
		const { metadata } = await ask(client, chat, { text: "Continue.", maxUnits: 1 });
		const [question] = (await view(key, chat))?.messages ?? [];
		expect(metadata).toMatchObject({ units: 1, counted: true, readFrom: question?.id });
		const sent = (await sandboxState()).modelCalls.at(-1)?.messages ?? [];
		expect(sent.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
		expect(sent[0]?.content).toMatch(/^Count to a million\./);
		expect(sent[1]?.content).toMatch(/^…x{1000,}$/);
		expect(sent[2]?.content).toBe("Continue.");
	});
});

describe("a chat from the version before prices", () => {
	test("continues, and is measured by its first view, so that all of it can be sent at the price that the page computes", async () => {
		const { client, key } = await user();
		const chat = id();
		await ask(client, chat, { text: "one" });
		const measured = (await view(key, chat))?.tokens ?? 0;
		await runInDurableObject(env.CONVERSATION.getByName(chat), (_, { storage }) => {
			for (const column of ["sold", "told", "tokens"]) storage.sql.exec(`ALTER TABLE turn DROP COLUMN ${column}`);
			storage.sql.exec("ALTER TABLE chat DROP COLUMN whole");
		});
		await evictDurableObject(env.CONVERSATION.getByName(chat));
		expect((await ask(client, chat, { model: "narrow", text: "four" })).metadata).toMatchObject({ units: 1, counted: true });
		const { tokens = 0, whole } = (await view(key, chat)) ?? {};
		expect(whole).toBe(false);
		expect(tokens).toBeGreaterThan(measured);
		const units = shownPrice(tokens, "five");
		const answer = await ask(client, chat, { model: "narrow", text: "five", whole: true, maxUnits: units });
		expect(answer.metadata).toMatchObject({ units, counted: true });
		expect(await lastSent()).toHaveLength(5);
		expect((await view(key, chat))?.tokens).toBe(answer.metadata.tokens);
	});
});

describe("a model for another tier", () => {
	test("is refused to a guest who could sign up and to a user who could subscribe, and nothing is counted", async () => {
		const guest = await new Client().visit();
		const toGuest = await ask(guest, id(), { model: "narrow" });
		expect([toGuest.status, toGuest.problem]).toMatchObject([403, { title: "Not in your plan", tier: "guest", upgradeUrl: "/sign-up" }]);
		const { client } = await user();
		const toUser = await ask(client, id(), { model: "pro" });
		expect([toUser.status, toUser.problem]).toMatchObject([403, { title: "Not in your plan", tier: "free", upgradeUrl: "/pricing" }]);
		expect([await guest.usage(), await client.usage()]).toMatchObject([
			{ used: 0, held: 0 },
			{ used: 0, held: 0 },
		]);
	});

	test("answers a subscriber", async () => {
		const client = new Client();
		await client.subscribe();
		expect((await ask(client, id(), { model: "pro" })).metadata).toMatchObject({ counted: true });
	});
});

describe("a request that costs more than the remaining units", () => {
	test("is refused with its price and the cheaper options", async () => {
		const guest = await new Client().visit();
		await ask(guest, id());
		const refused = await ask(guest, id(), { model: "dear" });
		expect(refused.status).toBe(429);
		expect(refused.problem).toMatchObject({ policy: "guest", remaining: 4, price: { units: 5, model: "dear" } });
		expect(refused.problem?.affordable).toEqual([
			{ units: 1, model: "sandbox", effort: null, whole: false },
			{ units: 1, model: "second", effort: null, whole: false },
			{ units: 1, model: "seeing", effort: null, whole: false },
		]);
		expect(await guest.usage()).toMatchObject({ used: 1, held: 0, remaining: 4 });
	});

	test("never exceeds the limit, whatever the weights of concurrent requests", async () => {
		const guest = await new Client().visit();
		const models = Array.from({ length: 40 }, (_, n) => (n % 3 ? "sandbox" : "dear"));
		const answers = await Promise.all(models.map((model) => ask(guest, id(), { model })));
		const units = answers.reduce((sum, { metadata }) => sum + (metadata.counted ? (metadata.units ?? 0) : 0), 0);
		expect(units).toBeLessThanOrEqual(5);
		expect(await guest.usage()).toMatchObject({ used: units, held: 0 });
	});
});
