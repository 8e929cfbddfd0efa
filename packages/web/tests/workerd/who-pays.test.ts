import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, inject, test } from "vitest";
import type { UsageDay } from "../../src/view/usage.ts";
import { Client, eventually, faults, hear, resetSandbox, sandboxState } from "../client.ts";
import { checkpointsOf, messagesOf, requestsOf, rewriteRequests, textOf } from "../stored.ts";
import { logLines } from "../worker-log.ts";

// One test per row of docs/who-pays.md, with the model failing as the row says.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
const guest = () => new Client().visit();

const regenerate = (client: Client, chatId: string, messageId: string) =>
	client.post("/api/chat/ai", { id: chatId, messages: [], trigger: "regenerate-message", messageId });

/** Reads an answer until `words` deltas arrived; the reader can then leave. */
async function listen(response: Response, words: number) {
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	if (!reader) throw new Error("no body");
	let heard = "";
	while (heard.split('"text-delta"').length - 1 < words) {
		const { value, done } = await reader.read();
		if (done) break;
		heard += value;
	}
	return { heard: () => heard, leave: () => reader.cancel() };
}

describe("a model that fails", () => {
	test("before any output costs nothing, and the answer says so", async () => {
		const client = await guest();
		await faults({ model: { failBeforeOutput: 500 } });
		const answer = await client.chat(id(), id());
		expect(answer).toMatchObject({ status: 200, last: "error", metadata: { state: "failed", counted: false } });
		expect(await client.usage()).toMatchObject({ used: 0, held: 0, remaining: 5 });
	});

	test("midway costs nothing: the partial answer stays, marked, and a retry with the same id is a new attempt", async () => {
		const client = await guest();
		const [chatId, messageId] = [id(), id()];
		await faults({ model: { failAfterChunks: 2, chunks: 6 } });
		const broken = await client.chat(chatId, messageId);
		expect(broken).toMatchObject({ last: "error", metadata: { state: "failed", counted: false } });
		expect(broken.text).not.toBe("");
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		await faults({});
		expect(await client.chat(chatId, messageId)).toMatchObject({ last: "finish", metadata: { state: "complete", counted: true } });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("midway is counted once the free failures are used up", async () => {
		const client = await guest();
		await faults({ model: { failAfterChunks: 1, chunks: 6 } });
		for (let n = 0; n < 5; n += 1) expect((await client.chat(id(), id())).metadata.counted).toBe(false);
		expect(await client.chat(id(), id())).toMatchObject({ last: "error", metadata: { counted: true } });
		expect(await client.usage()).toMatchObject({ used: 1 });
	});

	test.each([
		["answers 429", { failBeforeOutput: 429 }, false],
		["resets the connection before the first chunk", { failAfterChunks: 0 }, false],
		["resets the connection after one chunk", { failAfterChunks: 1, chunks: 5 }, true],
		["is cut off within a character", { cutInCharacterAfterChunks: 2, chunks: 5 }, true],
	] as const)("because it %s costs nothing, and the partial text has only whole characters", async (_, model, said) => {
		const client = await guest();
		await faults({ model });
		const answer = await client.chat(id(), id());
		expect(answer).toMatchObject({ last: "error", metadata: { state: "failed", counted: false } });
		expect(answer.text !== "").toBe(said);
		expect(answer.text).not.toContain("\ufffd");
		expect(await client.usage()).toMatchObject({ used: 0, held: 0, remaining: 5 });
	});

	test("by sending a 10 MB line is cut at the length limit, and the answer is counted", async () => {
		const client = await guest();
		const chatId = id();
		await faults({ model: { hugeLineAfterChunks: 1, chunks: 5 } });
		const answer = await client.chat(chatId, "m");
		expect(answer).toMatchObject({ last: "finish", metadata: { state: "length", counted: true } });
		// Six characters per token of the limit.
		expect(answer.text).toHaveLength(24_000);
		expect((await client.chat(chatId, "m")).text).toBe(answer.text);
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("by ending without output is forgiven within the bound", async () => {
		const client = await guest();
		await faults({ model: { chunks: 0 } });
		expect(await client.chat(id(), id())).toMatchObject({ metadata: { state: "failed", counted: false } });
	});
});

describe("an answer that ends", () => {
	test("at the length limit is counted", async () => {
		const client = await guest();
		await faults({ model: { finishReason: "length" } });
		expect(await client.chat(id(), id())).toMatchObject({ last: "finish", metadata: { state: "length", counted: true } });
	});

	test("by a content filter is counted", async () => {
		const client = await guest();
		await faults({ model: { finishReason: "content_filter" } });
		expect(await client.chat(id(), id())).toMatchObject({ last: "finish", metadata: { state: "filtered", counted: true } });
	});
});

describe("a reader", () => {
	test("who stops before any output pays nothing, and the model call is aborted", async () => {
		const client = await guest();
		const chatId = id();
		await faults({ model: { firstTokenMs: 5_000 } });
		const running = client.chat(chatId, id());
		await eventually(async () => expect((await sandboxState()).modelCalls).toHaveLength(1));
		expect(await (await client.post(`/api/chat/${chatId}/stop`, {})).json()).toEqual({ stopped: true });
		expect(await running).toMatchObject({ last: "abort", metadata: { state: "stopped", counted: false } });
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
		await eventually(async () => expect((await sandboxState()).modelCalls[0]?.aborted).toBe(true));
	});

	test("who stops after output began pays one unit", async () => {
		const client = await guest();
		const chatId = id();
		await faults({ model: { chunks: 200, chunkMs: 20 } });
		const response = await client.send(chatId, id());
		const ears = await listen(response, 2);
		await client.post(`/api/chat/${chatId}/stop`, {});
		await eventually(async () => expect(await client.usage()).toMatchObject({ used: 1, held: 0 }));
		await ears.leave();
		expect(await (await client.post(`/api/chat/${chatId}/stop`, {})).json()).toEqual({ stopped: false });
	});

	test("who leaves finds the whole answer on return, and it is counted", async () => {
		const client = await guest();
		const [chatId, messageId] = [id(), id()];
		await faults({ model: { chunks: 20, chunkMs: 20 } });
		const ears = await listen(await client.send(chatId, messageId), 3);
		await ears.leave();
		await eventually(async () => expect(await client.usage()).toMatchObject({ used: 1, held: 0 }));
		const again = await client.chat(chatId, messageId);
		expect(again).toMatchObject({ last: "finish", metadata: { state: "complete", counted: true } });
		expect(again.text.split(/\s+/).filter(Boolean).length).toBeGreaterThanOrEqual(20);
		expect((await sandboxState()).modelCalls).toHaveLength(1);
		expect(await client.usage()).toMatchObject({ used: 1 });
	});

	test("who returns or opens a second tab during an answer receives it from its start", async () => {
		const client = await guest();
		const chatId = id();
		await faults({ model: { chunks: 20, chunkMs: 20 } });
		const response = await client.send(chatId, id());
		const first = await listen(response, 3);
		const [second, third] = await Promise.all([client.fetch(`/api/chat/${chatId}/stream`), client.fetch(`/api/chat/${chatId}/stream`)]);
		await first.leave();
		const heard = await Promise.all([hear(second), hear(third)]);
		expect(heard[0]).toMatchObject({ last: "finish", metadata: { counted: true } });
		expect(heard[1]).toEqual(heard[0]);
		expect((await client.fetch(`/api/chat/${chatId}/stream`)).status).toBe(204);
	});
});

describe("a second caller", () => {
	test("follows the running answer live from its start, for one model call and one unit", async () => {
		const client = await guest();
		const [chatId, messageId] = [id(), id()];
		await faults({ model: { chunks: 5_000, chunkMs: 20 } });
		/** Counts the pieces of an answer as they arrive. */
		const countPieces = (response: Response) => {
			const count = { pieces: 0, done: Promise.resolve() };
			count.done = (async () => {
				for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
					count.pieces += text.split('"text-delta"').length - 1;
				}
			})();
			return count;
		};
		const first = countPieces(await client.send(chatId, messageId));
		await eventually(async () => expect(first.pieces).toBeGreaterThanOrEqual(2));
		const second = countPieces(await client.send(chatId, messageId));
		const whenJoined = first.pieces;
		await eventually(async () => expect(second.pieces).toBeGreaterThan(whenJoined + 3));
		expect(await (await client.post(`/api/chat/${chatId}/stop`, {})).json()).toEqual({ stopped: true });
		await Promise.all([first.done, second.done]);
		expect(second.pieces).toBe(first.pieces);
		expect((await sandboxState()).modelCalls).toHaveLength(1);
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});
});

// These take minutes of real time, so only `npm run prove` runs them.
describe.runIf(inject("proof").whole)("a slow model", () => {
	test("that is silent for 60 s fails, and costs nothing", { timeout: 120_000 }, async () => {
		const client = await guest();
		await faults({ model: { silentAfterChunks: 2, chunks: 6 } });
		const started = Date.now();
		expect(await client.chat(id(), id())).toMatchObject({ last: "error", metadata: { state: "failed", counted: false } });
		expect(Date.now() - started).toBeGreaterThan(55_000);
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
	});

	test("that takes 4 minutes without a reader still completes the answer, which is counted", { timeout: 300_000 }, async () => {
		const client = await guest();
		const [chatId, messageId] = [id(), id()];
		await faults({ model: { chunks: 240, chunkMs: 1_000 } });
		await (await listen(await client.send(chatId, messageId), 2)).leave();
		await eventually(async () => expect(await client.usage()).toMatchObject({ used: 1, held: 0 }), 290_000);
		const again = await client.chat(chatId, messageId);
		expect(again).toMatchObject({ last: "finish", metadata: { state: "complete", counted: true } });
		expect(again.text).toBe(await wholeAnswer());
	});
});

/** The model's whole answer to its only question. */
async function wholeAnswer(): Promise<string> {
	await faults({ model: { chunks: 240 } });
	const [call] = (await sandboxState()).modelCalls;
	const response = await fetch(`${env.SANDBOX_URL}/model/v1/chat/completions`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ model: "sandbox", messages: call?.messages }),
	});
	const { choices } = await response.json<{ choices: { message: { content: string } }[] }>();
	return choices[0]?.message.content ?? "";
}

