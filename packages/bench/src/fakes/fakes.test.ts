import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeModel, startModel } from "./model.ts";
import { type FakeProvider, startProvider } from "./provider.ts";

describe("the fake model", () => {
	let model: FakeModel;
	beforeAll(async () => {
		model = await startModel({ chunks: 4 });
	});
	afterAll(() => model.close());

	const request = () => fetch(`${model.url}/chat/completions`, { method: "POST", body: "{}" });

	test("answers every request with the same OpenAI-compatible stream", async () => {
		const text = await (await request()).text();
		expect(await (await request()).text()).toBe(text);
		const events = text.trim().split("\n\n");
		expect(events.at(-1)).toBe("data: [DONE]");
		const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)).choices[0]);
		expect(chunks[0].delta).toEqual({ role: "assistant", content: "" });
		expect(chunks.filter(({ delta }) => delta.content === "word ")).toHaveLength(4);
		expect(chunks.at(-1).finish_reason).toBe("stop");
	});

	test("pauses answers after their first word until they are released", async () => {
		model.holding = true;
		const [first, second] = await Promise.all([request(), request()]);
		const reader = first.body?.getReader();
		const begin = new TextDecoder().decode((await reader?.read())?.value);
		expect(begin.match(/word /g)).toHaveLength(1);
		model.release();
		expect(model.holding).toBe(false);
		expect(await second.text()).toContain("[DONE]");
		await reader?.cancel();
		expect(await (await request()).text()).toContain("[DONE]");
	});

	test("pauses after the number of words that it was started with", async () => {
		const long = await startModel({ chunks: 5, word: "longer ", wordsBeforePause: 3 });
		long.holding = true;
		const response = await fetch(`${long.url}/chat/completions`, { method: "POST", body: "{}" });
		let text = "";
		for await (const bytes of response.body ?? []) {
			text += new TextDecoder().decode(bytes);
			if (text.split("longer ").length - 1 === 3) long.release();
		}
		expect(text.split("longer ").length - 1).toBe(5);
		expect(text).toContain("[DONE]");
		await long.close();
	});
});

describe("the fake provider", () => {
	let provider: FakeProvider;
	beforeAll(async () => {
		provider = await startProvider();
	});
	afterAll(() => provider.close());

	const call = (path: string, body?: object) =>
		fetch(`${provider.url}/api/v1/${path}`, body ? { method: "POST", body: JSON.stringify(body) } : {});
	const event = (transactionId: string, amount = 1) => ({ transactionId, subscriptionId: "sub-alice", amount });
	const balanceOf = async (customer: string) => {
		const billing = JSON.parse(await (await call(`customers/${customer}/billing`)).text());
		const paid = billing.currentSubscriptions.find((one: { isFreePlan: boolean }) => !one.isFreePlan);
		return { id: paid.id, left: paid.experimental.usageMeterBalances[0].availableBalance };
	};

	test("answers every customer as the sandbox answered the recorded one", async () => {
		const customer = await (await call("customers/alice")).json();
		expect(JSON.stringify(customer)).toContain('"externalId":"alice"');
		expect(await balanceOf("alice")).toEqual({ id: "sub-alice", left: 1_000_000 });
		expect((await balanceOf("bob")).id).toBe("sub-bob");
	});

	test("subtracts each usage event from the balance once", async () => {
		await call("usage-events", { usageEvent: event("one", 2) });
		await call("usage-events", { usageEvent: event("one", 2) });
		expect((await balanceOf("alice")).left).toBe(999_998);
		await call("usage-events/bulk", { usageEvents: [event("one", 2), event("two", 3)] });
		expect((await balanceOf("alice")).left).toBe(999_995);
		expect(provider.events).toEqual(new Set(["one", "two"]));
	});

	test("counts calls by path, with ids removed", async () => {
		provider.calls.clear();
		await call("customers/alice");
		await call("customers/bob");
		await call("customers/bob/billing");
		expect(Object.fromEntries(provider.calls)).toEqual({
			"GET /api/v1/customers/:id": 2,
			"GET /api/v1/customers/:id/billing": 1,
		});
		expect(provider.callCount()).toBe(3);
	});

	test("answers an unknown path with 404, so that an SDK change is noticed", async () => {
		expect((await call("invoices")).status).toBe(404);
	});
});
