import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { setAppTimeouts } from "../app-time.ts";
import { type Answer, Client, faults, hear, resetSandbox } from "../client.ts";
import { answerFor, expectLogged, FAILURES, marker } from "../marked-log.ts";

// A deployment with Turnstile keys, 3 sign-ups a network and day, and 60 requests a day for all guests together (vitest.config.ts).

const CEILING = 60;

// On a busy machine the fake siteverify may exceed the app's deadline.
beforeEach(() => setAppTimeouts(60_000));
beforeEach(resetSandbox);

const id = () => crypto.randomUUID();
let networks = 0;
function anyAddress(): string {
	networks += 1;
	return `198.51.100.${networks}`;
}

/** A token that tells the fake siteverify what to answer. Each is new, because siteverify accepts a token once. */
const token = (verdict: object) => btoa(JSON.stringify({ ...verdict, nonce: id() }));
const human = { success: true, hostname: "localhost", action: "guest" };

const send = (client: Client, solved?: string) => {
	const message = { id: id(), role: "user", parts: [{ type: "text", text: "Hello" }] };
	return client.post("/api/chat/ai", { id: id(), messages: [message] }, solved ? { "cf-turnstile-response": solved } : {});
};

/** Guest requests counted by all tests of this file, because they share the ceiling. */
let counted = 0;

async function chat(client: Client, solved?: string): Promise<Answer> {
	const answer = await hear(await send(client, solved));
	if (answer.metadata.counted) counted += 1;
	return answer;
}

/** A network that has used 13 of its 25 requests: from here on a new guest must pass the human check. */
async function busyNetwork(): Promise<string> {
	if (busy !== null) return busy;
	busy = anyAddress();
	for (let n = 0; n < 13; n += 1) expect((await chat(new Client(busy), token(human))).metadata.counted).toBe(true);
	return busy;
}
// Shared by the tests, which count two or three more requests, well below the network's 25.
let busy: string | null = null;

describe("a new guest on a network that has used half of its pool", () => {
	test("must pass the human check before anything is stored or counted", async () => {
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
				const response = await send(client, bad);
				expect(response.status).toBe(403);
				expect(response.headers.has("set-cookie")).toBe(false);
				expect(await response.json()).toMatchObject({ title: "Human check needed", upgradeUrl: "/sign-up" });
			}
		}
		expect(await known.usage()).toMatchObject({ used: 0, held: 0, remaining: 5 });
		expect((await chat(known, token(human))).metadata.counted).toBe(true);
		// A guest passes the check only once.
		expect((await chat(known)).metadata.counted).toBe(true);
	});

	test("cannot skip the check with a burst of requests", async () => {
		const guest = await new Client(await busyNetwork()).visit();
		await faults({ model: { firstTokenMs: 300 } });
		const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await send(guest)).status));
		// At most 5 are verified at a time; the others are refused immediately.
		expect(statuses.filter((status) => status !== 403 && status !== 429)).toEqual([]);
		expect(await guest.usage()).toMatchObject({ used: 0, held: 0 });
	});

	test("is refused when the check cannot be verified", async () => {
		const address = await busyNetwork();
		setAppTimeouts(100);
		expect((await send(new Client(address), token({ hang: true }))).status).toBe(403);
		expect((await send(new Client(address), token({ status: 500 }))).status).toBe(403);
	});

	test("needs only one token when the ceiling of all guests is half used as well", async () => {
		const address = await busyNetwork();
		while (counted <= CEILING / 2) expect((await chat(new Client(anyAddress()), token(human))).metadata.counted).toBe(true);
		expect((await chat(new Client(address), token(human))).metadata.counted).toBe(true);
	});
});

