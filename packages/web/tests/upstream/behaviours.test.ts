import { beforeEach, describe, expect, test } from "vitest";
import { Client, faults, hear, resetSandbox, sandboxState } from "../client.ts";
import { logLines } from "../worker-log.ts";
import { BEHAVIOURS, ruleOf } from "./behaviours.ts";

// What model servers do, what the user then sees, and whether it is counted: the table of docs/upstream-behaviours.md.

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();

describe("a model server that sends", () => {
	test.each(Object.entries(BEHAVIOURS))("%s", async (_, behaviour) => {
		const { wire, model = "odd", state, counted, text, thoughts = "", failure, retryAfterS } = behaviour;
		const client = await new Client().visit();
		await faults({ model: { wires: { [model]: wire } } });
		const chatId = id();
		const answer = await hear(await client.send(chatId, "q", { model }));
		const rule = ruleOf(behaviour);
		expect(answer.metadata).toMatchObject({ state, counted, rule, ...(failure && { failure }), ...(retryAfterS && { retryAfterS }) });
		expect([answer.text, answer.thoughts]).toEqual([text, thoughts]);
		expect(answer.parts.length).toBe(new Set(answer.parts).size);
		expect(await client.usage()).toMatchObject({ used: counted ? 1 : 0, held: 0 });
		// A reload shows the same answer.
		const again = await (await client.fetch(`/api/chat/${chatId}/stream`)).text();
		expect(again).toBe("");
		expect(logLines.join("\n")).not.toMatch(/sk-abc|q1|Hello/);
	});

	test("20,000 tiny pieces reaches its readers in few chunks", async () => {
		const client = await new Client().visit();
		await faults({ model: { wires: { odd: BEHAVIOURS["20,000 tiny pieces"]?.wire ?? {} } } });
		const body = await (await client.send(id(), id(), { model: "odd" })).text();
		expect(body.split('"text-delta"').length - 1).toBeLessThan(200);
	});

	test("429 is not called again until its time is over", async () => {
		const client = await new Client().visit();
		await faults({ model: { wires: { "busy-odd": { status: 429, headers: { "retry-after": "200" } } } } });
		const ask = async () => (await hear(await client.send(id(), id(), { model: "busy-odd" }))).metadata;
		const first = await ask();
		expect(first).toMatchObject({ failure: "busy" });
		const calls = (await sandboxState()).modelCalls.length;
		expect(await ask()).toMatchObject({ failure: "busy", retryAfterS: expect.any(Number) });
		expect((await sandboxState()).modelCalls).toHaveLength(calls);
	});
});

test("a model that ends without output is forgiven up to the limit, and then counts", async () => {
	const client = await new Client().visit();
	await faults({ model: { wires: { odd: BEHAVIOURS["a limit before the first word"]?.wire ?? {} } } });
	const counted = [];
	for (let n = 0; n < 6; n += 1) counted.push((await hear(await client.send(id(), id(), { model: "odd" }))).metadata.counted);
	expect(counted).toEqual([false, false, false, false, false, true]);
});

test("a busy model is forgiven without limit", async () => {
	const client = await new Client().visit();
	await faults({ model: { wires: { odd: { status: 429 } } } });
	for (let n = 0; n < 8; n += 1) expect((await hear(await client.send(id(), id(), { model: "odd" }))).metadata.counted).toBe(false);
	expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
});
