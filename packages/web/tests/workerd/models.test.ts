import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { OfferedModel, SearchOffer } from "../../src/view/chat.ts";
import { Client, hear, resetSandbox, sandboxState } from "../client.ts";
import { requestsOf } from "../stored.ts";

beforeEach(resetSandbox);

interface Offer {
	version: string;
	tier: string;
	models: OfferedModel[];
	search: SearchOffer | null;
}

const id = () => crypto.randomUUID();
const offerTo = async (client: Client): Promise<Offer> => (await client.fetch("/api/models")).json();
/** The models available to the viewer. */
const allowedIn = ({ models }: Offer) => models.filter(({ allowed }) => allowed).map((model) => model.id);

describe("GET /api/models", () => {
	test("returns what the picker shows for every model, the default first, including those a guest may not use", async () => {
		const { version, tier, models, search } = await offerTo(new Client());
		expect(search).toEqual({ units: 2, max: 8 });
		expect(version).toMatch(/^[0-9a-f]{12}$/);
		expect(tier).toBe("guest");
		expect(models.map((model) => model.id)).toEqual(["sandbox", "second", "dear", "narrow", "pro", "seeing", "sharp", "wordy"]);
		expect(models[0]).toEqual({
			id: "sandbox",
			label: "Sandbox",
			description: null,
			weight: 1,
			efforts: {},
			inputStep: 8_000,
			maxOutput: 4_000,
			contextWindow: 128_000,
			accepts: ["text"],
			tiers: ["guest", "free", "paid"],
			allowed: true,
			units: 1,
		});
		expect(models[2]).toMatchObject({ weight: 5, units: 5 });
		expect(models[3]).toMatchObject({ efforts: { low: 1, medium: 2, high: 4 }, tiers: ["free", "paid"], allowed: false, units: 1 });
	});

	test("lists the models available to each tier", async () => {
		const guest = await offerTo(new Client());
		expect(allowedIn(guest)).toEqual(["sandbox", "second", "dear", "seeing"]);
		const user = new Client();
		await user.signUp();
		const free = await offerTo(user);
		expect([free.tier, allowedIn(free)]).toEqual(["free", ["sandbox", "second", "dear", "narrow", "seeing", "sharp", "wordy"]]);
		const subscriber = new Client();
		await subscriber.subscribe();
		const paid = await offerTo(subscriber);
		expect([paid.tier, allowedIn(paid)]).toEqual(["paid", ["sandbox", "second", "dear", "narrow", "pro", "seeing", "sharp", "wordy"]]);
	});

	test("reveals no upstream, secret or cost of ours, calls no model, and counts nothing", async () => {
		const client = await new Client().visit();
		const answer = await (await client.fetch("/api/models")).text();
		expect(answer).not.toContain(new URL(env.SANDBOX_URL).host);
		expect(answer).not.toMatch(/upstream|baseUrl|apiKey|secret|silenceSeconds|allowLoss|"price"/i);
		expect((await sandboxState()).modelCalls).toEqual([]);
		expect(await client.usage()).toMatchObject({ used: 0, held: 0 });
	});

	test("returns the price that is charged, and the version stored with the request", async () => {
		const client = new Client();
		const key = `user:${(await client.signUp()).id}`;
		const { version, models } = await offerTo(client);
		const dear = models.find((model) => model.id === "dear");
		const messages = [{ id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] }];
		const answer = await hear(await client.post("/api/chat/ai", { id: id(), messages, model: dear?.id, maxUnits: dear?.units }));
		expect(answer.metadata).toMatchObject({ counted: true, units: dear?.units });
		expect(await client.usage()).toMatchObject({ used: dear?.units, held: 0 });
		expect(await requestsOf(env.USAGE_LEDGER.getByName(key))).toMatchObject([{ units: dear?.units, terms: { version } }]);
	});
});