describe("one request id", () => {
	test("sent repeatedly from any tab causes one model call, one unit and one answer", async () => {
		const client = await guest();
		const [chatId, messageId] = [id(), id()];
		await faults({ model: { firstTokenMs: 300, chunks: 5 } });
		const answers = await Promise.all(Array.from({ length: 20 }, () => client.chat(chatId, messageId)));
		expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
		expect(answers.every((answer) => answer.metadata.counted)).toBe(true);
		expect((await sandboxState()).modelCalls).toHaveLength(1);
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("has one hold however many callers race, and another one for each attempt after a failure", async () => {
		const client = await guest();
		const [[, cookie] = ["", ""]] = client.cookies;
		const ledger = env.USAGE_LEDGER.getByName(`guest:${cookie.split(".")[1]}`);
		const [chatId, messageId] = [id(), id()];
		await faults({ model: { firstTokenMs: 100, failBeforeOutput: 500 } });
		const failed = await Promise.all([1, 2, 3].map(() => client.chat(chatId, messageId)));
		for (const answer of failed) expect(answer.metadata).toMatchObject({ state: "failed", counted: false });
		const { modelCalls } = await sandboxState();
		expect((await requestsOf(ledger)).map(({ attempt }) => attempt)).toEqual([modelCalls.length]);
		await faults({});
		expect((await client.chat(chatId, messageId)).metadata).toMatchObject({ state: "complete", counted: true });
		expect((await requestsOf(ledger)).map(({ attempt }) => attempt)).toEqual([modelCalls.length + 1]);
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("with a different body is a conflict, and counts nothing", async () => {
		const client = await guest();
		const chatId = id();
		await client.chat(chatId, id(), { key: "once" });
		const other = await client.chat(chatId, id(), { key: "once", text: "Something else" });
		expect(other).toMatchObject({ status: 409, problem: { title: "Request id already used" } });
		expect(await client.usage()).toMatchObject({ used: 1 });
	});

	test("gets 410 after its answer was deleted, and stays counted", async () => {
		const client = await guest();
		const [chatId, messageId] = [id(), id()];
		await client.chat(chatId, messageId);
		expect((await client.fetch(`/api/chat/${chatId}`, { method: "DELETE" })).status).toBe(204);
		expect(await client.chat(chatId, messageId)).toMatchObject({ status: 410 });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});
});

describe("a new unit", () => {
	test("is charged for regenerating an answer, which replaces the old one", async () => {
		const client = await guest();
		const [chatId, messageId] = [id(), id()];
		const first = await client.chat(chatId, messageId);
		expect(await hear(await regenerate(client, chatId, first.id))).toMatchObject({ last: "finish", metadata: { counted: true } });
		expect(await client.usage()).toMatchObject({ used: 2 });
		// The replaced answer is still returned for its own request.
		expect((await client.chat(chatId, messageId)).text).toBe(first.text);
		expect(await client.usage()).toMatchObject({ used: 2 });
	});

	test("is not charged for a failed regeneration, and the old answer stays", async () => {
		const client = await guest();
		const chatId = id();
		const first = await client.chat(chatId, "m");
		await faults({ model: { failBeforeOutput: 500 } });
		expect(await hear(await regenerate(client, chatId, first.id))).toMatchObject({ metadata: { state: "failed", counted: false } });
		expect(await messagesOf(env.CONVERSATION.getByName(chatId))).toMatchObject([{ role: "user" }, { id: first.id }]);
		expect(await client.chat(chatId, "m")).toMatchObject({ text: first.text });
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("is not charged for a regeneration that fails midway, and a retry sends the same history", async () => {
		const client = await guest();
		const chatId = id();
		const first = await client.chat(chatId, "m", { text: "Which parrot?" });
		await faults({ model: { failAfterChunks: 2, chunks: 6 } });
		expect(await hear(await regenerate(client, chatId, first.id))).toMatchObject({ metadata: { state: "failed", counted: false } });
		await faults({});
		expect(await hear(await regenerate(client, chatId, first.id))).toMatchObject({ metadata: { state: "complete" } });
		expect(JSON.stringify((await sandboxState()).modelCalls.at(-1)?.messages)).toContain("Which parrot?");
	});

	test("is not charged for regenerating a user's message, which is refused", async () => {
		const client = await guest();
		const chatId = id();
		await client.chat(chatId, "m");
		expect((await regenerate(client, chatId, "m")).status).toBe(404);
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});

	test("is charged for an edited message, which replaces the old one and all that follows", async () => {
		const client = await guest();
		const [chatId, messageId] = [id(), id()];
		await client.chat(chatId, messageId, { text: "first wording" });
		const message = { id: messageId, role: "user", parts: [{ type: "text", text: "second wording" }] };
		const edited = await client.post("/api/chat/ai", { id: chatId, messages: [message], trigger: "submit-message", messageId });
		expect(await hear(edited)).toMatchObject({ metadata: { counted: true } });
		expect(await client.usage()).toMatchObject({ used: 2 });
		const { messages } = (await sandboxState()).modelCalls.at(-1) ?? { messages: [] };
		expect(messages.filter((one) => one.role === "user").map((one) => JSON.stringify(one.content))).toEqual([
			expect.stringContaining("second wording"),
		]);
	});

	test("is released when the chat is still answering", async () => {
		const client = await guest();
		const chatId = id();
		await faults({ model: { firstTokenMs: 400 } });
		const running = client.chat(chatId, id());
		await eventually(async () => expect(await client.usage()).toMatchObject({ held: 1 }));
		expect(await client.chat(chatId, id())).toMatchObject({ status: 409, problem: { title: "An answer is being written" } });
		await running;
		expect(await client.usage()).toMatchObject({ used: 1, held: 0 });
	});
});

describe("a platform restart", () => {
	test("during an answer costs nothing: the partial answer stays, marked as interrupted", async () => {
		const client = await guest();
		const chatId = id();
		await faults({ model: { chunks: 400, chunkMs: 20 } });
		const ears = await listen(await client.send(chatId, id()), 60);
		await abortAllDurableObjects();
		await ears.leave().catch(() => {});
		const conversation = env.CONVERSATION.getByName(chatId);
		await eventually(async () => {
			await runDurableObjectAlarm(conversation);
			expect(await client.usage()).toMatchObject({ used: 0, held: 0, remaining: 5 });
		});
		const answer = (await messagesOf(conversation)).find((message) => message.role === "assistant");
		expect(answer?.metadata).toMatchObject({ state: "interrupted", counted: false });
		expect(logLines.join("\n")).toContain(`answer ${answer?.metadata?.reference} was interrupted: `);
		expect(answer && textOf(answer)).not.toBe("");
		// Usage of the lost call is estimated from what is stored.
		const { days } = await (await client.fetch("/api/usage")).json<{ days: UsageDay[] }>();
		expect(days).toMatchObject([{ units: 0, inputTokens: expect.any(Number), estimatedRequests: 1 }]);
		expect(days[0]?.outputTokens).toBeGreaterThan(0);
	});

	test("between hold and start releases the hold when it expires", async () => {
		const client = await guest();
		const [[, cookie] = ["", ""]] = client.cookies;
		const key = `guest:${cookie.split(".")[1]}`;
		const ledger = env.USAGE_LEDGER.getByName(key);
		await ledger.hold(key, { id: "lost", fingerprint: "f", units: 1, chatId: id() });
		expect(await client.usage()).toMatchObject({ held: 1, remaining: 4 });
		await expireHolds(ledger);
		expect(await client.usage()).toMatchObject({ used: 0, held: 0, remaining: 5 });
	});

	test("keeps every count when it evicts a ledger", async () => {
		const client = await guest();
		const [[, cookie] = ["", ""]] = client.cookies;
		const ledger = env.USAGE_LEDGER.getByName(`guest:${cookie.split(".")[1]}`);
		for (let used = 1; used <= 5; used += 1) {
			await client.chat(id(), id());
			await evictDurableObject(ledger);
			expect(await client.usage()).toMatchObject({ used, remaining: 5 - used });
		}
		expect((await client.chat(id(), id())).status).toBe(429);
	});
});

describe("a request that ended 90 days ago", () => {
	test("is folded into its pool's checkpoint without changing any count", async () => {
		const user = new Client();
		const { id: userId } = await user.signUp();
		await user.chat(id(), id());
		const ledger = env.USAGE_LEDGER.getByName(`user:${userId}`);
		const longAgo = (atMs: number | null) => (atMs === null ? null : atMs - 91 * 86_400_000);
		await rewriteRequests(ledger, ({ heldAtMs, endedAtMs }) => ({
			pool: "day:2026-01-01",
			heldAtMs: longAgo(heldAtMs) ?? 0,
			endedAtMs: longAgo(endedAtMs),
		}));
		await user.chat(id(), id());
		await runDurableObjectAlarm(ledger);
		expect(await requestsOf(ledger)).toHaveLength(1);
		expect(await checkpointsOf(ledger)).toEqual([{ pool: "day:2026-01-01", units: 1, requests: 1 }]);
		expect(await user.usage()).toMatchObject({ used: 1, remaining: 19 });
	});
});

/** Expires the holds of one ledger and runs its alarm. */
async function expireHolds(ledger: DurableObjectStub<import("../../src/objects/usage-ledger.ts").UsageLedger>) {
	await rewriteRequests(ledger, () => ({ expiresAtMs: 0 }));
	await runDurableObjectAlarm(ledger);
}
