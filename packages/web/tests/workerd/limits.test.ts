import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { Client, faults, hear, resetSandbox, sandboxState } from "../client.ts";

beforeEach(resetSandbox);

const id = () => crypto.randomUUID();

describe("a guest", () => {
	test("gets exactly 5 of 200 concurrent requests answered, and 195 problems that name the limit", async () => {
		await faults({ model: { firstTokenMs: 300, chunks: 3, chunkMs: 5 } });
		const guest = await new Client().visit();
		const answers = await Promise.all(Array.from({ length: 200 }, async () => hear(await guest.send(id(), id()))));
		const refused = answers.filter((answer) => answer.status === 429);
		expect(answers.filter((answer) => answer.status === 200 && answer.metadata.counted)).toHaveLength(5);
		expect(refused).toHaveLength(195);
		for (const { problem } of refused) {
			expect(problem).toMatchObject({
				title: "Usage limit reached",
				policy: "guest",
				tier: "guest",
				limit: 5,
				remaining: 0,
				resetAt: null,
				upgradeUrl: "/sign-up",
			});
		}
		expect(await guest.usage()).toMatchObject({ used: 5, held: 0, remaining: 0 });
		expect((await sandboxState()).modelCalls).toHaveLength(5);
	});

	test("is refused with problem+json and the RateLimit headers", async () => {
		const guest = await new Client().visit();
		for (let n = 0; n < 5; n += 1) await guest.chat(id(), id());
		const response = await guest.send(id(), id());
		expect(response.status).toBe(429);
		expect(response.headers.get("content-type")).toBe("application/problem+json");
		expect(response.headers.get("cache-control")).toBe("private, no-store");
		expect(response.headers.get("ratelimit")).toBe('"guest";r=0');
		expect(response.headers.get("ratelimit-policy")).toBe('"guest";q=5');
		expect(await response.json()).toMatchObject({
			status: 429,
			detail: "You have used your 5 free requests. Sign up to get more every day.",
		});
	});

	test("keeps its cookie after a key rotation while the old key is still configured", async () => {
		const signedWith = async (secret: string) => {
			const unsigned = `v1.${"g".repeat(22)}.${Math.floor(Date.now() / 86_400_000)}`;
			const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
				"sign",
			]);
			const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(unsigned)));
			const client = new Client();
			client.cookies.set(
				"parley.guest",
				`${unsigned}.${btoa(String.fromCharCode(...bytes))
					.replaceAll("+", "-")
					.replaceAll("/", "_")
					.replaceAll("=", "")}`,
			);
			return client;
		};
		await (await signedWith("another secret of the tests; long enough")).chat(id(), id());
		expect(await (await signedWith("the one before it; long enough")).usage()).toMatchObject({ used: 1, remaining: 4 });
		expect(await (await signedWith("one that was never ours; long enough")).usage()).toMatchObject({ used: 0, remaining: 5 });
	});

	test("with an altered cookie becomes a new guest, without an error", async () => {
		const guest = await new Client().visit();
		await guest.chat(id(), id());
		const [[name, value] = ["", ""]] = guest.cookies;
		for (const altered of [
			`${value}x`,
			value.replace("v1.", "v2."),
			value.replace(/\.\d+\./, ".99999."),
			"x",
			"v1..1.",
			"v1".repeat(2000),
		]) {
			const other = new Client();
			other.cookies.set(name, altered);
			expect(await other.usage()).toMatchObject({ used: 0, remaining: 5 });
		}
	});
});

describe("a network", () => {
	test("gives 25 requests a day to guests without cookies, and sets no cookie when it refuses", async () => {
		const ip = "203.0.113.7";
		const first = await Promise.all(Array.from({ length: 30 }, () => new Client(ip).send(id(), id())));
		const refused = first.filter((response) => response.status === 429);
		const answered = first.filter((response) => response.status === 200);
		await Promise.all(answered.map((response) => response.text()));
		expect(answered).toHaveLength(25);
		expect(answered.every((response) => response.headers.has("set-cookie"))).toBe(true);
		expect(refused.every((response) => !response.headers.has("set-cookie"))).toBe(true);
		expect(await refused[0]?.json()).toMatchObject({ policy: "network", tier: "guest", limit: 25, upgradeUrl: "/sign-up" });
	});

	test("is an IPv6 /64; its refusal also releases the guest's own unit", async () => {
		await Promise.all(
			Array.from({ length: 25 }, async (_, n) => (await new Client(`2001:db8:0:1::${n.toString(16)}`).send(id(), id())).text()),
		);
		const neighbour = await new Client("2001:0db8:0000:0001:ffff::1").visit();
		expect((await neighbour.chat(id(), id())).problem).toMatchObject({ policy: "network" });
		expect(await neighbour.usage()).toMatchObject({ used: 0, held: 0, remaining: 0 });
		const elsewhere = new Client("2001:db8:0:2::1");
		for (const [name, value] of neighbour.cookies) elsewhere.cookies.set(name, value);
		expect(await elsewhere.usage()).toMatchObject({ used: 0, remaining: 5 });
		expect((await elsewhere.chat(id(), id())).status).toBe(200);
	});

	test("is shared by all requests without the edge's header, except on the local machine", async () => {
		const message = { id: "m", role: "user", parts: [{ type: "text", text: "Hello" }] };
		const ask = () => new Client().post("https://parley.example/api/chat/ai", { id: id(), messages: [message] });
		const responses = await Promise.all(Array.from({ length: 27 }, ask));
		await Promise.all(responses.map((response) => response.text()));
		expect(responses.filter((response) => response.status === 429)).toHaveLength(2);
	});

	test("is never taken from headers that a client can set", async () => {
		const ip = "203.0.113.9";
		const answers = await Promise.all(Array.from({ length: 25 }, () => new Client(ip).chat(id(), id())));
		for (const answer of answers) expect(answer).toMatchObject({ status: 200, metadata: { counted: true } });
		const spoofed = await new Client(ip).fetch("/api/usage", {
			headers: { "x-forwarded-for": "198.51.100.1", "x-real-ip": "198.51.100.1", "true-client-ip": "198.51.100.1" },
		});
		expect(await spoofed.json()).toMatchObject({ remaining: 0 });
	});
});