describe("a sign-up", () => {
	const signUp = (solved?: string, address = anyAddress(), password = "correct horse") => {
		const body = { name: "Ada", email: `${id()}@example.com`, password };
		return new Client(address).post("/api/auth/sign-up/email", body, solved ? { "cf-turnstile-response": solved } : {});
	};

	test("must pass the human check, with a token issued for signing up", async () => {
		for (const bad of [undefined, "nonsense", token(human), token({ ...human, action: "sign-up", success: false })]) {
			const response = await signUp(bad);
			expect(response.status).toBe(403);
			expect(response.headers.has("set-cookie")).toBe(false);
			expect(await response.json()).toMatchObject({ title: "Human check needed", siteKey: "a site key" });
		}
		const once = token({ ...human, action: "sign-up" });
		expect((await signUp(once)).status).toBe(200);
		expect((await signUp(once)).status, "the same token again").toBe(403);
	});

	test("is limited to 3 per network and day, even concurrently; a refused one does not count", async () => {
		const network = (host: number) => `2001:db8:7:7::${host}`;
		const solved = () => token({ ...human, action: "sign-up" });
		expect((await signUp(solved(), network(1), "short")).status).toBe(400);
		expect((await signUp(undefined, network(1))).status).toBe(403);
		// better-auth's own limit of 3 in 10 s is not under test.
		await env.DB.prepare("DELETE FROM rate_limits").run();
		const race = await Promise.all([2, 3, 4, 5, 6, 7].map((host) => signUp(solved(), network(host))));
		expect(race.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 429, 429, 429]);
		const refused = race.find(({ status }) => status === 429);
		expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
		expect(refused?.headers.has("set-cookie")).toBe(false);
		expect(await refused?.json()).toMatchObject({ title: "Too many sign-ups", detail: expect.stringContaining("tomorrow") });
		expect((await signUp(solved(), "2001:db8:7:8::1")).status, "another network").toBe(200);
	});
});

describe("all guests together", () => {
	test("and accounts without a confirmed address are counted exactly up to the ceiling, from any number of networks", async () => {
		await faults({ model: { firstTokenMs: 300 } });
		const before = counted;
		const answers = await Promise.all(Array.from({ length: CEILING + 20 }, () => chat(new Client(anyAddress()), token(human))));
		const outcomes = answers.map(
			({ status, problem, last, metadata }) => `${status} ${problem ? problem.policy : `${last} ${metadata.counted}`}`,
		);
		const times = (outcome: string) => outcomes.filter((one) => one === outcome).length;
		expect(outcomes.filter((one) => one !== "429 network" && one !== "200 finish true")).toEqual([]);
		expect([before + times("200 finish true"), times("429 network") - before]).toEqual([CEILING, 20]);
		expect(await new Client(anyAddress()).usage()).toMatchObject({ tier: "guest", used: 0, remaining: 0 });
		const user = new Client(anyAddress());
		const body = { name: "Ada", email: `${id()}@example.com`, password: "correct horse" };
		const solved = { "cf-turnstile-response": token({ ...human, action: "sign-up" }) };
		const account = await (await user.post("/api/auth/sign-up/email", body, solved)).json<{ user: { id: string } }>();
		expect((await user.chat(id(), id())).problem).toMatchObject({ policy: "unconfirmed", upgradeUrl: "/account/profile" });
		await env.DB.prepare("UPDATE users SET email_verified = 1 WHERE id = ?").bind(account.user.id).run();
		expect((await user.chat(id(), id())).metadata.counted).toBe(true);
	});
});

describe("the log", () => {
	// A verdict in an unknown shape is a failure; a refusal is not.
	test.each(FAILURES)("contains neither Turnstile's response text nor the token when Turnstile %s", async (_, answer) => {
		answerFor(env.TURNSTILE_VERIFY_URL, answer);
		expect((await send(new Client(await busyNetwork()), marker)).status).toBe(403);
		const body = { name: "Ada", email: `${id()}@example.com`, password: "correct horse" };
		const solved = { "cf-turnstile-response": marker };
		expect((await new Client(anyAddress()).post("/api/auth/sign-up/email", body, solved)).status).toBe(403);
		expectLogged(/^could not verify a Turnstile token: /m, "a turnstile secret");
	});
});
