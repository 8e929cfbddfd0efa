import { beforeEach, describe, expect, test } from "vitest";
import { Client, faults, hear, resetSandbox } from "../client.ts";

// A deployment that guards itself: Turnstile's keys are set, and all guests together have 60 requests a day (vitest.config.ts).

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
let networks = 0;
function anyAddress(): string {
	networks += 1;
	return `198.51.100.${networks}`;
}

/** A token, as our stand-in for Cloudflare's siteverify reads it: what it is to answer. */
const token = (verdict: object) => btoa(JSON.stringify(verdict));
const human = { success: true, hostname: "localhost", action: "guest" };

const ask = (client: Client, solved?: string) => {
	const message = { id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] };
	return client.post("/api/chat/ai", { id: id(), messages: [message] }, solved ? { "cf-turnstile-response": solved } : {});
};

/** A network that has used 13 of its 25. */
async function busyNetwork(): Promise<string> {
	const address = anyAddress();
	for (let n = 0; n < 13; n += 1) expect((await hear(await ask(new Client(address), token(human)))).metadata.counted).toBe(true);
	return address;
}

describe("a guest never seen, on a network that has used half of its pool,", () => {
	test("shows to be human first, and nothing is stored or counted until then", async () => {
		const address = await busyNetwork();
		const known = await new Client(address).visit();
		for (const bad of [
			undefined,
			"nonsense",
			token({ ...human, success: false }),
			token({ ...human, hostname: "elsewhere.example" }),
			token({ ...human, action: "login" }),
		]) {
			for (const client of [new Client(address), known]) {
				const response = await ask(client, bad);
				expect(response.status).toBe(403);
				expect(response.headers.has("set-cookie")).toBe(false);
				expect(await response.json()).toMatchObject({ title: "Human check needed", upgradeUrl: "/sign-up" });
			}
		}
		expect(await known.usage()).toMatchObject({ used: 0, held: 0, remaining: 5 });
		expect((await hear(await ask(known, token(human)))).metadata.counted).toBe(true);
		// Who has been seen is not asked again.
		expect((await hear(await ask(known))).metadata.counted).toBe(true);
	});

	test("is not let through in a burst, one behind the other", async () => {
		const guest = await new Client(await busyNetwork()).visit();
		await faults({ model: { firstTokenMs: 300 } });
		const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await ask(guest)).status));
		expect(statuses).not.toContain(200);
		expect(await guest.usage()).toMatchObject({ used: 0, held: 0 });
	});

	test("is not let through because the check cannot be asked", async () => {
		const address = await busyNetwork();
		expect((await ask(new Client(address), token({ hang: true }))).status).toBe(403);
		expect((await ask(new Client(address), token({ status: 500 }))).status).toBe(403);
	});
});

describe("all guests together", () => {
	test("have no more than the ceiling, from however many networks, and users are not touched by it", async () => {
		await faults({ model: { firstTokenMs: 300 } });
		const answers = await Promise.all(Array.from({ length: 80 }, async () => hear(await ask(new Client(anyAddress()), token(human)))));
		const counted = answers.filter((answer) => answer.metadata.counted).length;
		expect(counted).toBeGreaterThan(0);
		expect(answers.filter((answer) => answer.status === 429).every((answer) => answer.problem?.policy === "network")).toBe(true);
		expect(await new Client(anyAddress()).usage()).toMatchObject({ tier: "guest", used: 0, remaining: 0 });
		const user = new Client();
		await user.signUp();
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
	});
});