describe("a signed-in user", () => {
	test("gets 20 requests a UTC day, at most 6 of them at once", async () => {
		const user = new Client();
		await user.signUp();
		await faults({ model: { firstTokenMs: 300, chunks: 2, chunkMs: 5 } });
		const burst = await Promise.all(Array.from({ length: 12 }, async () => hear(await user.send(id(), id()))));
		expect(burst.filter((answer) => answer.status === 200)).toHaveLength(6);
		expect(burst.find((answer) => answer.status === 429)?.problem).toMatchObject({
			title: "Too many requests at once",
			policy: "in-flight",
			limit: 6,
			remaining: 14,
		});
		await faults({});
		for (let n = 6; n < 20; n += 1) expect((await user.chat(id(), id())).status).toBe(200);
		const response = await user.send(id(), id());
		expect(response.status).toBe(429);
		expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
		const problem = await response.json<{ resetAt: string }>();
		expect(problem).toMatchObject({ policy: "free", tier: "free", limit: 20, remaining: 0, upgradeUrl: "/pricing" });
		expect(problem.resetAt).toMatch(/T00:00:00\.000Z$/);
	});

	test("takes over the guest's chats and today's usage, once", async () => {
		const person = await new Client().visit();
		const chatId = id();
		await person.chat(chatId, id());
		await person.chat(chatId, id());
		const [[, cookie] = ["", ""]] = person.cookies;
		await person.signUp();
		expect(await person.usage()).toMatchObject({ tier: "free", used: 2, remaining: 18 });
		expect((await person.chat(chatId, id())).status).toBe(200);
		expect([...person.cookies.keys()].some((name) => name.includes("guest"))).toBe(false);

		const again = new Client();
		again.cookies.set("parley.guest", cookie);
		expect(await again.usage()).toMatchObject({ tier: "guest", remaining: 0 });
		// The guest has signed up.
		expect((await again.chat(id(), id())).status).toBe(409);
		await again.signUp();
		expect(await again.usage()).toMatchObject({ tier: "free", used: 0 });
		expect((await again.send(chatId, id())).status).toBe(404);
	});
});

describe("accounts without a confirmed address", () => {
	const signUpElsewhere = async (ip: string) => {
		const elsewhere = new Client();
		const account = await elsewhere.signUp();
		const user = new Client(ip);
		for (const [name, value] of elsewhere.cookies) user.cookies.set(name, value);
		return { user, account };
	};

	test("share exactly 60 requests a day per network, and confirming lifts the limit at once", async () => {
		const ip = "203.0.113.60";
		// The sign-ups come from other networks: the pool belongs to the network of the requests.
		const users = await Promise.all(Array.from({ length: 4 }, () => signUpElsewhere(ip)));
		expect(await users[0]?.user.usage()).toMatchObject({ tier: "free", limit: 20, remaining: 20 });
		let counted = 0;
		const refused: unknown[] = [];
		for (let round = 0; round < 4; round += 1) {
			const burst = users.flatMap(({ user }) => Array.from({ length: 5 }, () => user.chat(id(), id())));
			for (const answer of await Promise.all(burst)) {
				if (answer.metadata.counted) counted += 1;
				else refused.push(answer.problem);
			}
		}
		expect(counted).toBe(60);
		expect(refused).toHaveLength(20);
		for (const problem of refused) {
			expect(problem).toMatchObject({
				title: "Usage limit reached",
				policy: "unconfirmed",
				tier: "free",
				limit: 60,
				upgradeUrl: "/account/profile",
				detail: expect.stringContaining("Confirm your email"),
			});
		}
		const usages = await Promise.all(users.map(({ user }) => user.usage()));
		expect(usages.reduce((sum, { used }) => sum + used, 0)).toBe(60);
		for (const usage of usages) expect(usage).toMatchObject({ held: 0, remaining: 0 });
		const blocked = users[usages.findIndex(({ used }) => used < 20)] ?? users[0];
		if (!blocked) throw new Error("there are four users");
		const { used } = await blocked.user.usage();
		// Confirmed in another browser: this one keeps a session whose cookie still says that the address is unconfirmed.
		await env.DB.prepare("UPDATE users SET email_verified = 1 WHERE id = ?").bind(blocked.account.id).run();
		expect(await blocked.user.usage()).toMatchObject({ used, remaining: 20 - used });
		expect((await blocked.user.chat(id(), id())).metadata.counted).toBe(true);
	});

	test("use a separate pool from guests", async () => {
		const ip = "203.0.113.61";
		await Promise.all(Array.from({ length: 25 }, async () => (await new Client(ip).send(id(), id())).text()));
		const { user } = await signUpElsewhere(ip);
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
		expect(await user.usage()).toMatchObject({ used: 1, remaining: 19 });
	});
});
